"""What the projection says of itself: how far it goes, what it could not read, what waits for its predecessor."""

import sqlite3
from collections.abc import Iterator
from typing import NamedTuple


class Topic(NamedTuple):
    """One topic as far as it was read: partitions, records, and how many of these could not be read."""

    name: str
    partitions: int
    records: int
    unreadable: int


class Missing(NamedTuple):
    """An event that is not in the rows, and how many of its followers wait for it."""

    subject: str
    topic: str
    source: str
    seq: int
    waiting: int


def topics(reads: sqlite3.Connection) -> Iterator[Topic]:
    """Every topic by name."""
    sql = """
        SELECT position.topic, count(*), sum(next), coalesce(max(records), 0)
        FROM position LEFT JOIN unreadable USING (topic) GROUP BY position.topic ORDER BY position.topic
    """
    for row in reads.execute(sql):
        yield Topic(*row)


def missing(reads: sqlite3.Connection, most: int) -> list[Missing]:
    """What is waited for, at most so many: the next of its own sequence, or of the one that an epoch follows."""
    follows = "json_extract(CAST(raw AS TEXT), '$.follows')"
    sql = f"""
        WITH waits AS (
            SELECT held.subject, held.topic, count(*) AS waiting,
                coalesce(CASE WHEN min(held.seq) = coalesce(sequence.seq, 0) + 1
                THEN substr({follows}, 1, instr({follows}, '=') - 1) END, held.source) AS source
            FROM held LEFT JOIN sequence USING (subject, topic, source)
            GROUP BY held.subject, held.topic, held.source LIMIT ?
        )
        SELECT waits.subject, waits.topic, waits.source, coalesce(sequence.seq, 0) + 1, waiting
        FROM waits LEFT JOIN sequence USING (subject, topic, source)
    """
    return [Missing(*row) for row in reads.execute(sql, (most,))]


def held(reads: sqlite3.Connection) -> int:
    """How many events wait for their predecessor."""
    return int(reads.execute("SELECT count(*) FROM held").fetchone()[0])


def shown_incompletely(reads: sqlite3.Connection) -> int:
    """Of how many issues something was said that is not in the rows."""
    return int(reads.execute("SELECT count(DISTINCT subject) FROM not_understood").fetchone()[0])
