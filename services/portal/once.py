"""What several people ask for at the same time is made once: by its key, as long as its version stands.

What takes long may be given as it was a version before, while the new one is being made: nobody waits behind a machine.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from typing import Any, NamedTuple, TypeVar

T = TypeVar("T")
MOST_KEPT = 256
PATIENCE_SECONDS = 0.25
"""So long from when it is first asked for the new one is waited for by those who may be given what was before."""


class _Made(NamedTuple):
    version: object
    task: "asyncio.Task[Any]"
    patient_until: float
    before: "asyncio.Task[Any] | None" = None
    """That of an older version, which may be given while this one is being made."""


class Once:
    """Keeps what was made last under each key; of many keys those that were asked for last."""

    def __init__(self) -> None:
        self._made: OrderedDict[Hashable, _Made] = OrderedDict()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._made)

    async def get(
        self, key: Hashable, version: object, make: Callable[[], Awaitable[T]], *, before: object = None
    ) -> T:
        """What ``make`` gives; it is asked only where nothing of this version is there or being made.

        What goes wrong goes wrong for all who wait for it, and is tried again by the next. Who leaves keeps nobody
        else from getting it. ``before``: the older version that will do where the new one takes long.
        """
        found, now = self._made.get(key), asyncio.get_running_loop().time()
        if found is None or found.version != version:
            old = found.task if found is not None and before is not None and found.version == before else None
            found = self._made[key] = _Made(
                version, asyncio.ensure_future(_awaited(make)), now + PATIENCE_SECONDS, old
            )
            while len(self._made) > MOST_KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        if found.before is not None and _has_result(found.before):
            await asyncio.wait((found.task,), timeout=max(0.0, found.patient_until - now))
            if not found.task.done():
                older: T = found.before.result()
                return older
        try:
            made: T = await asyncio.shield(found.task)
        except BaseException:
            if found.task.done() and self._made.get(key) is found:
                del self._made[key]
            raise
        return made


def _has_result(task: "asyncio.Task[Any]") -> bool:
    return task.done() and not task.cancelled() and task.exception() is None


async def _awaited(make: Callable[[], Awaitable[T]]) -> T:
    return await make()
