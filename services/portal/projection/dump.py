"""The canonical dump: every table by its primary key, so that two databases can be compared."""

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple


class Digest(NamedTuple):
    """One table: how many rows, and a hash over all of them in order."""

    rows: int
    sha256: str


def tables(database: sqlite3.Connection) -> list[str]:
    """Every table of the projection, in the order of their names; not those that FTS5 keeps for itself."""
    found = database.execute(
        "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' "
        "AND name NOT LIKE 'words\\_%' ESCAPE '\\' ORDER BY name"
    )
    return [name for (name,) in (tuple(row) for row in found)]


def dump(database: sqlite3.Connection, table: str) -> Iterator[tuple[object, ...]]:
    """All rows of one table by its primary key, generated columns included."""
    columns = [tuple(row) for row in database.execute(f"PRAGMA table_xinfo({table})")]
    keys = sorted((place, name) for _, name, _, _, _, place, _ in columns if place)
    order = ",".join(name for _, name in keys) or "issue, terms"
    names = ",".join(name for _, name, _, _, _, _, hidden in columns if hidden != 1)
    for row in database.execute(f"SELECT {names} FROM {table} ORDER BY {order}"):
        yield tuple(row)


def digests(database: sqlite3.Connection) -> dict[str, Digest]:
    """The hash of every table, all as of one instant."""
    began = not database.in_transaction
    if began:
        database.execute("BEGIN")
    try:
        return {table: _digest(dump(database, table)) for table in tables(database)}
    finally:
        if began:
            database.execute("ROLLBACK")


def _digest(rows: Iterator[tuple[object, ...]]) -> Digest:
    count, digest = 0, sha256()
    for row in rows:
        count += 1
        digest.update(repr(row).encode())
    return Digest(count, digest.hexdigest())
