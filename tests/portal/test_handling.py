"""What a department does about an issue it holds: sign, give back, hand over; and what it reads where it cannot."""

import re
from datetime import timedelta
from typing import Any

import pytest

from shared.contract.words import Role
from tests.portal.department import (
    FIRST,
    PATH,
    PEOPLE,
    assigned,
    at_work,
    colleague,
    dispatch,
    drafted,
    leader,
    named,
    people,
)
from tests.portal.given import ISSUE, TEXT, TITLE, Browser, Given, refused, stamp
from tests.portal.projection.given import AT

SIGN, RETURN, NAME = f"{PATH}/sign", f"{PATH}/return", f"{PATH}/name-handler"


def offered(browser: Browser) -> set[str]:
    """What the page of the issue leads to."""
    return set(re.findall(rf'href="{PATH}/([a-z-]+)"', browser.page.text)) - {"notes"}


async def test_what_is_not_signed_for_yet_is_signed_or_given_back_and_why_no_draft_is_said(
    given: Given,
) -> None:
    people(given)
    assigned(given, ISSUE)
    handler, chief = colleague(given), leader(given)
    await handler.open(PATH)
    assert offered(handler) == {"sign", "return", "name-handler"} and "还不能写拟复：请先签收" in handler.text
    await chief.open(PATH)
    assert "不能签发：还没有人签收" in chief.text


async def test_what_is_in_hand_is_drafted_and_why_it_cannot_be_signed_off_is_said(given: Given) -> None:
    at_work(given)
    handler, chief = colleague(given), leader(given)
    await handler.open(PATH)
    assert offered(handler) == {
        "draft",
        "return",
        "name-handler",
        "ask-extension",
        "ask-pause",
        "ask-enterprise",
    }
    await chief.open(PATH)
    assert "不能签发：还没有拟复" in chief.text and "sign-off" not in offered(chief)


async def test_in_another_round_a_reply_is_drafted_again(given: Given) -> None:
    given.answered()
    people(given)
    named(given, "li")
    dispatch(given)["drafts"] = []
    given.shown.tell("feedback", "rework.asked.v1", {"round": 1, "reason": "还是黑的"})
    handler = colleague(given)
    await handler.open(PATH)
    assert "draft" not in offered(handler)
    given.shown.tell("feedback", "rework.decided.v1", {"round": 2, "by": "chen"})
    await handler.open(PATH)
    assert "draft" in offered(handler)
    await handler.open("/handling")
    assert "draft" in offered(handler)


async def test_a_draft_with_the_leader_is_taken_back_or_signed_off(given: Given) -> None:
    at_work(given)
    drafted(given)
    handler, chief = colleague(given), leader(given)
    await handler.open(PATH)
    assert offered(handler) == {"take-back", "name-handler", "ask-extension"}
    assert "拟复已交领导签发，要改请先收回" in handler.text and "不能退回：已经写过拟复" in handler.text
    await chief.open(PATH)
    assert offered(chief) == {"sign-off", "name-handler", "ask-extension"}


async def test_who_is_not_named_reads_who_handles_it_instead_of_buttons(given: Given) -> None:
    at_work(given)
    named(given, "li")
    other = colleague(given, "sun")
    await other.open(PATH)
    assert offered(other) == {"return", "ask-extension", "ask-pause", "ask-enterprise"}
    assert "不能写拟复：由李强承办" in other.text and "不能转交：由李强承办" in other.text


async def test_why_not_names_somebody_as_text_whatever_the_name_is(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(PEOPLE, "li", "<b>100%李强</b>")
    at_work(given)
    named(given, "li")
    other = colleague(given, "sun")
    page = await other.open(PATH)
    assert page.status_code == 200 and "不能写拟复：由&lt;b&gt;100%李强&lt;/b&gt;承办" in page.text


async def test_signing_names_the_assignment_and_takes_it_on_if_one_says_so(given: Given) -> None:
    people(given)
    assigned(given, ISSUE)
    browser = colleague(given)
    await browser.open(SIGN)
    assert TITLE in browser.text and TEXT.splitlines()[0] in browser.text
    await browser.send(SIGN)
    assert browser.page.url.path == PATH and "已签收，现在由本部门办理" in browser.text
    assert given.asked.bodies(SIGN) == [{"assignment": FIRST}]
    assert given.asked.bodies(NAME) == [{"assignment": FIRST, "handler": "li"}]


async def test_a_click_on_sign_that_is_sent_twice_is_one_request(given: Given) -> None:
    people(given)
    assigned(given, ISSUE)
    browser = colleague(given)
    page = await browser.open(SIGN)
    await browser.send(SIGN)
    browser.page = page
    await browser.send(SIGN)
    assert len(set(given.asked.keys(SIGN))) == 1


async def test_who_signs_second_hears_what_happened_meanwhile(given: Given) -> None:
    people(given)
    assigned(given, ISSUE)
    browser = colleague(given)
    await browser.open(SIGN)
    signed = {"assignment": FIRST, "department": "housing", "by": "housing/sun"}
    given.shown.tell("dispatch", "assignment.signed.v1", signed)
    given.asked.answers[f"POST {SIGN}"] = refused("illegal_move", "当前状态不允许这样做")
    answer = await browser.send(SIGN)
    assert answer.status_code == 422 and "刚刚有了新进展" in browser.text and "市建设局签收" in browser.text


# ------------------------------------------------------------------- return


async def test_it_is_given_back_with_a_reason_and_as_long_as_that_is_possible(given: Given) -> None:
    at_work(given)
    dispatch(given)["return_until"] = stamp(AT + timedelta(hours=8))
    browser = colleague(given)
    await browser.open(RETURN)
    assert "今天 17:00 前可以退回" in browser.text
    assert (await browser.send(RETURN)).status_code == 422 and "请写明为什么不是本部门的事" in browser.text
    await browser.send(RETURN, reason="路灯归城管局")
    assert given.asked.bodies(RETURN) == [{"assignment": FIRST, "reason": "路灯归城管局"}]
    assert "已经退回，由办公室裁定" in browser.text


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({"return_until": stamp(AT)}, "不能退回了：今天 09:00 前才可以退回"),
        ({"kept": True}, "不能退回：办公室已裁定由本部门办理"),
    ],
)
async def test_why_it_cannot_be_given_back_any_more_is_said_instead_of_a_button(
    given: Given, known: dict[str, Any], said: str
) -> None:
    at_work(given)
    dispatch(given).update(known)
    browser = colleague(given)
    await browser.open(PATH)
    assert "return" not in offered(browser) and said in browser.text
    await browser.open(RETURN)
    assert said in browser.text and "data-once" not in browser.page.text


