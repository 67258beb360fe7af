"""The policies and calendars that were published, as decisions know them, built from the rows.

They change a few times a year: what is built is kept in memory, by file, as long as no version was added.
"""

import json
import sqlite3

from shared.contract.registry import EVENTS
from shared.domain.reference import Reference

_VERSIONS = """
    SELECT '{table}', data FROM {table} WHERE jurisdiction = :jurisdiction ORDER BY seq
"""
_COUNT = "SELECT (SELECT count(*) FROM policy), (SELECT count(*) FROM calendar)"
MOST_FILES = 8
_KEPT: dict[tuple[str, str], tuple[tuple[int, int], Reference]] = {}


def reference(reads: sqlite3.Connection, jurisdiction: str) -> Reference:
    """Every version of one jurisdiction, as far as it was read here; nobody learns anything into it."""
    key = (str(reads.execute("PRAGMA database_list").fetchone()[2]), jurisdiction)
    count: tuple[int, int] = reads.execute(_COUNT).fetchone()
    kept = _KEPT.get(key)
    if kept is None or kept[0] != count:
        _KEPT.pop(key, None)
        kept = _KEPT[key] = (count, build(reads, jurisdiction))
        while len(_KEPT) > MOST_FILES:
            del _KEPT[next(iter(_KEPT))]
    return kept[1]


def build(reads: sqlite3.Connection, jurisdiction: str) -> Reference:
    """The same, of one's own: a version may be learned into it that is not published."""
    found = Reference()
    for table in ("policy", "calendar"):
        shape = EVENTS[f"{table}.published.v1"]
        for _, data in reads.execute(_VERSIONS.format(table=table), {"jurisdiction": jurisdiction}):
            found.learn(f"{table}:{jurisdiction}", shape.read(json.loads(data)))
    return found
