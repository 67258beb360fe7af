"""Who reads topics whole is told when a broker hands out nothing of what it has, and does not wait for ever."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError

from shared.bus import reader

TP = TopicPartition("intake.events", 0)


class Broker:
    """Has ten records and hands out so many at each poll, then nothing; as a consumer that reads them."""

    def __init__(self, polls: Iterable[int]) -> None:
        self.polls, self.position, self.hands_out = list(polls), 0, False

    def assignment(self) -> set[TopicPartition]:
        return {TP}

    async def end_offsets(self, partitions: Any) -> dict[TopicPartition, int]:
        return {TP: 10}

    async def seek_to_beginning(self, *partitions: Any) -> None:
        """It stands there already."""

    async def getmany(self, *partitions: Any, **how: Any) -> dict[TopicPartition, list[Any]]:
        count = self.polls.pop(0) if self.polls else 0
        if count < 0:
            await asyncio.Event().wait()  # it is away
        self.position += count
        raws = [SimpleNamespace(key=b"k", value=b"", offset=0, headers=[]) for _ in range(count)]
        return {TP: raws} if self.hands_out else {}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function that stands a broker in for the real one; time goes on by 25 s at each look."""

    def stand_in(*polls: int) -> Broker:
        made = Broker(polls)

        @asynccontextmanager
        async def open_reader(*where: Any) -> AsyncIterator[Broker]:
            yield made

        clock = iter(range(0, 100_000, 25))
        monkeypatch.setattr(reader, "open_reader", open_reader)
        monkeypatch.setattr(reader, "known_positions", lambda consumer: {TP: made.position})
        monkeypatch.setattr(reader, "monotonic", lambda: next(clock))
        return made

    return stand_in


async def test_a_topic_that_is_handed_out_slowly_is_read_to_its_end(broker: Any) -> None:
    broker(1, 1, 0, 0, 1, 0, 1, 1, 1, 0, 1, 1, 1, 1)
    assert [record async for record in reader.read_all("", [TP.topic])] == []


async def test_a_topic_of_which_nothing_comes_any_more_ends_with_an_error(broker: Any) -> None:
    broker(1, 1)
    with pytest.raises(KafkaTimeoutError, match="nothing of what is there could be read for 60 s"):
        assert not [record async for record in reader.read_all("", [TP.topic])]


async def test_whoever_follows_is_told_too_before_the_end_that_was_there_and_not_after_it(
    broker: Any,
) -> None:
    broker(1, 1)
    with pytest.raises(KafkaTimeoutError):
        assert not [record async for record in reader.follow("", [TP.topic])]
    broker(10)
    following = reader.follow("", [TP.topic])
    assert await anext(following) is None


class Patience:
    """Stands for ``asyncio.timeout``: counts how often it was begun anew."""

    def __init__(self) -> None:
        self.anew = 0

    async def __aenter__(self) -> "Patience":
        return self

    async def __aexit__(self, *error: object) -> None:
        """It never comes to an end."""

    def reschedule(self, when: float) -> None:
        self.anew += 1


async def test_however_many_dead_letters_there_are_the_patience_begins_anew_with_each_poll_that_brings_some(
    broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience, others = Patience(), []
    broker(1, 2, 3, 4).hands_out = True
    monkeypatch.setattr(reader.asyncio, "timeout", lambda seconds: patience)
    other = asyncio.get_running_loop().create_task(turns(others))
    await reader.read_dead_letters("", ["intake"], patience_seconds=1.0)
    other.cancel()
    assert patience.anew == 5  # each poll, and the end of the topic
    assert len(others) >= 4  # who else is at work had a turn at each


async def turns(had: list[int]) -> None:
    """Somebody else who is at work."""
    while True:
        had.append(len(had))
        await asyncio.sleep(0)


async def test_dead_letters_that_do_not_come_end_with_an_error(broker: Any) -> None:
    broker(1, -1).hands_out = True
    with pytest.raises(TimeoutError):
        await reader.read_dead_letters("", ["intake"], patience_seconds=0.01)
