"""Building the projection anew by a click: one at a time, looked at while it goes on and afterwards."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple, Protocol

import structlog

from services.portal.projection.batch import Positions
from services.portal.projection.building import Checked

log = structlog.get_logger(__name__)


class Buildable(Protocol):
    """What can be built anew (projection.py)."""

    def positions(self) -> Positions:
        """How far what pages read goes."""
        ...

    def beside(self, namespace: str) -> Positions:
        """How far a file goes that is being built beside the one that is shown."""
        ...

    async def rebuild(self, namespace: str | None = None) -> Checked:
        """Build it anew and go on with that."""
        ...

    async def check(self, namespace: str | None = None) -> list[Checked]:
        """Build it anew and compare."""
        ...


class Build(NamedTuple):
    """One build: of which namespace (None: of all there are), whether only to compare, and what was found."""

    namespace: str | None
    check: bool
    by: str
    began_at: datetime
    ended_at: datetime | None = None
    found: tuple[Checked, ...] = ()
    failed: bool = False

    @property
    def same(self) -> bool:
        """Whether every table of every namespace is."""
        return all(one.same for one in self.found)


class Builds:
    """The build that was begun last in this process."""

    def __init__(self, projection: Buildable, home: str = "") -> None:
        """``home``: the namespace that pages read."""
        self._projection, self._home = projection, home
        self._task: asyncio.Task[None] | None = None
        self.newest: Build | None = None

    @property
    def is_running(self) -> bool:
        """Whether it still goes on."""
        return self._task is not None and not self._task.done()

    def begin(self, namespace: str | None, *, check: bool, by: str, now: datetime) -> bool:
        """Begin one; False where another still goes on."""
        if self.is_running:
            return False
        self.newest = Build(namespace, check, by, now)
        self._task = asyncio.create_task(self._run(self.newest))
        return True

    def progress(self) -> tuple[int, int]:
        """How many records the new file holds, and of how many; (0, 0) where that cannot be said."""
        namespace = (
            self._home if self.newest is None or self.newest.namespace is None else self.newest.namespace
        )
        done = self._projection.beside(namespace)
        whole: Mapping[tuple[str, int], int] = self._projection.positions() if namespace == self._home else {}
        counted = sum(min(next, whole.get(key, next)) for key, next in done.items())
        return counted, sum(whole.values())

    async def close(self) -> None:
        """End it; nothing of it is left."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self, build: Build) -> None:
        try:
            if build.check:
                found = await self._projection.check(build.namespace)
            else:
                found = [await self._projection.rebuild(build.namespace)]
        except Exception as error:
            log.warning("a build failed", error=f"{type(error).__name__}: {error}"[:300])
            self.newest = build._replace(ended_at=datetime.now(UTC), failed=True)
        else:
            self.newest = build._replace(ended_at=datetime.now(UTC), found=tuple(found))
