"""A reader of topics that are still being made loses none of them, whatever its client knows by then."""

from typing import Any

from aiokafka import TopicPartition

from shared.bus.log_reader import _Reader


class Client:
    """A Kafka client that knows a position only of what it was told to, or has asked the broker for."""

    def __init__(self) -> None:
        self.there: dict[str, set[int]] = {}
        self.assigned: set[TopicPartition] = set()
        self.sought: dict[TopicPartition, int] = {}
        self._subscription = self

    async def topics(self) -> set[str]:
        return set(self.there)

    def partitions_for_topic(self, topic: str) -> set[int]:
        return self.there[topic]

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    def assign(self, partitions: list[TopicPartition]) -> None:
        self.assigned, self.sought = set(partitions), {}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self.sought[tp] = offset


async def test_what_was_found_first_is_read_on_though_its_position_is_not_known_when_others_come(
    monkeypatch: Any,
) -> None:
    client = Client()
    monkeypatch.setattr("shared.bus.log_reader.known_positions", lambda client: dict(client.sought))

    async def numbers(client: Client, topic: str) -> set[int]:
        return client.there[topic]

    monkeypatch.setattr("shared.bus.log_reader.partitions_of", numbers)
    reader = _Reader(client, "")  # type: ignore[arg-type]
    places = {("b", 0): 7}
    client.there = {"a": {0, 1}}
    assert await reader.look_for_topics(sorted, places)
    client.there["b"] = {0}  # the broker has not said yet where the others begin
    assert await reader.look_for_topics(sorted, places)
    assert client.assigned == {TopicPartition("a", 0), TopicPartition("a", 1), TopicPartition("b", 0)}
    assert client.sought == {TopicPartition("b", 0): 7}
    assert not await reader.look_for_topics(sorted, places)
    client.there["c"] = {0}
    client.sought[TopicPartition("a", 1)] = 4  # read up to here meanwhile
    assert await reader.look_for_topics(sorted, places)
    assert client.sought == {TopicPartition("a", 1): 4, TopicPartition("b", 0): 7}
