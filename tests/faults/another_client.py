"""A client that writes what ours refuses: `python -m tests.faults.another_client BOOTSTRAP TOPIC`, record by stdin.

In a process of its own: the part of the library that is written in Python takes the place of the other one for every
producer of a process, and those that were at work would fail.
"""

import asyncio
import sys
from unittest.mock import patch

from aiokafka import AIOKafkaProducer
from aiokafka.producer import message_accumulator
from aiokafka.producer import producer as producers
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy


class _NoText(str):
    """A header's key whose bytes are not UTF-8."""

    def encode(self, *how: str) -> bytes:
        return b"\xff\xfe"


async def send(bootstrap: str, topic: str, key: bytes, value: bytes) -> None:
    """One record with a header whose key is no text."""
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, value, key=key, headers=[(_NoText("odd"), b"x")])


if __name__ == "__main__":
    key, _, value = sys.stdin.buffer.read().partition(b"\n")
    with (
        patch.object(message_accumulator, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy),
        patch.object(producers, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy),
    ):
        asyncio.run(send(*sys.argv[1:], key, value))
