"""Each partition that a gateway forwards goes its own way: who floods has turns, who is late or fails rests alone."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError

import shared.bus.forwarder
from shared.bus.forwarder import APPEND_TIME, MOST_WAITING, TURN_RECORDS, Forwarder
from shared.bus.records import Outgoing, Record
from shared.bus.subscription import Subscribed
from tests.faults.client import Client, raw

HOUSING, TRANSPORT = (TopicPartition(f"dept.{code}.replies", 0) for code in ("housing", "transport"))


class Played:
    """A gateway over a client in memory; ``gate`` lets the publishing of one topic's messages go on."""

    def __init__(self) -> None:
        self.client = Client({HOUSING: 1000, TRANSPORT: 1000}, {HOUSING: 400, TRANSPORT: 1000})
        self.waiting = 0
        self.published: list[tuple[str, int]] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.errors: dict[str, Exception] = {}
        self.forwarder = Forwarder(self._publish, "", self._translate, waiting=lambda: self.waiting)
        self.forwarder.subscription = Subscribed(self.client)

    def _translate(self, records: Sequence[Record]) -> list[tuple[Outgoing, Record]]:
        return [(Outgoing(record.topic, "a", b"{}"), record) for record in records]

    async def _publish(self, outgoing: Sequence[Outgoing], timestamps: Sequence[int]) -> None:
        topic = outgoing[0].topic
        if topic in self.gates:
            await self.gates[topic].wait()
        if topic in self.errors:
            raise self.errors[topic]
        self.published += [(topic, timestamp) for timestamp in timestamps]


def _messages(tp: TopicPartition, offsets: Iterable[int]) -> list[Any]:
    return [raw(Outgoing(tp.topic, "a", b"{}"), offset) for offset in offsets]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch) -> Played:
    for name in ("FIRST_BACKOFF", "REST_SECONDS"):
        monkeypatch.setattr(shared.bus.forwarder, name, 0.0)
    monkeypatch.setattr(shared.bus.forwarder, "LATE_SECONDS", 0.01)
    return Played()


async def _turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_has_the_most_of_a_full_batch_rests_and_then_goes_on(played: Played) -> None:
    most = TURN_RECORDS * 2 // 3
    batch = _messages(HOUSING, range(most)) + _messages(TRANSPORT, range(TURN_RECORDS - most))
    await played.forwarder.handle(batch)
    assert played.client.paused == {HOUSING}
    assert played.client.kept == {HOUSING: most, TRANSPORT: TURN_RECORDS - most}
    await _turns()
    assert played.client.paused == set()


async def test_a_flood_waits_as_long_as_our_own_commands_wait(played: Played) -> None:
    played.waiting = MOST_WAITING + 1
    await played.forwarder.handle(_messages(HOUSING, range(TURN_RECORDS)))
    await _turns(50)
    assert played.client.paused == {HOUSING}
    played.waiting = MOST_WAITING
    await _turns()
    assert played.client.paused == set()


async def test_a_batch_that_is_not_full_lets_nobody_rest(played: Played) -> None:
    await played.forwarder.handle(_messages(HOUSING, range(TURN_RECORDS - 1)))
    assert played.client.paused == set()


async def test_a_partition_that_fails_is_read_again_and_the_other_is_committed(played: Played) -> None:
    played.errors[HOUSING.topic] = KafkaConnectionError()
    await played.forwarder.handle(_messages(HOUSING, [7]) + _messages(TRANSPORT, [3]))
    assert (played.client.seeks, played.client.kept) == ({HOUSING: 7}, {TRANSPORT: 4})
    assert played.client.paused == {HOUSING}
    await _turns()
    assert played.client.paused == set()


async def test_a_partition_that_is_late_rests_until_it_is_through_and_holds_no_other(played: Played) -> None:
    gate = played.gates[HOUSING.topic] = asyncio.Event()
    await played.forwarder.handle(_messages(HOUSING, [7]) + _messages(TRANSPORT, [3]))
    assert (played.client.paused, played.client.kept) == ({HOUSING}, {TRANSPORT: 4})
    await played.forwarder.handle(_messages(TRANSPORT, [4]))
    assert played.client.kept == {TRANSPORT: 5}
    gate.set()
    await asyncio.gather(*played.forwarder._late)
    assert (played.client.paused, played.client.kept) == (set(), {HOUSING: 8, TRANSPORT: 5})


async def test_a_time_that_the_broker_did_not_write_is_no_official_one(played: Played) -> None:
    theirs, ours = _messages(HOUSING, [1, 2])
    theirs.timestamp, ours.timestamp, ours.timestamp_type = 5, 6, APPEND_TIME
    await played.forwarder.handle([theirs, ours])
    (_, first), (_, second) = played.published
    assert second == 6
    assert first > 1_600_000_000_000


async def test_its_lag_is_what_was_sent_and_not_read_yet(played: Played) -> None:
    assert played.forwarder.lag() == 600


async def test_a_poll_that_fails_is_made_again_and_counts_as_none(played: Played) -> None:
    forwarder, before = played.forwarder, played.forwarder.last_poll
    forwarder.last_poll = 0.0
    played.client.fail_poll = 1
    assert await forwarder._poll(played.client.getmany) == {}
    assert (forwarder.last_poll, played.client.seeks) == (0.0, {HOUSING: 400, TRANSPORT: 1000})
    assert await forwarder._poll(played.client.getmany) == {}
    assert forwarder.last_poll >= before
