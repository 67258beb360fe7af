"""What our seams need of the Kafka client beyond its public face: each use of an internal of its stands here.

tests/integration/test_bus_traps.py says when an update of the client changes one of them.
"""

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.protocol.admin import DeleteGroupsRequest
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

LENGTH_AT, LENGTH_ENDS = 8, 12
"""Where a batch of records says how many bytes follow: behind its first offset (Kafka's record format)."""


def known_positions(consumer: Any) -> dict[TopicPartition, int]:
    """The offset that will be read next, of each partition where it is known; asks nobody and waits for nothing.

    ``position()`` waits where it is not known: one partition without a leader would stop all others.
    """
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    if assignment is None:
        return {}
    return {tp: found.offset for tp, found in assignment.all_consumed_offsets().items()}


async def committed_offsets(consumer: Any, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
    """What the group has committed, 0 where nothing: one round trip, where ``committed()`` takes one a partition.

    Raises the client's errors that trying again does not mend.
    """
    asked = list(partitions)
    found = await consumer._coordinator.fetch_committed_offsets(asked)
    return {tp: found[tp].offset if tp in found else 0 for tp in asked}


async def delete_group(admin: Any, group: str) -> int:
    """Delete a consumer group; Kafka's error code, 0 for none. The client has the request and no method for it."""
    answer = await admin._send_request(DeleteGroupsRequest([group]), await admin.find_coordinator(group))
    ((_, code),) = answer.results
    return int(code)


async def stop_consumer(consumer: Any) -> None:
    """Stop a consumer, also where the broker is away.

    The client's own ``stop()`` cancels a fetch that waits to be tried again, and then ends as cancelled itself, with
    its connections open: who only reads on would take that for the end of its own task, and never read again.
    """
    stopping = asyncio.ensure_future(consumer.stop())
    await asyncio.wait([stopping])
    if stopping.cancelled():
        await consumer._client.close()
    else:
        stopping.result()


def read_odd_header_keys() -> None:
    """From now on a record can be read though a header's key is not UTF-8, by every consumer of this process.

    The client raises in the middle of a poll, and what the poll took from other partitions is lost. Kafka's own
    client puts a replacement character in the place of what is no text, and so do we: the record is like any other.
    """
    fetcher.MemoryRecords = _Records


class _Records:
    """What one fetch brought of a partition: batches as the client reads them, each with its bytes beside it."""

    def __init__(self, data: bytes) -> None:
        self._records, self._data, self._at = MemoryRecords(data), memoryview(data), 0

    def size_in_bytes(self) -> int:
        """As the client's own."""
        return self._records.size_in_bytes()

    def has_next(self) -> bool:
        """As the client's own."""
        return self._records.has_next()

    def next_batch(self) -> "_Batch":
        """As the client's own, but for the batch."""
        start, length = self._at, self._data[self._at + LENGTH_AT : self._at + LENGTH_ENDS]
        self._at += LENGTH_ENDS + int.from_bytes(length, "big")
        return _Batch(self._records.next_batch(), self._data[start : self._at])


class _Batch:
    """A batch of the client that falls back to its slow reader, written in Python, where the fast one gives up."""

    def __init__(self, batch: Any, data: memoryview) -> None:
        self._batch, self._data = batch, data

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __next__(self) -> Any:
        return next(self._batch)

    def __iter__(self) -> Iterator[Any]:
        try:
            yield from self._batch
        except UnicodeDecodeError:
            slow = iter(_DefaultRecordBatchPy(self._data))  # which decompresses what is compressed
            slow._buffer = _Text(slow._buffer)
            yield from slow  # from its first record on: the client passes over those it has handed out


class _Text(bytearray):
    """Bytes whose parts decode whatever they hold."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Text(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", errors: str = "replace") -> str:
        """As text, with replacement characters where it is none."""
        return super().decode(encoding, "replace")
