"""A talk on real parts: announced, attended, closed; intake dies while its issues are told, and each starts once."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.cli.embedded import Child, Parts
from services.cli.embedded.ports import free_ports
from services.cli.embedded.services import service_program
from shared.bus.reference import OWNERS
from shared.contract.envelope import Envelope, open_envelope
from shared.domain.clocks import SHANGHAI
from shared.domain.talks import talk_id
from tests import contacts
from tests.integration.broker import Reader, publish_reference, reader
from tests.integration.city import city
from tests.keys import KEYS, bearer
from tests.unit.reference import JURISDICTION

pytestmark = pytest.mark.integration

FEDERATION, CLERK, LI = "federation:feng", "clerk:lu", "entrepreneur:li"
STARTED = "promise.started.v1"
MAYOR = {"account": "zhou", "name": "周明", "post": "市长", "body": "government"}
AT_ONCE = 40
PATIENCE_SECONDS = 90.0

Ask = Callable[[str, dict[str, Any], str, str], Awaitable[dict[str, Any]]]
"""(path, body, actor, idempotency key) -> what was answered; fails unless it was done."""


async def opened(ask: Ask) -> tuple[str, str]:
    """A talk of today, for which somebody has signed up, begun, and they have come; its id, and the person."""
    person = (await ask("/people", contacts.LI._asdict(), LI, "register"))["person"]
    now = datetime.now(UTC).astimezone(SHANGHAI)
    said = {"theme": "用地与用能", "place": "政企恳谈室", "capacity": 3, "organiser": "市工商联"}
    times = {"starts_at": now.isoformat(), "ends_at": (now + timedelta(hours=2)).isoformat()}
    path = f"/agendas/{JURISDICTION}/announce"
    found = await ask(path, {**said, **times, "leaders": [MAYOR]}, FEDERATION, "announce")
    id = talk_id(JURISDICTION, "weekly", now.date(), 1)
    assert found["talk"] == id
    await announced(ask, id)
    await ask(f"/talks/{id}/open", {}, CLERK, "open")
    await ask(f"/talks/{id}/attend", {"attendees": [{"person": person}]}, CLERK, "attend")
    return id, person


async def announced(ask: Ask, id: str) -> None:
    """The agenda's command has reached the talk: somebody can sign up for it."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        for turn in range(1_000):
            try:
                await ask(f"/talks/{id}/sign-up", {}, LI, f"sign-up-{turn}")
                return
            except AssertionError:
                await asyncio.sleep(0.05)  # it is refused as unknown until then: a client sees no more


async def recorded(ask: Ask, talk: str, person: str, count: int) -> list[str]:
    """So many issues written down there for one person."""
    about = {"origin": "talk", "phase": "at", "occasion": {"id": talk}, "person": person}
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(number: int) -> str:
        async with gate:
            words = {"title": f"路灯{number}", "text": "北门外没有路灯。"}
            return str((await ask("/issues", {**words, **about}, CLERK, f"issue-{number}"))["id"])

    return list(await asyncio.gather(*map(one, range(count))))


def told(events: Reader, kind: str) -> dict[str, Envelope]:
    """Every different event of this type that was read so far, by id."""
    raws = (raw.value or b"" for raw in events.records)
    return {one.id: one for raw in raws if kind.encode() in raw and (one := open_envelope(raw)).type == kind}


async def all_have_joined(events: Reader, issues: list[str]) -> None:
    """The talk has heard of each of them: what it hears of after its end begins later than the others."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while {one.subject for one in told(events, "promise.expected.v1").values()} < {*issues}:
            count = len(events.records)
            await events.until(lambda records, count=count: len(records) > count)


async def each_starts_once(events: Reader, issues: list[str], died_at: datetime) -> None:
    """Every one of them from the instant at which the talk was closed, some of them told after intake had died."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while len(started := told(events, STARTED)) < len(issues):
            count = len(events.records)
            await events.until(lambda records, count=count: len(records) > count)
    [held] = told(events, "talk.held.v1").values()
    assert sorted(held.data["issues"]) == sorted(issues)
    assert Counter(one.subject for one in started.values()) == Counter(issues)
    assert {datetime.fromisoformat(one.data["started_at"]) for one in started.values()} == {held.time}
    published = max(raw.timestamp for raw in events.records if STARTED.encode() in (raw.value or b""))
    assert published > died_at.timestamp() * 1000, "it died before all had been told"


async def test_a_reader_that_ends_while_a_talk_tells_its_issues_leaves_none_out_and_starts_none_twice(
    embedded: Parts, namespace: str
) -> None:
    bootstrap, store = embedded.kafka_bootstrap, embedded.store_urls["intake"]
    async with (
        city(bootstrap, store, namespace, "intake") as one,
        reader(bootstrap, namespace, "intake.events") as events,
    ):

        async def ask(path: str, body: dict[str, Any], actor: str, key: str) -> dict[str, Any]:
            return await one.done("intake", path, body, actor=actor, key=key)

        talk, person = await opened(ask)
        issues = await recorded(ask, talk, person, 60)
        await all_have_joined(events, issues)
        await ask(f"/talks/{talk}/hold", {}, CLERK, "hold")
        await one.end_readers("intake")
        died_at = datetime.now(UTC)
        await one.stop("intake")
        await one.start("intake")
        await each_starts_once(events, issues, died_at)


@pytest.mark.prove
async def test_intake_that_is_killed_while_a_talk_tells_500_issues_starts_each_once(
    embedded: Parts, namespace: str, tmp_path: Path
) -> None:
    bootstrap = embedded.kafka_bootstrap
    await publish_reference(bootstrap, namespace, [owner for owner in OWNERS if owner != "intake"])
    [port] = free_ports(1)
    own = Parts(bootstrap, embedded.store_urls, tmp_path)
    program = service_program("intake", own, port, namespace=namespace, invented_people=False)
    program.env["QINQING_KEYS_DIR"] = str(KEYS)  # type: ignore[index]
    intake = Child(program, tmp_path / "logs")
    intake.start()
    try:
        await intake.wait_ready(PATIENCE_SECONDS)
        async with (
            httpx.AsyncClient(base_url=intake.url, timeout=30.0, trust_env=False) as client,
            reader(bootstrap, namespace, "intake.events") as events,
        ):

            async def ask(path: str, body: dict[str, Any], actor: str, key: str) -> dict[str, Any]:
                headers = {"Idempotency-Key": key, **bearer(actor)}
                answer = await client.post(path, json=body, headers=headers)
                assert answer.status_code in (200, 201), answer.text
                return dict(answer.json())

            talk, person = await opened(ask)
            issues = await recorded(ask, talk, person, 500)
            await all_have_joined(events, issues)
            holding = asyncio.create_task(ask(f"/talks/{talk}/hold", {}, CLERK, "hold"))
            await events.until(lambda records: STARTED.encode() in (records[-1].value or b""))
            intake.kill()
            died_at = datetime.now(UTC)
            await asyncio.wait([holding])
            await each_starts_once(events, issues, died_at)
            assert intake.restarts == 1
    finally:
        await intake.stop()
