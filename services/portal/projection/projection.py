"""The live projection of one portal: it follows the log, tells who waits, and can be built anew while pages read on."""

import asyncio
import sqlite3
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import structlog

from services.portal.projection.batch import Applier, Changed, Positions, positions_of
from services.portal.projection.building import Checked, Log, check, compare, fill
from services.portal.projection.database import create, open_reader, open_writer
from services.portal.projection.files import Files, histories
from services.portal.projection.history import History
from services.portal.projection.metrics import ProjectionMetrics
from services.portal.projection.topics import EXPECTED, namespaces, projected
from services.portal.queries import gaps
from shared.bus.log_reader import read_on
from shared.bus.reader import topic_names
from shared.contract.event import events_topic
from shared.contract.words import Level

log = structlog.get_logger(__name__)

RETRY_SECONDS = 1.0
PAUSE_SECONDS = 0.02
"""Between two transactions once nothing is behind: of what comes one by one they would be as many as the events, and
each costs as much as twenty events in one do."""


class Source(Protocol):
    """The settings that the projection rests on (services/portal/settings.py)."""

    @property
    def kafka_bootstrap(self) -> str:
        """Address of the broker."""

    @property
    def namespace(self) -> str:
        """ "" for the live one without a prefix."""

    @property
    def jurisdiction(self) -> str:
        """Whose deployment."""

    def folder(self) -> Path:
        """Where the portal keeps its files."""

    def places_of_talks(self) -> tuple[str, ...]:
        """The counties that hold talks."""


class Standing(NamedTuple):
    """How far what pages read is behind the topics, and when it was last known to hold all of them."""

    behind: int
    complete_at: datetime | None
    older: bool = False
    """Whether it was made by code of another version, and a new one is being built."""


class UnknownNamespace(LookupError):
    """Nothing is kept under this name."""


