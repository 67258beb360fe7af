"""Spans go to a collector in the background: one that is away, or says nothing, is waited for by nobody."""

import asyncio
import socket

from structlog.testing import capture_logs

from services.cli.embedded import free_ports
from shared.metrics import Metrics
from shared.traces import AT_ONCE, FULL, MOST_WAITING, NOT_TAKEN, Span, Traces
from tests.collecting import collector

STOPS_SECONDS = 30.0


def spans(count: int) -> list[Span]:
    return [
        Span(1, number, number - 1, "issue.registered.v1", 100.0, 100.5, {"qinqing.subject": "x"}, False)
        for number in range(1, count + 1)
    ]


def dropped(metrics: Metrics) -> dict[str, float]:
    """How many spans were dropped, by why."""
    (family,) = metrics.spans_dropped.collect()
    return {one.labels["reason"]: one.value for one in family.samples if one.name.endswith("_total")}


async def test_what_is_sent_arrives_below_its_parent_and_a_stop_sends_what_still_waits() -> None:
    metrics = Metrics()
    async with collector() as (endpoint, come):
        traces = Traces(endpoint, "intake", "huzhou", metrics.drop_spans)
        traces.send(spans(3))
        await traces.stop()
    assert [(span.id, span.parent, span.service) for span in come.taken] == [
        (f"{number:016x}", f"{number - 1:016x}" if number > 1 else "", "intake") for number in (1, 2, 3)
    ]
    assert dropped(metrics) == {FULL: 0, NOT_TAKEN: 0}


async def test_more_than_fits_the_queue_is_dropped_counted_and_said_once_while_the_collector_says_nothing() -> (
    None
):
    metrics = Metrics()
    with socket.create_server(("127.0.0.1", 0)) as silent, capture_logs() as said:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces"
        traces = Traces(endpoint, "intake", "huzhou", metrics.drop_spans)
        for _ in range(3):
            traces.send(spans(MOST_WAITING))
        async with asyncio.timeout(STOPS_SECONDS):
            await traces.stop()
    # The other side took one request out of the queue, and waits for its answer.
    assert 2 * MOST_WAITING - AT_ONCE <= dropped(metrics)[FULL] <= 2 * MOST_WAITING
    assert [one["event"] for one in said] == ["spans dropped, for so many wait already"]


async def test_each_span_is_taken_by_the_collector_or_counted_as_dropped() -> None:
    metrics, sent = Metrics(), MOST_WAITING * 2
    async with collector() as (endpoint, come):
        traces = Traces(endpoint, "intake", "huzhou", metrics.drop_spans)
        traces.send(spans(sent))
        left = sent - int(dropped(metrics)[FULL])
        await come.until(lambda: len(come.taken) == left)
        await traces.stop()
    assert left < sent and dropped(metrics) == {FULL: sent - left, NOT_TAKEN: 0}


async def test_what_no_collector_takes_is_counted_too() -> None:
    metrics, endpoint = Metrics(), f"http://127.0.0.1:{free_ports(1)[0]}/v1/traces"
    counted, loop = asyncio.Event(), asyncio.get_running_loop()

    def drop(reason: str, count: int) -> None:
        metrics.drop_spans(reason, count)
        loop.call_soon_threadsafe(counted.set)

    traces = Traces(endpoint, "intake", "huzhou", drop)
    traces.send(spans(3))
    async with asyncio.timeout(STOPS_SECONDS):
        await traces.stop()
        await counted.wait()  # the thread that sends gives up by itself once it is told to
    assert dropped(metrics) == {FULL: 0, NOT_TAKEN: 3}
