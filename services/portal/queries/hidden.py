"""Which anonymous issues are a person's own: each bears a reference that only whoever has the key can try.

A reference costs some microseconds, and a county has thousands of them. So which were tried is remembered in memory, by
file and person. Where nothing was read since, nothing is looked for; else what came since is tried, and where the count
does not fit, all are tried again.
"""

import sqlite3
from collections import OrderedDict
from typing import NamedTuple

from shared.identity.references import References

MOST_PEOPLE = 1_000
_WHERE = "FROM issue WHERE anonymous = 1 AND number IS NOT NULL"


class _Tried(NamedTuple):
    """As far as one person's references were tried: the last row, how many, and which were theirs."""

    row: int = -1
    tried: int = 0
    ids: tuple[str, ...] = ()
    read: int = -1
    """How many records were in the rows by then."""


_TRIED: OrderedDict[tuple[str, str], _Tried] = OrderedDict()


def hidden_of(reads: sqlite3.Connection, person: str, references: References) -> list[str]:
    """The ids of the anonymous issues that this person raised."""
    key = str(reads.execute("PRAGMA database_list").fetchone()[2]), person
    read = int(reads.execute("SELECT coalesce(sum(next), 0) FROM position").fetchone()[0])
    before = _TRIED.get(key, _Tried())
    if before.read == read:
        _TRIED.move_to_end(key)
        return list(before.ids)
    tried = _go_on(reads, before, person, references)
    if before.tried and reads.execute(f"SELECT count(*) {_WHERE}").fetchone()[0] != tried.tried:
        tried = _go_on(
            reads, _Tried(), person, references
        )  # one came to be behind the last row that was tried
    _TRIED[key] = tried._replace(read=read)
    _TRIED.move_to_end(key)
    while len(_TRIED) > MOST_PEOPLE:
        _TRIED.popitem(last=False)
    return list(tried.ids)


def _go_on(reads: sqlite3.Connection, tried: _Tried, person: str, references: References) -> _Tried:
    """What came behind the last row, too."""
    sql = f"SELECT rowid, id, person {_WHERE} AND +rowid > ? ORDER BY +rowid"
    rows = reads.execute(sql, (tried.row,)).fetchall()
    own = (id for _, id, reference in rows if references.on_issue(id, person, anonymous=True) == reference)
    last = rows[-1][0] if rows else tried.row
    return _Tried(last, tried.tried + len(rows), (*tried.ids, *own))
