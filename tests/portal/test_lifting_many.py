"""Many issues are lifted off the ladder with one reason: seen before, each by its own command, none of them lost."""

import re

import pytest

from shared.contract.words import Role
from tests.portal.given import DONE, Browser, Given, refused
from tests.portal.test_acting_on_the_ladder import staff
from tests.portal.test_board import LATE, LATER, SOON, TITLES, TODAY, official, town
from tests.portal.test_ladder import raised

PATH = "/board/lift"
REASON = "已逐件当面整改"
AWAY = (503, {"title": "away"})


def command(id: str) -> str:
    """Where one issue is lifted."""
    return f"/issues/{id}/lift-ladder"


@pytest.fixture
def on_ladder(given: Given) -> Given:
    """Three of the town's issues stand on the ladder: two that departments hold, one that nobody holds."""
    town(given)
    for id, step in ((LATE, 4), (TODAY, 1), (SOON, 2)):
        given.shown.tell("supervision", "ladder.raised.v1", raised(step), id)
    return given


def to_be_lifted(browser: Browser) -> dict[str, str]:
    """The ids that the form would send, each with its step."""
    return dict(re.findall(r'name="step-(\w+)" value="(\d+)"', browser.page.text))


async def chosen(browser: Browser, *ids: str) -> Browser:
    """The page on which these were chosen."""
    await browser.open(f"{PATH}?{'&'.join(f'issue={id}' for id in ids)}")
    return browser


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.LEADER])
async def test_the_board_lets_those_on_the_ladder_be_chosen(on_ladder: Given, role: Role) -> None:
    browser = official(on_ladder, role)
    await browser.open("/board")
    assert re.findall(r'name="issue" value="(\w+)"', browser.page.text) == [LATE, TODAY, SOON]
    assert 'formaction="/board/order"' in browser.page.text
    address = re.search(r'href="(/board/lift\?[^"]+)"', browser.page.text)
    assert address is not None
    await browser.open(address[1].replace("&amp;", "&"))
    assert to_be_lifted(browser) == {LATE: "4", TODAY: "1", SOON: "2"}


async def test_the_office_sees_the_board_and_chooses_nothing(on_ladder: Given) -> None:
    browser = official(on_ladder, Role.OFFICE)
    await browser.open("/board")
    assert 'name="issue"' not in browser.page.text
    assert (await browser.open(f"{PATH}?issue={LATE}")).status_code == 404


async def test_each_is_lifted_from_its_step_with_the_one_reason(on_ladder: Given) -> None:
    browser = await chosen(official(on_ladder), LATE, TODAY, LATE)
    assert "解除这 2 件" in browser.text and "红灯" in browser.text
    assert (await browser.send(PATH)).status_code == 422 and "请写明解除的理由" in browser.text
    assert not on_ladder.asked.bodies(command(LATE))
    await browser.send(PATH, reason=REASON)
    assert on_ladder.asked.bodies(command(LATE)) == [{"step": 4, "reason": REASON}]
    assert on_ladder.asked.bodies(command(TODAY)) == [{"step": 1, "reason": REASON}]
    assert "已解除 2 件" in browser.text and not to_be_lifted(browser)
    assert on_ladder.asked.keys(command(LATE)) != on_ladder.asked.keys(command(TODAY))


async def test_what_cannot_be_lifted_stands_apart_with_why(on_ladder: Given) -> None:
    staff(on_ladder, "city", "housing")
    browser = await chosen(official(on_ladder), LATE, SOON, LATER, "0" * 13)
    assert to_be_lifted(browser) == {SOON: "2"}
    cannot = browser.text.partition("不能解除")[2]
    assert "由您所在的部门承办" in cannot and "尚未升级" in cannot
    assert TITLES[LATE] in cannot and TITLES[LATER] in cannot


async def test_what_was_refused_stays_with_its_reason_and_is_asked_for_alone(on_ladder: Given) -> None:
    browser = await chosen(official(on_ladder), LATE, TODAY)
    on_ladder.asked.answers[f"POST {command(TODAY)}"] = refused("stale_step", "请先看现在的级别")
    answer = await browser.send(PATH, reason=REASON)
    assert answer.status_code == 422 and "没有全部办成" in browser.text and REASON in answer.text
    assert "已解除 1 件" in browser.text and to_be_lifted(browser) == {TODAY: "1"}
    on_ladder.asked.answers[f"POST {command(TODAY)}"] = (200, DONE)
    assert (await browser.send(PATH)).status_code == 200
    assert len(on_ladder.asked.bodies(command(LATE))) == 1
    assert len(set(on_ladder.asked.keys(command(TODAY)))) == 2


async def test_what_got_no_answer_is_sent_again_under_the_same_key(on_ladder: Given) -> None:
    browser = await chosen(official(on_ladder), LATE, TODAY)
    on_ladder.asked.answers[f"POST {command(TODAY)}"] = AWAY
    assert (await browser.send(PATH, reason=REASON)).status_code == 503
    on_ladder.asked.answers[f"POST {command(TODAY)}"] = (200, DONE)
    assert (await browser.send(PATH)).status_code == 200
    assert len(on_ladder.asked.keys(command(TODAY))) == 2
    assert len(set(on_ladder.asked.keys(command(TODAY)))) == 1


async def test_the_same_form_sent_twice_asks_under_the_same_keys(on_ladder: Given) -> None:
    browser = await chosen(official(on_ladder), LATE, TODAY)
    before = browser.page
    for _ in range(2):
        browser.page = before
        await browser.send(PATH, reason=REASON)
        assert "已解除 2 件" in browser.text
    for id in (LATE, TODAY):
        assert len(set(on_ladder.asked.keys(command(id)))) == 1


async def test_without_a_choice_it_says_where_to_choose(on_ladder: Given) -> None:
    browser = official(on_ladder)
    await browser.open(PATH)
    assert "没有可以解除的" in browser.text and "/board?step=any" in browser.page.text
    assert (await chosen(browser, "x", "%00", "9" * 400)).page.status_code == 200
