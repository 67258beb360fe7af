"""Asking the projection: rows whose columns are read by name."""

import sqlite3
from collections.abc import Mapping, Sequence

Row = sqlite3.Row
ENDLESS = 2**62
"""Beyond every instant and every count: when nothing is due, where the newest page begins, and of what has no bound."""
MOST_COUNTED = 1000
"""A longer list is counted no further: nobody reads it to its end."""


def select(
    reads: sqlite3.Connection, sql: str, values: Mapping[str, object] | Sequence[object] = ()
) -> sqlite3.Cursor:
    """The rows one after the other, as a cursor: nothing is read before it is asked for."""
    cursor = reads.cursor()
    cursor.row_factory = Row
    return cursor.execute(sql, values)
