"""Co-handlers on pages: the office asks, the department that is asked finds it and answers, and who signs reads it."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contract.words import Role
from tests.portal.department import FIRST, PATH, at_work, colleague, dispatch, drafted, leader
from tests.portal.given import Given, refused, stamp
from tests.portal.office_given import OFFICE, clerk, directory
from tests.portal.projection.given import AT, ISSUE

PART, WANTED, WHY = f"{ISSUE}.c1", "灯杆位置是否影响规划红线", "三号灯杆占用红线，请内移"
ANSWER = "已内移两米"
ABOUT = {"assignment": PART, "department": "planning", "round": 1}
ADD, RELEASE, OPINION = f"{OFFICE}/add-co-handler", f"{OFFICE}/release-co-handler", f"{PATH}/give-opinion"
DUE = AT + timedelta(days=3)


@pytest.fixture(autouse=True)
def _held(given: Given) -> None:
    """The housing department has signed for an issue."""
    directory(given)
    at_work(given)
    tell(given, "assignment.signed.v1", {"assignment": FIRST, "department": "housing", "by": "housing/li"})
    dispatch(given)
    given.now = AT + timedelta(hours=2)


def tell(given: Given, type: str, data: dict[str, Any], owner: str = "dispatch") -> None:
    given.shown.tell(owner, type, data, at=AT)


def asked(given: Given) -> None:
    """Planning is asked for its opinion, and its clock runs."""
    terms = {"limit": "3wd", "policy": "p", "calendar": "c", "started_at": stamp(AT), "due_at": stamp(DUE)}
    added = {**ABOUT, **terms, "head": "局长", "wanted": WANTED, "by": "wang"}
    tell(given, "assignment.co_handler_added.v1", added)
    tell(given, "clock.started.v1", {"clock": "co_handler", **ABOUT, **terms}, "supervision")


def heard(given: Given, agrees: bool = False) -> None:
    """Planning said so; dispatch has the words."""
    tell(given, "assignment.co_handler_heard.v1", {**ABOUT, "agrees": agrees, "by": "planning/xu"})
    dispatch(given)["co_handlers"] = [{**ABOUT, "agrees": agrees, "words": WHY}]


async def test_the_office_asks_another_department_and_nothing_typed_is_lost(given: Given) -> None:
    browser = clerk(given)
    await browser.open(PATH)
    assert f'href="{ADD}"' in browser.page.text and f'href="{RELEASE}"' not in browser.page.text
    await browser.open(ADD)
    assert "市规划局" in browser.text and 'value="housing"' not in browser.page.text, "the lead is not asked"
    assert (await browser.send(ADD, department="", wanted=WANTED)).status_code == 422
    assert "请选择协办部门" in browser.text and WANTED in browser.page.text
    given.asked.answers[f"POST {PATH}/add-co-handler"] = refused("unknown_department", "已撤并")
    assert (await browser.send(ADD, department="planning", wanted=WANTED)).status_code == 422
    assert 'id="department-wrong"' in browser.page.text and WANTED in browser.page.text
    del given.asked.answers[f"POST {PATH}/add-co-handler"]
    await browser.send(ADD, department="planning", wanted=WANTED)
    body = {"assignment": FIRST, "department": "planning", "wanted": WANTED}
    assert given.asked.bodies(f"{PATH}/add-co-handler")[-1] == body
    assert "已请其协办" in browser.text


async def test_the_office_sees_who_is_waited_for_and_releases_it_with_a_reason(given: Given) -> None:
    asked(given)
    browser = clerk(given)
    await browser.open(PATH)
    assert WANTED in browser.text and "待反馈" in browser.text
    await browser.open(RELEASE)
    assert (await browser.send(RELEASE, reason="")).status_code == 422
    await browser.send(RELEASE, reason="已另行征求意见")
    assert given.asked.bodies(f"{PATH}/release-co-handler") == [
        {"assignment": PART, "reason": "已另行征求意见"}
    ]


async def test_the_co_handling_department_finds_it_in_its_queue_with_its_own_clock(given: Given) -> None:
    asked(given)
    for account, role in (("xu", Role.HANDLER), ("fang", Role.DEPARTMENT_LEADER)):
        browser = colleague(given, account, role, "planning")
        await browser.open("/handling")
        assert "请我部门协办" in browser.text and "协办：" in browser.text and WANTED in browser.text
        assert "协办意见" in browser.text and f'href="{OPINION}"' in browser.page.text


async def test_a_co_handler_gives_its_opinion_and_an_objection_says_why(given: Given) -> None:
    asked(given)
    browser = colleague(given, "xu", Role.HANDLER, "planning")
    await browser.open(OPINION)
    assert WANTED in browser.text
    assert (await browser.send(OPINION, words="")).status_code == 422
    assert (await browser.send(OPINION, agrees="no", words="")).status_code == 422
    assert "请写明理由：主办单位须予答复" in browser.text
    await browser.send(OPINION, agrees="no", words=WHY)
    assert given.asked.bodies(OPINION) == [{"assignment": PART, "agrees": False, "words": WHY}]
    assert "意见已反馈给主办单位" in browser.text


async def test_a_co_handler_reads_the_issue_without_drafts_and_can_do_nothing_else(given: Given) -> None:
    asked(given)
    drafted(given)
    browser = colleague(given, "xu", Role.HANDLER, "planning")
    await browser.open(PATH)
    assert f'href="{OPINION}"' in browser.page.text and "拟稿" not in browser.text
    for verb in ("draft", "sign", "return", "ask-pause", "name-handler", "notes"):
        assert f'href="{PATH}/{verb}"' not in browser.page.text
        assert (await browser.open(f"{PATH}/{verb}")).status_code == 404, verb
    other = colleague(given, "qian", Role.HANDLER, "urban_management")
    assert (await other.open(PATH)).status_code == 404


async def test_who_was_released_reads_it_no_more_and_what_was_heard_is_not_asked_again(given: Given) -> None:
    asked(given)
    heard(given)
    browser = colleague(given, "xu", Role.HANDLER, "planning")
    await browser.open(PATH)
    assert WHY in browser.text and f'href="{OPINION}"' not in browser.page.text
    assert "不能" in (await browser.open(OPINION)).text
    tell(given, "assignment.co_handler_released.v1", {**ABOUT, "because": "person", "by": "wang"})
    assert (await browser.open(PATH)).status_code == 404


async def test_the_leader_does_not_sign_before_it_is_heard_and_answers_an_objection(given: Given) -> None:
    asked(given)
    drafted(given)
    browser = leader(given)
    await browser.open(PATH)
    assert "暂不能签发：市规划局的协办意见尚在反馈期限内" in browser.text
    heard(given)
    await browser.open(f"{PATH}/sign-off")
    assert WHY in browser.text and "对协办单位不同意见的答复" in browser.text
    given.asked.answers[f"POST {PATH}/sign-off"] = refused("answer_missing", "answer: planning objects")
    assert (await browser.send(f"{PATH}/sign-off", do="sign_off", answer="")).status_code == 422
    assert 'id="answer-wrong"' in browser.page.text
    del given.asked.answers[f"POST {PATH}/sign-off"]
    await browser.send(f"{PATH}/sign-off", do="sign_off", answer="已内移两米")
    assert given.asked.bodies(f"{PATH}/sign-off")[-1]["answer"] == "已内移两米"


async def test_opinions_stand_beside_the_draft_where_it_is_written_and_checked(given: Given) -> None:
    asked(given)
    heard(given)
    browser = colleague(given)
    await browser.open(f"{PATH}/draft")
    assert WHY in browser.text and "有不同意见" in browser.text
    drafted(given)
    about = {"assignment": FIRST, "department": "housing", "round": 1, "draft": 1, "sha256": "1" * 64}
    tell(given, "reply.signed_off.v1", {**about, "by": "housing/zhou"})
    dispatch(given)["state"] = "signed_off"
    dispatch(given)["drafts"][0] |= {"signed_off_by": "department_leader:housing/zhou"}
    dispatch(given)["co_handlers"][0]["answer"] = ANSWER
    office = clerk(given)
    await office.open(f"{OFFICE}/check")
    assert WHY in office.text and ANSWER in office.text


async def test_who_objected_reads_on_the_page_of_the_issue_what_was_answered(given: Given) -> None:
    asked(given)
    browser = colleague(given, "xu", Role.HANDLER, "planning")
    await browser.open(OPINION)
    assert "对它的答复可在本件页面查看" in browser.text
    heard(given)
    await browser.open(PATH)
    assert WHY in browser.text and "对不同意见的答复" not in browser.text
    dispatch(given)["co_handlers"][0]["answer"] = ANSWER  # of the drafts dispatch shows it none
    await browser.open(PATH)
    assert f"对不同意见的答复： {ANSWER}" in browser.text and "拟稿" not in browser.text


async def test_the_history_tells_officials_of_it_and_the_clock_of_the_lead_stays_what_presses(
    given: Given,
) -> None:
    asked(given)
    browser = colleague(given)
    await browser.open("/handling")
    assert "协办意见" not in browser.text
    heard(given)
    await browser.open(PATH)
    assert "请市规划局协办" in browser.text and "市规划局有不同意见" in browser.text
