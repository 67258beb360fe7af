"""Events that come before their predecessor wait in their aggregate's document, but not without end."""

from dataclasses import replace

from shared.bus.gateway import Request, sealed
from shared.bus.ordering import MOST_HELD_BYTES
from shared.bus.records import Outgoing
from shared.contract.command import Skip
from shared.contract.event import FEEDBACK, INTAKE
from shared.contract.events.feedback import IssueClosed
from shared.contract.events.intake import IssueWithdrawn
from shared.domain.decisions import Change, Context, event
from tests.faults.given import SOURCE, Notes, Played, closing, notebook


async def test_early_events_wait_in_the_document() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 3), closing("a", 2), closing("a", 3))
    document = await played.store.get("a")
    assert document is not None
    assert [held[2] for held in document["held"]] == [3, 2]
    assert played.dead_letters == []


async def test_what_is_held_is_applied_in_order_once_its_predecessor_has_come() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 3), closing("a", 2))
    await played.deliver(closing("a", 1))
    assert await played.lines("a") == ("closed 1", "closed 2", "closed 3")
    document = await played.store.get("a")
    assert document is not None
    assert "held" not in document


async def test_an_event_waits_for_what_its_producer_had_read_only_where_this_service_reads_it() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 1, seen="/huzhou/dispatch=4"))
    await played.deliver(closing("b", 1, seen="/huzhou/feedback=4"))
    assert (await played.lines("a"), await played.lines("b")) == (("closed 1",), ())


async def test_what_no_document_could_hold_is_set_aside_with_the_reason_and_its_place() -> None:
    played = Played(notebook())
    for seq in range(2, 10):
        await played.deliver(_long(seq, "x" * 1_000_000))
    document = await played.store.get("a")
    assert document is not None
    held = document["held"]
    assert sum(len(entry[4].encode()) for entry in held) <= MOST_HELD_BYTES
    assert len(played.dead_letters) == 8 - len(held)
    headers = played.dead_letters[0].headers
    assert headers is not None
    assert "hand it in again later" in headers["reason"]
    assert (int(headers["seq"]), headers["source"]) == (len(held) + 2, "/huzhou/feedback")


async def test_held_events_are_counted_in_bytes_and_not_in_characters() -> None:
    played = Played(notebook())
    for seq in range(2, 10):
        await played.deliver(_long(seq, "早" * 333_333))
    document = await played.store.get("a")
    assert document is not None
    held = document["held"]
    assert sum(len(entry[4].encode()) for entry in held) <= MOST_HELD_BYTES
    assert len(held) == 6


async def test_an_unreadable_held_event_loses_only_itself() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 2), closing("a", 3))
    document = await played.store.get("a")
    assert document is not None
    document["held"][0][4] = "not json any more"
    await played.change(document)
    await played.deliver(closing("a", 1))
    assert await played.lines("a") == ("closed 1",)
    (lost,) = played.dead_letters
    assert lost.headers is not None
    assert (lost.headers["origin"], lost.headers["seq"]) == ("feedback.events/0/0", "2")
    await played.deliver(closing("a", 2))
    assert await played.lines("a") == ("closed 1", "closed 2", "closed 3")


async def test_the_dead_letter_of_a_held_event_says_its_type_place_and_subject() -> None:
    """By these an operator knows which handler failed, and whether it is mended."""
    plain = notebook()
    (kind,) = plain.aggregates
    played = Played(replace(plain, aggregates=(replace(kind, events={IssueClosed: _fails_at_two}),)))
    await played.deliver(closing("a", 2))
    await played.deliver(closing("a", 1))
    (lost,) = played.dead_letters
    assert lost.headers is not None
    assert "not mended" in lost.headers["reason"]
    named = {name: lost.headers[name] for name in ("origin", "event", "subject", "topic", "source", "seq")}
    assert named == {
        "origin": "feedback.events/0/0",
        "event": IssueClosed.type,
        "subject": "a",
        "topic": FEEDBACK,
        "source": "/huzhou/feedback",
        "seq": "2",
    }


async def test_what_a_held_event_produced_is_sent_again_with_the_record_that_released_it() -> None:
    """Its own record was committed long before: only the releasing one can come again."""
    plain = notebook()
    (kind,) = plain.aggregates
    played = Played(replace(plain, aggregates=(replace(kind, events={IssueClosed: _tells}),)))
    await played.deliver(closing("a", 2))
    await played.deliver(closing("a", 1))
    assert len(played.published) == 2
    before = [out.value for out in played.published]
    played.published.clear()
    releasing = played.log[-1]
    await played.start(played.consumer).run([releasing])
    assert [out.value for out in played.published] == before


async def test_what_a_discard_releases_is_sent_again_when_its_record_comes_again() -> None:
    """The broker was away behind the write: the batch is rewound, and nothing of it may be lost."""
    plain = notebook()
    (kind,) = plain.aggregates
    played = Played(replace(plain, aggregates=(replace(kind, events={IssueClosed: _tells}),)))
    await played.deliver(closing("a", 2), *[closing("b", seq) for seq in range(1, 6)])
    skip = Skip(topic=FEEDBACK, source="/huzhou/feedback", seq=1, reason="lost")
    record = played.append(sealed(Request("a", skip, "deadletter", "operator:sun", "1"), SOURCE))
    released = await played.processor.run([record])
    again = await played.processor.run([record])
    assert [out.topic for out in released.outgoing] == [INTAKE]
    assert [out.value for out in again.outgoing] == [out.value for out in released.outgoing]


def _tells(notes: Notes | None, told: IssueClosed, context: Context) -> Change[Notes]:
    return Change(notes or Notes(), (event(IssueWithdrawn(reason=f"after {told.round}")),))


def _fails_at_two(notes: Notes | None, told: IssueClosed, context: Context) -> Change[Notes]:
    if told.round == 2:
        raise RuntimeError("a bug that is not mended yet")
    return Change(notes or Notes())


def _long(seq: int, text: str) -> Outgoing:
    """A closing with so many words."""
    out = closing("a", seq)
    return out._replace(value=out.value.replace(b'"words":""', f'"words":"{text}"'.encode()))
