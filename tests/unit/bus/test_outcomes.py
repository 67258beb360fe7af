"""What became of every command is known for life: the newest in the document, older ones beside it, failures too."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.bus.document import MOST_REMEMBERED, MOVED_AT_ONCE
from shared.bus.gateway import Request, sealed
from shared.bus.records import Outgoing
from shared.contract.command import Discard, FireDeadline, Redeliver, Skip
from shared.contract.envelope import open_envelope
from shared.contract.event import FEEDBACK
from shared.domain.decisions import Change, Context
from tests.faults.given import NOW, SOURCE, Notes, Played, asks, closing, line, notebook, write_line

FEW = 100
FEEDBACKS = "/huzhou/feedback"


class Odd(Notes):
    """A state that may hold what has no form in JSON."""

    odd: Any = None


class Bug:
    """A handler that fails as long as the bug is there."""

    def __init__(self) -> None:
        self.there = True

    def write(self, notes: Notes | None, asked: Any, context: Context) -> Any:
        """One line, unless the bug is there."""
        if self.there:
            raise ZeroDivisionError("a bug")
        return write_line(notes, asked, context)


def operator(subject: str, asked: Redeliver | Discard | Skip, key: str) -> Outgoing:
    """An operator's command."""
    return sealed(Request(subject, asked, "deadletter", "operator:li", key), SOURCE)


def again(sent: Outgoing, offset: int = 0) -> Redeliver:
    """The same record, handed in again."""
    return Redeliver(topic=sent.topic, partition=0, offset=offset, value=sent.value.decode())


async def many(played: Played, count: int) -> list[Outgoing]:
    """So many commands for one notebook, in batches."""
    sent = [line("a", f"{number}") for number in range(count)]
    for start in range(0, count, FEW):
        await played.deliver(*sent[start : start + FEW])
    return sent


# ------------------------------------------------------------------ old outcomes


async def test_the_document_keeps_the_newest_outcomes_and_the_older_ones_stand_beside_it() -> None:
    played = Played(notebook())
    count = MOST_REMEMBERED + 3 * MOVED_AT_ONCE
    sent = await many(played, count)
    document = await played.store.get("a")
    assert document is not None
    assert MOST_REMEMBERED <= len(document["inbox"]) < MOST_REMEMBERED + MOVED_AT_ONCE + FEW
    assert len(document["inbox"]) + document["older"] == count
    first = await played.store.get(f"a|{open_envelope(sent[0].value).id}")
    assert first is not None
    assert first["outcome"] == {"status": "done", "lines": 1}


async def test_a_kind_that_is_asked_all_day_keeps_fewer_outcomes_in_its_document() -> None:
    plain = notebook()
    played = Played(replace(plain, aggregates=(replace(plain.aggregates[0], remembers=3),)))
    sent = await many(played, 3 + 2 * MOVED_AT_ONCE)
    document = await played.store.get("a")
    assert document is not None
    assert 3 <= len(document["inbox"]) < 3 + MOVED_AT_ONCE + FEW
    assert await played.outcome(sent[0]) == {"status": "done", "lines": 1}


async def test_an_old_command_that_comes_again_is_answered_as_it_was_and_not_done_again() -> None:
    played = Played(notebook())
    sent = await many(played, MOST_REMEMBERED + 2 * MOVED_AT_ONCE)
    lines = await played.lines("a")
    assert await played.outcome(sent[0]) == {"status": "done", "lines": 1}
    other = asks("a", type(_command(sent[0]))(reason="another"), "a/0")
    assert (await played.outcome(other))["reason"] == "id_reused"
    assert await played.lines("a") == lines


def _command(sent: Outgoing) -> Any:
    from shared.contract.registry import COMMANDS

    envelope = open_envelope(sent.value)
    return COMMANDS[envelope.type].model_validate(envelope.data)


async def test_only_where_there_are_old_outcomes_a_batch_costs_one_more_read() -> None:
    played = Played(notebook())
    assert (await played.deliver(line("b", "one"))).round_trips == 3
    await many(played, MOST_REMEMBERED + 2 * MOVED_AT_ONCE)
    played.start(played.consumer)
    assert (await played.deliver(line("b", "two"))).round_trips == 3
    assert (await played.deliver(line("a", "moves some out"))).round_trips == 5
    played.start(played.consumer)
    assert (await played.deliver(line("a", "last"))).round_trips == 4