class Projection:
    """Follows the events of one namespace into the file that pages read; other namespaces are read on first use."""

    def __init__(self, settings: Source, metrics: ProjectionMetrics | None = None) -> None:
        prefix = f"{settings.namespace}." if settings.namespace else ""
        self._settings = settings
        self._log = Log(settings.kafka_bootstrap, prefix, settings.jurisdiction)
        self._files = Files(settings.folder(), settings.namespace)
        self.metrics = metrics or ProjectionMetrics()
        self._histories: dict[str, History] = {}
        self._listeners: dict[int, Callable[[Changed], None]] = {}
        self._moved = asyncio.Event()
        self._lock, self._building = asyncio.Lock(), asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "projection")
        self._beside = ThreadPoolExecutor(1, "rebuild")
        self._readers = threading.local()
        self._shown: Path | None = None
        self._written: Path | None = None
        self._applier: Applier | None = None
        self._writer: sqlite3.Connection | None = None
        self._caught_up = False
        self._following: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the log as long as this lasts. Raises NoFullText, OSError, sqlite3.Error."""
        self._open()
        following = self._following = asyncio.create_task(self._follow())
        try:
            yield
        finally:
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            for history in self._histories.values():
                history.close()
            self._thread.shutdown()
            self._beside.shutdown()
            if self._writer is not None:
                self._writer.close()

    # ------------------------------------------------------------- reading

    def reader(self) -> sqlite3.Connection:
        """A connection of this thread that only reads; after a rebuild the next one asked for reads the new file."""
        assert self._shown is not None, "running() comes first"
        kept: tuple[Path, sqlite3.Connection] | None = getattr(self._readers, "kept", None)
        if kept is None or kept[0] != self._shown:
            kept = self._readers.kept = (self._shown, open_reader(self._shown))
        return kept[1]

    async def reader_of(self, namespace: str) -> Callable[[], sqlite3.Connection]:
        """Makes readers of a namespace's projection; another one is first read to its end. Raises UnknownNamespace."""
        if namespace == self._settings.namespace:
            return partial(open_reader, self._shown_now())
        return await (await self._history(namespace)).up_to_date()

    def not_ready(self) -> list[str]:
        """What is missing before pages can be shown: everything that was there at the start has to be read, and what
        comes has to be read on."""
        if self._following is not None and self._following.done():
            return ["projection"]
        return [] if self._caught_up or self._shown != self._written else ["projection"]

    def positions(self) -> Positions:
        """How far what pages read goes."""
        return positions_of(self.reader())

    def measure(self) -> ProjectionMetrics:
        """The metrics as they are now."""
        held = "SELECT count(*) FROM held"
        self.metrics.held.set(self.reader().execute(held).fetchone()[0])
        self.metrics.open_pages.set(len(self._listeners))
        self.metrics.of_disk(self._settings.folder())
        now = datetime.now(UTC)
        expected = gaps.places(
            self.reader(), self._settings.jurisdiction, now, self._settings.places_of_talks()
        )
        missing = Counter(gap.level for gap in gaps.missing(self.reader(), expected, now))
        for level in (Level.CITY, Level.COUNTY):
            self.metrics.talks_missing.labels(level.value).set(missing[level.value])
        return self.metrics

    def standing(self) -> Standing:
        """How old what pages read is."""
        older = self._shown is not None and not self._files.is_current(self._shown)
        return Standing(self.metrics.records_behind, self.metrics.complete_at, older)

    def beside(self, namespace: str) -> Positions:
        """How far a file goes that is being built beside the one that is shown; nothing where none is."""
        files = (
            self._files
            if namespace == self._settings.namespace
            else Files(self._settings.folder(), namespace)
        )
        newest = files.newest()
        if newest is None or newest in (self._shown, self._written, files.shown()):
            return {}
        try:
            with closing(open_reader(newest)) as database:
                return positions_of(database)
        except sqlite3.Error:
            return {}  # it is being made this very moment, or was taken away

    def listen(self, heard: Callable[[Changed], None]) -> Callable[[], None]:
        """Be told in the event loop what each transaction changed; returns what ends that."""
        key = max(self._listeners, default=0) + 1
        self._listeners[key] = heard
        return lambda: (self._listeners.pop(key, None), None)[1]

    async def wait_for(self, subject: str, seen: Mapping[str, int], seconds: float) -> bool:
        """Whether the rows hold what these sources (``/huzhou/intake``) told of a subject, waiting at most so long."""
        try:
            async with asyncio.timeout(seconds):
                while not self._holds(subject, seen):
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def _holds(self, subject: str, seen: Mapping[str, int]) -> bool:
        query = "SELECT seq FROM sequence WHERE subject=? AND topic=? AND source=?"
        for source, seq in seen.items():
            row = self.reader().execute(query, (subject, events_topic(source), source)).fetchone()
            if row is None or row[0] < seq:
                return False
        return True

    # ------------------------------------------------------------ building

    async def rebuild(self, namespace: str | None = None) -> Checked:
        """Build the live one anew and show that in place of the old; pages work meanwhile.

        Of another namespace: the one of history, from nothing. Raises UnknownNamespace.
        """
        if namespace not in (None, self._settings.namespace):
            return await (await self._history(str(namespace))).rebuild()
        async with self._building:
            reads = partial(open_reader, self._shown_now())
            found, path, writer = await compare(
                self._settings.namespace, self._files, self._log, reads, self._beside
            )
            applier = Applier(writer, self._log.jurisdiction)
            async with self._lock:  # what came meanwhile, while nothing else is applied
                await fill(applier, self._log, self._positions_written(), self._beside)
                self._write_to(path, writer)
                self._show(path)
                self._tell(Changed(frozenset(), self.positions()))
            return found

    async def check(self, namespace: str | None = None) -> list[Checked]:
        """Build beside and compare, changing nothing: one namespace, or all there are. Raises UnknownNamespace."""
        async with self._building:
            names = [namespace] if namespace is not None else await self.namespaces()
            return [await self._check(name) for name in names]

    async def _check(self, namespace: str) -> Checked:
        if namespace != self._settings.namespace:
            return await (await self._history(namespace)).check()
        reads = partial(open_reader, self._shown_now())
        return await check(namespace, self._files, self._log, reads, self._beside)

    async def namespaces(self) -> list[str]:
        """The live one, and every other that this deployment's broker has; what is kept of others goes."""
        names = namespaces(await topic_names(self._settings.kafka_bootstrap))
        for gone in set(histories(self._settings.folder())) - set(names):
            Files(self._settings.folder(), gone).forget()
        mine = self._settings.namespace
        return [mine, *(name for name in names if name != mine)]

    async def _history(self, namespace: str) -> History:
        if namespace not in self._histories:
            if namespace not in namespaces(await topic_names(self._settings.kafka_bootstrap)):
                raise UnknownNamespace(namespace)
            prefix = f"{namespace}." if namespace else ""
            where = self._log._replace(prefix=prefix)
            files = Files(self._settings.folder(), namespace)
            self._histories[namespace] = History(namespace, files, where, self._beside)
        return self._histories[namespace]

    # ----------------------------------------------------------- following

    def _open(self) -> None:
        """Take the file that is there; one that other code made is shown until a new one has caught up."""
        self._shown = self._files.shown()
        self._files.sweep()
        if self._shown is not None and self._files.is_current(self._shown):
            self._write_to(self._shown, open_writer(self._shown))
            return
        path = self._files.new()
        self._write_to(path, create(path))
        if self._shown is None:
            self._show(path)

    def _write_to(self, path: Path, writer: sqlite3.Connection) -> None:
        if self._writer is not None:
            self._writer.close()
        self._written, self._writer = path, writer
        self._applier = Applier(writer, self._log.jurisdiction)

    def _show(self, path: Path) -> None:
        self._shown = path
        self._files.show(path)

    def _shown_now(self) -> Path:
        assert self._shown is not None, "running() comes first"
        return self._shown

    def _positions_written(self) -> Positions:
        assert self._written is not None, "running() comes first"
        database = open_reader(self._written)
        try:
            return positions_of(database)
        finally:
            database.close()

    async def _follow(self) -> None:
        """Read on for ever; whatever the broker does, it is asked again from where the rows stand."""
        while True:
            try:
                await self._read_on()
            except Exception as error:
                log.warning("the projection stands still", error=f"{type(error).__name__}: {error}"[:300])
                self.metrics.failures.inc()
                await asyncio.sleep(RETRY_SECONDS)  # a broker or a disk that is away; nothing to await

    async def _read_on(self) -> None:
        prefix = self._log.prefix
        chooses = partial(projected, prefix=prefix)
        start = self._positions_written()
        async for poll in read_on(self._log.bootstrap, chooses, start, prefix, EXPECTED):
            if poll.records:
                async with self._lock:
                    assert self._applier is not None
                    loop = asyncio.get_running_loop()
                    changed = await loop.run_in_executor(self._thread, self._applier.apply, poll.records)
                self.metrics.applied(changed, poll.records, live=self._caught_up)
                self._tell(changed)
            self.metrics.polled(poll.behind, complete=poll.caught_up)
            if poll.caught_up and not self._caught_up:
                self._come_up_to_date()
            if poll.caught_up and poll.records:
                await asyncio.sleep(PAUSE_SECONDS)  # what comes meanwhile is gathered by the client

    def _come_up_to_date(self) -> None:
        self._caught_up = True
        if self._written is not None and self._shown != self._written:
            self._show(self._written)
            self._tell(Changed(frozenset(), self.positions()))
        self._wake()

    def _wake(self) -> None:
        """Whoever waits looks again."""
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _tell(self, changed: Changed) -> None:
        self._wake()
        if self._shown == self._written:
            for heard in list(self._listeners.values()):
                heard(changed)
