"""The same events give the same rows: twice, out of order, in any mixture of topics, broken off at any step."""

import os
import random
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from services.portal.projection.batch import Applier
from services.portal.projection.database import create, open_writer
from services.portal.projection.dump import Digest, digests, tables
from shared.bus.records import Record
from tests.contract.scripted import records as scripted
from tests.portal.projection.given import (
    JURISDICTION,
    as_records,
    build,
    dumped,
    interleaved,
    projected,
)
from tests.unit.figures.test_rebuild import live

STEPS = ("rows", "words", "positions", "commit", "done")
KILLED = 77


@pytest.fixture(scope="module")
def log() -> list[Record]:
    """The scripted run, in which everything of the contract happens, and thirty lives with every crossing."""
    chance = random.Random(9)
    lives = [envelope for number in range(30) for envelope in live(number, chance).log]
    return [*projected(scripted()), *moved(as_records(lives))]


def moved(records: list[Record]) -> list[Record]:
    """Records of topics that begin where those of the scripted run end."""
    return [record._replace(offset=record.offset + 10_000) for record in records]


@pytest.fixture(scope="module")
def right(log: list[Record], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Digest]:
    return dumped(tmp_path_factory.mktemp("right"), log)


QUICKLY = settings(max_examples=8, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
"""Without making a failing log smaller, which takes minutes."""


def differing(found: dict[str, Digest], right: dict[str, Digest]) -> list[str]:
    """The tables that are not the same."""
    return [table for table in right if found[table] != right[table]]


def test_everything_is_in_the_dump(log: list[Record], tmp_path: Path) -> None:
    database = build(tmp_path, log)
    names = set(tables(database))
    assert {"issue", "timeline", "words", "held", "sequence", "position", "unreadable", "calendar"} <= names
    empty = {table for table, digest in digests(database).items() if not digest.rows}
    assert empty == {"held", "not_understood", "unreadable"}


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_how_many_records_a_transaction_holds_changes_nothing(
    size: int, log: list[Record], right: dict[str, Digest], tmp_path: Path
) -> None:
    assert dumped(tmp_path, log, size) == right


def test_every_record_twice_changes_nothing(
    log: list[Record], right: dict[str, Digest], tmp_path: Path
) -> None:
    assert dumped(tmp_path, [*log, *log]) == right
    assert dumped(tmp_path, [record for record in log for _ in range(2)], 9) == right


@QUICKLY
@given(seed=st.integers(0, 2**32), size=st.integers(3, 300))
def test_topics_may_be_read_in_any_mixture(
    seed: int, size: int, log: list[Record], right: dict[str, Digest]
) -> None:
    with TemporaryDirectory() as folder:
        assert not differing(dumped(Path(folder), interleaved(log, random.Random(seed)), size), right)


@QUICKLY
@given(seed=st.integers(0, 2**32), size=st.integers(3, 300))
def test_records_may_come_in_any_order_and_more_than_once(
    seed: int, size: int, log: list[Record], right: dict[str, Digest]
) -> None:
    chance = random.Random(seed)
    again = chance.sample(log, len(log) // 3)
    mixed = [*log, *again]
    chance.shuffle(mixed)
    with TemporaryDirectory() as folder:
        assert not differing(dumped(Path(folder), mixed, size), right)


@pytest.mark.parametrize("step", STEPS)
def test_killed_between_any_two_steps_it_goes_on_from_its_positions(
    step: str, log: list[Record], right: dict[str, Digest], tmp_path: Path
) -> None:
    path = tmp_path / "projection.db"
    create(path).close()
    third = len(log) // 3
    for start, end in pairwise((0, third, 2 * third, len(log))):
        if (child := os.fork()) == 0:
            _apply_until(path, log[start:end], step)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED
        database = open_writer(path)
        applier = Applier(database, JURISDICTION)
        positions = applier.positions()
        left = [
            record
            for record in log[:end]
            if record.offset >= positions.get((record.topic, record.partition), 0)
        ]
        assert bool(left) == (step != "done")
        applier.apply(left)
        found = digests(database)
        database.close()
    assert found == right


def _apply_until(path: Path, records: list[Record], step: str) -> None:
    """In a process of its own: apply, and be gone at that step, without a word to anybody."""

    def at(reached: str) -> None:
        if reached == step:
            os._exit(KILLED)

    try:
        Applier(open_writer(path), JURISDICTION).apply(records, at)
    finally:
        os._exit(1)
