"""A worker that its group goes on without writes what it has under way, and dies before that is published."""

from collections.abc import Sequence

import pytest

from shared.bus.own_offsets import OwnOffsets
from shared.bus.processor import Processor
from shared.bus.records import Outgoing
from shared.contract.command import FireDeadline
from shared.contract.commands.intake import WithdrawIssue
from shared.contract.envelope import open_envelope
from shared.domain.decisions import Change, Context
from tests.faults.given import ACCEPT, NOW, Notes, Played, asks, line, notebook

FIRES = asks("a", FireDeadline(name="end/1/due/1", due_at=NOW), "end", "timer:due")


class Died(Exception):
    """kill -9 before step 6."""


def write(notes: Notes | None, asked: WithdrawIssue, context: Context) -> Change[Notes]:
    """A line; the word ``ends`` gives the notebook its end."""
    known = notes or Notes()
    ends_at = NOW if asked.reason == "ends" else known.ends_at
    return Change(known.model_copy(update={"lines": (*known.lines, asked.reason), "ends_at": ends_at}))


def replaced(played: Played) -> Processor:
    """A worker that stores, and dies before it publishes."""

    async def publish(outgoing: Sequence[Outgoing]) -> None:
        raise Died

    return Processor(played.consumer, played.store, publish, played)


@pytest.fixture
async def played() -> Played:
    """The new owner has found nothing to fire, and committed that; who was replaced found more, stored it, and died."""
    played = Played(notebook(write=write))
    await played.deliver(line("a", "begins"))
    batch = await played.deliver(FIRES)
    assert batch.answers[0].outcome == {"status": "void"}
    await played.deliver(line("a", "ends"))
    with pytest.raises(Died):
        await replaced(played).run([played.log[1]])
    assert not played.published
    return played


async def written_by_another(played: Played) -> None:
    """As if a worker that was replaced had written what this one has read and committed."""
    document = await played.store.get("a")
    assert document is not None
    await played.change({**document, "v": document["v"] + 1, "token": "another/1"})


def sent(played: Played) -> int:
    """How often went out what the deadline brought about."""
    return sum(out.key == "y" for out in played.published)


async def test_what_it_fired_is_published_by_the_owner_that_meets_it(played: Played) -> None:
    played.processor.revoked()
    await played.deliver(line("a", "more"))
    assert sent(played) == 1
    await played.deliver(line("a", "and more"))
    assert sent(played) == 1


async def test_what_it_fired_is_published_by_an_owner_that_knows_its_own_version_still(
    played: Played,
) -> None:
    played.store.fenced = True
    await played.deliver(line("a", "more"))
    assert sent(played) == 1
    assert await played.lines("a") == ("begins", "ends", "more")


async def test_it_is_published_though_the_record_that_meets_it_changes_nothing(played: Played) -> None:
    played.processor.revoked()
    played.processor.committed({("intake.commands", 0): 9})
    again = await played.processor.run([played.log[0]])
    assert (sent(played), len(again.written)) == (1, 1)
    assert not (await played.processor.run([played.log[0]])).written


async def test_it_is_kept_until_the_record_that_met_it_is_committed(played: Played) -> None:
    played.processor.revoked()
    played.processor._publish = replaced(played)._publish
    met = played.append(line("a", "more"))
    with pytest.raises(Died):
        await played.processor.run([met])
    await played.start(played.consumer).run([met])
    assert sent(played) == 1
    await played.deliver(line("a", "and more"))
    document = await played.store.get("a")
    assert document is not None
    assert "outbox" in document
    played.processor.committed({("intake.commands", 0): met.offset + 2})
    await played.deliver(line("a", "at last"))
    document = await played.store.get("a")
    assert document is not None
    assert (sent(played), "outbox" in document) == (1, False)


async def test_a_deadline_whose_command_takes_something_over_fires_all_the_same() -> None:
    """It stands under the place of that command, which is no sign that the deadline fired."""
    played = Played(notebook(write=write))
    await played.deliver(line("a", "ends"), asks("a", ACCEPT, "1"))
    await written_by_another(played)
    fires = played.append(FIRES)
    for _ in range(2):
        await played.processor.run([fires])
    texts = [open_envelope(out.value).data["reason"] for out in played.published if out.key == "y"]
    assert texts == ["from a", "from a", "ended", "from a", "ended"]
    document = await played.store.get("a")
    assert document is not None
    assert "due" not in document


async def test_a_void_one_that_comes_again_after_a_failure_sends_again_what_it_took_over(
    played: Played,
) -> None:
    void = played.append(asks("a", FireDeadline(name="end/2/due/1", due_at=NOW), "void", "timer:due"))
    worker = played.processor
    worker.revoked()
    worker._publish = replaced(played)._publish
    with pytest.raises(Died):
        await worker.run([void])
    worker._publish = played._publish
    await worker.run([void])
    assert sent(played) == 1


async def test_what_is_delivered_again_goes_out_once_by_a_new_owner() -> None:
    played = Played(notebook())
    await played.deliver(asks("a", ACCEPT, "1"))
    first = list(played.published)
    await played.start(played.consumer).run([played.log[0]])
    assert played.published == [*first, *first]


async def test_what_a_worker_committed_that_ended_is_not_sent_again() -> None:
    """It had published what it committed; a restart is felt by nobody."""
    played = Played(notebook())
    await played.deliver(asks("a", ACCEPT, "1"))
    first = list(played.published)
    played.start(played.consumer)
    await played.deliver(line("a", "more"))
    assert played.published[: len(first)] == first
    assert not [out for out in played.published[len(first) :] if out in first]


async def test_two_that_ask_each_other_send_again_once() -> None:
    """Each finds what it sends known at the other, which sends again in turn: for ever, were nothing written."""
    played = Played(notebook())
    await played.deliver(asks("y", ACCEPT, "1"), asks("z", ACCEPT, "2"))
    asked = list(played.published)
    await played.deliver(*asked)
    played.start(played.consumer)
    await played.processor.run([played.log[0]])  # nothing was committed for it
    for _ in range(5):
        before = len(played.published)
        await played.deliver(*asked)
        asked = [out for out in played.published[before:] if out.topic == "intake.commands"]
    assert not asked


async def test_what_was_under_way_when_its_partition_went_and_came_is_not_taken_for_published() -> None:
    played = Played(notebook())
    record = played.append(asks("a", ACCEPT, "1"))
    worker = replaced(played)
    with pytest.raises(Died):
        await worker.run([record])
    worker.revoked()  # somebody else has the partition meanwhile, and commits beyond the record
    worker.committed({("intake.commands", 0): 1})
    worker._publish = played._publish
    await worker.run([played.append(line("a", "more"))])
    assert [out.key for out in played.published if out.topic == "intake.commands"] == ["y", "z"]


def test_a_worker_knows_what_it_commits_itself_and_what_others_did_between() -> None:
    own, partition = OwnOffsets(), ("intake.commands", 0)
    own.read(partition, 5)
    own.read(partition, 6)
    own.revoked({partition: 6})
    own.read(partition, 6)  # it came back at once
    own.revoked({partition: 9})
    own.read(partition, 20)  # others had it
    known = {offset for offset in range(30) if (*partition, offset) in own}
    assert known == {*range(5, 9), *range(20, 30)}
    assert ("dispatch.events", 0, 21) not in own
