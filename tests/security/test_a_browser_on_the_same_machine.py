"""A page on a foreign host once released a reply through a browser on the same machine; now it reaches nothing."""

import json
from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
import pytest

from services.cli.embedded import Parts
from tests.integration.broker import own_namespace
from tests.integration.city import City, city
from tests.keys import bearer

pytestmark = pytest.mark.integration

PAGE = "http://example.com"
JSON = {"Content-Type": "application/json"}
OF_OLD = {"Qinqing-Actor": "office:wang"}
"""The header by which the page named itself the office when a header was believed."""


class Checked(NamedTuple):
    """An issue whose draft only waits to be released: where dispatch listens, the issue, and what a click names."""

    services: City
    url: str
    id: str
    click: dict[str, object]

    @property
    def release(self) -> str:
        return f"{self.url}/issues/{self.id}/release"

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]

    async def state(self) -> str:
        found = await self.services.issue("dispatch", self.id)
        assert found is not None
        return str(found["state"])


@pytest.fixture
async def checked(embedded: Parts) -> AsyncIterator[Checked]:
    parts = embedded.kafka_bootstrap, embedded.store_urls["intake"], own_namespace("browser")
    async with city(*parts, "intake", "dispatch") as services, services.served("dispatch") as url:
        id, assignment = await services.assigned("browser")
        handler, leader = "handler:housing/li", "department_leader:housing/zhou"
        held = {"assignment": assignment}
        await services.done("dispatch", f"/issues/{id}/sign", held, actor=handler)
        draft = {**held, "outcome": "solved", "text": "已修好。"}
        await services.done("dispatch", f"/issues/{id}/draft", draft, actor=handler)
        click = await services.shown(id)
        await services.done("dispatch", f"/issues/{id}/sign-off", click, actor=leader)
        await services.done("dispatch", f"/issues/{id}/check", click, actor="office:chen")
        yield Checked(services, url, id, click)


async def test_a_page_on_a_foreign_host_releases_nothing_through_a_browser_on_this_machine(
    checked: Checked,
) -> None:
    body, port = json.dumps(checked.click), checked.port
    rebound = {"Host": f"example.com:{port}"}
    own_page = {**rebound, "Origin": f"http://example.com:{port}", "Sec-Fetch-Site": "same-origin"}
    other_page = {"Origin": PAGE, "Sec-Fetch-Site": "cross-site"}
    # What browsers let a page send across origins without asking first, and what they ask first.
    simple = [
        {"Content-Type": kind}
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "")
    ]
    tries = [
        *[
            {**where, **kind, **old}
            for where in (rebound, own_page)
            for kind in (JSON, *simple)
            for old in ({}, OF_OLD)
        ],
        *[{**other_page, **kind, **old} for kind in (JSON, *simple) for old in ({}, OF_OLD)],
        *[
            {"Origin": origin, **JSON, **OF_OLD}
            for origin in ("null", "file://", f"{PAGE}:{port}", "http://localhost")
        ],
        {"Sec-Fetch-Site": "cross-site", **JSON, **OF_OLD},
    ]
    async with httpx.AsyncClient() as browser:
        for headers in tries:
            for token in ({}, bearer("office:wang")):  # not even with a token that it got hold of
                answer = await browser.post(checked.release, content=body, headers={**headers, **token})
                assert answer.status_code in (403, 421), (headers, answer.text)
                assert not [name for name in answer.headers if name.startswith("access-control")]
    assert await checked.state() == "checked"
    # The office itself, by its own program or page, does it.
    async with httpx.AsyncClient(headers=bearer("office:wang")) as office:
        own = {"Origin": checked.url, "Sec-Fetch-Site": "same-origin"}
        answer = await office.post(checked.release, json=checked.click, headers=own)
        assert answer.status_code == 200, answer.text
    assert await checked.state() == "replied"


async def test_without_a_foreign_page_too_a_header_makes_nobody_the_office(checked: Checked) -> None:
    async with httpx.AsyncClient() as program:
        for headers in ({}, OF_OLD, {"Authorization": "office:wang"}):
            answer = await program.post(checked.release, json=checked.click, headers=headers)
            assert answer.status_code == 401, answer.text
    assert await checked.state() == "checked"


async def test_a_foreign_page_is_refused_the_question_whether_it_may_ask_and_reads_nothing(
    checked: Checked,
) -> None:
    asks = {
        "Origin": PAGE,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    rebound = {"Host": f"example.com:{checked.port}"}
    async with httpx.AsyncClient(headers=bearer("office:wang")) as browser:
        answer = await browser.options(checked.release, headers=asks)
        assert (answer.status_code, "access-control-allow-origin" in answer.headers) == (403, False)
        for path in (
            f"/issues/{checked.id}",
            "/departments",
            "/reference",
            "/docs",
            "/openapi.json",
            "/asyncapi.json",
        ):
            for headers, status in (
                (rebound, 421),
                ({"Origin": PAGE}, 403),
                ({"Sec-Fetch-Site": "cross-site"}, 403),
            ):
                answer = await browser.get(f"{checked.url}{path}", headers=headers)
                assert answer.status_code == status, (path, headers)
                assert len(answer.content) < 300
        # A probe asks by whatever address it knows, and learns no more than that all is well.
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert (await browser.get(f"{checked.url}{path}", headers=rebound)).status_code == 200
