"""The meeting that heard a paper: recorded once, and each of its decisions followed until its report."""

from datetime import timedelta

from tests.portal.given import ISSUE, Given, stamp
from tests.portal.papers_given import APRIL, PAPER, PATH, card, published, town
from tests.portal.test_leader_and_figures import IDS

__all__ = ["town"]

# ------------------------------------------------------------------ the meeting


async def test_the_meeting_is_recorded_and_each_decision_is_followed_until_its_report(town: Given) -> None:
    browser, feedback = await published(town)
    await browser.open(f"{PATH}/meeting")
    number = f"{IDS[6][:4]}-{IDS[6][4:8]}-{IDS[6][8:12]}-{IDS[6][12:]}X"
    fields = {"held_on": "2026-04-03", "chaired_by": "zhou", "words": "听取了三月分析。"}
    decided = {"issue-1": number, "words-1": "请一周内报方案", "due-1": "2026-04-10"}
    await browser.send(f"{PATH}/meeting", **fields, **decided)
    (body,) = town.asked.bodies(f"{PATH}/record-meeting")
    assert body["decisions"] == [{"issue": IDS[6], "words": "请一周内报方案", "due_on": "2026-04-10"}]
    assert feedback.takes("record-meeting")["state"] == "heard"
    await browser.open(PATH)
    shown = card(browser.page.text, 'id="meeting"')
    assert "领导专题会" in shown and "某zhou主持" in shown and "正在交给承办部门" in shown
    assert "记录会议" not in browser.text
    given = {
        "instruction": 1,
        "department": "housing",
        "words": "请一周内报方案",
        "due_at": stamp(APRIL + timedelta(days=7)),
        "by": "zhou",
        "decision": f"{PAPER}.1.1",
    }
    town.shown.tell("supervision", "instruction.given.v1", given, IDS[6])
    await browser.open(PATH)
    assert "报告期限" in card(browser.page.text, 'id="meeting"')
    report = {"instruction": 1, "department": "housing", "words": "方案已报", "by": "li"}
    town.shown.tell("supervision", "instruction.reported.v1", report, IDS[6])
    await browser.open(PATH)
    assert "方案已报" in card(browser.page.text, 'id="meeting"')
    assert (await browser.open(f"{PATH}/meeting")).url.path == PATH


async def test_what_is_wrong_with_a_meeting_is_said_by_its_field_and_more_rows_lose_nothing(
    town: Given,
) -> None:
    browser, _ = await published(town)
    await browser.open(f"{PATH}/meeting")
    wrong = {
        "held_on": "2026-04-09",
        "issue-1": "没有",
        "words-2": "办",
        "issue-2": "",
        "due-2": "2026-04-05",
    }
    answer = await browser.send(f"{PATH}/meeting", **wrong)
    assert answer.status_code == 422
    for said in ("这一天还没有到", "请选择主持人", "请填写问题编号", "请写明决定内容", "今天之后的工作日"):
        assert said in browser.text, said
    await browser.send(f"{PATH}/meeting", do="more", **{"words-4": "第四项"})
    assert 'name="words-8"' in browser.page.text and "第四项" in browser.page.text
    assert town.asked.bodies(f"{PATH}/record-meeting") == []


async def test_a_decision_that_came_to_nothing_says_so(town: Given) -> None:
    browser, _ = await published(town)
    told = {"number": 1, "issue": ISSUE, "words": "请办理", "due_on": None}
    heard = {"edition": 1, "meeting": "leaders_meeting", "held_on": "2026-04-03", "chaired_by": "zhou"}
    heard |= {"decisions": [told], "by": "chen"}
    town.shown.tell("feedback", "paper.heard.v1", heard, f"paper:{PAPER}")
    void = {"edition": 1, "number": 1, "issue": ISSUE, "reason": "unknown_issue"}
    town.shown.tell("feedback", "paper.decision_voided.v1", void, f"paper:{PAPER}")
    await browser.open(PATH)
    assert "未能形成批示" in browser.text and "请办理" in browser.text
