"""A projection built from the log, and compared with another one at the same positions."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

from services.portal.projection.batch import Applier, Positions, positions_of
from services.portal.projection.database import create, remove
from services.portal.projection.dump import Digest, digests
from services.portal.projection.files import Files
from shared.bus.log_reader import read_until


class Log(NamedTuple):
    """Where the events of one namespace stand, and whose they are."""

    bootstrap: str
    prefix: str
    jurisdiction: str


class Table(NamedTuple):
    """One table of two projections, and whether they are the same."""

    rows: int
    same: bool


class Checked(NamedTuple):
    """What a check found, table by table, and how many records it rests on."""

    namespace: str
    records: int
    seconds: float
    tables: dict[str, Table]

    @property
    def same(self) -> bool:
        """Whether every table is."""
        return all(table.same for table in self.tables.values())


async def fill(applier: Applier, log: Log, until: Positions, thread: Executor) -> None:
    """Apply what is still missing up to before ``until``."""
    loop = asyncio.get_running_loop()
    async for records in read_until(log.bootstrap, applier.positions(), until, log.prefix):
        await loop.run_in_executor(thread, applier.apply, records)


async def build(
    files: Files, log: Log, until: Positions, thread: Executor
) -> tuple[Path, sqlite3.Connection]:
    """A new file with everything up to these positions, and its writer; nothing is left where that fails."""
    path = files.new()
    database = create(path)
    try:
        await fill(Applier(database, log.jurisdiction), log, until, thread)
    except BaseException:
        database.close()
        remove(path)
        raise
    return path, database


async def compare(
    namespace: str, files: Files, log: Log, reads: Callable[[], sqlite3.Connection], thread: Executor
) -> tuple[Checked, Path, sqlite3.Connection]:
    """Build anew, up to where a reader of the live file stands now, and compare every table; pages work meanwhile.

    Gives what was found, and the new file with its writer.
    """
    began = perf_counter()
    with _as_it_is(reads()) as live:
        until = positions_of(live)
        path, database = await build(files, log, until, thread)
        loop = asyncio.get_running_loop()
        mine = await loop.run_in_executor(thread, digests, live)
        built = await loop.run_in_executor(thread, digests, database)
    nothing = Digest(0, "")
    tables = {
        name: Table(mine.get(name, nothing).rows, mine.get(name) == built.get(name))
        for name in sorted({*mine, *built})
    }
    seconds = round(perf_counter() - began, 3)
    return Checked(namespace, sum(until.values()), seconds, tables), path, database


async def check(
    namespace: str, files: Files, log: Log, reads: Callable[[], sqlite3.Connection], thread: Executor
) -> Checked:
    """Build anew beside and compare; nothing is left of it."""
    found, path, database = await compare(namespace, files, log, reads, thread)
    database.close()
    remove(path)
    return found


@contextmanager
def _as_it_is(database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """A connection that goes on seeing what it sees now; closed in the end."""
    try:
        database.execute("BEGIN")
        database.execute("SELECT count(*) FROM position").fetchone()  # a snapshot begins with its first read
        yield database
    finally:
        database.close()
