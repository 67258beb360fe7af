"""One record applied to one document: known causes, sequences, dead letters handed in again, kinds that nobody owns."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.bus.apply import apply
from shared.bus.deadletters import DeadLetter, discard_request, replay_request, with_status
from shared.bus.document import Document
from shared.bus.effects import Scope
from shared.bus.gateway import sealed
from shared.bus.records import Bad, Item, Outgoing, Record, decode
from shared.contract.command import FireDeadline
from shared.contract.commands.intake import WithdrawIssue
from shared.contract.envelope import open_envelope, seal
from shared.contract.event import FEEDBACK, INTAKE
from shared.contract.events.feedback import IssueClosed
from shared.deadlines import deadline_string
from shared.domain.decisions import Change, Context
from tests.faults.given import ACCEPT, NOW, SOURCE, Notes, Played, asks, closing, line, notebook
from tests.unit.reference import builtin_reference

LATER = NOW + timedelta(hours=1)


class Lamp:
    """A decision that fails as long as it is broken."""

    def __init__(self) -> None:
        self.broken = True

    def write(self, notes: Notes | None, asked: WithdrawIssue, context: Context) -> Change[Notes]:
        """One line."""
        if self.broken:
            raise RuntimeError("broken")
        return Change((notes or Notes()).model_copy(update={"lines": (asked.reason,)}))


def dead_letters(played: Played) -> list[DeadLetter]:
    """As an operator lists them."""
    raws = [(out.key.encode(), out.value, out.headers or {}) for out in played.dead_letters]
    return with_status("intake", raws)


# ------------------------------------------------------------------ commands


async def test_a_command_that_comes_twice_is_decided_once_and_what_it_told_is_sent_again() -> None:
    played = Played(notebook())
    first = await played.deliver(line("a", "one", "k"))
    published = list(played.published)
    record = played.log[-1]
    again = await played.processor.run([record])
    assert await played.lines("a") == ("one",)
    assert again.answers[0].outcome == first.answers[0].outcome
    assert not again.written
    assert [out.value for out in played.published[len(published) :]] == []  # it was committed meanwhile
    uncommitted = await played.start(played.consumer).run([record])
    assert [out.value for out in uncommitted.outgoing] == [out.value for out in published]


async def test_what_a_cause_told_is_sent_again_though_its_record_has_moved() -> None:
    """A log that a mirror or a backup brought back is numbered without gaps."""
    played = Played(notebook())
    await played.deliver(line("b", "one"), line("b", "two"), asks("a", ACCEPT, "k"))
    moved = [played.log[-1]._replace(offset=0)]
    before = await played.store.get("a")
    again = await played.start(played.consumer).run(moved)
    assert [out.value for out in again.outgoing] == [out.value for out in played.published[-2:]]
    (written,) = again.written  # by a new owner, and nothing but that is new
    assert before is not None
    assert {name for name in before if written[name] != before[name]} == {"v", "token", "outbox"}
    assert len(again.outgoing) == 2


async def test_another_body_under_the_same_id_is_refused_and_the_first_outcome_stays() -> None:
    played = Played(notebook())
    first = await played.outcome(line("a", "one", "k"))
    other = await played.outcome(line("a", "two", "k"))
    assert (other["status"], other["reason"]) == ("refused", "id_reused")
    assert await played.lines("a") == ("one",)
    assert await played.outcome(line("a", "one", "k")) == first


async def test_a_refusal_is_remembered_too() -> None:
    played = Played(notebook())
    assert (await played.outcome(line("a", "no", "k")))["reason"] == "illegal_move"
    (kind,) = played.consumer.aggregates
    willing = replace(kind, commands={WithdrawIssue: lambda notes, asked, context: Change(Notes())})
    played.start(replace(played.consumer, aggregates=(willing,)))
    assert (await played.outcome(line("a", "no", "k")))["reason"] == "illegal_move"


# ----------------------------------------------------------------- sequences


async def test_an_event_that_comes_twice_is_applied_once() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 1), closing("a", 1))
    await played.deliver(closing("a", 1))
    assert await played.lines("a") == ("closed 1",)


async def test_two_sources_on_one_topic_do_not_disturb_each_other() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 1), _from("/wuxing/feedback", 1), _from("/wuxing/feedback", 3))
    await played.deliver(closing("a", 2), _from("/wuxing/feedback", 2))
    assert await played.lines("a") == ("closed 1", "closed 1", "closed 2", "closed 2", "closed 3")
    document = await played.store.get("a")
    assert document is not None
    assert document["read"] == [[FEEDBACK, "/huzhou/feedback", 2], [FEEDBACK, "/wuxing/feedback", 3]]


async def test_what_was_read_is_told_by_source() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 1), _from("/wuxing/feedback", 1), line("a", "one"))
    (told,) = played.of(INTAKE)
    assert open_envelope(told.value).seen == "/huzhou/feedback=1,/wuxing/feedback=1"


async def test_an_unknown_type_takes_its_place_in_the_sequence_and_does_nothing_else() -> None:
    played = Played(notebook())
    unknown = closing("a", 1)
    unknown = unknown._replace(value=unknown.value.replace(IssueClosed.type.encode(), b"issue.dreamt.v1"))
    batch = await played.deliver(unknown, closing("a", 2))
    assert batch.unknown_types == ["issue.dreamt.v1"]
    assert await played.lines("a") == ("closed 2",)


async def test_of_an_unknown_kind_nothing_is_kept() -> None:
    played = Played(notebook())
    batch = await played.deliver(closing("dream:a", 1), closing("dept:housing", 1))
    assert not batch.written
    assert not batch.outgoing
    assert played.store.documents == {}


async def test_a_command_for_a_kind_that_this_service_does_not_own_is_a_dead_letter() -> None:
    played = Played(notebook())
    await played.deliver(line("dept:housing", "one"))
    (letter,) = dead_letters(played)
    assert "no aggregate of intake" in letter.reason


# -------------------------------------------------------------- dead letters


async def test_a_handler_that_raises_leaves_the_state_as_it_was_and_its_failure_is_the_outcome() -> None:
    lamp = Lamp()
    consumer = notebook(write=lamp.write)
    before = Document("a", consumer.aggregates[0], 0, state=Notes(lines=("kept",)))
    item = decode(_record(line("a", "one")), consumer)
    assert isinstance(item, Item)
    applied = apply(Scope(consumer, builtin_reference()), before, item)
    assert applied.document.state is before.state
    known = applied.document.known(item.id)
    assert known is not None and known.unsettled
    assert [out.topic for out in applied.outgoing] == ["intake.dlq"]
    assert applied.answers[0].outcome["reason"] == "failed"


@pytest.mark.parametrize("times", [1, 5])
async def test_a_dead_letter_that_fails_again_does_not_nest(times: int) -> None:
    lamp = Lamp()
    played = Played(notebook(write=lamp.write))
    await played.deliver(line("a", "one", "k"))
    size = len(dead_letters(played)[0].value)
    for _ in range(times):
        await played.deliver(sealed(replay_request(dead_letters(played)[-1], "operator:sun"), SOURCE))
    assert {len(letter.value) for letter in dead_letters(played)} == {size}
    assert len(dead_letters(played)) == times + 1
    lamp.broken = False
    await played.deliver(sealed(replay_request(dead_letters(played)[-1], "operator:sun"), SOURCE))
    assert await played.lines("a") == ("one",)


async def test_an_event_handed_in_again_is_applied_in_its_own_sequence() -> None:
    played = Played(notebook())
    (kind,) = played.consumer.aggregates
    played.start(replace(played.consumer, aggregates=(replace(kind, events={IssueClosed: _broken}),)))
    await played.deliver(closing("a", 1), closing("a", 2))
    played.start(notebook())
    (letter,) = dead_letters(played)
    assert (letter.topic, letter.source, letter.seq) == (FEEDBACK, "/huzhou/feedback", 1)
    await played.deliver(sealed(replay_request(letter, "operator:sun"), SOURCE))
    assert await played.lines("a") == ("closed 1", "closed 2")


async def test_a_discarded_event_takes_its_place_and_its_followers_go_on() -> None:
    played = Played(notebook())
    (kind,) = played.consumer.aggregates
    played.start(replace(played.consumer, aggregates=(replace(kind, events={IssueClosed: _broken}),)))
    await played.deliver(closing("a", 1), closing("a", 2))
    played.start(notebook())
    request = discard_request(dead_letters(played)[0], "operator:sun", "never mind")
    assert request is not None
    await played.deliver(sealed(request, SOURCE))
    assert await played.lines("a") == ("closed 2",)


@pytest.mark.parametrize("replays", [0, 2])
async def test_an_event_that_cannot_be_read_at_all_can_be_discarded_too(replays: int) -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 1)._replace(value=b"\xff{"), closing("a", 2))
    for _ in range(replays):
        await played.deliver(sealed(replay_request(dead_letters(played)[-1], "operator:sun"), SOURCE))
    letter = dead_letters(played)[-1]
    assert len(dead_letters(played)) == replays + 1
    assert (letter.subject, letter.source, letter.seq) == ("a", "/huzhou/feedback", 1)
    request = discard_request(letter, "operator:sun", "never mind")
    assert request is not None
    await played.deliver(sealed(request, SOURCE))
    assert await played.lines("a") == ("closed 2",)


# ----------------------------------------------------------------- deadlines


async def test_a_deadline_that_was_over_fires_before_the_command_that_came_after_it() -> None:
    played = Played(notebook(state=Notes))
    await played.deliver(line("a", "one"))
    await _ends_at_now(played)
    batch = await played.deliver(line("a", "two"), at=LATER)
    types = [open_envelope(out.value).type for out in batch.outgoing]
    assert types == ["intake.withdraw.v1", "issue.withdrawn.v1"]
    first, _ = batch.outgoing
    assert open_envelope(first.value).time == NOW


@pytest.mark.parametrize(("name", "hours"), [("end/1/due/1", -1), ("end/1/due/2", 1)], ids=["early", "void"])
async def test_a_deadline_fires_only_by_its_name_and_not_before_its_time(name: str, hours: int) -> None:
    played = Played(notebook())
    await played.deliver(line("a", "one"))
    await _ends_at_now(played)
    fire = asks("a", FireDeadline(name=name, due_at=NOW), "f")
    batch = await played.deliver(fire, at=NOW + timedelta(hours=hours))
    assert batch.answers[0].outcome == {"status": "void"}
    assert not batch.written


async def _ends_at_now(played: Played) -> None:
    document = await played.store.get("a")
    assert document is not None
    document["state"]["ends_at"] = NOW.isoformat()
    document["deadline"], document["due"] = (
        deadline_string(0, NOW, "a"),
        {"name": "end/1/due/1", "at": NOW.isoformat()},
    )
    await played.change(document)


def _broken(notes: Any, told: IssueClosed, context: Context) -> Change[Notes]:
    raise RuntimeError("broken")


def _from(source: str, seq: int) -> Outgoing:
    """A closing that another feedback tells of."""
    raw = seal(
        id=f"{source}:a:{seq}",
        type=IssueClosed.type,
        source=source,
        subject="a",
        time=NOW,
        data={"round": seq, "reason": "rated"},
        seq=seq,
    )
    return Outgoing(FEEDBACK, "a", raw, seq=seq)


def _record(out: Outgoing) -> Record:
    return Record(out.topic, 0, 0, int(NOW.timestamp() * 1000), out.key.encode(), out.value)


def test_a_record_that_cannot_be_read_says_why_and_whose_it_is() -> None:
    bad = decode(_record(closing("a", 1)._replace(value=b"")), notebook())
    assert isinstance(bad, Bad)
    assert ("empty" in bad.reason, bad.source) == (True, "/huzhou/feedback")
