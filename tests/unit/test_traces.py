"""Spans go to a collector in the background: one that is away, or says nothing, is waited for by nobody."""

import asyncio
import logging
import socket

import pytest

from shared.traces import MOST_WAITING, Span, Traces
from tests.collecting import collector

STOPS_SECONDS = 30.0


def spans(count: int) -> list[Span]:
    return [
        Span(1, number, number - 1, "issue.registered.v1", 100.0, 100.5, {"qinqing.subject": "x"}, False)
        for number in range(1, count + 1)
    ]


async def test_what_is_sent_arrives_below_its_parent_and_a_stop_sends_what_still_waits() -> None:
    async with collector() as (endpoint, come):
        traces = Traces(endpoint, "intake", "huzhou")
        traces.send(spans(3))
        await traces.stop()
    assert [(span.id, span.parent, span.service) for span in come.taken] == [
        (f"{number:016x}", f"{number - 1:016x}" if number > 1 else "", "intake") for number in (1, 2, 3)
    ]


async def test_more_than_fits_the_queue_is_dropped_with_a_word_while_the_collector_says_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        traces = Traces(f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces", "intake", "huzhou")
        with caplog.at_level(logging.WARNING):
            traces.send(spans(MOST_WAITING * 2))
        async with asyncio.timeout(STOPS_SECONDS):
            await traces.stop()
    assert "dropping" in caplog.text