async def test_old_outcomes_are_written_before_the_version_that_leaves_them_out() -> None:
    played, order = Played(notebook()), list[str]()
    await many(played, MOST_REMEMBERED + MOVED_AT_ONCE)
    remember, write = played.store.remember, played.store.write

    async def remembering(outcomes: Any) -> None:
        order.append("old outcomes")
        raise ConnectionError("killed here")

    async def writing(documents: Any) -> set[str]:
        order.append("document")
        return await write(documents)

    played.store.remember, played.store.write = remembering, writing  # type: ignore[method-assign]
    with pytest.raises(ConnectionError):
        await played.deliver(line("a", "one more"))
    assert order == ["old outcomes"]
    played.store.remember = remember  # type: ignore[method-assign]
    await played.processor.run(played.log[-1:])
    assert (await played.lines("a"))[-1] == "one more"


# ------------------------------------------------------------------ failures


async def test_a_failed_command_that_comes_again_after_the_repair_stays_failed() -> None:
    bug = Bug()
    played, unlucky = Played(notebook(write=bug.write)), line("a", "one")
    assert (await played.outcome(unlucky))["reason"] == "failed"
    bug.there = False
    assert (await played.outcome(unlucky))["reason"] == "failed"
    assert await played.lines("a") == ()
    assert len(played.dead_letters) == 1


async def test_a_command_that_cannot_be_read_has_its_outcome_in_the_document() -> None:
    played, odd = Played(notebook()), line("a", "one")
    odd = odd._replace(value=odd.value.replace(b'"reason":"one"', b'"reason":7'))
    assert (await played.outcome(odd))["reason"] == "failed"
    document = await played.store.get("a")
    assert document is not None
    assert [entry[0] for entry in document["inbox"]] == [open_envelope(odd.value).id]


@pytest.mark.parametrize("times", [1, 2])
async def test_handed_in_again_after_the_repair_it_is_done_once_and_its_outcome_is_the_new_one(
    times: int,
) -> None:
    bug = Bug()
    played, unlucky = Played(notebook(write=bug.write)), line("a", "one")
    await played.deliver(unlucky)
    bug.there = False
    for _ in range(times):
        assert (await played.outcome(operator("a", again(unlucky), "r")))["status"] == "done"
    assert await played.lines("a") == ("one",)
    assert (await played.outcome(unlucky))["status"] == "done"


async def test_a_request_to_hand_it_in_again_that_failed_is_not_executed_by_a_later_replay() -> None:
    bug = Bug()
    played, unlucky = Played(notebook(write=bug.write)), line("a", "one")
    await played.deliver(unlucky, operator("a", again(unlucky), "r"))
    bug.there = False
    await played.read_again()
    assert await played.lines("a") == ()


async def test_a_dead_letter_of_a_failed_command_survives_a_crash_before_it_was_published() -> None:
    played = Played(notebook(write=Bug().write))
    await played.deliver(line("a", "one"))
    assert len(played.dead_letters) == 1
    await played.start(played.consumer).run(played.log[-1:])  # another worker, before the commit
    assert len(played.dead_letters) == 2
    assert len({out.key for out in played.dead_letters}) == 1


async def test_a_deadline_that_failed_fires_once_it_is_handed_in_again() -> None:
    broken = True

    def expire(notes: Notes, deadline: Any, context: Context) -> Change[Notes]:
        if broken:
            raise ZeroDivisionError("a bug")
        return Change(notes.model_copy(update={"ends_at": None, "lines": (*notes.lines, "ended")}))

    def write(notes: Notes | None, asked: Any, context: Context) -> Change[Notes]:
        return Change(Notes(lines=(asked.reason,), ends_at=NOW))

    played = Played(notebook(write=write, expire=expire))
    await played.deliver(line("a", "one"))
    fire = sealed(
        Request("a", FireDeadline(name="end/1/due/1", due_at=NOW), "timer", "timer:due", "a/end/1/due/1"),
        SOURCE,
    )
    assert (await played.outcome(fire))["reason"] == "failed"
    broken = False
    assert (await played.outcome(fire))["reason"] == "failed"
    assert (await played.outcome(operator("a", again(fire), "r")))["status"] == "done"
    assert await played.lines("a") == ("one", "ended")


