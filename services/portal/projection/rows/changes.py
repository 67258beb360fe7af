"""The rows of one batch: collected in memory, column by column, and written with few statements."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic_core import to_json

from services.portal.projection.rows.instants import instant
from shared.contract.event import epoch_of

Value = str | int | float | None
Key = tuple[str | int, ...]
Columns = dict[str, Value]
Table = dict[Key, Columns]
LARGEST = 2**63 - 1

KEYS: Mapping[str, tuple[str, ...]] = {
    "issue": ("id",),
    "assignment": ("issue", "id"),
    "draft": ("issue", "number"),
    "request": ("issue", "what", "number"),
    "co_handler": ("issue", "id"),
    "answer": ("issue", "request"),
    "material": ("issue", "request"),
    "reply": ("issue", "round", "version"),
    "disclosure": ("issue",),
    "clock": ("issue", "number"),
    "lamp": ("issue", "number"),
    "rating": ("issue", "round"),
    "document": ("issue", "id"),
    "instruction": ("issue", "number"),
    "paper": ("id", "edition"),
    "decision": ("paper", "edition", "number"),
    "talk": ("id",),
    "talk_leader": ("talk", "account"),
    "talk_participant": ("talk", "person"),
    "person": ("reference",),
    "enterprise": ("code",),
    "department": ("jurisdiction", "code", "version"),
    "staff": ("jurisdiction", "account", "version"),
    "rules": ("jurisdiction", "version"),
    "policy": ("jurisdiction", "version"),
    "calendar": ("jurisdiction", "version"),
    "rotation": ("id", "version"),
}
"""The tables that events write, with their primary keys; the others belong to the batch itself."""


class Unreadable(ValueError):
    """An event whose data is not of the shape that its type has."""


def place_of(source: str, seq: int) -> int:
    """An event's number; of one that was published after a restore a larger one than of all that came before."""
    return (epoch_of(source) << 32) + seq


class Happened(NamedTuple):
    """One event, read: of whom, by whom, when (ms since 1970), and its data as plain JSON values.

    Of one that cannot be read only its place in its sequence is known: ``is_readable`` says so.
    """

    subject: str
    topic: str
    source: str
    seq: int
    type: str
    at: int
    read: str
    """What its owner had read of the others (the envelope's ``seen``)."""
    data: dict[str, Any]
    must_understand: bool = False
    is_readable: bool = True
    follows: str = ""
    """Of the first event of an epoch: where the one before it ended (the envelope's ``follows``)."""

    @property
    def place(self) -> int:
        """Where it stands among its owner's events about this subject: its number, behind those of earlier epochs."""
        return place_of(self.source, self.seq)

    @property
    def sequence(self) -> tuple[str, str, str]:
        """Whose sequence it belongs to."""
        return self[:3]

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
    """What a batch changes: ``set`` writes columns, ``first`` only those that are not known yet.

    What an event set is taken back where the rest of it cannot be read, if this is asked for (``careful``): looking
    out for that costs a tenth of the time, and events that cannot be read are rare.
    """

    def __init__(self, database: sqlite3.Connection, *, careful: bool = False) -> None:
        self.database, self.careful = database, careful
        self.spoken: set[str] = set()
        """The issues of which some words are new."""
        self.begun: set[str] = set()
        """The subjects of which rows may be stored already."""
        self.clocks: dict[str, list[dict[str, Any]]] = {}
        """Supervision's clocks of the issues of this batch, as rows.supervision keeps them."""
        self.lamps: dict[str, list[dict[str, Any]]] = {}
        """The same of the steps of the ladder at which these issues stand, or stood before they came higher."""
        self._set: dict[str, Table] = {table: defaultdict(dict) for table in KEYS}
        self._first: dict[str, Table] = {table: defaultdict(dict) for table in KEYS}
        self._pending: list[tuple[dict[str, Table], str, Key, Columns]] = []

    def set(self, table: str, key: Key, **columns: Value) -> None:
        """These columns of one row from now on; the row is made where there is none."""
        if self.careful:
            self._pending.append((self._set, table, key, columns))
        else:
            self._set[table][key].update(columns)

    def first(self, table: str, key: Key, **columns: Value) -> None:
        """These columns, as far as they are still unknown; what is set, before or later, counts more."""
        if self.careful:
            self._pending.append((self._first, table, key, columns))
        else:
            _add(self._first[table][key], columns)

    def keep(self) -> None:
        """What was set since the last event counts."""
        for where, table, key, columns in self._pending:
            if where is self._first:
                _add(where[table][key], columns)
            else:
                where[table][key].update(columns)
        self._pending.clear()

    def drop(self) -> None:
        """What was set since the last event was never set: that event could not be read."""
        self._pending.clear()

    def write(self) -> None:
        """Write all rows to the database; one statement for all rows with the same columns."""
        for table in KEYS:
            for statement, values in self._grouped(table).items():
                self.database.executemany(statement, values)

    def _grouped(self, table: str) -> Mapping[str, list[tuple[Value, ...]]]:
        groups: dict[str, list[tuple[Value, ...]]] = defaultdict(list)
        firsts = self._first[table]
        for key in firsts.keys() - self._set[table].keys():
            self._set[table][key] = {}
        for key, columns in self._set[table].items():
            once = {name: value for name, value in firsts.get(key, {}).items() if name not in columns}
            groups[_upsert(table, tuple(columns), tuple(once))].append(
                (*key, *columns.values(), *once.values())
            )
        return groups


def _add(known: Columns, columns: Columns) -> None:
    for name, value in columns.items():
        known.setdefault(name, value)


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
