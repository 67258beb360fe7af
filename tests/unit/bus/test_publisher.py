"""What becomes of records that fail: sent again, isolated as dead letters, or all raised; over producers in memory."""

from collections.abc import Callable, Collection, Sequence

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    OutOfOrderSequenceNumber,
    UnknownError,
    UnknownTopicOrPartitionError,
)

from shared.bus.deadletters import with_status
from shared.bus.publisher import Publisher
from shared.bus.records import Outgoing
from shared.metrics import Metrics
from tests.faults.given import closing, line
from tests.unit.reference import JURISDICTION

GUILTY = line("guilty", "x")
INNOCENT = [line(f"i{number}", "x") for number in range(3)]


class Wire:
    """Producers whose shared one fails as aiokafka's does: batch mates alike, and all that comes after is out of order.

    ``refuse`` says what the broker has against a record; ``times`` how often the shared one fails at all.
    """

    def __init__(self, refuse: Callable[[Outgoing], Exception | None], times: int = 100) -> None:
        self.refuse, self.times = refuse, times
        self.sent: list[Outgoing] = []
        self.stamps: list[int | None] = []
        self.alone = 0
        self.missing: dict[str, Exception] = {}

    async def unusable(self, topics: Collection[str]) -> dict[str, Exception]:
        return {topic: self.missing[topic] for topic in topics if topic in self.missing}

    async def send(
        self, records: Sequence[Outgoing], timestamps: Sequence[int | None]
    ) -> list[Exception | None]:
        self.times -= 1
        first = next((number for number, record in enumerate(records) if self.refuse(record)), len(records))
        if self.times < 0 or first == len(records):
            self.sent += records
            return [None] * len(records)
        self.sent += records[:first]
        mates = [self.refuse(records[first])] * 2
        return [*[None] * first, *mates, *[OutOfOrderSequenceNumber()] * len(records)][: len(records)]

    async def send_alone(self, record: Outgoing, timestamp: int | None) -> None:
        self.alone += 1
        if error := self.refuse(record):
            raise error
        self.sent.append(record)
        self.stamps.append(timestamp)


def publisher(wire: Wire) -> Publisher:
    return Publisher(wire, "intake", Metrics(), clock=lambda: 7.0)


def too_large(record: Outgoing) -> Exception | None:
    return MessageSizeTooLargeError() if "guilty" in record.key and record.topic == GUILTY.topic else None


async def test_a_record_that_can_never_go_becomes_a_dead_letter_and_the_others_go() -> None:
    wire = Wire(too_large)
    lost = await publisher(wire)([INNOCENT[0], GUILTY, *INNOCENT[1:]])
    assert {out.key for out in wire.sent} == {*(out.key for out in INNOCENT), lost[0].key}
    (found,) = with_status("intake", [(out.key.encode(), out.value, out.headers or {}) for out in lost])
    assert (found.group, found.subject, found.topic) == ("intake", "guilty", GUILTY.topic)
    assert found.value == GUILTY.value
    assert "MessageSizeTooLarge" in found.reason
    assert (lost[0].headers or {})["unpublished"] == "true"


async def test_an_events_dead_letter_names_its_place_and_its_source() -> None:
    event = closing("guilty", 3)
    wire = Wire(lambda record: MessageSizeTooLargeError() if record.topic == event.topic else None)
    (lost,) = await publisher(wire)([event])
    headers = lost.headers or {}
    named = {name: headers[name] for name in ("topic", "key", "seq", "source", "event", "timestamp")}
    assert named == {
        "topic": "feedback.events",
        "key": "guilty",
        "seq": "3",
        "source": f"/{JURISDICTION}/feedback",
        "event": "issue.closed.v1",
        "timestamp": "7000",
    }


async def test_what_failed_beside_others_is_sent_again_by_the_new_producer_and_nothing_is_lost() -> None:
    wire = Wire(lambda record: OutOfOrderSequenceNumber() if record is GUILTY else None, times=1)
    assert await publisher(wire)([GUILTY, *INNOCENT]) == []
    assert {out.key for out in wire.sent} == {"guilty", *(out.key for out in INNOCENT)}


async def test_an_official_time_goes_with_its_record_also_when_that_goes_alone() -> None:
    wire = Wire(too_large, times=1)
    wire.refuse = lambda record: MessageSizeTooLargeError() if wire.alone == 0 else None
    assert await publisher(wire)(INNOCENT, [1, 2, 3]) == []
    assert wire.stamps == [1, 2]


async def test_a_broker_that_is_away_is_raised_and_makes_no_dead_letter() -> None:
    wire = Wire(lambda record: KafkaConnectionError())
    with pytest.raises(KafkaConnectionError):
        await publisher(wire)([GUILTY])
    assert wire.sent == []


async def test_an_unknown_error_of_a_record_alone_sets_it_aside_only_if_its_dead_letter_can_go() -> None:
    wire = Wire(lambda record: UnknownError() if record.topic == GUILTY.topic else None)
    assert [out.topic for out in await publisher(wire)([GUILTY])] == ["intake.dlq"]
    broken = Wire(lambda record: UnknownError())
    with pytest.raises(UnknownError):
        await publisher(broken)([GUILTY])


async def test_a_dead_letter_that_cannot_go_goes_without_its_value_and_says_so() -> None:
    wire = Wire(lambda record: MessageSizeTooLargeError() if record.value else None)
    (lost,) = await publisher(wire)([GUILTY])
    headers = lost.headers or {}
    assert (lost.value, headers["missing_bytes"]) == (b"", str(len(GUILTY.value)))
    assert "its value is left out" in headers["reason"]
    about_a_record = lost._replace(value=b"x" * 10)
    (shorter,) = await publisher(wire)([about_a_record])
    assert (shorter.key, shorter.value, (shorter.headers or {})["missing_bytes"]) == (lost.key, b"", "10")


@pytest.mark.parametrize(
    ("topic", "set_aside"), [("dept.housing.orders", True), ("intake.events", False)], ids=["theirs", "ours"]
)
async def test_a_topic_that_is_gone_makes_dead_letters_where_it_is_a_departments(
    topic: str, set_aside: bool
) -> None:
    """One of ours was made at the start: nobody must lose what belongs there while an operator makes it again."""
    wire = Wire(lambda record: None)
    wire.missing[topic] = UnknownTopicOrPartitionError()
    wire.refuse = lambda record: wire.missing.get(record.topic)
    order = GUILTY._replace(topic=topic)
    if set_aside:
        (lost,) = await publisher(wire)([order, *INNOCENT])
        assert (lost.headers or {})["topic"] == topic
    else:
        with pytest.raises(KafkaError):
            await publisher(wire)([order, *INNOCENT])
    assert {out.key for out in INNOCENT} <= {out.key for out in wire.sent}


async def test_a_record_that_has_no_form_on_the_wire_is_set_aside_too() -> None:
    wire = Wire(
        lambda record: UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates") if record is GUILTY else None
    )
    (lost,) = await publisher(wire)([GUILTY])
    assert all(text.encode() for text in (lost.headers or {}).values() if text)
