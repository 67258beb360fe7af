"""After a restore events are numbered anew: pages and figures show the same as if they had gone on."""

import random
import sqlite3
from pathlib import Path

import pytest

from services.cli.figures.figures import figures_from_log
from services.portal.queries import handovers, projected
from shared.contract.envelope import Envelope
from shared.contract.event import FEEDBACK
from tests.portal.projection.given import as_records, build, interleaved, rows
from tests.unit.figures.given import LATER
from tests.unit.figures.restored import EPOCH, restored
from tests.unit.figures.test_rebuild import live

PLACES = ("feedback_read", "intake_moved_seq", "number", "seq", "source")
"""What says where in its sequence something stood."""


@pytest.fixture(scope="module")
def log() -> list[Envelope]:
    """Lives with every crossing, side by side in time."""
    chance = random.Random(5)
    lives = [envelope for number in range(40) for envelope in live(number, chance).log]
    return sorted(lives, key=lambda envelope: envelope.time is not None and envelope.time.timestamp())


def shown(database: sqlite3.Connection) -> dict[str, list[str]]:
    """All that is said of issues, clocks, lamps and ratings, but for places."""
    return {
        table: sorted(
            str({name: value for name, value in row.items() if name not in PLACES})
            for row in rows(database, table)
        )
        for table in ("issue", "assignment", "clock", "lamp", "rating", "reply", "document", "timeline")
    }


def lives(database: sqlite3.Connection) -> list[list[handovers.Held]]:
    """Who had each issue when."""
    database.row_factory = sqlite3.Row
    issues = database.execute("SELECT * FROM issue WHERE registered_at IS NOT NULL ORDER BY id").fetchall()
    found = handovers.of_issues(database, issues, int(LATER.timestamp() * 1000))
    database.row_factory = None
    return found


def test_rows_and_figures_are_as_if_nothing_had_been_restored(log: list[Envelope], tmp_path: Path) -> None:
    right = build(tmp_path, as_records(log))
    chance = random.Random(6)
    for kept in (0, len(log) // 3, len(log) // 2, len(log) - 5):
        anew = restored(log, kept)
        database = build(tmp_path, interleaved(as_records(anew), chance))
        assert shown(database) == shown(right), kept
        assert rows(database, "held") == []
        assert figures_from_log(anew, LATER) == figures_from_log(log, LATER)
        assert lives(database) == lives(right)
        database.close()
    right.close()


def test_an_epoch_waits_for_the_end_of_the_one_before_whatever_comes_first(
    log: list[Envelope], tmp_path: Path
) -> None:
    anew = as_records(restored(log, len(log) // 2))
    right = build(tmp_path, anew)
    turned = [record._replace(offset=place) for place, record in enumerate(reversed(anew))]
    late = build(tmp_path, [record._replace(topic=record.topic, partition=1) for record in turned], size=7)
    assert shown(late) == shown(right)
    assert rows(late, "held") == []


def test_what_an_epoch_waits_for_is_the_next_event_of_the_one_before(
    log: list[Envelope], tmp_path: Path
) -> None:
    anew = restored(log, len(log) // 2)
    first = next(one for one in anew if one.follows and one.source.startswith("/huzhou/feedback"))
    before, _, last = first.follows.partition("=")
    without = [
        one for one in anew if (one.subject, one.source, one.seq) != (first.subject, before, int(last))
    ]
    database = build(tmp_path, as_records(without))
    found = [one for one in projected.missing(database, 50) if one.subject == first.subject]
    assert found == [projected.Missing(first.subject, FEEDBACK, before, int(last), found[0].waiting)]
    behind = [one for one in anew if (one.subject, one.source) == (first.subject, f"{before};{EPOCH}")]
    assert found[0].waiting == len(behind)
    database.close()
