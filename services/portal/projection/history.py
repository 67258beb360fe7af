"""The projection of a namespace that the portal does not follow: read up to its end whenever somebody asks for it."""

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from pathlib import Path

from services.portal.projection.batch import Applier
from services.portal.projection.building import Checked, Log, check, compare, fill
from services.portal.projection.database import create, open_reader, open_writer
from services.portal.projection.files import Files
from services.portal.projection.topics import projected
from shared.bus.log_reader import ends_of


class History:
    """One such namespace, in a file of its own."""

    def __init__(self, namespace: str, files: Files, log: Log, thread: Executor) -> None:
        self._namespace, self._files, self._log, self._thread = namespace, files, log, thread
        self._lock = asyncio.Lock()
        self._writer: sqlite3.Connection | None = None
        self._path: Path | None = None

    async def up_to_date(self) -> Callable[[], sqlite3.Connection]:
        """Read what is still missing; makes readers of what there is then."""
        async with self._lock:
            return await self._up_to_date()

    async def check(self) -> Checked:
        """Build it anew beside, and compare."""
        async with self._lock:
            reads = await self._up_to_date()
            return await check(self._namespace, self._files, self._log, reads, self._thread)

    async def rebuild(self) -> Checked:
        """Build it anew, compare, and go on with the new file."""
        async with self._lock:
            reads = await self._up_to_date()
            found, path, writer = await compare(self._namespace, self._files, self._log, reads, self._thread)
            self.close()
            self._path, self._writer = path, writer
            self._files.show(path)
            return found

    def close(self) -> None:
        """End writing to it."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    async def _up_to_date(self) -> Callable[[], sqlite3.Connection]:
        if self._writer is None or self._path is None:
            self._path, self._writer = self._open()
        chooses = partial(projected, prefix=self._log.prefix)
        until = await ends_of(self._log.bootstrap, chooses, self._log.prefix)
        await fill(Applier(self._writer, self._log.jurisdiction), self._log, until, self._thread)
        self._files.show(self._path)
        return partial(open_reader, self._path)

    def _open(self) -> tuple[Path, sqlite3.Connection]:
        path = self._files.shown()
        if path is not None and self._files.is_current(path):
            return path, open_writer(path)
        path = self._files.new()
        return path, create(path)
