"""Traces on real parts: an issue from registration to rating is one tree, by the causes that its records name."""

import asyncio
import json
import socket
from collections import Counter
from typing import Any

import pytest

from services.cli.embedded import Parts
from shared.bus.reader import read_all
from tests.collecting import Collector, collector, hashed
from tests.integration.broker import PATIENCE_SECONDS, own_namespace
from tests.integration.city import ENTREPRENEUR, LEAK, City, city

pytestmark = pytest.mark.integration

OFFICE, HANDLER, LEADER = "office:chen", "handler:housing/wang", "department_leader:housing/head"
SERVICES = ("intake", "dispatch", "supervision", "feedback")
TOPICS = [f"{service}.{kind}" for service in SERVICES for kind in ("commands", "events")] + [
    "dept.housing.orders"
]


async def closed(four: City, key: str) -> str:
    """An issue that was raised, answered, rated and closed; its id."""
    id, assignment = await four.assigned(key)
    held = {"assignment": assignment}
    await four.done("dispatch", f"/issues/{id}/sign", held, actor=HANDLER)
    draft = {**held, "outcome": "solved", "text": "水管已修好。"}
    await four.done("dispatch", f"/issues/{id}/draft", draft, actor=HANDLER)
    shown = await four.shown(id)
    await four.done("dispatch", f"/issues/{id}/sign-off", shown, actor=LEADER)
    await four.done("dispatch", f"/issues/{id}/check", shown, actor=OFFICE)
    await four.done("dispatch", f"/issues/{id}/release", shown, actor=OFFICE)
    await four.reaches("feedback", id, "invited")
    rating = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
    await four.done("feedback", f"/issues/{id}/rate", rating, actor=ENTREPRENEUR)
    for service in ("intake", "dispatch"):
        await four.reaches(service, id, "closed")
    return id


async def settled(four: City) -> None:
    """Every service has handled all there is."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while any([await four.metric(name, "qinqing_consumer_lag_records") for name in SERVICES]):
            await asyncio.sleep(0.1)  # a client outside sees only this


async def envelopes(bootstrap: str, namespace: str) -> dict[str, dict[str, Any]]:
    """What stands on the topics on which something of an issue stands, by id."""
    found = [json.loads(one.value or b"") async for one in read_all(bootstrap, TOPICS, f"{namespace}.")]
    return {one["id"]: one for one in found}


def tree(envelopes: dict[str, dict[str, Any]], issue: str) -> dict[str, str]:
    """Span -> the span above it, told from the topics: a record lies below its cause, and what nobody caused below the
    issue's first event; the registration lies below nothing."""
    above = {}
    for id, one in envelopes.items():
        cause = one.get("cause", "")
        if not cause and one["type"] != "intake.register.v1":
            cause = f"intake.events:{issue}:1"
        above[hashed(id, 8)] = hashed(cause, 8) if cause else ""
    return above


def roots(above: dict[str, str]) -> set[str]:
    """Where one comes to from each span."""
    found = set()
    for span in above:
        seen = {span}
        while (parent := above[span]) and parent not in seen:
            seen.add(parent)
            span = parent
        found.add(span)
    return found


async def test_one_issue_from_registration_to_rating_is_one_tree_of_all_its_records(embedded: Parts) -> None:
    namespace = own_namespace("traced")
    bootstrap, store = embedded.kafka_bootstrap, embedded.store_urls["intake"]
    async with collector() as (endpoint, come):
        async with city(bootstrap, store, namespace, traces_endpoint=endpoint) as four:
            issue = await closed(four, "traced")
            await settled(four)
        every = await envelopes(bootstrap, namespace)
    log = {id: one for id, one in every.items() if one["subject"] == issue}
    expected = tree(log, issue)
    mine = [span for span in come.taken if span.trace == hashed(issue, 16)]
    assert {span.id: span.parent for span in mine} == expected
    assert {span.id: span.name for span in mine} == {hashed(id, 8): one["type"] for id, one in log.items()}
    assert roots(expected) == {
        hashed(id, 8) for id, one in log.items() if one["type"] == "intake.register.v1"
    }
    assert {span.service for span in mine} == set(SERVICES)
    assert {span.id for span in come.taken} <= {hashed(id, 8) for id in every}
    _says_nothing(come)


def _says_nothing(come: Collector) -> None:
    said = json.dumps([span.attributes for span in come.taken], ensure_ascii=False)
    assert not [part for part in (LEAK["title"], LEAK["text"], "水管", "chen", "wang") if part in said]
    names = Counter(name for span in come.taken for name in span.attributes)
    assert set(names) <= {
        "qinqing.subject",
        "qinqing.type",
        "qinqing.status",
        "qinqing.reason",
        "qinqing.id",
    }


async def test_a_collector_that_takes_connections_and_answers_nothing_holds_nobody_up(
    embedded: Parts,
) -> None:
    namespace = own_namespace("untraced")
    bootstrap, store = embedded.kafka_bootstrap, embedded.store_urls["intake"]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}/v1/traces"
        async with city(bootstrap, store, namespace, traces_endpoint=endpoint) as four:
            assert await closed(four, "untraced")
            asked, _ = await asyncio.get_running_loop().sock_accept(_unblocked(silent))
            asked.close()  # it was asked, and had answered nothing until all was done


def _unblocked(listening: socket.socket) -> socket.socket:
    listening.setblocking(False)
    return listening
