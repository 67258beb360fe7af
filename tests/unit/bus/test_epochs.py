"""A restore starts a new epoch: events are numbered anew under another source, and say what they follow."""

from dataclasses import replace

from shared.bus.held import awaited
from shared.bus.records import Outgoing
from shared.contract.command import Skip
from shared.contract.envelope import Envelope, open_envelope, sha256_of, write_seen
from shared.contract.event import FEEDBACK, INTAKE, epoch_of, events_topic, owner_of, source_in
from tests.faults.given import Played, asks, closing, line, notebook

EPOCH = 1_795_890_000
OWN, OTHERS = "/huzhou/intake", "/huzhou/feedback"


def later(subject: str, seq: int, follows: int = 0) -> Outgoing:
    """One event of feedback, which was restored meanwhile."""
    said = {"follows": write_seen({OTHERS: follows})} if follows else {}
    sent = closing(subject, seq, **said)
    value = sent.value.replace(f'"source":"{OTHERS}"'.encode(), f'"source":"{OTHERS};{EPOCH}"'.encode())
    value = value.replace(
        f'"id":"{FEEDBACK}:{subject}:'.encode(), f'"id":"{FEEDBACK}:{subject}:;{EPOCH}'.encode()
    )
    return sent._replace(value=value, epoch=EPOCH)


def told(played: Played) -> list[Envelope]:
    """The events that were published, in order."""
    return [open_envelope(out.value) for out in played.of(INTAKE)]


async def restored(played: Played) -> Played:
    """The same service, started anew in the next epoch."""
    played.start(replace(played.consumer, epoch=EPOCH))
    return played


def test_a_source_names_its_owner_in_every_epoch() -> None:
    later_source = source_in(OWN, EPOCH)
    assert (source_in(OWN, 0), later_source) == (OWN, f"{OWN};{EPOCH}")
    assert (owner_of(later_source), epoch_of(later_source), events_topic(later_source)) == (
        OWN,
        EPOCH,
        INTAKE,
    )
    assert (owner_of(OWN), epoch_of(OWN), epoch_of("/huzhou/intake;x")) == (OWN, 0, 0)


async def test_after_a_restore_events_are_numbered_from_one_and_say_what_they_follow() -> None:
    played = Played(notebook())
    await played.deliver(line("a", "first"), line("a", "second"))
    await restored(played)
    await played.deliver(line("a", "third"), line("a", "fourth"), line("b", "new"))
    signed = [(one.subject, one.source, one.seq, one.follows) for one in told(played)]
    anew = f"{OWN};{EPOCH}"
    assert signed == [
        ("a", OWN, 1, ""),
        ("a", OWN, 2, ""),
        ("a", anew, 1, f"{OWN}=2"),
        ("a", anew, 2, ""),
        ("b", anew, 1, ""),
    ]
    third, fourth = told(played)[2:4]
    assert (third.previous, fourth.previous) == ("", sha256_of(played.of(INTAKE)[2].value))
    assert len({one.id for one in told(played)}) == 5, "an id names one event, whatever the epoch"
    assert [out.wire_headers().get("epoch") for out in played.of(INTAKE)] == [None, None, *3 * [str(EPOCH)]]


async def test_delivered_again_they_are_the_same_bytes() -> None:
    played = Played(notebook())
    await played.deliver(line("a", "first"))
    await restored(played)
    asked = played.append(line("a", "second"))
    await played.processor.run([asked])
    before = list(played.published)
    await played.processor.run([asked])
    played.start(played.consumer)
    await played.processor.run([asked])
    assert {out.value for out in played.published} == {out.value for out in before}
    assert [out.epoch for out in played.published[-1:]] == [EPOCH]


async def test_what_was_stored_in_the_old_epoch_and_not_published_is_published_in_it() -> None:
    played = Played(notebook())
    asked = played.append(line("a", "first"))
    await played.processor.run([asked])
    first = [out.value for out in played.published]
    played.published.clear()
    await restored(played)
    await played.processor.run([asked])
    assert [out.value for out in played.published] == first


async def test_the_first_event_of_an_epoch_waits_for_the_end_of_the_one_before() -> None:
    played = Played(notebook())
    await played.deliver(later("a", 2), later("a", 1, follows=2), closing("a", 1))
    document = await played.store.get("a")
    assert document is not None
    assert {place: len(since) for place, since in awaited(document).items()} == {
        (FEEDBACK, OTHERS, 2): 1,
        (FEEDBACK, f"{OTHERS};{EPOCH}", 1): 1,
    }
    await played.deliver(closing("a", 2))
    assert await played.lines("a") == ("closed 1", "closed 2", "closed 1", "closed 2")
    await played.deliver(closing("a", 2), later("a", 1, follows=2), later("a", 2))  # twice
    assert await played.lines("a") == ("closed 1", "closed 2", "closed 1", "closed 2")


async def test_who_has_read_beyond_what_was_restored_goes_on_with_the_new_epoch() -> None:
    played = Played(notebook())
    await played.deliver(closing("a", 1), closing("a", 2), closing("a", 3))
    await played.deliver(later("a", 1, follows=2))
    assert await played.lines("a") == ("closed 1", "closed 2", "closed 3", "closed 1")


async def test_an_operator_skips_the_last_event_of_an_epoch_that_never_comes() -> None:
    played = Played(notebook())
    await played.deliver(later("a", 1, follows=1))
    skip = Skip(topic=FEEDBACK, source=OTHERS, seq=1, reason="its log is gone")
    await played.deliver(asks("a", skip, "1", actor="operator:sun"))
    assert await played.lines("a") == ("closed 1",)


async def test_what_cannot_be_read_is_set_aside_under_the_source_of_its_epoch() -> None:
    played = Played(notebook())
    await played.deliver(later("a", 1)._replace(value=b"not json"))
    (lost,) = played.dead_letters
    assert lost.headers is not None
    assert (lost.headers["source"], lost.headers["seq"]) == (f"{OTHERS};{EPOCH}", "1")


async def test_an_answer_names_the_epoch_in_which_the_newest_event_was_published() -> None:
    played = Played(notebook())
    first = await played.deliver(line("a", "first"))
    await restored(played)
    refused = await played.deliver(line("a", "no"))
    second = await played.deliver(line("a", "second"))
    assert [dict(batch.answers[0].published) for batch in (first, refused, second)] == [
        {OWN: 1},
        {OWN: 1},
        {f"{OWN};{EPOCH}": 1},
    ]
