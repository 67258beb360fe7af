"""What a finished aggregate kept for sending again is swept a day later, once, by a record of its own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.contract.command import FireDeadline
from shared.domain.aggregates import Consumer
from tests.faults.given import NOW, Played, asks, line, notebook

DAY = timedelta(days=1)


@pytest.fixture
def finished() -> Consumer:
    """Notebooks of which nothing is expected after their first line."""
    consumer = notebook()
    (kind,) = consumer.aggregates
    return replace(consumer, aggregates=(replace(kind, finished=lambda notes: bool(notes.lines)),))


def sweep(number: int) -> FireDeadline:
    return FireDeadline(name=f"sweep/{number}/due/1", due_at=NOW + number * DAY)


async def test_the_sweep_takes_outbox_and_deadline_away_in_one_write(finished: Consumer) -> None:
    played = Played(finished)
    await played.deliver(line("a", "one"))
    before = await played.store.get("a")
    assert before is not None and before["due"]["name"] == "sweep/1/due/1" and before["outbox"]
    batch = await played.deliver(asks("a", sweep(1), "s"), at=NOW + DAY)
    assert batch.answers[0].outcome == {"status": "done"}
    after = await played.store.get("a")
    assert after is not None
    assert not {"outbox", "due", "deadline"} & set(after)
    assert (after["sweeps"], after["state"]) == (1, before["state"])
    assert not batch.outgoing


@pytest.mark.parametrize(("number", "days"), [(1, 0.99), (2, 1)], ids=["too early", "not its turn"])
async def test_a_sweep_that_is_not_due_is_void(finished: Consumer, number: int, days: float) -> None:
    played = Played(finished)
    await played.deliver(line("a", "one"))
    batch = await played.deliver(asks("a", sweep(number), "s"), at=NOW + days * DAY)
    assert batch.answers[0].outcome == {"status": "void"}
    assert not batch.written


async def test_a_sweep_that_comes_twice_writes_once(finished: Consumer) -> None:
    played = Played(finished)
    await played.deliver(line("a", "one"))
    await played.deliver(asks("a", sweep(1), "s"), at=NOW + DAY)
    batch = await played.deliver(asks("a", sweep(1), "s"), at=NOW + DAY)
    assert batch.answers[0].outcome == {"status": "void"}
    assert not batch.written


async def test_what_may_still_have_to_be_sent_again_stays_for_the_next_sweep(finished: Consumer) -> None:
    """Its record stands behind the committed offset: a worker that dies now would read it again."""
    played = Played(finished)
    record = played.append(line("a", "one"), NOW)
    await played.processor.run([record])  # stored and published, not committed
    batch = await played.processor.run([played.append(asks("a", sweep(1), "s"), NOW + DAY)])
    assert batch.answers[0].outcome == {"status": "done"}
    document = await played.store.get("a")
    assert document is not None
    assert document["outbox"] and document["due"]["name"] == "sweep/2/due/1"
