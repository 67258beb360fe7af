"""Replies: the question beside the draft, checked and released by name, sent back, and put right when they are out."""

import pytest

from shared.contract.words import Role
from tests.portal.given import DONE, ISSUE, TITLE, Given, refused
from tests.portal.office_given import DRAFT, OFFICE, PATH, SHA, clerk, directory, held, shows, signed_off

NAMED = {"assignment": f"{ISSUE}.1", "draft": 1, "sha256": SHA}


@pytest.fixture(autouse=True)
def _known(given: Given) -> None:
    directory(given)


async def test_the_question_stands_beside_the_draft_which_is_named(given: Given) -> None:
    signed_off(given)
    browser = clerk(given)
    await browser.open("/office/replies")
    assert TITLE in browser.text and f'href="{OFFICE}/check"' in browser.page.text
    await browser.open(f"{OFFICE}/check")
    page = browser.page.text
    assert page.index("先装临时的") < page.index("共十二盏")
    assert "第 1 稿" in browser.text and SHA[:8] in browser.text and "解决" in browser.text


async def test_checked_and_released_in_one_step_both_name_what_was_read(given: Given) -> None:
    signed_off(given)
    given.asked.answers[f"POST {PATH}/check"] = (200, {**DONE, "published": "/huzhou/dispatch=9"})
    browser = clerk(given)
    await browser.open(f"{OFFICE}/check")
    await browser.send(f"{OFFICE}/check", do="release")
    assert given.asked.bodies(f"{PATH}/check") == [NAMED] == given.asked.bodies(f"{PATH}/release")
    released = next(one for one in given.asked.requests if one.url.path == f"{PATH}/release")
    assert released.headers["Qinqing-After"] == "/huzhou/dispatch=9"
    assert browser.page.url.path == PATH and "答复已经发出" in browser.text


async def test_who_only_checks_leaves_the_release_to_a_colleague(given: Given) -> None:
    signed_off(given)
    browser, colleague = clerk(given), clerk(given, "chen")
    await browser.open(f"{OFFICE}/check")
    await browser.send(f"{OFFICE}/check", do="check")
    assert not given.asked.bodies(f"{PATH}/release")
    checked = {"assignment": f"{ISSUE}.1", "department": "housing", "round": 1, "draft": 1, "sha256": SHA}
    given.shown.tell("dispatch", "reply.checked.v1", {**checked, "by": "wang"})
    shows(given, "checked", DRAFT)
    await colleague.open("/office/replies")
    assert "已审核，未发出" in colleague.text
    await colleague.open(f"{OFFICE}/release")
    await colleague.send(f"{OFFICE}/release", do="release")
    assert given.asked.bodies(f"{PATH}/release") == [NAMED]


