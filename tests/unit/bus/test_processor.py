"""One batch: versions that are awaited, fan-outs with two causes, documents that nobody can read, records that fail."""

from datetime import datetime
from typing import Any

import pytest
from pydantic import BaseModel

from shared.bus.deadletters import replay_request, with_status
from shared.bus.gateway import sealed
from shared.contract.commands.intake import WithdrawIssue
from shared.contract.envelope import open_envelope
from shared.contract.event import FEEDBACK
from shared.domain.aggregates import Consumer
from shared.domain.calendar import Calendar
from shared.domain.decisions import Change, Context
from shared.domain.reference import Reference
from tests.faults.given import ACCEPT, SOURCE, Notes, Played, asks, closing, line, notebook

VERSION = "2027-next"


def by_version(notes: Notes | None, asked: WithdrawIssue, context: Context) -> Change[Notes]:
    """A decision that goes by the version that its command names; the word ``plain`` needs none."""
    known = notes or Notes()
    if asked.reason != "plain":
        context.reference.calendars.named(asked.reason)
    return Change(known.model_copy(update={"lines": (*known.lines, asked.reason)}))


class Late(Played):
    """A service whose reference data lacks what was published a moment ago; ``to_come`` is read on catching up."""

    def __init__(self, consumer: Consumer, to_come: str = "") -> None:
        super().__init__(consumer, Reference())
        self.to_come, self.caught_up = to_come, 0

    async def catch_up(self) -> None:
        self.caught_up += 1
        if self.to_come:
            beginning = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
            self.reference.calendars.add(self.to_come, beginning, Calendar(2026, ()))


# ------------------------------------------------------------ reference data


async def test_a_version_that_is_not_known_yet_is_caught_up_with_and_the_record_decided_again() -> None:
    played = Late(notebook(write=by_version), to_come=VERSION)
    batch = await played.deliver(line("a", VERSION), line("b", VERSION), line("c", "plain"))
    assert played.caught_up == 1
    assert [answer.outcome["status"] for answer in batch.answers] == ["done"] * 3
    assert await played.lines("a") == (VERSION,)
    assert played.dead_letters == []


async def test_a_version_that_never_comes_is_a_dead_letter_of_that_record_alone() -> None:
    played = Late(notebook(write=by_version))
    batch = await played.deliver(
        line("a", "plain", "1"), line("a", VERSION, "2"), line("a", "plain", "3"), line("b", "plain")
    )
    assert await played.lines("a") == ("plain", "plain")
    assert await played.lines("b") == ("plain",)
    (lost,) = played.dead_letters
    assert lost.headers is not None
    assert lost.headers["origin"] == "intake.commands/0/1"
    assert f"NotPublished: calendar '{VERSION}' is not known here" in lost.headers["reason"]
    assert [answer.outcome["status"] for answer in batch.answers].count("refused") == 1


async def test_reference_data_that_cannot_be_caught_up_with_stops_the_batch_and_nothing_is_written() -> None:
    played = Late(notebook(write=by_version))

    async def slow() -> None:
        raise TimeoutError

    played.catch_up = slow  # type: ignore[method-assign]
    with pytest.raises(TimeoutError):
        await played.deliver(line("a", VERSION), line("b", "plain"))
    assert played.store.documents == {}
    assert played.published == []


# ------------------------------------------------------------------- fan-out


async def test_fan_outs_with_two_causes_in_one_batch_have_ids_of_their_own() -> None:
    played = Played(notebook())
    batch = await played.deliver(asks("a", ACCEPT, "1"), asks("a", ACCEPT, "2"))
    ids = [open_envelope(out.value).id for out in batch.outgoing]
    assert ids == [f"http/office:chen/{cause}>{number}" for cause in (1, 2) for number in (0, 1)]
    assert {open_envelope(out.value).actor for out in batch.outgoing} == {"system:fan-out"}


async def test_a_fan_out_that_is_sent_again_has_the_same_ids_and_one_effect() -> None:
    played = Played(notebook())
    await played.deliver(asks("a", ACCEPT, "1"))
    first = list(played.published)
    await played.start(played.consumer).run([played.log[0]])
    assert [out.value for out in played.published[len(first) :]] == [out.value for out in first]
    await played.deliver(*first)
    await played.deliver(*first)
    assert await played.lines("y") == ("from a",)


# ----------------------------------------------------------------- documents


async def test_what_was_written_last_is_not_read_again() -> None:
    played = Played(notebook())
    assert (await played.deliver(line("a", "one"))).round_trips == 3
    assert (await played.deliver(line("a", "two"))).round_trips == 2
    assert (await played.deliver(line("a", "three"), line("b", "one"))).round_trips == 3
    assert await played.lines("a") == ("one", "two", "three")


async def test_what_another_worker_changed_is_read_again_and_decided_anew() -> None:
    played = Played(notebook())
    ours = played.processor
    await played.deliver(line("a", "one"))
    played.start(played.consumer)
    await played.deliver(line("a", "two"))
    record = played.append(line("a", "three"))
    played.store.fenced = True
    assert (await ours.run([record])).conflicts == 1
    assert await played.lines("a") == ("one", "two", "three")


