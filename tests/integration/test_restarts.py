"""Services that lose their store, are started again, or whose consumer died, with real parts under them."""

import asyncio
from functools import partial
from typing import Any

import pytest

from services.cli.embedded import Parts
from shared.store import Database
from tests.integration.broker import PATIENCE_SECONDS, own_namespace, reader
from tests.integration.city import LEAK, City, city
from tests.integration.wire import wire

pytestmark = pytest.mark.integration


async def _registered(one: City, key: str) -> dict[str, Any]:
    """As a client does that is answered before the outcome is there: the same again, under the same key."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            answer = await one.ask("intake", "/issues", LEAK, key=key, actor="entrepreneur:li")
            if answer.status_code in (200, 201):
                return dict(answer.json())
            await asyncio.sleep(0.05)  # a client outside is told nothing


async def test_what_was_acknowledged_while_the_store_was_away_is_done_when_it_is_back(
    embedded: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.service.Database", partial(Database, timeout_seconds=0.5))
    namespace = own_namespace("away")
    async with (
        wire(embedded.store_urls["intake"]) as cut_off,
        city(embedded.kafka_bootstrap, cut_off.url, namespace, "intake", outcome_seconds=0.3) as one,
    ):
        client = one.clients["intake"]
        before = await _registered(one, "before")
        await cut_off.cut()
        ground = {"ground": "petition", "explanation": "已在信访程序中"}
        response = await one.ask("intake", f"/issues/{before['id']}/reject", ground, key="during")
        assert response.status_code == 202
        unsealed = await one.ask("intake", "/issues", LEAK, key="later", actor="entrepreneur:li")
        assert unsealed.status_code == 503, "without its store intake has no key for the words"
        place = response.headers["Location"]
        assert response.json() == {"status": "pending", "look": place}
        assert (await client.get("/health/ready")).json()["missing"] == ["store"]
        assert (await client.get("/health/live")).status_code == 200
        away = await client.get(place)
        assert (away.status_code, away.headers["content-type"]) == (503, "application/problem+json")
        await cut_off.mend()
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await client.get(place)).status_code != 200:
                await asyncio.sleep(0.05)  # as a client would: look again
        assert found.json()["state"] == "rejected"
        assert (await _registered(one, "later"))["id"] != before["id"]
        async with reader(embedded.kafka_bootstrap, namespace, "intake.events") as read:
            await read.event(before["id"], "issue.rejected.v1")
            assert len(read.events(before["id"])) == 3


async def test_a_service_that_starts_again_has_lost_nothing(embedded: Parts) -> None:
    namespace = own_namespace("again")
    async with city(
        embedded.kafka_bootstrap, embedded.store_urls["intake"], namespace, "intake", "dispatch"
    ) as two:
        first = await two.registered("1")
        await two.reaches("dispatch", first["id"], "registered")
        await two.stop("dispatch")
        second = await two.registered("2")
        for id in (first["id"], second["id"]):
            await two.done("intake", f"/issues/{id}/accept", actor="office:chen")
        await two.stop("intake")
        await two.start("intake", "dispatch")
        for id in (first["id"], second["id"]):
            await two.reaches("dispatch", id, "waiting")
        again = await two.registered("2")
        assert again == {**second, "published": "/huzhou/intake=3"}  # its acceptance came since


async def test_a_dead_consumer_makes_a_service_not_ready(
    embedded: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    namespace = own_namespace("dead")
    async with city(embedded.kafka_bootstrap, embedded.store_urls["intake"], namespace, "intake") as one:
        client = one.clients["intake"]
        assert (await client.get("/health/ready")).status_code == 200
        await one.end_readers("intake")
        monkeypatch.setattr("shared.service.POLL_SILENCE_SECONDS", 0.05)
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (response := await client.get("/health/ready")).status_code == 200:
                await asyncio.sleep(0.05)  # time itself is what is measured
        assert response.status_code == 503
        assert response.json()["missing"] == ["poll"]
        assert await one.metric("intake", "qinqing_poll_age_seconds") > 0.05