async def test_a_return_that_comes_too_late_keeps_its_reason(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(RETURN)
    given.asked.answers[f"POST {RETURN}"] = refused("return_too_late", "退回须在一个工作日内提出")
    dispatch(given)["return_until"] = stamp(AT)
    answer = await browser.send(RETURN, reason="路灯归城管局")
    assert answer.status_code == 422 and "退回须在一个工作日内提出" in browser.text
    assert "路灯归城管局" in answer.text


async def test_a_service_that_is_away_says_so_and_what_was_written_comes_back_later(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(RETURN)
    given.asked.is_away = True
    answer = await browser.send(RETURN, reason="路灯归城管局")
    assert answer.status_code == 503 and "路灯归城管局" in answer.text
    assert (await browser.open(PATH)).status_code == 200 and TITLE in browser.text
    given.asked.is_away = False
    assert "路灯归城管局" in (await browser.open(RETURN)).text


# ------------------------------------------------------------- who handles it


async def test_the_leader_names_who_handles_it_and_who_stands_in(given: Given) -> None:
    at_work(given)
    assigned(given, "AAAAAAAAAAAAA")
    named(given, "sun", id="AAAAAAAAAAAAA")
    browser = leader(given)
    await browser.open(NAME)
    assert "孙悦 手上 1 件" in browser.text and "周平" in browser.text
    assert (await browser.send(NAME)).status_code == 422 and "请选择由谁承办" in browser.text
    assert (await browser.send(NAME, handler="li", substitute="li")).status_code == 422
    await browser.send(NAME, handler="li", substitute="sun")
    body = {"assignment": FIRST, "handler": "li", "substitute": "sun"}
    assert given.asked.bodies(NAME) == [body] and "承办人已经写明" in browser.text


async def test_handing_over_needs_a_reason(given: Given) -> None:
    at_work(given)
    named(given, "li")
    browser = colleague(given)
    await browser.open(NAME)
    assert 'value="li" checked' in browser.page.text
    answer = await browser.send(NAME, handler="sun")
    assert answer.status_code == 422 and "请写明换人的原因：现在由李强承办" in browser.text
    assert 'value="sun" checked' in browser.page.text
    await browser.send(NAME, handler="sun", reason="休假")
    assert given.asked.bodies(NAME) == [{"assignment": FIRST, "handler": "sun", "reason": "休假"}]


async def test_a_refusal_names_the_field_that_it_is_about(given: Given) -> None:
    at_work(given)
    browser = leader(given)
    await browser.open(NAME)
    wrong = {"type": "x", "title": "内容格式不正确", "status": 422, "reason": "malformed"}
    errors = [{"field": "handler", "rule": "应为其中之一：li, sun"}]
    given.asked.answers[f"POST {NAME}"] = (422, {**wrong, "errors": errors})
    await browser.send(NAME, handler="qian")
    assert 'id="handler-wrong"' in browser.page.text and "应为其中之一" in browser.text


# ------------------------------------------------------------------- rights


@pytest.mark.parametrize("page", ["sign", "return", "name-handler", "draft", "take-back", "sign-off"])
async def test_another_department_and_every_other_role_find_no_such_page(given: Given, page: str) -> None:
    at_work(given)
    drafted(given)
    for account, role, department in (
        ("he", Role.HANDLER, "transport"),
        ("he", Role.DEPARTMENT_LEADER, "transport"),
        ("chen", Role.OFFICE, ""),
        ("zhao", Role.SUPERVISOR, ""),
    ):
        browser = colleague(given, account, role, department)
        assert (await browser.open(f"{PATH}/{page}")).status_code == 404, (role, page)
        await browser.open("/sign-in")
        mark = re.search(r'name="mark" value="([^"]+)"', browser.page.text)
        assert mark is not None
        sent = await browser.client.post(f"{PATH}/{page}", data={"mark": mark[1], "reason": "x", "text": "y"})
        assert sent.status_code == 404, (role, page)
    assert not [one for one in given.asked.requests if one.method == "POST"]


async def test_a_handler_signs_nothing_off(given: Given) -> None:
    at_work(given)
    drafted(given)
    assert (await colleague(given).open(f"{PATH}/sign-off")).status_code == 404


async def test_what_is_not_possible_where_the_issue_stands_leads_back_to_it(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    for page in ("sign", "take-back"):
        await browser.open(f"{PATH}/{page}")
        assert browser.page.url.path == PATH and "现在的状态不能这样做" in browser.text


async def test_without_dispatch_the_page_of_an_issue_still_shows_all_that_is_known(given: Given) -> None:
    at_work(given)
    drafted(given)
    browser = colleague(given)
    given.asked.is_away = True
    assert (await browser.open(PATH)).status_code == 200
    assert TITLE in browser.text and "take-back" in offered(browser)