async def test_what_a_failed_write_may_have_changed_is_read_again() -> None:
    played = Played(notebook())
    await played.deliver(line("a", "one"))
    write = played.store.write

    async def cut(documents: Any) -> set[str]:
        await write(documents)
        raise ConnectionError("the wire was cut")

    played.store.write = cut  # type: ignore[method-assign]
    record = played.append(line("a", "two"))
    with pytest.raises(ConnectionError):
        await played.processor.run([record])
    played.store.write = write  # type: ignore[method-assign]
    again = await played.processor.run([record])
    assert not again.written
    assert await played.lines("a") == ("one", "two")


async def test_partitions_that_moved_on_are_read_from_the_store() -> None:
    played = Played(notebook())
    await played.deliver(line("a", "one"))
    played.processor.revoked()
    assert (await played.deliver(line("a", "two"))).round_trips == 3


async def test_a_document_that_cannot_be_read_sets_its_own_records_aside_and_the_batch_goes_on() -> None:
    played = Played(notebook())
    await played.deliver(line("a", "one"))
    document = await played.store.get("a")
    assert document is not None
    document["state"] = {"lines": 7}
    await played.change(document)
    batch = await played.deliver(line("a", "two"), closing("a", 1), line("b", "one"))
    assert await played.lines("b") == ("one",)
    assert [document["_id"] for document in batch.written] == ["b"]
    origins = [out.headers["origin"] for out in played.dead_letters if out.headers]
    assert origins == ["intake.commands/0/1", f"{FEEDBACK}/0/0"]
    assert [answer.outcome.get("reason") for answer in batch.answers] == ["failed", None]


async def test_what_was_handed_in_again_for_a_document_that_cannot_be_read_does_not_nest() -> None:
    played = Played(notebook())
    await played.deliver(line("a", "one"))
    document = await played.store.get("a")
    assert document is not None
    good = document["state"]
    await played.change({**document, "state": {"lines": 7}})
    await played.deliver(line("a", "two"))
    for _ in range(3):
        await played.deliver(sealed(replay_request(_last(played), "operator:sun"), SOURCE))
    assert len({len(out.value) for out in played.dead_letters}) == 1
    await played.change({**document, "state": good})
    await played.deliver(sealed(replay_request(_last(played), "operator:sun"), SOURCE))
    assert await played.lines("a") == ("one", "two")


class Fussy(BaseModel):
    """A state that cannot always be written."""

    lines: tuple[Any, ...] = ()


async def test_a_document_that_cannot_be_written_sets_its_records_aside_and_stays_as_it_was() -> None:
    def odd(notes: Any, asked: WithdrawIssue, context: Context) -> Change[Fussy]:
        return Change(Fussy(lines=(object(),) if asked.reason == "odd" else (asked.reason,)))

    played = Played(notebook(write=odd, state=Fussy, next_deadline=lambda state: None))
    await played.deliver(line("a", "one"))
    batch = await played.deliver(line("a", "odd"), line("b", "one"))
    assert await played.lines("a") == ("one",)
    assert await played.lines("b") == ("one",)
    assert [out.topic for out in batch.outgoing] == ["intake.dlq"]


async def test_a_deadline_rule_that_raises_is_the_failure_of_the_command_that_asked_for_it() -> None:
    def rule(notes: Any) -> None:
        if notes.lines == ("bad",):
            raise RuntimeError("no rule for this")

    played = Played(notebook(next_deadline=rule))
    batch = await played.deliver(line("a", "bad"), line("b", "good"))
    assert (await played.lines("a"), await played.lines("b")) == ((), ("good",))
    assert [answer.outcome.get("reason") for answer in batch.answers] == ["failed", None]
    assert [(out.headers or {})["subject"] for out in played.dead_letters] == ["a"]


# ------------------------------------------------------------------ the fence


async def test_what_another_worker_changed_meanwhile_is_decided_again_on_its_document() -> None:
    played = Played(notebook())
    write = played.store.write

    async def contested(documents: Any) -> set[str]:
        played.store.write = write  # type: ignore[method-assign]
        other = Played(played.consumer)
        other.store = played.store
        other.start(played.consumer)
        await other.deliver(line("a", "theirs"))
        return {"a"}

    played.store.write = contested  # type: ignore[method-assign]
    batch = await played.deliver(line("a", "ours"))
    assert await played.lines("a") == ("theirs", "ours")
    assert batch.conflicts == 1
    assert batch.answers[0].outcome["lines"] == 2


async def test_every_record_of_a_batch_is_one_write_for_each_aggregate() -> None:
    played = Played(notebook())
    batch = await played.deliver(line("a", "1"), line("b", "1"), line("a", "2"), closing("b", 1))
    assert sorted(document["_id"] for document in batch.written) == ["a", "b"]
    assert batch.round_trips == 3
    assert (await played.store.get("a") or {})["v"] == 1


def _last(played: Played) -> Any:
    raws = [(out.key.encode(), out.value, out.headers or {}) for out in played.dead_letters]
    return with_status("intake", raws)[-1]