async def test_a_deadline_that_fires_and_is_still_the_next_one_is_a_failure_and_not_a_loop() -> None:
    def write(notes: Notes | None, asked: Any, context: Context) -> Change[Notes]:
        return Change(Notes(lines=(asked.reason,), ends_at=NOW))

    played = Played(notebook(write=write, expire=lambda notes, deadline, context: Change(notes)))
    await played.deliver(line("a", "one"))
    fire = asks("a", FireDeadline(name="end/1/due/1", due_at=NOW), "f")
    assert (await played.outcome(fire))["reason"] == "failed"


# ------------------------------------------------------------------ discards


async def test_a_discarded_command_is_answered_as_discarded_and_never_executed() -> None:
    bug = Bug()
    played, unlucky = Played(notebook(write=bug.write)), line("a", "one")
    await played.deliver(unlucky)
    id = open_envelope(unlucky.value).id
    assert (await played.outcome(operator("a", Discard(command=id, reason="by hand"), "d")))[
        "status"
    ] == "done"
    bug.there = False
    assert (await played.outcome(unlucky))["reason"] == "discarded"
    assert (await played.outcome(operator("a", again(unlucky), "r")))["reason"] == "discarded"
    await played.read_again()
    assert await played.lines("a") == ()


async def test_what_was_done_cannot_be_discarded() -> None:
    played, sent = Played(notebook()), line("a", "one")
    await played.deliver(sent)
    id = open_envelope(sent.value).id
    assert (await played.outcome(operator("a", Discard(command=id, reason="x"), "d")))[
        "reason"
    ] == "illegal_move"
    assert (await played.outcome(sent))["status"] == "done"


async def test_a_command_that_was_discarded_before_its_aggregate_knew_of_it_is_not_executed() -> None:
    played, sent = Played(notebook()), line("a", "one")
    id = open_envelope(sent.value).id
    await played.deliver(operator("a", Discard(command=id, reason="x"), "d"))
    assert (await played.outcome(sent))["reason"] == "discarded"
    assert await played.lines("a") == ()


async def test_a_skip_has_its_outcome_and_comes_twice_like_once() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 2))
    skip = operator("a", Skip(topic=FEEDBACK, source=FEEDBACKS, seq=1, reason="lost"), "s")
    assert await played.outcome(skip) == {"status": "done"}
    assert await played.outcome(skip) == {"status": "done"}
    assert await played.lines("a") == ("closed 2",)


# ------------------------------------------------------------------ what a hostile reading found


async def test_a_done_command_that_comes_again_beside_one_that_cannot_be_written_stays_done() -> None:
    def write(notes: Notes | None, asked: Any, context: Context) -> Any:
        if asked.reason == "guilty":
            return Change(Odd(lines=("x",), odd=object()))
        return write_line(notes, asked, context)

    played = Played(notebook(write=write, state=Odd))
    innocent = line("a", "innocent")
    await played.deliver(innocent)
    before = played.log[-1]
    guilty, next = played.append(line("a", "guilty")), played.append(line("a", "next"))
    batch = await played.start(played.consumer).run(
        [before, guilty, next]
    )  # as after a crash before the commit
    assert [answer.outcome.get("reason", "done") for answer in batch.answers] == ["done", "failed", "done"]
    assert await played.lines("a") == ("innocent", "next")


async def test_a_failure_that_was_settled_replaces_what_stands_beside_the_document_and_never_the_reverse() -> (
    None
):
    bug = Bug()
    played = Played(notebook(write=bug.write))
    count = MOST_REMEMBERED + 3 * MOVED_AT_ONCE
    sent = await many(played, count)
    oldest = f"a|{open_envelope(sent[0].value).id}"
    assert (await played.store.load([oldest]))[oldest]["outcome"]["reason"] == "failed"
    bug.there = False
    assert (await played.outcome(operator("a", again(sent[0]), "r")))["status"] == "done"
    for start in range(0, count, FEW):
        await played.deliver(*[line("a", f"more {number}") for number in range(start, start + FEW)])
    assert (await played.store.load([oldest]))[oldest]["outcome"]["status"] == "done"
    assert (await played.outcome(sent[0]))["status"] == "done"
    assert (await played.outcome(operator("a", again(sent[0]), "another")))["status"] == "done"
    assert (await played.lines("a")).count("0") == 1


async def test_in_the_last_days_of_the_calendar_a_refusal_is_remembered_all_the_same() -> None:
    played = Played(notebook())
    batch = await played.deliver(line("a", "no"), at=datetime(9999, 12, 30, tzinfo=UTC))
    assert batch.answers[0].outcome["reason"] == "illegal_move"
    assert batch.written
