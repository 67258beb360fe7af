"""A record that goes alone shares its request with no other, whoever sends at the same time, and however that ends."""

import asyncio
from typing import Any

import pytest
from aiokafka.errors import MessageSizeTooLargeError

import shared.bus.producer
from shared.bus.producer import Producers
from shared.bus.records import Outgoing
from shared.metrics import Metrics


class Pretended:
    """Of aiokafka's producer only that what waits together is answered together."""

    made: list["Pretended"]

    def __init__(self, **how: Any) -> None:
        self.waiting: list[str] = []
        self.batches: list[list[str]] = []
        self.answer = asyncio.Event()
        self.made.append(self)

    async def start(self) -> None:
        """At once."""

    async def stop(self) -> None:
        """At once."""

    async def send_and_wait(self, key: bytes, **values: Any) -> None:
        """Joins what waits; all get the answer of the guilty one among them."""
        self.waiting.append(key.decode())
        await self.answer.wait()
        if self.waiting:
            self.batches.append(self.waiting)
            self.waiting = []
        if "guilty" in self.batches[-1]:
            raise MessageSizeTooLargeError


@pytest.fixture
def producers(monkeypatch: pytest.MonkeyPatch) -> Producers:
    Pretended.made = []
    monkeypatch.setattr(shared.bus.producer, "AIOKafkaProducer", Pretended)
    return Producers("", "", "test", Metrics())


def record(key: str) -> Outgoing:
    return Outgoing("intake.events", key, b"1")


async def _until_one_waits() -> Pretended:
    while not (Pretended.made and Pretended.made[-1].waiting):
        await asyncio.sleep(0)
    return Pretended.made[-1]


async def test_what_several_send_alone_is_answered_one_by_one(producers: Producers) -> None:
    keys = ["a", "guilty", "b", "c"]
    sent = asyncio.gather(*(producers.send_alone(record(key), None) for key in keys), return_exceptions=True)
    producer = await _until_one_waits()
    assert producer.waiting == ["a"]
    producer.answer.set()
    refused = [isinstance(answer, MessageSizeTooLargeError) for answer in await sent]
    assert (refused, producer.batches) == ([False, True, False, False], [[key] for key in keys])
    assert len(Pretended.made) == 1


async def test_who_is_cancelled_leaves_nothing_for_the_next_one_to_share(producers: Producers) -> None:
    first = asyncio.create_task(producers.send_alone(record("guilty"), None))
    await _until_one_waits()
    first.cancel()
    await asyncio.wait([first])
    second = asyncio.create_task(producers.send_alone(record("a"), None))
    while len(Pretended.made) < 2:
        await asyncio.sleep(0)
    producer = await _until_one_waits()
    producer.answer.set()
    await second
    assert producer.batches == [["a"]]
