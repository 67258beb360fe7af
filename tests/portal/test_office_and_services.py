"""The office's pages on the services' own code: what they read of them is there, what they ask is what these take."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from services.portal.errands import UNDO
from tests.fuzz.in_memory import in_memory
from tests.keys import bearer
from tests.portal.given import TEXT, TITLE, Given
from tests.portal.office_given import OFFICE, PATH, TRIAGE, clerk, directory

HANDLER, LEADER, CHEN = "handler:housing/li", "department_leader:housing/zhou", "office:chen"


@pytest.fixture
async def services(given: Given, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[Given]:
    """The portal asks intake and dispatch themselves, in memory."""
    directory(given)
    async with AsyncExitStack() as stack:
        for name in ("intake", "dispatch"):
            app = in_memory(name, monkeypatch, attachments_dir=str(tmp_path))
            await stack.enter_async_context(app.router.lifespan_context(app))
            client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")
            given.portal.services._clients[name] = await stack.enter_async_context(client)
        yield given


async def sent(given: Given) -> str:
    """Ten seconds pass; what became of the last errand."""
    given.now += UNDO
    await given.sending.turn()
    found = given.sending.errands.of("office:wang", given.now)[-1]
    return found.why_not or found.state


async def test_suggested_assigned_read_checked_and_released(services: Given) -> None:
    given, client = services, services.portal.services._clients["dispatch"]
    given.registered()
    given.accepted()
    browser = clerk(given)
    await browser.open(TRIAGE)
    assert "市城管局" in browser.text and "路灯" in browser.text
    await browser.send(f"{OFFICE}/assign", other="housing")
    assert await sent(given) == "done"
    held = (await client.get(PATH, headers=bearer(CHEN))).json()["assignment"]
    text = {"assignment": held, "outcome": "solved", "text": "路灯已经装好，共十二盏。"}
    await client.post(f"{PATH}/sign", json={"assignment": held}, headers=bearer(HANDLER))
    drafted = (await client.post(f"{PATH}/draft", json=text, headers=bearer(HANDLER))).json()
    named = {"assignment": held, "draft": drafted["draft"], "sha256": drafted["sha256"]}
    signed = await client.post(f"{PATH}/sign-off", json=named, headers=bearer(LEADER))
    assert signed.status_code == 200, signed.text
    about = {"assignment": held, "department": "housing", "round": 1}
    given.shown.tell("dispatch", "issue.assigned.v1", {**about, "head": "局长", "by": "wang"})
    draft = {**about, "draft": drafted["draft"], "sha256": drafted["sha256"]}
    given.shown.tell("dispatch", "reply.drafted.v1", {**draft, "outcome": "solved", "by": "li"})
    given.shown.tell("dispatch", "reply.signed_off.v1", {**draft, "by": "zhou"})
    await browser.open(f"{OFFICE}/check")
    assert "共十二盏" in browser.text and drafted["sha256"][:8] in browser.text and "zhou签发" in browser.text
    await browser.send(f"{OFFICE}/check", do="release")
    assert browser.page.url.path == PATH, browser.text
    assert (await client.get(PATH, headers=bearer(CHEN))).json()["state"] == "replied"


async def test_written_down_for_somebody_their_link_handed_over_and_taken_on(services: Given) -> None:
    given, client = services, services.portal.services._clients["intake"]
    browser = clerk(given)
    said = {"source": "hotline", "occasion_called_from": "0572-2039817", "title": TITLE, "text": TEXT}
    await browser.open("/office/raise")
    answer = await browser.send("/office/raise", do="check", name="王老板", phone="x", **said)
    assert answer.status_code == 422 and "将为本人新登记" not in browser.text
    await browser.send("/office/raise", do="check", name="王老板", phone="138 0013 8000", **said)
    assert "将为本人新登记" in browser.text
    await browser.send("/office/raise/check")
    link = re.search(r"([0-9A-Z]{13})\.1\.[0-9a-f]{32}", browser.text)
    assert link is not None, browser.text
    id = link[1]
    await browser.open("/office/raise")
    await browser.send("/office/raise", do="check", name="王老板", phone="+86 13800138000", **said)
    assert "这个电话已有登记" in browser.text
    given.registered(id, origin="hotline", recorded_by="wang")
    await browser.open(f"{TRIAGE}?issue={id}")
    assert TITLE in browser.text and "市城管局" in browser.text
    await browser.send(f"/office/issues/{id}/accept", do="accept")
    assert await sent(given) == "done"
    assert (await client.get(f"/issues/{id}", headers=bearer(CHEN))).json()["state"] == "accepted"
