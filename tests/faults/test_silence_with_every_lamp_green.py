"""Silence with every lamp green: the end that is no record, the callback that raises once, the poll that fails."""

import contextlib
import time

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.contract.event import FEEDBACK
from shared.metrics import Metrics
from shared.timers import BEGIN
from tests.faults.client import Client, raw, seam
from tests.faults.given import NOW, Played, given, line, notebook

MINE = TopicPartition("intake.commands", 0)
OTHERS = TopicPartition(FEEDBACK, 0)


@pytest.mark.xfail(strict=True, reason="issue 7: an end offset is no record", raises=AssertionError)
@pytest.mark.parametrize(("committed", "end"), [(1, 2), (0, 5)], ids=["a marker", "all was deleted"])
async def test_timers_go_on_where_the_end_of_a_topic_is_no_record(committed: int, end: int) -> None:
    client = Client({MINE: 0, OTHERS: end}, {MINE: 0, OTHERS: end})
    client.kept = {OTHERS: committed} if committed else {}
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned([MINE, OTHERS])
    given(await batches.positions.read_up_to(NOW) in (BEGIN, NOW))
    await client.getmany(timeout_ms=10)
    assert await batches.positions.read_up_to(NOW) == NOW


async def test_timers_wait_while_records_before_the_end_were_not_applied() -> None:
    client = Client({MINE: 0, OTHERS: 2}, {MINE: 0, OTHERS: 0})
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned([MINE, OTHERS])
    for _ in range(2):
        await client.getmany(timeout_ms=10)
        assert await batches.positions.read_up_to(NOW) < NOW


@pytest.mark.xfail(
    strict=True, reason="issue 7: a rebalance callback that raises once is not the end", raises=AssertionError
)
async def test_a_rebalance_callback_that_raises_once_leaves_no_timers_without_partitions() -> None:
    client = Client({MINE: 0})
    client.fail_committed = 1
    batches, owned = seam(Played(notebook()).processor, client)
    with contextlib.suppress(KafkaError):  # aiokafka logs it, and goes on
        await batches.on_partitions_assigned([MINE])
    await client.getmany(timeout_ms=10)
    await batches.handle([raw(line("a", "one"))])
    assert owned[-1:] == [[0]]


@pytest.mark.xfail(
    strict=True, reason="issue 7: a watermark that does not move is a metric", raises=AssertionError
)
def test_a_watermark_that_does_not_move_shows_in_the_metrics() -> None:
    names = {metric.name for metric in Metrics().registry.collect()}
    given("qinqing_timer_heartbeat_seconds" in names)
    assert [name for name in names if "watermark" in name]


@pytest.mark.xfail(strict=True, reason="issue 7: a poll counts once it succeeded", raises=AssertionError)
async def test_a_poll_that_fails_each_time_does_not_count_as_a_poll() -> None:
    client = Client({MINE: 0})
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned([MINE])
    batches.last_poll = time.monotonic() - 100
    client.fail_poll = 1
    with contextlib.suppress(UnicodeDecodeError):
        await client.getmany(timeout_ms=10)
    assert batches.positions.idle_seconds() > 50
