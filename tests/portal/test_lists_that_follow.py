"""Lists of the office and of an entrepreneur that stay up to date while they are open, each asked as a browser asks."""

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute
from starlette.requests import Request

from services.portal import desks
from services.portal.pages import Page
from shared.contract.words import Role
from tests.portal import office_given
from tests.portal.crawling import signed_in
from tests.portal.given import ISSUE, NUMBER, TITLE, WU, Browser, Given, at_another_time
from tests.portal.projection.given import AT
from tests.portal.test_live_lists import waits

OTHER = "AAAAAAAAAAAAA"


def endpoint(path: str) -> Any:
    """What answers there."""
    every = (one for router in desks.routers() for one in router.routes)
    return next(
        one.endpoint
        for one in every
        if isinstance(one, APIRoute) and one.path == path and "GET" in one.methods
    )


async def follows(given: Given, browser: Browser, path: str) -> AsyncIterator[Any]:
    """Open a list, and then what changes in it by the address that stands on its page."""
    page = await browser.open(path)
    found = re.search(r'hx-sse:connect="([^"]+)"', page.text)
    assert found is not None, path
    address = urlsplit(html.unescape(found[1]))
    cookie = "; ".join(f"{name}={value}" for name, value in browser.client.cookies.items())
    scope = {"type": "http", "path": address.path, "query_string": address.query.encode(), "method": "GET"}
    scope |= {"headers": [(b"cookie", cookie.encode())], "server": ("127.0.0.1", 80), "scheme": "http"}
    fields = {name: value for name, value in parse_qsl(address.query) if name != "live"}
    answer = await endpoint(address.path)(page=Page(given.portal, Request(scope)), **fields)
    assert isinstance(answer, StreamingResponse)
    return answer.body_iterator.__aiter__()


@pytest.mark.parametrize(
    ("path", "comes"),
    [
        ("/office/returns", office_given.returned),
        ("/office/replies", office_given.signed_off),
        ("/office/decisions", office_given.appealed),
    ],
)
async def test_what_comes_to_a_list_of_the_office_stands_there_without_opening_it_anew(
    given: Given, path: str, comes: Any
) -> None:
    waiting = await waits(await follows(given, signed_in(given, Role.OFFICE), path))
    comes(given)
    said = (await waiting).data
    assert TITLE in said and f"/issues/{ISSUE}/" in said


async def test_ones_own_list_shows_that_a_reply_is_out(given: Given) -> None:
    given.registered()
    given.accepted()
    given.assigned()
    browser = given.browser()
    await browser.sign_in()
    waiting = await waits(await follows(given, browser, "/mine"))
    given.replied()
    assert "等您处理" in (await waiting).data


async def test_triage_says_how_many_have_come_and_moves_no_row(given: Given) -> None:
    office_given.raised(given)
    browser = signed_in(given, Role.OFFICE)
    messages = await follows(given, browser, "/office/triage")
    assert "新来" not in browser.page.text
    waiting = await waits(messages)
    given.registered(OTHER)  # at the same instant as the first: nothing that was not known
    data = {"number": OTHER, "kind": "problem", "origin": "hotline", "person": "0" * 32}
    given.shown.tell("intake", "issue.registered.v1", data, "B" * 13, at=AT + timedelta(minutes=5))
    message = await waiting
    assert "新来 1 件" in message.data and "<tr" not in message.data
    assert (await browser.open("/office/triage?known=9999999999999999999999")).status_code == 200


LISTS: dict[str, Any] = {
    "/office/triage": (office_given.raised, "office:wang", f"/office/triage/{ISSUE}"),
    "/office/returns": (office_given.returned, "office:wang", f"/office/issues/{ISSUE}/rule"),
    "/office/replies": (office_given.signed_off, "office:wang", f"/office/issues/{ISSUE}/check"),
    "/office/decisions": (office_given.appealed, "office:wang", f"/office/issues/{ISSUE}/decide-appeal"),
    "/office/all": (office_given.signed_off, "office:wang", f"/issues/{ISSUE}"),
    "/mine": (Given.answered, "entrepreneur:wu", f"/issues/{ISSUE}"),
    "/mine?q=路灯": (Given.answered, "entrepreneur:wu", f"/issues/{ISSUE}"),
}
"""List -> how an issue comes onto it, whose list it is, and where they read it."""


@pytest.mark.parametrize("path", LISTS)
async def test_what_moved_since_somebody_read_it_is_marked_and_nothing_else(given: Given, path: str) -> None:
    comes, who, reads = LISTS[path]
    given.officials(wang="office")
    browser = given.browser()
    with at_another_time(given, timedelta(hours=-2)):
        await browser.sign_in(who)

    async def marked() -> int:
        await browser.open(path)
        assert ISSUE in browser.page.text
        return len(re.findall(r'class="[^"]*\bunread"', browser.page.text))

    comes(given)
    assert await marked() == 1 == await marked(), "a list that is looked at reads nothing"
    await browser.open(reads)
    assert browser.page.status_code == 200 and await marked() == 0
    answer = {"request": 1, "department": "housing", "question": "几号门？", "text": "北门。"}
    given.shown.tell("intake", "issue.material_supplied.v1", answer, at=AT + timedelta(minutes=5))
    assert await marked() == 1


async def test_what_one_has_just_raised_is_no_news_to_oneself(given: Given) -> None:
    browser = given.browser()
    await browser.sign_in()
    given.now += timedelta(hours=1)
    data = {"number": NUMBER, "kind": "problem", "origin": "online_column", "person": WU}
    given.shown.tell("intake", "issue.registered.v1", data, at=given.now)
    await browser.open("/mine")
    assert 'class="card unread"' in browser.page.text
    await browser.open(f"/issues/{ISSUE}/registered")
    await browser.open("/mine")
    assert ISSUE in browser.page.text and "unread" not in browser.page.text
