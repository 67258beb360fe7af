"""A consumer that is stopped while its broker is away: how the Kafka client ends by itself, and how ours does."""

import asyncio
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaConnectionError

from shared.bus.client import stop_consumer
from tests.integration.broker import make_topics

pytestmark = pytest.mark.integration


async def waits_to_fetch_again(bootstrap: str, topic: str) -> AIOKafkaConsumer:
    """A consumer whose broker goes away: its fetch has failed, and waits to be tried again."""
    consumer, failed = (
        AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, retry_backoff_ms=60_000),
        asyncio.Event(),
    )

    async def send(*_: Any, **__: Any) -> Any:
        failed.set()
        raise KafkaConnectionError("the broker is away")

    await consumer.start()
    consumer._client.send = send
    async with asyncio.timeout(30):
        await failed.wait()
    return consumer


async def test_a_consumer_of_the_client_ends_as_cancelled_while_its_broker_is_away_and_ours_only_ends(
    kafka_bootstrap: str, namespace: str
) -> None:
    topic = f"{namespace}.away"
    await make_topics(kafka_bootstrap, [topic], 1)
    by_itself = await waits_to_fetch_again(kafka_bootstrap, topic)
    with pytest.raises(asyncio.CancelledError):
        await by_itself.stop()
    await by_itself._client.close()
    ours = await waits_to_fetch_again(kafka_bootstrap, topic)
    await stop_consumer(ours)
    assert not [one for one in ours._client._conns.values() if one.connected()]
