"""Drafts: written beside the question, kept while they are written, numbered, signed off or sent back by the leader."""

import re
from datetime import timedelta

import pytest

from services.portal.desks.department.templates import BLANK, BUILT_IN
from shared.contract.words import OUTCOMES, Outcome, Role
from tests.portal.department import (
    FIRST,
    PATH,
    WORDS,
    at_work,
    colleague,
    drafted,
    leader,
    sent_back,
)
from tests.portal.given import ISSUE, TEXT, TITLE, Given, at_another_time, refused

DRAFT, BACK, SIGN_OFF, SEND_BACK = (
    f"{PATH}/{page}" for page in ("draft", "take-back", "sign-off", "send-back")
)


async def test_a_draft_is_handed_in_with_its_outcome(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(DRAFT)
    assert TITLE in browser.text and TEXT.splitlines()[0] in browser.text
    await browser.send(DRAFT, outcome="solved", text=WORDS, do="send")
    assert given.asked.bodies(DRAFT) == [{"assignment": FIRST, "outcome": "solved", "text": WORDS}]
    assert browser.page.url.path == PATH and "拟复已提交，等领导签发" in browser.text


async def test_a_problem_is_offered_the_outcomes_of_problems_and_a_suggestion_its_own(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(DRAFT)
    offered = set(re.findall(r'name="outcome" value="(\w+)"', browser.page.text))
    assert offered == set(OUTCOMES["problem"])


@pytest.mark.parametrize(
    ("fields", "field", "said"),
    [
        ({"text": WORDS}, "outcome", "请选择办理结果"),
        ({"outcome": "solved"}, "text", "请写给企业看的答复"),
        ({"outcome": "solved", "text": "x" * 20_001}, "text", "最多"),
        ({"outcome": "solved", "text": f"已于{BLANK}月办好"}, "text", "还有模板的空白没填"),
        ({"outcome": "planned", "text": WORDS}, "promised_on", "请写明哪一天前办完"),
        (
            {"outcome": "planned", "text": WORDS, "promised_on": "年底"},
            "promised_on",
            "请写明哪一天前办完",
        ),
        (
            {"outcome": "planned", "text": WORDS, "promised_on": "2026-03-01"},
            "promised_on",
            "这一天已经过去",
        ),
    ],
)
async def test_what_is_missing_is_said_beside_its_field_and_nothing_typed_is_lost(
    given: Given, fields: dict[str, str], field: str, said: str
) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(DRAFT)
    answer = await browser.send(DRAFT, do="send", **fields)
    assert answer.status_code == 422 and f'id="{field}-wrong"' in answer.text and said in browser.text
    assert fields.get("text", "")[:20] in answer.text and not given.asked.bodies(DRAFT)


async def test_a_planned_outcome_names_its_day_and_another_one_sends_none_along(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(DRAFT)
    await browser.send(DRAFT, outcome="planned", text=WORDS, promised_on="2026-12-31", do="send")
    await browser.open(DRAFT)
    await browser.send(DRAFT, outcome="explained", text=WORDS, promised_on="2026-12-31", do="send")
    assert [body.get("promised_on") for body in given.asked.bodies(DRAFT)] == ["2026-12-31", None]


async def test_a_date_that_dispatch_refuses_is_said_beside_the_date(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(DRAFT)
    given.asked.answers[f"POST {DRAFT}"] = refused("date_past", "日期不能早于现在")
    await browser.send(DRAFT, outcome="planned", text=WORDS, promised_on="2026-12-31", do="send")
    assert 'id="promised_on-wrong"' in browser.page.text and WORDS in browser.page.text


async def test_what_is_being_written_is_kept_on_the_server_and_comes_back_on_another_device(
    given: Given,
) -> None:
    at_work(given)
    browser, phone = colleague(given), colleague(given)
    await browser.open(DRAFT)
    assert "data-quiet" in browser.page.text and "/static/keeping." in browser.page.text
    answer = await browser.send(DRAFT, outcome="solved", text="写到一半", do="quietly")
    assert answer.status_code == 204 and not given.asked.bodies(DRAFT)
    assert "写到一半" in (await phone.open(DRAFT)).text and 'value="solved" checked' in phone.page.text
    assert "写到一半" not in (await colleague(given, "sun").open(DRAFT)).text


async def test_a_draft_that_came_back_is_gone_on_from_with_the_reason_on_top(given: Given) -> None:
    at_work(given)
    drafted(given)
    sent_back(given, "没有写完成时间")
    browser = colleague(given)
    await browser.open(DRAFT)
    assert "周平退回了第 1 稿： 没有写完成时间" in browser.text
    assert f">{WORDS}</textarea>" in browser.page.text and 'value="solved" checked' in browser.page.text


async def test_earlier_drafts_stand_with_number_author_time_and_why_they_came_back(given: Given) -> None:
    at_work(given)
    drafted(given, 1, "第一稿的话")
    sent_back(given, "没有写完成时间", 1)
    drafted(given, 2, "第二稿的话", by="sun")
    sent_back(given, "电话写错了", 2)
    browser = colleague(given)
    for path in (DRAFT, PATH):
        await browser.open(path)
        for said in (
            "第 1 稿 李强",
            "第 2 稿 孙悦",
            "周平退回： 没有写完成时间",
            "周平退回： 电话写错了",
            "第一稿的话",
        ):
            assert said in browser.text, (path, said)
        assert browser.text.index("第 2 稿 孙悦") < browser.text.index("第 1 稿 李强")


async def test_two_who_draft_at_once_the_second_sees_what_happened_and_its_words_again(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(DRAFT)
    drafted(given, by="sun")
    given.asked.answers[f"POST {DRAFT}"] = refused("illegal_move", "当前状态不允许这样做")
    answer = await browser.send(DRAFT, outcome="explained", text="我写的另一稿", do="send")
    assert answer.status_code == 422 and "刚刚有了新进展" in browser.text
    assert "市建设局起草了答复" in browser.text and ">我写的另一稿</textarea>" in answer.text
    assert "第 1 稿 孙悦" in browser.text


# ---------------------------------------------------------------- templates


def test_there_is_a_template_for_each_outcome_in_both_languages() -> None:
    assert set(BUILT_IN) == set(Outcome)
    for found in BUILT_IN.values():
        assert all(one[part][tongue] for one in found for part in ("name", "text") for tongue in ("zh", "en"))
        assert all(BLANK in one["text"][tongue] for one in found for tongue in ("zh", "en"))


async def test_a_built_in_template_is_added_to_what_is_written_and_chooses_its_outcome(given: Given) -> None:
    at_work(given)
    browser = colleague(given)
    await browser.open(DRAFT)
    await browser.send(DRAFT, text="您好：", do="template:explained/0")
    assert "您好：\n\n您反映的问题，依据是" in browser.page.text
    assert 'value="explained" checked' in browser.page.text
    assert (await browser.send(DRAFT, do="template:nothing/7")).status_code == 200


async def test_a_text_is_saved_as_a_template_of_the_department_and_thrown_away_again(given: Given) -> None:
    at_work(given)
    browser, other = colleague(given), colleague(given, "sun")
    await browser.open(DRAFT)
    answer = await browser.send(DRAFT, text=WORDS, do="template-save")
    assert answer.status_code == 422 and "请给模板起个名字" in browser.text
    await browser.send(DRAFT, text=WORDS, template_name="路灯移交", do="template-save")
    await other.open(DRAFT)
    button = re.search(r'value="(template:\d+)"', other.page.text)
    assert button is not None and "路灯移交" in other.text
    await other.send(DRAFT, do=button[1])
    assert f">{WORDS}</textarea>" in other.page.text
    await other.send(DRAFT, do=button[1].replace("template:", "template-drop:"))
    assert "路灯移交" not in other.text
    assert given.own.inside.templates("transport") == []


# ------------------------------------------------------- the leader's signature


async def test_the_draft_stands_beside_the_question_and_is_signed_off_by_number_and_hash(
    given: Given,
) -> None:
    at_work(given)
    drafted(given)
    browser = leader(given)
    await browser.open(SIGN_OFF)
    assert all(said in browser.text for said in (TEXT.splitlines()[0], WORDS, "第 1 稿 · 李强", "解决"))
    await browser.send(SIGN_OFF, do="sign_off")
    assert given.asked.bodies(SIGN_OFF) == [{"assignment": FIRST, "draft": 1, "sha256": "1" * 64}]
    assert "已签发。接下来由办公室审核、发出" in browser.text


async def test_it_is_sent_back_with_a_reason_and_not_without(given: Given) -> None:
    at_work(given)
    drafted(given)
    browser = leader(given)
    await browser.open(SIGN_OFF)
    assert (await browser.send(SIGN_OFF, do="send_back")).status_code == 422 and "不写没法改" in browser.text
    await browser.send(SIGN_OFF, do="send_back", reason="没有写完成时间")
    body = {"assignment": FIRST, "draft": 1, "sha256": "1" * 64, "reason": "没有写完成时间"}
    assert given.asked.bodies(SEND_BACK) == [body] and "拟复已退给承办人" in browser.text


async def test_of_a_draft_that_was_replaced_meanwhile_the_new_one_is_shown_with_ones_own_words(
    given: Given,
) -> None:
    at_work(given)
    drafted(given)
    browser = leader(given)
    await browser.open(SIGN_OFF)
    sent_back(given, "自己收回修改")
    drafted(given, 2, "换过的一稿")
    given.asked.answers[f"POST {SEND_BACK}"] = refused("stale_draft", "这份答复稿已不是当前一稿")
    answer = await browser.send(SIGN_OFF, do="send_back", reason="没有写完成时间")
    assert answer.status_code == 422 and "刚刚有了新进展" in browser.text and "换过的一稿" in browser.text
    assert ">没有写完成时间</textarea>" in answer.text and "市建设局起草了答复" in browser.text
    del given.asked.answers[f"POST {SEND_BACK}"]
    await browser.send(SIGN_OFF, do="send_back")
    assert [body["draft"] for body in given.asked.bodies(SEND_BACK)] == [1, 2]


async def test_who_drafted_it_reads_that_somebody_else_signs_it(given: Given) -> None:
    at_work(given)
    drafted(given, by="zhou")
    browser = leader(given)
    await browser.open(PATH)
    assert "这一稿是您写的，须由别人签发" in browser.text
    await browser.open(SIGN_OFF)
    assert "须由别人签发" in browser.text and re.search(r'value="sign_off"[^>]* disabled', browser.page.text)


async def test_without_dispatch_no_draft_is_signed_unread(given: Given) -> None:
    at_work(given)
    drafted(given)
    browser = leader(given)
    given.asked.is_away = True
    assert (await browser.open(SIGN_OFF)).status_code == 200
    assert "暂时看不到拟复" in browser.text and 'value="sign_off"' not in browser.page.text


async def test_a_handler_takes_a_draft_back_before_it_is_signed(given: Given) -> None:
    at_work(given)
    drafted(given)
    browser = colleague(given)
    await browser.open(BACK)
    assert WORDS in browser.text
    assert (await browser.send(BACK)).status_code == 422
    await browser.send(BACK, reason="电话写错了")
    assert [body["reason"] for body in given.asked.bodies(SEND_BACK)] == ["电话写错了"]


async def test_words_of_a_draft_are_for_its_department_and_the_office_alone(given: Given) -> None:
    """Dispatch decides; the portal does not even ask it as somebody who may know of no draft."""
    at_work(given)
    drafted(given)
    for role in (Role.SUPERVISOR, Role.LEADER):
        browser = colleague(given, "zhao", role, "")
        await browser.open(PATH)
        assert TITLE in browser.text and WORDS not in browser.page.text
    assert not given.asked.requests


async def test_every_page_of_a_draft_is_in_english_too(given: Given) -> None:
    at_work(given)
    drafted(given)
    browser = leader(given)
    await browser.open(f"/view?language=en&next={SIGN_OFF}")
    assert "Sign it off" in browser.text and f"issues/{ISSUE}" in browser.page.text
    with at_another_time(given, timedelta(hours=1)):
        assert (await browser.open(SIGN_OFF)).status_code == 200
