"""Many issues get a supervision order by hand: seen before, confirmed, each by its own command, none of them twice."""

import re

import pytest

from shared.contract.words import Role
from tests.portal.given import DONE, Browser, Given, refused
from tests.portal.test_acting_on_the_ladder import staff
from tests.portal.test_board import LATE, LATER, SEALED, SOON, official, town

PATH = "/board/order"
WORDS = "请分管领导牵头，三日内到现场核查。"
WRITTEN = {"words": WORDS, "signature": "沈岚"}
AWAY = (503, {"title": "away"})


def command(id: str) -> str:
    """Where one order is issued."""
    return f"/issues/{id}/issue-document"


@pytest.fixture
def held(given: Given) -> Given:
    """Of the town's issues departments hold three; the official who asks can sign."""
    town(given)
    staff(given, "city")
    given.assigned(SOON)
    return given


def chosen_in(browser: Browser) -> list[str]:
    """The ids that the form would send."""
    return re.findall(r'name="issue-(\w+)" value="1"', browser.page.text)


async def chosen(browser: Browser, *ids: str) -> Browser:
    await browser.open(f"{PATH}?{'&'.join(f'issue={id}' for id in ids)}")
    return browser


async def test_nothing_is_sent_before_what_goes_out_was_seen_and_confirmed(held: Given) -> None:
    browser = await chosen(official(held), LATE, SOON, LATE)
    assert chosen_in(browser) == [LATE, SOON]
    await browser.send(PATH, **WRITTEN, answer_days="3")
    assert (
        "确认签发 2 份督办单" in browser.text and WORDS in browser.text and "3 个工作日内回复" in browser.text
    )
    assert not held.asked.bodies(command(LATE))
    await browser.send(PATH, do="confirmed")
    body = {"kind": "supervision_order", **WRITTEN, "answer_days": 3}
    assert held.asked.bodies(command(LATE)) == held.asked.bodies(command(SOON)) == [body]
    assert held.asked.keys(command(LATE)) != held.asked.keys(command(SOON))
    assert "已签发 2 份督办单" in browser.text and not chosen_in(browser)


async def test_many_are_reminded_with_a_preview_as_many_are_ordered(held: Given) -> None:
    browser = await chosen(official(held), LATE, SOON)
    await browser.send(PATH, **WRITTEN, kind="reminder", answer_days="3")
    assert "确认签发 2 份催办单" in browser.text and "无需单独答复" in browser.text
    assert not held.asked.bodies(command(LATE))
    await browser.send(PATH, do="confirmed")
    body = {"kind": "reminder", **WRITTEN}
    assert held.asked.bodies(command(LATE)) == held.asked.bodies(command(SOON)) == [body]
    assert "已签发 2 份催办单" in browser.text and not chosen_in(browser)


async def test_who_cannot_be_ordered_stands_apart_with_the_reason_and_gets_nothing(held: Given) -> None:
    staff(held, "city", "housing")
    browser = await chosen(official(held), LATE, LATER, SEALED, "0" * 13)
    cannot = browser.text.partition("不能督办")[2]
    assert "由您所在的部门承办" in cannot and "没有部门承办" in cannot
    assert "这里没有可督办的问题" in browser.text
    await browser.open("/board")
    assert not held.asked.bodies(command(LATE))


async def test_an_issue_with_as_many_documents_as_there_may_be_gets_no_more(held: Given) -> None:
    for number in range(1, 21):
        told = {"document": f"d{number}", "kind": "supervision_order", "year": 2026, "number": number}
        told |= {"round": 1, "department": "housing", "by": "shen"}
        held.shown.tell("supervision", "document.issued.v1", told, LATE)
    browser = await chosen(official(held), LATE, SOON)
    assert "已手工签发的文书达到上限" in browser.text.partition("不能督办")[2]
    await browser.send(PATH, **WRITTEN)
    await browser.send(PATH, do="confirmed")
    assert held.asked.bodies(command(SOON)) and not held.asked.bodies(command(LATE))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"signature": "沈岚"}, "请填写内容"),
        ({"words": WORDS}, "请署上您的姓名"),
        ({"words": WORDS, "signature": "王芳"}, "请署上您本人在通讯录中的姓名"),
        ({**WRITTEN, "answer_days": "999"}, "请填 1 至 250 之间的工作日数"),
        ({**WRITTEN, "answer_days": "三天"}, "请填 1 至 250 之间的工作日数"),
        ({"words": "长" * 20_001, "signature": "沈岚"}, "最多 20000 个字"),
    ],
)
async def test_what_is_wrong_is_said_before_there_is_anything_to_confirm(
    held: Given, typed: dict[str, str], said: str
) -> None:
    browser = await chosen(official(held), LATE)
    assert (await browser.send(PATH, **typed)).status_code == 422
    assert said in browser.text and 'value="confirmed"' not in browser.page.text
    await browser.send(PATH, **typed, do="confirmed")
    assert not held.asked.bodies(command(LATE))


async def test_what_was_written_can_be_changed_from_the_preview(held: Given) -> None:
    browser = await chosen(official(held), LATE)
    await browser.send(PATH, **WRITTEN)
    await browser.send(PATH, do="again")
    assert WORDS in browser.page.text and "<textarea" in browser.page.text
    assert not held.asked.bodies(command(LATE))


async def test_what_was_refused_stays_with_its_reason_and_is_asked_for_alone(held: Given) -> None:
    browser = await chosen(official(held), LATE, SOON)
    held.asked.answers[f"POST {command(SOON)}"] = refused("illegal_move", "已办结")
    await browser.send(PATH, **WRITTEN)
    answer = await browser.send(PATH, do="confirmed")
    assert answer.status_code == 422 and "没有全部办成" in browser.text
    assert chosen_in(browser) == [SOON] and WORDS in browser.page.text
    held.asked.answers[f"POST {command(SOON)}"] = (200, DONE)
    await browser.send(PATH)
    await browser.send(PATH, do="confirmed")
    assert len(held.asked.bodies(command(LATE))) == 1 and len(held.asked.bodies(command(SOON))) == 2


async def test_pressed_twice_the_same_commands_go_out_under_the_same_keys(held: Given) -> None:
    browser = await chosen(official(held), LATE, SOON)
    await browser.send(PATH, **WRITTEN)
    preview = browser.page
    await browser.send(PATH, do="confirmed")
    browser.page = preview
    await browser.send(PATH, do="confirmed")
    for id in (LATE, SOON):
        first, second = held.asked.keys(command(id))
        assert first == second


async def test_nobody_else_finds_it(held: Given) -> None:
    for role in (Role.OFFICE, Role.CPPCC):
        assert (await official(held, role).open(f"{PATH}?issue={LATE}")).status_code == 404
    browser = official(held, Role.OFFICE)
    await browser.open("/board")
    assert "/board/order" not in browser.page.text


async def test_with_a_service_away_nothing_written_is_lost(held: Given) -> None:
    browser = await chosen(official(held), LATE)
    held.asked.answers[f"POST {command(LATE)}"] = AWAY
    await browser.send(PATH, **WRITTEN)
    assert (await browser.send(PATH, do="confirmed")).status_code in (422, 503)
    assert WORDS in browser.page.text
    await browser.open(PATH)
    assert WORDS in browser.page.text and chosen_in(browser) == [LATE]
