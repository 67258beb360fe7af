"""A worker whose partitions are another's by now writes once more and dies: what came of it is published all the same.

No commit says that it was: its record was committed by the other worker, which made nothing of it.
"""

from collections.abc import Iterable
from typing import Self
from unittest.mock import patch

import pytest

from shared.bus.processor import Processor
from shared.bus.records import Outgoing
from shared.contract.envelope import open_envelope
from shared.contract.event import FEEDBACK, INTAKE
from shared.contract.events.intake import IssueWithdrawn
from shared.domain.aggregates import AggregateType, Consumer, Deadlines
from shared.domain.decisions import Change, Context, Deadline, event
from tests.faults.given import NOW, Notes, Played, closing, due_command, ends, line, notebook, write_line
from tests.unit.reference import JURISDICTION

COMMANDS = ("intake.commands", 0)
COMMITTED = {COMMANDS: 9, (FEEDBACK, 0): 9}


def written(notes: Notes | None, asked: object, context: Context) -> Change[Notes]:
    """A line of a notebook that ends now."""
    change = write_line(notes, asked, context)  # type: ignore[arg-type]
    assert isinstance(change, Change)
    return change if notes else Change(change.state.model_copy(update={"ends_at": NOW}), change.messages)


def told_of_the_end(notes: Notes, deadline: Deadline, context: Context) -> Change[Notes]:
    """What the end tells is an event."""
    return Change(notes.model_copy(update={"ends_at": None}), (event(IssueWithdrawn(reason="ended")),))


def patient() -> Consumer:
    """Notebooks whose end waits as long as an event is held: it may be what stops it."""
    of = notebook(write=written).aggregates[0]
    deadlines = Deadlines(next=ends, expire=told_of_the_end, wait_for=(FEEDBACK,))
    kind = AggregateType("issue", Notes, commands=of.commands, events=of.events, deadlines=deadlines)
    return Consumer("intake", JURISDICTION, (FEEDBACK,), (kind,))


class Replaced(Played):
    """A service of two workers: ``old`` had the record of the deadline before the other one, and comes to it last."""

    def __init__(self) -> None:
        super().__init__(patient())
        self.store.fenced, self.is_away = True, True
        self.old = Processor(self.consumer, self.store, self._publish_from_the_old_one, self)

    async def _publish_from_the_old_one(self, outgoing: Iterable[Outgoing]) -> None:
        if self.is_away:
            raise ConnectionError
        await self._publish(outgoing)


async def fired_by_the_old_one(*, committed: bool = True) -> Replaced:
    """The new worker came to the deadline first: it was void, for an event was held. ``committed``: it has committed
    that by now."""
    played = Replaced()
    await played.deliver(line("a", "one"))
    await played.deliver(closing("a", 2))
    (due,) = await played.store.read_due("0", "9")
    fires = played.append(due_command(due))
    batch = await played.processor.run([fires])
    if committed:
        played.processor.committed({COMMANDS: fires.offset + 1})
    assert [answer.outcome["status"] for answer in batch.answers] == ["void"]
    await played.deliver(closing("a", 1))  # nothing is held any more
    with pytest.raises(ConnectionError):
        await played.old.run([fires])
    assert await played.lines("a") == ("one", "closed 1", "closed 2")
    assert await played.store.read_due("0", "9") == [], "it has fired"
    assert events(played) == [(1, "one")]
    return played


class Refusing(list[Outgoing]):
    """A broker that is away."""

    def __iadd__(self, outgoing: Iterable[Outgoing]) -> Self:  # type: ignore[override,misc]
        raise ConnectionError


def events(played: Played) -> list[tuple[int, str]]:
    """What stands on the topic, each once: the place in the sequence, and what it says."""
    sealed = [open_envelope(out.value) for out in played.of(INTAKE)]
    return [(envelope.seq, envelope.data["reason"]) for envelope in sealed]


TWO = line("a", "two")


async def test_whoever_has_the_partition_publishes_it_before_anything_newer() -> None:
    played = await fired_by_the_old_one()
    await played.deliver(TWO)
    assert events(played) == [(1, "one"), (2, "ended"), (3, "two")]


@pytest.mark.parametrize("committed", [True, False])
async def test_so_it_does_where_its_first_try_fails_too_and_what_it_read_is_committed_only_then(
    committed: bool,
) -> None:
    played = await fired_by_the_old_one(committed=committed)
    two = played.append(TWO)
    with patch.object(played, "published", Refusing()), pytest.raises(ConnectionError):
        await played.processor.run([two])
    await played.processor.run([two])
    played.processor.committed(COMMITTED)
    await played.deliver(line("a", "three"))
    assert events(played) == [(1, "one"), (2, "ended"), (3, "two"), (4, "three")]


@pytest.mark.parametrize("committed", [True, False])
async def test_it_is_sent_once_more_and_not_with_each_record_that_follows(committed: bool) -> None:
    played = await fired_by_the_old_one(committed=committed)
    for word in ("two", "three", "four"):
        await played.deliver(line("a", word))
    assert [out.seq for out in played.published] == [1, 2, 3, 4, 5]


async def test_so_does_a_worker_that_starts_later() -> None:
    played = await fired_by_the_old_one()
    played.start(played.consumer).committed(COMMITTED)
    await played.deliver(TWO)
    assert events(played) == [(1, "one"), (2, "ended"), (3, "two")]


async def test_so_does_the_very_worker_where_the_partition_comes_back_to_it() -> None:
    played = await fired_by_the_old_one()
    played.is_away = False
    played.old.revoked()
    played.old.committed(COMMITTED)
    await played.old.run([played.append(TWO)])
    assert events(played) == [(1, "one"), (2, "ended"), (3, "two")]


async def test_what_one_worker_committed_itself_it_does_not_publish_again() -> None:
    played = Played(patient())
    for word in ("one", "two", "three"):
        await played.deliver(line("a", word))
    assert [out.seq for out in played.published] == [1, 2, 3]
