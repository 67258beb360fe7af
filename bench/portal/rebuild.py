"""How fast the portal's projection is built anew, beside a bare loop that parses and writes the same.

The bare loop does ``json.loads`` of every record and, in as many transactions, the very statements with the very values
that the projection came to; it decides nothing. A second one inserts only what every row is in the end, which no
consumer that goes on from where it stands could do.
"""

import json
import random
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.results import Measure
from services.portal.projection.batch import Applier
from services.portal.projection.database import create
from services.portal.projection.dump import tables
from services.supervision.builtin import builtin_policy
from services.supervision.issue.tracking import is_in_sample
from shared.bus.records import Record
from shared.contract.envelope import sha256_of
from tests.contract.scripted import records as scripted

ISSUES, ROUNDS, BATCH = 2_000, 5, 5_000
LEAST_EVENTS, LEAST_RATIO = 6_000.0, 0.6
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
FIRST = "00"
"""How each issue's id begins, so that one can be multiplied under another beginning."""
CHARACTERS = [chr(code) for code in range(0x4E00, 0x4E00 + 3_000)]
SAID = {"路灯": 10, "地磅": 1_000}
"""What somebody may look for, and of how many issues one says it."""
WORDS, REPLY = 120, 200
"""Characters of an issue's text, and of a reply: the middle of the real ones."""


def measure(say: Callable[[str], None]) -> tuple[Sequence[Measure], dict[str, Any]]:
    """Rounds of both ways in turn, each into a new file; the quickest of each, for whatever else runs only adds."""
    log = list(issues(ISSUES, random.Random(9)))
    say(f"{len(log):,} events about {ISSUES:,} issues")
    speeds: dict[str, list[float]] = {"ours": [], "bare": [], "final": []}
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
        for turn in range(ROUNDS):
            say(f"round {turn + 1} of {ROUNDS}")
            paths = {name: Path(folder) / f"{name}-{turn}.db" for name in speeds}
            speeds["ours"].append(len(log) / _build(paths["ours"], log))
            speeds["bare"].append(len(log) / _repeat(paths["bare"], log, _statements(paths["ours"], log)))
            speeds["final"].append(len(log) / _insert(paths["final"], log, paths["ours"]))
    ours, bare, final = (max(found) for found in speeds.values())
    measures = [
        Measure("rebuild, ours", ours, "events/s", LEAST_EVENTS, "at least"),
        Measure("rebuild, json.loads and the same statements", bare, "events/s"),
        Measure("rebuild, ours/bare", ours / bare, "times", LEAST_RATIO, "at least"),
        Measure("rebuild, json.loads and every row once, as it is in the end", final, "events/s"),
    ]
    return measures, {"events": len(log), "issues": ISSUES, **speeds}


def issues(count: int, dice: random.Random) -> Iterator[Record]:
    """A log of so many issues: the lives of the scripted run, each again and again with an id and words of its own.

    As on the topics: each topic in its order, and issues side by side.
    """
    reference = [record for record in scripted() if record.topic.endswith(".reference")]
    yield from reference
    lives: dict[str, list[Record]] = {}
    for record in scripted():
        subject = (record.key or b"").decode()
        if record.topic.endswith(".events") and ":" not in subject:
            lives.setdefault(subject, []).append(record)
    templates = list(lives.items())
    offset = 0
    for start in range(0, count, 200):
        told = [
            _retold(*templates[number % len(templates)], dice)
            for number in range(start, min(count, start + 200))
        ]
        while told:
            told = [life for life in told if life]
            for life in told:
                yield life.pop(0)._replace(offset=(offset := offset + 1))


def _another(subject: str, dice: random.Random) -> str:
    """An id for a copy of this life. An id alone says whether its closed issue is looked at again: alike."""
    percent = builtin_policy().look_back_percent
    while True:
        id = FIRST + "".join(dice.choices(CROCKFORD, k=len(subject) - len(FIRST)))
        if is_in_sample(id, percent) == is_in_sample(subject, percent):
            return id