async def test_another_draft_than_was_read_is_refused_and_the_newest_is_shown(given: Given) -> None:
    signed_off(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/check")
    newer = {**DRAFT, "number": 2, "sha256": "b" * 64, "text": "十二盏路灯，昨晚已亮。"}
    shows(given, "signed_off", {**DRAFT, "sent_back_reason": "没写哪天亮"}, newer)
    given.asked.answers[f"POST {PATH}/check"] = refused("stale_draft", "拟稿已经换了")
    answer = await browser.send(f"{OFFICE}/check", do="release")
    assert answer.status_code == 422 and "刚刚有了新进展" in browser.text and "昨晚已亮" in browser.text
    assert "没写哪天亮" in browser.text, "what was sent back before is there to read"
    assert not given.asked.bodies(f"{PATH}/release")
    del given.asked.answers[f"POST {PATH}/check"]
    await browser.send(f"{OFFICE}/check", do="release")
    assert given.asked.bodies(f"{PATH}/release")[-1]["draft"] == 2


async def test_a_check_that_is_still_under_way_is_said_to_be_and_nothing_goes_out_before(
    given: Given,
) -> None:
    signed_off(given)
    given.asked.answers[f"POST {PATH}/check"] = (202, {"status": "pending"})
    browser = clerk(given)
    await browser.open(f"{OFFICE}/check")
    answer = await browser.send(f"{OFFICE}/check", do="release")
    assert answer.status_code == 202 and "正在处理，还没有完成" in browser.text
    assert not given.asked.bodies(f"{PATH}/release")
    await browser.send(f"{OFFICE}/check", do="release")
    first, second = given.asked.keys(f"{PATH}/check")
    assert first == second, "the same request is answered what became of it"


async def test_a_draft_is_sent_back_with_what_is_missing(given: Given) -> None:
    signed_off(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/check")
    answer = await browser.send(f"{OFFICE}/send-back", reason=" ")
    assert answer.status_code == 422 and "请写明缺什么" in browser.text
    await browser.send(f"{OFFICE}/send-back", reason="没写哪天亮")
    assert given.asked.bodies(f"{PATH}/send-back") == [{**NAMED, "reason": "没写哪天亮"}]


async def test_a_refused_sending_back_keeps_the_words(given: Given) -> None:
    signed_off(given)
    given.asked.answers[f"POST {PATH}/send-back"] = refused("illegal_move", "当前状态不允许这样做")
    browser = clerk(given)
    await browser.open(f"{OFFICE}/check")
    answer = await browser.send(f"{OFFICE}/send-back", reason="没写哪天亮")
    assert answer.status_code == 422 and "没写哪天亮" in answer.text


async def test_a_dispatch_that_is_away_shows_the_question_and_says_that_the_draft_cannot_be_read(
    given: Given,
) -> None:
    signed_off(given)
    given.asked.is_away = True
    browser = clerk(given)
    await browser.open(f"{OFFICE}/check")
    assert TITLE in browser.text and "暂时看不到拟复" in browser.text


async def test_before_it_is_signed_off_there_is_nothing_to_check_and_the_issue_says_why(given: Given) -> None:
    held(given)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/check")
    assert browser.page.url.path == PATH and "部门尚未提交签发的答复" in browser.text
    await browser.open("/office/replies")
    assert "没有等待审核的答复" in browser.text


async def test_the_draft_is_for_the_office_alone_on_this_page(given: Given) -> None:
    signed_off(given)
    for role, department in ((Role.SUPERVISOR, ""), (Role.HANDLER, "planning"), (Role.HANDLER, "housing")):
        assert (await clerk(given, "x", role, department).open(f"{OFFICE}/check")).status_code == 404


async def test_a_reply_that_is_out_is_corrected_beside_itself(given: Given) -> None:
    given.answered()
    browser = clerk(given)
    await browser.open(f"{OFFICE}/correct")
    assert "路灯已经装好。" in browser.page.text
    answer = await browser.send(f"{OFFICE}/correct", text="")
    assert answer.status_code == 422 and "请写正确的答复" in browser.text and "请写明哪里错了" in browser.text
    await browser.send(f"{OFFICE}/correct", text="路灯已装好十二盏。", reason="漏写了数目")
    (body,) = given.asked.bodies(f"{PATH}/correct")
    assert body == {
        "assignment": f"{ISSUE}.1",
        "round": 1,
        "version": 1,
        "sha256": SHA,
        "text": "路灯已装好十二盏。",
        "reason": "漏写了数目",
    }


async def test_of_a_planned_reply_the_date_is_corrected_too(given: Given) -> None:
    given.answered()
    fixed = {
        "assignment": f"{ISSUE}.1",
        "department": "housing",
        "round": 1,
        "version": 2,
        "sha256": "c" * 64,
    }
    fixed |= {
        "outcome": "planned",
        "promised_on": "2026-06-01",
        "text": "六月装。",
        "reason": "改期",
        "by": "wang",
    }
    given.shown.tell("dispatch", "reply.corrected.v1", fixed)
    browser = clerk(given)
    await browser.open(f"{OFFICE}/correct")
    answer = await browser.send(f"{OFFICE}/correct", promised_on="六月", reason="又改期")
    assert answer.status_code == 422 and "2026-11-25" in browser.text
    await browser.send(f"{OFFICE}/correct", promised_on="2026-07-01", reason="又改期")
    (body,) = given.asked.bodies(f"{PATH}/correct")
    assert (body["version"], body["promised_on"], body["sha256"]) == (2, "2026-07-01", "c" * 64)
