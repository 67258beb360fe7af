"""Every record of a fetch is read, once and in order, also where a header's key is not UTF-8."""

from collections.abc import Collection

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.structs import ConsumerRecord

from shared.bus.client import read_odd_header_keys

PLAIN, GZIP = 0, 1
HERE = TopicPartition("intake.commands", 0)


class NoText(str):
    """A header's key whose bytes are not UTF-8."""

    def encode(self, *how: str) -> bytes:
        return b"seq\xff"


def batch(count: int, odd: Collection[int] = (), compression: int = PLAIN) -> bytes:
    """A batch as the broker hands it over; its records start at offset 0."""
    made = _DefaultRecordBatchBuilderPy(2, compression, 0, -1, -1, -1, 1 << 20)
    for number in range(count):
        name = NoText("odd") if number in odd else "seq"
        made.append(number, 1_000 + number, b"k%d" % number, b"v%d" % number, [(name, b"%d" % number)])
    return bytes(made.build())


def fetched(data: bytes, start: int = 0) -> list[ConsumerRecord]:
    """What a consumer is given of such a fetch."""
    records = fetcher.MemoryRecords(data)
    return list(
        fetcher.PartitionRecords(HERE, records, None, start, None, None, True, fetcher.READ_UNCOMMITTED)
    )


@pytest.fixture(autouse=True)
def _the_clients_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with the client as it is by itself."""
    monkeypatch.setattr(fetcher, "MemoryRecords", MemoryRecords)


def test_the_client_by_itself_gives_up_in_the_middle_of_a_fetch() -> None:
    with pytest.raises(UnicodeDecodeError):
        fetched(batch(3, odd=[1]))


@pytest.mark.parametrize("compression", [PLAIN, GZIP])
@pytest.mark.parametrize("odd", [[], [0], [4], [9], [0, 4, 5, 9], range(10)])
def test_records_before_behind_and_with_such_a_key_are_read_once_in_order_and_whole(
    odd: Collection[int], compression: int
) -> None:
    read_odd_header_keys()
    read = fetched(batch(10, odd, compression))
    assert [(raw.offset, raw.timestamp, raw.key, raw.value) for raw in read] == [
        (number, 1_000 + number, b"k%d" % number, b"v%d" % number) for number in range(10)
    ]
    assert [raw.headers for raw in read] == [
        (("seq�" if number in odd else "seq", b"%d" % number),) for number in range(10)
    ]


def test_a_fetch_that_begins_inside_a_batch_begins_there() -> None:
    read_odd_header_keys()
    assert [raw.offset for raw in fetched(batch(10, odd=[2, 7]), start=5)] == [5, 6, 7, 8, 9]


def test_batches_behind_one_with_such_a_key_are_read_as_well() -> None:
    read_odd_header_keys()
    later = bytearray(batch(2, odd=[1]))
    later[0:8] = (3).to_bytes(8, "big")  # its first offset, which no checksum covers
    assert [raw.offset for raw in fetched(batch(3, odd=[0]) + bytes(later))] == [0, 1, 2, 3, 4]