def _retold(subject: str, life: list[Record], dice: random.Random) -> list[Record]:
    id = _another(subject, dice)
    said = "，".join(word for word, many in SAID.items() if dice.randrange(many) == 0)
    found = []
    for record in life:
        envelope = json.loads((record.value or b"").replace(subject.encode(), id.encode()))
        for field, length in (("title", 12), ("text", REPLY if "outcome" in envelope["data"] else WORDS)):
            if envelope["data"].get(field):
                words = said if field == "text" else ""
                envelope["data"][field] = words + "".join(dice.choices(CHARACTERS, k=length - len(words)))
        raw = json.dumps(envelope, ensure_ascii=False, separators=(",", ":")).encode()
        found.append(record._replace(key=id.encode(), value=raw, sha256=sha256_of(raw)))
    return found


def _build(path: Path, log: list[Record]) -> float:
    """Seconds in which the projection of this log is built."""
    database = create(path)
    applier = Applier(database, "huzhou")
    started = time.perf_counter()
    for start in range(0, len(log), BATCH):
        applier.apply(log[start : start + BATCH])
    seconds = time.perf_counter() - started
    database.close()
    return seconds


class _Recording:
    """A connection that remembers what is written through it, transaction by transaction."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.transactions: list[list[tuple[str, list[Any]]]] = []

    @property
    def in_transaction(self) -> bool:
        """As the connection's own."""
        return self._database.in_transaction

    def execute(self, statement: str, values: Any = ()) -> sqlite3.Cursor:
        """As the connection's own."""
        if statement.startswith("BEGIN"):
            self.transactions.append([])
        elif statement.startswith("INSERT"):
            self.transactions[-1].append((statement, [values]))
        return self._database.execute(statement, values)

    def executemany(self, statement: str, values: Any) -> sqlite3.Cursor:
        """As the connection's own."""
        kept = list(values)
        self.transactions[-1].append((statement, kept))
        return self._database.executemany(statement, kept)


def _statements(path: Path, log: list[Record]) -> list[list[tuple[str, list[Any]]]]:
    """What the projection of this log writes, transaction by transaction."""
    database = create(path.with_suffix(".recorded"))
    recording = _Recording(database)
    applier = Applier(recording, "huzhou")  # type: ignore[arg-type]
    for start in range(0, len(log), BATCH):
        applier.apply(log[start : start + BATCH])
    database.close()
    return recording.transactions


def _repeat(path: Path, log: list[Record], transactions: list[list[tuple[str, list[Any]]]]) -> float:
    """Seconds in which every record is parsed and these statements are executed."""
    database = create(path)
    started = time.perf_counter()
    for turn, statements in enumerate(transactions):
        for record in log[turn * BATCH : (turn + 1) * BATCH]:
            json.loads(record.value or b"")
        database.execute("BEGIN IMMEDIATE")
        for statement, values in statements:
            database.executemany(statement, values)
        database.execute("COMMIT")
    seconds = time.perf_counter() - started
    database.close()
    return seconds


def _insert(path: Path, log: list[Record], projected: Path) -> float:
    """Seconds in which every record is parsed, and the rows of that projection inserted, in as many transactions."""
    rows = _rows(projected)
    database = create(path)
    turns = -(-len(log) // BATCH)
    started = time.perf_counter()
    for turn in range(turns):
        for record in log[turn * BATCH : (turn + 1) * BATCH]:
            json.loads(record.value or b"")
        database.execute("BEGIN")
        for statement, found in rows:
            part = -(-len(found) // turns)
            database.executemany(statement, found[turn * part : (turn + 1) * part])
        database.execute("COMMIT")
    seconds = time.perf_counter() - started
    database.close()
    return seconds


def _rows(path: Path) -> list[tuple[str, list[tuple[Any, ...]]]]:
    """An INSERT statement for each table of a projection, with all its rows."""
    database = sqlite3.connect(path)
    found = []
    for table in tables(database):
        columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
        marks = ",".join("?" * len(columns))
        stored = database.execute(f"SELECT {','.join(columns)} FROM {table}").fetchall()
        found.append((f"INSERT INTO {table}({','.join(columns)}) VALUES({marks})", stored))
    database.close()
    return found
