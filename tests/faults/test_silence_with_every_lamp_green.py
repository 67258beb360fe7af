"""Silence with every lamp green: the end that is no record, the callback that raises once, the poll that fails."""

import asyncio
import contextlib
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from shared.contract.event import FEEDBACK
from shared.deadlines import BEGIN
from shared.metrics import Metrics
from tests.faults.client import Client, raw, seam
from tests.faults.given import NOW, Played, given, line, notebook

MINE = TopicPartition("intake.commands", 0)
OTHERS = TopicPartition(FEEDBACK, 0)


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.bus.consumer.FIRST_BACKOFF", 0.0)


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


async def test_a_rebalance_callback_that_raises_once_leaves_no_timers_without_partitions() -> None:
    client = Client({MINE: 0})
    client.fail_committed = 1
    batches, owned = seam(Played(notebook()).processor, client)
    with contextlib.suppress(KafkaError):  # aiokafka logs it, and goes on
        await batches.on_partitions_assigned([MINE])
    await client.getmany(timeout_ms=10)
    await batches.handle([raw(line("a", "one"))])
    assert owned[-1:] == [[0]]


def test_a_watermark_that_does_not_move_shows_in_the_metrics() -> None:
    names = {metric.name for metric in Metrics().registry.collect()}
    given("qinqing_timer_heartbeat_seconds" in names)
    assert [name for name in names if "watermark" in name]


async def test_a_poll_that_fails_each_time_does_not_count_as_a_poll() -> None:
    client = Client({MINE: 0})
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned([MINE])
    batches.last_poll = time.monotonic() - 100
    client.fail_poll = 1
    with contextlib.suppress(UnicodeDecodeError):
        await client.getmany(timeout_ms=10)
    assert batches.positions.idle_seconds() > 50


async def test_a_poll_that_fails_is_answered_with_nothing_and_loses_no_record_that_it_had_taken() -> None:
    """FastStream would start its task anew at once, and what other partitions had given would be passed over."""
    client = Client({MINE: 3, OTHERS: 2}, {MINE: 3, OTHERS: 2})
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned([MINE, OTHERS])
    client.fail_poll = 1
    assert await client.getmany(timeout_ms=10) == {}
    assert client.seeks == {MINE: 3, OTHERS: 2}


async def test_a_batch_that_was_fetched_and_not_handled_is_fetched_again_and_not_committed() -> None:
    client = Client({MINE: 3}, {MINE: 0})
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned([MINE])
    client.ready = {MINE: [raw(line("a", "one"), 0), raw(line("a", "two"), 1)]}
    given(await client.getmany(timeout_ms=10) == client.ready)
    client.ready, client.positions = {}, {MINE: 2}
    for _ in range(3):
        await client.getmany(timeout_ms=10)
    assert client.seeks == {MINE: 0}
    assert client.kept == {}


async def test_an_end_that_is_no_record_is_committed_once_there_is_nothing_else_to_do() -> None:
    """Kafka's own view of the lag becomes 0, and so does that of a replay which waits for it."""
    client = Client({MINE: 0, OTHERS: 5}, {MINE: 0, OTHERS: 4})
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned([MINE, OTHERS])
    client.ready = {MINE: [raw(line("a", "one"))]}
    await client.getmany(timeout_ms=10)
    client.ready, client.positions = {}, {MINE: 1, OTHERS: 5}
    given(client.kept == {})
    await batches.handle([raw(line("a", "one"))])
    assert client.commits == [{MINE: 1, OTHERS: 4}]
    await client.getmany(timeout_ms=10)
    assert client.commits == [{MINE: 1, OTHERS: 4}]
    for _ in range(3):
        await client.getmany(timeout_ms=10)
    assert client.commits == [{MINE: 1, OTHERS: 4}, {OTHERS: 5}]


async def test_a_service_whose_partitions_did_not_begin_says_so_until_they_do() -> None:
    client = Client({MINE: 0})
    batches, owned = seam(Played(notebook()).processor, client)
    client.fail_committed = 2
    await batches.on_partitions_assigned([MINE])
    await client.getmany(timeout_ms=10)
    assert batches.missed == [MINE]
    await client.getmany(timeout_ms=10)
    assert batches.missed == [] and owned == [[0]]


async def test_partitions_that_did_not_begin_and_moved_on_are_not_begun_any_more() -> None:
    client = Client({MINE: 0})
    batches, owned = seam(Played(notebook()).processor, client)
    client.fail_committed = 1
    await batches.on_partitions_assigned([MINE])
    await batches.on_partitions_revoked([MINE])
    await client.getmany(timeout_ms=10)
    assert owned == [[]]


async def test_how_far_the_watermark_lies_behind_grows_through_rebalances_and_is_0_for_who_owns_nothing() -> (
    None
):
    client = Client({MINE: 0, OTHERS: 5}, {MINE: 0, OTHERS: 3})
    batches, _ = seam(Played(notebook()).processor, client)
    await batches.on_partitions_assigned([MINE, OTHERS])
    began = datetime.now(UTC)
    for _ in range(2):
        await batches.positions.read_up_to(began)
        await batches.on_partitions_revoked([MINE, OTHERS])
        await batches.on_partitions_assigned([MINE, OTHERS])
    assert batches.positions.watermark_age(began + timedelta(hours=1)) >= 3_600
    client.positions = {MINE: 0, OTHERS: 5}
    await client.getmany(timeout_ms=10)
    await batches.positions.read_up_to(began)
    await batches.positions.read_up_to(began)
    assert batches.positions.watermark_age(began + timedelta(seconds=7)) == 7
    client.ends = {}
    assert batches.positions.watermark_age(began + timedelta(hours=1)) == 0


async def test_a_callback_that_fails_after_a_later_one_came_does_not_bring_back_what_moved_on() -> None:
    client = Client({MINE: 0, OTHERS: 0})
    batches, owned = seam(Played(notebook()).processor, client)
    asked, moved_on, ask = asyncio.Event(), asyncio.Event(), client._coordinator.fetch_committed_offsets

    async def hangs(partitions: Iterable[TopicPartition]) -> dict[TopicPartition, Any]:
        asked.set()
        await moved_on.wait()
        raise KafkaError("the coordinator did not answer")

    client._coordinator.fetch_committed_offsets = hangs
    late = asyncio.create_task(batches.on_partitions_assigned([MINE]))
    await asked.wait()
    client._coordinator.fetch_committed_offsets = ask
    await batches.on_partitions_revoked([MINE])
    await batches.on_partitions_assigned([OTHERS])
    moved_on.set()
    await late
    await client.getmany(timeout_ms=10)
    assert batches.missed == []
    assert owned == [[], []]
