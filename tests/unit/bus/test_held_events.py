"""Events that come before their predecessor wait in their aggregate's document, but not without end."""

from datetime import UTC, datetime

from pydantic import BaseModel

from shared.bus.fold import MOST_HELD_BYTES, Aggregate
from shared.bus.records import Item, Record, decode
from shared.bus.room import Room
from shared.envelope import seal

SUBJECT = "ABCDEFGHJKMNP"


class Nothing(BaseModel):
    """No state."""


ROOM = Room(
    service="supervision", jurisdiction="test", state=Nothing, reads=("intake.events",), commands={}, facts={}
)


def early(seq: int, words: int) -> Item:
    raw = seal(
        id=f"intake.events:{SUBJECT}:{seq}", type="issue.withdrawn.v1", source="/test/intake", subject=SUBJECT,
        time=datetime(2026, 3, 2, tzinfo=UTC), seq=seq, data={"reason": "x" * words},
    )  # fmt: skip
    item = decode(Record("intake.events", 0, seq, 0, SUBJECT.encode(), raw), ROOM)
    assert isinstance(item, Item)
    return item


def test_early_events_wait_in_the_document() -> None:
    aggregate = Aggregate(ROOM, SUBJECT, None, 0, "supervision")
    for seq in (3, 2, 3):
        aggregate.apply(early(seq, 10))
    assert [held["seq"] for held in aggregate.document("token")["held"]] == [3, 2]
    assert aggregate.dead == 0


def test_what_no_document_could_hold_is_set_aside_with_the_reason_and_its_place() -> None:
    aggregate = Aggregate(ROOM, SUBJECT, None, 0, "supervision")
    count = MOST_HELD_BYTES // 1_000_000 + 1
    for seq in range(2, count + 3):
        aggregate.apply(early(seq, 1_000_000))
    held = aggregate.document("token")["held"]
    assert sum(len(entry["raw"]) for entry in held) <= MOST_HELD_BYTES
    assert aggregate.dead == count + 1 - len(held)
    letter = next(out for out in aggregate.outgoing if out.topic == "supervision.dlq")
    assert letter.headers is not None
    assert "hand it in again later" in letter.headers["reason"]
    assert int(letter.headers["seq"]) == len(held) + 2
