"""The rows of one batch: collected in memory, column by column, and written with few statements."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic_core import to_json

from services.portal.projection.rows.instants import instant

Value = str | int | float | None
Key = tuple[str | int, ...]
Columns = dict[str, Value]
Table = dict[Key, Columns]
LARGEST = 2**63 - 1

KEYS: Mapping[str, tuple[str, ...]] = {
    "issue": ("id",),
    "assignment": ("issue", "id"),
    "draft": ("issue", "number"),
    "reply": ("issue", "round", "version"),
    "clock": ("issue", "number"),
    "rating": ("issue", "round"),
    "person": ("reference",),
    "enterprise": ("code",),
    "department": ("jurisdiction", "code", "version"),
    "staff": ("jurisdiction", "account", "version"),
    "rules": ("jurisdiction", "version"),
    "policy": ("jurisdiction", "version"),
    "calendar": ("jurisdiction", "version"),
}
"""The tables that events write, with their primary keys; the others belong to the batch itself."""


class Unreadable(ValueError):
    """An event whose data is not of the shape that its type has."""


class Happened(NamedTuple):
    """One event, read: of whom, by whom, when (ms since 1970), and its data as plain JSON values."""

    subject: str
    topic: str
    source: str
    seq: int
    type: str
    at: int
    read: str
    """What its owner had read of the others (the envelope's ``seen``)."""
    data: dict[str, Any]

    def text(self, name: str, default: str = "") -> str:
        """A field that is text."""
        value = self.data.get(name, default)
        if type(value) is not str:
            raise Unreadable(f"{name} is no text")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        """A field that is a whole number."""
        value = self.data.get(name, default)
        if type(value) is not int or not -LARGEST <= value <= LARGEST:
            raise Unreadable(f"{name} is no number")
        return value

    def truth(self, name: str) -> int:
        """A field that is true or false, as 1 or 0; false where it is missing."""
        value = self.data.get(name, False)
        if type(value) is not bool:
            raise Unreadable(f"{name} is neither true nor false")
        return int(value)

    def instant(self, name: str) -> int:
        """A field that is an instant, in ms since 1970."""
        return instant(self.data.get(name))

    def instant_or_none(self, name: str) -> int | None:
        """A field that may be an instant."""
        value = self.data.get(name)
        return None if value is None else instant(value)

    def text_or_none(self, name: str) -> str | None:
        """A field that may be text."""
        return None if self.data.get(name) is None else self.text(name)

    def json(self, name: str) -> str | None:
        """A list or an object, as JSON text; None where it is missing."""
        value = self.data.get(name)
        return None if value is None else as_json(value)

    @property
    def jurisdiction(self) -> str:
        """Whose event it is: ``/huzhou/intake`` is of huzhou."""
        return self.source.strip("/").partition("/")[0]

    @property
    def id(self) -> str:
        """The subject within its kind."""
        return self.subject.rpartition(":")[2]


def as_json(value: object) -> str:
    """Any JSON value as text, always the same for the same value."""
    return to_json(value).decode()


class Rows:
    """What a batch changes. ``set`` writes columns, ``first`` only those that are not known yet; event by event."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self.database = database
        self.spoken: set[str] = set()
        """The issues of which some words are new."""
        self.clocks: dict[str, list[dict[str, Any]]] = {}
        """Supervision's clocks of the issues of this batch, as rows.supervision keeps them."""
        self._pending: list[tuple[str, Key, Columns]] = []
        self._once: list[tuple[str, Key, Columns]] = []
        self._set: dict[str, Table] = {table: defaultdict(dict) for table in KEYS}
        self._first: dict[str, Table] = {table: defaultdict(dict) for table in KEYS}

    def set(self, table: str, key: Key, **columns: Value) -> None:
        """These columns of one row from now on; the row is made where there is none."""
        self._pending.append((table, key, columns))

    def first(self, table: str, key: Key, **columns: Value) -> None:
        """These columns, as far as they are still unknown."""
        self._once.append((table, key, columns))

    def keep(self) -> None:
        """What was set since the last event counts."""
        for name, key, columns in self._pending:
            self._set[name][key].update(columns)
            if once := self._first[name].get(key):
                for column in columns:
                    once.pop(column, None)
        self._pending.clear()
        for name, key, columns in self._once:
            known, once = self._set[name].get(key, {}), self._first[name][key]
            for column, value in columns.items():
                if column not in known:
                    once.setdefault(column, value)
        self._once.clear()

    def drop(self) -> None:
        """What was set since the last event was never set: that event could not be read."""
        self._pending.clear()
        self._once.clear()

    def write(self) -> None:
        """Write all rows to the database; one statement for all rows with the same columns."""
        for table in KEYS:
            for statement, values in self._grouped(table).items():
                self.database.executemany(statement, values)

    def _grouped(self, table: str) -> Mapping[str, list[tuple[Value, ...]]]:
        groups: dict[str, list[tuple[Value, ...]]] = defaultdict(list)
        firsts = self._first[table]
        for key, columns in self._set[table].items():
            once = firsts.pop(key, None) if firsts else None
            if once:
                groups[_upsert(table, tuple(columns), tuple(once))].append(
                    (*key, *columns.values(), *once.values())
                )
            else:
                groups[_upsert(table, tuple(columns), ())].append((*key, *columns.values()))
        for key, once in firsts.items():
            groups[_upsert(table, (), tuple(once))].append((*key, *once.values()))
        return groups


@lru_cache(maxsize=4096)
def _upsert(table: str, columns: tuple[str, ...], once: tuple[str, ...]) -> str:
    keys = KEYS[table]
    names = (*keys, *columns, *once)
    sets = [
        *(f"{name}=excluded.{name}" for name in columns),
        *(f"{name}=coalesce({table}.{name},excluded.{name})" for name in once),
    ]
    return (
        f"INSERT INTO {table}({','.join(names)}) VALUES({','.join('?' * len(names))}) "
        f"ON CONFLICT({','.join(keys)}) DO " + (f"UPDATE SET {','.join(sets)}" if sets else "NOTHING")
    )


def put_many(database: sqlite3.Connection, table: str, rows: Iterable[tuple[object, ...]]) -> None:
    """Whole rows of a table, in place of those with the same key."""
    iterator: Iterator[tuple[object, ...]] = iter(rows)
    first = next(iterator, None)
    if first is None:
        return
    statement = f"INSERT OR REPLACE INTO {table} VALUES({','.join('?' * len(first))})"
    database.execute(statement, first)
    database.executemany(statement, iterator)
