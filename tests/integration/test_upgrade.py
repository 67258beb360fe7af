"""A service that is upgraded takes what the version before it did not know: passed over, or held with all behind it."""

import asyncio
from uuid import uuid4

import pytest

from services.cli.embedded import Parts
from shared.contract.event import EVENTS
from shared.contract.events.dispatch import IssueAssigned
from shared.contract.events.feedback import RatingInvited
from tests.faults.services import Running, running

pytestmark = pytest.mark.integration

ALL = ("intake", "dispatch", "supervision", "feedback")


async def _raise_and_assign(services: Running, text: str) -> str:
    """An issue up to its assignment; its id."""
    raised = await services.done("intake", "/issues", "entrepreneur:li", title="漏水", text=text)
    issue = str(raised["id"])
    await services.done("intake", f"/issues/{issue}/accept", "office:chen")
    await _until(services, "dispatch", issue, "waiting")
    await services.done("dispatch", f"/issues/{issue}/assign", "office:chen", department="housing")
    return issue


async def _answer(services: Running, issue: str) -> None:
    """The rest of its way, up to the reply."""
    held = {"assignment": f"{issue}.1"}
    await services.done("dispatch", f"/issues/{issue}/sign", "handler:housing/li", **held)
    words = {"outcome": "solved", "text": "已经修好"}
    drafted = await services.done("dispatch", f"/issues/{issue}/draft", "handler:housing/li", **words, **held)
    names = {name: drafted[name] for name in ("draft", "sha256")}
    for verb, actor in (
        ("sign-off", "department_leader:housing/wang"),
        ("check", "office:chen"),
        ("release", "office:chen"),
    ):
        await services.done("dispatch", f"/issues/{issue}/{verb}", actor, **held, **names)


async def _until(services: Running, service: str, issue: str, state: str) -> None:
    async with asyncio.timeout(30):
        while await services.state(service, issue) != state:
            await asyncio.sleep(0.05)  # as a client does: ask again


async def test_an_event_that_was_passed_over_and_one_that_was_held_are_taken_after_the_upgrade(
    embedded: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = {
        "kafka_bootstrap": embedded.kafka_bootstrap,
        "store_url": embedded.store_urls["intake"],
        "namespace": f"upgrade-{uuid4().hex[:6]}",
    }
    with monkeypatch.context() as old:
        old.delitem(EVENTS, RatingInvited.type)
        async with running(ALL, old, **where) as services:
            answered = await _raise_and_assign(services, "水管漏水")
            await _answer(services, answered)
            await _until(services, "feedback", answered, "invited")
            intake = services.services["intake"].store
            async with asyncio.timeout(30):
                while not (await intake.get(answered) or {}).get("passed"):
                    await asyncio.sleep(0.05)  # another task reads: there is no event for it here
            assert await services.state("intake", answered) == "accepted"
    with monkeypatch.context() as old:
        old.delitem(EVENTS, IssueAssigned.type)
        async with running(ALL, old, **where) as services:
            await _until(services, "intake", answered, "answered")  # the version that knows the invitation
            assigned = await _raise_and_assign(services, "屋顶漏水")
            supervision = services.services["supervision"].store
            async with asyncio.timeout(30):
                while not (await supervision.get(assigned) or {}).get("held"):
                    await asyncio.sleep(0.05)  # another task reads: there is no event for it here
            assert await services.state("supervision", assigned) == "registered"
    async with running(ALL, monkeypatch, **where) as services:
        await _until(services, "supervision", assigned, "assigned")
        assert "held" not in (await services.services["supervision"].store.get(assigned) or {})
