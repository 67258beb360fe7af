"""What a department has to do, by the time that is left: whose it is, which clock runs, what is new."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from fastapi.responses import StreamingResponse
from starlette.requests import Request

from services.portal.desks.department.queue import queue, signing
from services.portal.pages import Page
from services.portal.queries import co_handlers, handling
from services.portal.session import COOKIE
from shared.contract.words import Role
from tests.portal.department import (
    PATH,
    assigned,
    at_work,
    clock,
    colleague,
    drafted,
    leader,
    named,
    people,
    sent_back,
)
from tests.portal.given import ISSUE, NUMBER, TITLE, Browser, Given, at_another_time
from tests.portal.projection.given import AT
from tests.portal.test_live_lists import waits

OTHER, THIRD = "AAAAAAAAAAAAA", "BBBBBBBBBBBBB"


def order(browser: Browser) -> list[str]:
    """The issues of the lists, from top to bottom."""
    return re.findall(r'<li id="i-(\w+)"', browser.page.text)


def headings(browser: Browser) -> list[str]:
    return re.findall(r'href="/handling\?list=(\w+)"', browser.page.text)


async def test_mine_come_first_then_what_nobody_handles_each_by_the_time_that_is_left(given: Given) -> None:
    at_work(given)
    named(given, "li")
    clock(given, "holding", timedelta(days=9))
    assigned(given, OTHER, "厂区门口积水", timedelta(days=1))
    assigned(given, THIRD, "技改增容两个月没有答复", timedelta(hours=3))
    browser = colleague(given)
    await browser.open("/handling")
    assert headings(browser) == ["mine", "free"] and order(browser) == [ISSUE, THIRD, OTHER]
    assert re.search(r"待办\s*3", browser.text)


async def test_each_row_names_the_clock_that_is_due_first_and_the_date_that_was_promised(
    given: Given,
) -> None:
    at_work(given)
    clock(given, "holding", timedelta(days=2))
    assigned(given, OTHER, due=timedelta(hours=8))
    browser = colleague(given)
    await browser.open("/handling")
    assert all(
        said in browser.text
        for said in ("签收时限 今天 17:00", "本部门办理期限 还剩 2 个工作日", "承诺 3月16日 周一")
    )


async def test_late_is_said_with_its_clock(given: Given) -> None:
    people(given)
    assigned(given, OTHER, due=timedelta(hours=3))
    with at_another_time(given, timedelta(days=2)):
        browser = colleague(given)
        await browser.open("/handling")
        assert "签收时限 逾期 2 个工作日" in browser.text and 'class="left late"' in browser.page.text


async def test_a_substitute_finds_it_among_their_own_and_a_colleague_among_those_of_others(
    given: Given,
) -> None:
    at_work(given)
    named(given, "li", "sun")
    stands_in, other = colleague(given, "sun"), colleague(given, "qian")
    await stands_in.open("/handling")
    assert headings(stands_in) == ["mine"] and "由我代理" in stands_in.text
    await other.open("/handling")
    assert headings(other) == ["others"]


async def test_what_is_new_since_one_looked_is_bold_and_then_no_more(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open("/handling")
    assert 'class="sel unread"' in browser.page.text
    await browser.open(PATH)
    await browser.open("/handling")
    assert 'class="sel"' in browser.page.text
    drafted(given)
    sent_back(given, "没有写时间", at=AT + timedelta(minutes=5))
    await browser.open("/handling")
    assert 'class="sel unread"' in browser.page.text


async def test_a_draft_that_came_back_says_so_with_its_reason(given: Given) -> None:
    at_work(given)
    drafted(given)
    browser = colleague(given)
    await browser.open("/handling")
    assert headings(browser) == ["waiting"] and "第 1 稿等领导签发" in browser.text
    sent_back(given, "没有写时间")
    await browser.open("/handling")
    assert headings(browser) == ["free"] and "拟复退回修改： 没有写时间" in browser.text


async def test_the_chosen_one_stands_beside_the_list_with_what_can_be_done(given: Given) -> None:
    at_work(given)
    assigned(given, OTHER, "厂区门口积水")
    browser = colleague(given)
    await browser.open(f"/handling?chosen={OTHER}")
    assert "签收，由我承办" in browser.text and f'action="/issues/{OTHER}/sign"' in browser.page.text
    await browser.send(f"/issues/{OTHER}/sign")
    assert given.asked.bodies(f"/issues/{OTHER}/sign") == [{"assignment": f"{OTHER}.1"}]
    assert given.asked.bodies(f"/issues/{OTHER}/name-handler") == [
        {"assignment": f"{OTHER}.1", "handler": "li"}
    ]


async def test_an_issue_that_was_chosen_and_is_not_in_the_list_any_more_is_no_error(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    assert (await browser.open(f"/handling?chosen={OTHER}&after=x.y&list=nonsense")).status_code == 200
    assert TITLE in browser.text


async def test_an_empty_list_says_what_comes_next(given: Given) -> None:
    people(given)
    browser = colleague(given)
    await browser.open("/handling")
    assert "没有要办的事" in browser.text
    await browser.open("/handling?list=later")
    assert "这张清单是空的" in browser.text


@pytest.mark.parametrize("only", ["", "?list=free"])
async def test_a_long_list_goes_on_page_by_page_and_shows_each_once(
    given: Given, monkeypatch: pytest.MonkeyPatch, only: str
) -> None:
    people(given)
    monkeypatch.setattr(handling, "PAGE", 2)
    monkeypatch.setattr("services.portal.desks.department.queue.OF_EACH", 1)
    ids = [letter * 13 for letter in "ABCDE"]
    for place, id in enumerate(ids):
        assigned(given, id, due=timedelta(hours=1 + place // 2))
    browser = colleague(given)
    await browser.open("/handling" + only)
    found = order(browser)
    assert len(found) == (2 if only else 1)
    while onward := re.search(r'<p class="next-page"><a class="btn quiet" href="([^"]+)"', browser.page.text):
        await browser.open(onward[1].replace("&amp;", "&"))
        found += order(browser)
    assert found == ids


def test_no_list_of_a_department_reads_the_whole_table_of_issues(given: Given) -> None:
    reads = given.shown.reader()
    values = {
        "departments": '["d"]',
        "department": "d",
        "account": "a",
        "states": "[]",
        "at": 0,
        "id": "",
        "most": 1,
        "never": 1,
    }
    for which in (handling.MINE, handling.FREE, handling.OTHERS, handling.WAITING, handling.UNSIGNED):
        chosen = handling.CHOSEN.format(whose=which.whose)
        sql = handling.LISTED.format(chosen=chosen)
        plan = [row[3] for row in reads.execute(f"EXPLAIN QUERY PLAN {sql}", values)]
        assert any("SEARCH issue USING INDEX issue_by_handler" in step for step in plan), plan
        assert not any(step.startswith("SCAN issue") for step in plan), plan
    plan = [row[3] for row in reads.execute(f"EXPLAIN QUERY PLAN {co_handlers.LISTED}", values)]
    assert any("SEARCH part USING INDEX co_handler_by_department" in step for step in plan), plan
    assert not any(step.startswith("SCAN") for step in plan), plan


LISTS = ("MINE", "FREE", "OTHERS", "WAITING", "MINE_WAITING", "LATER", "UNSIGNED")


def test_a_list_has_as_many_issues_as_are_counted_also_before_a_registration_is_read(given: Given) -> None:
    at_work(given)
    early, mine, waiting = "EEEEEEEEEEEEE", "MMMMMMMMMMMMM", "WWWWWWWWWWWWW"
    given.assigned(early)  # intake's word of it is still to come
    assigned(given, mine)
    named(given, "li", id=mine)
    assigned(given, waiting)
    drafted(given, id=waiting)
    reads, reached = given.shown.reader(), set()
    for name in LISTS:
        which = getattr(handling, name)
        shown = [row["id"] for row in handling.listed(reads, ["housing"], "li", which)]
        assert handling.count(reads, ["housing"], "li", which) == len(shown), name
        reached |= {*shown}
    assert reached == {ISSUE, mine, waiting}
    assert handling.load(reads, "housing") == {"": 1, "li": 1}


async def test_an_odd_place_is_the_beginning_of_a_list(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    for place in ("9" * 19 + ".x", "9" * 40 + ".x", "-1.x", "1.", "1." + "x" * 61, "١.x"):
        await browser.open(f"/handling?list=free&after={place}")
        assert browser.page.status_code == 200 and ISSUE in browser.page.text, place


async def test_the_leader_begins_with_the_drafts_that_wait_and_finds_what_nobody_handles(
    given: Given,
) -> None:
    at_work(given)
    drafted(given)
    assigned(given, OTHER, "厂区门口积水")
    browser = leader(given)
    await browser.open("/")
    assert browser.page.url.path == "/signing"
    assert all(said in browser.text for said in (TITLE, "1 份拟复等您签发", "解决", "有 1 件还没有人承办"))
    await browser.open("/handling")
    assert headings(browser) == ["free", "waiting"]


async def test_a_leader_without_drafts_to_sign_is_told_so(given: Given) -> None:
    at_work(given)
    browser = leader(given)
    await browser.open("/signing")
    assert "没有等您签发的拟复" in browser.text


async def test_another_department_sees_none_of_it_and_other_roles_find_no_such_page(given: Given) -> None:
    at_work(given)
    drafted(given)
    transport = colleague(given, "he", Role.HANDLER, "transport")
    await transport.open("/handling")
    assert TITLE not in transport.text and NUMBER not in transport.text
    for role in (Role.OFFICE, Role.SUPERVISOR, Role.LEADER):
        for path in ("/handling", "/signing"):
            assert (await colleague(given, "he", role, "").open(path)).status_code == 404
    assert (await colleague(given).open("/signing")).status_code == 404
    assert (await given.browser().open("/handling")).url.path == "/sign-in"


async def test_the_lists_are_in_english_too(given: Given) -> None:
    at_work(given)
    assigned(given, OTHER, "厂区门口积水")
    browser = colleague(given)
    await browser.open("/view?language=en&next=/handling")
    assert "What we have to do" in browser.text and "Nobody has taken it on yet" in browser.text


async def test_each_row_says_whose_turn_it_is(given: Given) -> None:
    at_work(given)
    handler, chief = colleague(given), leader(given)

    async def said(browser: Browser) -> str:
        await browser.open("/handling")
        return browser.text

    assert "还没有人承办： 已签收，还没有拟复" in await said(handler)
    named(given, "li")
    assert "轮到您： 已签收，还没有拟复" in await said(handler)
    assert "轮到李强：" in await said(chief)
    drafted(given)
    assert "轮到领导： 第 1 稿等领导签发" in await said(handler) and "轮到您： 第 1 稿" in await said(chief)
    sent_back(given, "没有写时间")
    assert "轮到您： 拟复退回修改： 没有写时间" in await said(handler)


@pytest.mark.parametrize("path", ["/handling", "/signing"])
async def test_the_lists_stay_up_to_date_while_they_are_open(given: Given, path: str) -> None:
    at_work(given)
    named(given, "li")
    browser = leader(given)
    await browser.open(path)
    address = re.search(r'hx-sse:connect="([^"]+)"', browser.page.text)
    assert address is not None and address[1].startswith(path) and "live=" in address[1]
    messages = await followed(browser, given, unescape(address[1]))
    waiting = await waits(messages)
    drafted(given)
    message = await waiting
    assert "第 1 稿" in message.data and message.id
    assert 'name="mark"' not in message.data, "what is another one in each drawing would be sent for ever"


async def followed(browser: Browser, given: Given, address: str) -> AsyncIterator[Any]:
    """The messages of the list at this address, as the browser follows it."""
    path, _, query = address.partition("?")
    cookie = f"{COOKIE}={browser.client.cookies[COOKIE]}"
    scope = {"type": "http", "path": path, "query_string": query.encode(), "method": "GET", "scheme": "http"}
    headers = [(b"cookie", cookie.encode()), (b"accept-language", b"zh-CN")]
    page = Page(given.portal, Request({**scope, "headers": headers, "server": ("h", 80)}))
    chosen = parse_qs(query).get("chosen", [""])[0]
    answer = await (queue(page, chosen=chosen) if path == "/handling" else signing(page))
    assert isinstance(answer, StreamingResponse)
    return answer.body_iterator.__aiter__()
