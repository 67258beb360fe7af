"""The page of an issue: what each reader may see of it, in sentences, and nothing else."""

import re
from datetime import timedelta
from typing import Any

import pytest

from services.portal import sentences
from services.portal.own import Kept
from services.portal.pages import WAIT_SECONDS
from services.portal.queries import issues
from services.portal.session import COOKIE, hash_of, new_id
from shared.contract.event import EVENTS
from shared.contract.words import Role
from tests.keys import REFERENCES
from tests.portal.given import ISSUE, NUMBER, TEXT, TITLE, WU, Browser, Given, at_another_time, refused

PATH = f"/issues/{ISSUE}"


def signed_in(given: Given, role: Role, account: str = "chen", department: str = "") -> Browser:
    """The browser of an official, also of one whose role has no pages of its own yet."""
    browser, id = given.browser(), new_id()
    given.own.sign_in(hash_of(id), Kept(account, role, department, account, ""), given.now)
    browser.client.cookies.set(COOKIE, id, domain="127.0.0.1")
    return browser


async def raiser(given: Given) -> Browser:
    """The browser of who raised it."""
    browser = given.browser()
    await browser.sign_in()
    return browser


async def test_it_says_where_it_stands_who_has_it_and_until_when(given: Given) -> None:
    given.registered()
    given.accepted()
    given.assigned()
    browser = await raiser(given)
    await browser.open(PATH)
    assert all(word in browser.text for word in (TITLE, NUMBER, "正在办理", "市建设局", "3月16日 周一 17:30"))
    assert "先装临时的" in browser.text


def test_every_sentence_is_about_an_event_that_exists() -> None:
    """The other way round is not asked: an event without a sentence is named to officials by its type."""
    assert set(sentences.TABLE) <= set(EVENTS)


async def test_a_raiser_reads_of_departments_and_of_no_official_and_no_draft(given: Given) -> None:
    given.answered()
    browser = await raiser(given)
    await browser.open(PATH)
    assert "市建设局签收" in browser.text and "市建设局答复：解决" in browser.text
    assert all(word not in browser.page.text for word in ("李强", "起草", "wang", "chen"))


async def test_an_official_reads_who_handles_it(given: Given) -> None:
    given.answered()
    browser = signed_in(given, Role.OFFICE)
    await browser.open(PATH)
    assert "起草了答复" in browser.text


async def test_an_event_of_a_newer_version_is_named_to_officials_alone(given: Given) -> None:
    given.registered()
    given.shown.tell("dispatch", "issue.sung_about.v1", {})
    official, own = signed_in(given, Role.OFFICE), await raiser(given)
    assert "issue.sung_about.v1" in (await official.open(PATH)).text
    assert "issue.sung_about.v1" not in (await own.open(PATH)).text


@pytest.mark.parametrize(
    ("role", "department"),
    [
        (Role.HANDLER, "transport"),
        (Role.DEPARTMENT_LEADER, "transport"),
        (Role.OPERATOR, ""),
        (Role.EXPERT, ""),
    ],
)
async def test_who_may_not_read_it_is_answered_as_if_there_were_none(
    given: Given, role: Role, department: str
) -> None:
    given.answered()
    answer = await signed_in(given, role, "he", department).open(PATH)
    nothing = await signed_in(given, role, "he", department).open("/issues/0000000000000")
    assert answer.status_code == nothing.status_code == 404
    assert TITLE not in answer.text and NUMBER not in answer.text


async def test_another_entrepreneur_reads_nothing_of_it(given: Given) -> None:
    given.answered()
    given.own.sign_in(
        hash_of("x" * 43), Kept("he", "entrepreneur", "", "何", REFERENCES.person("he")), given.now
    )
    browser = given.browser()
    browser.client.cookies.set(COOKIE, "x" * 43, domain="127.0.0.1")
    for path in (PATH, f"{PATH}/rate", f"{PATH}/withdraw", f"{PATH}/registered", f"{PATH}/files/{'b' * 64}"):
        assert (await browser.open(path)).status_code == 404
    await browser.open("/mine")
    assert TITLE not in browser.text


async def test_words_that_are_sealed_are_asked_from_intake_as_the_reader(given: Given) -> None:
    given.registered()
    given.asked.answers[f"GET {PATH}"] = (200, {"id": ISSUE, "title": TITLE, "text": TEXT})
    browser = await raiser(given)
    await browser.open(PATH)
    assert TITLE in browser.text and "先装临时的" in browser.text


async def test_an_intake_that_is_away_hides_sealed_words_and_nothing_else(given: Given) -> None:
    given.registered()
    browser = await raiser(given)
    given.asked.is_away = True
    assert (await browser.open(PATH)).status_code == 200
    assert NUMBER in browser.text and "暂时看不到原话" in browser.text


async def test_of_an_anonymous_issue_its_raiser_is_known_to_nobody_on_the_page_but_finds_it(
    given: Given,
) -> None:
    given.registered(anonymous=True, person=REFERENCES.on_issue(ISSUE, WU, anonymous=True), enterprise="")
    given.accepted()
    browser = await raiser(given)
    await browser.open("/mine")
    assert TITLE in browser.text
    assert (await browser.open(PATH)).status_code == 200
    page = (await signed_in(given, Role.SUPERVISOR).open(PATH)).text
    assert WU not in page and "吴静" not in page


async def test_a_file_is_handed_on_to_who_reads_the_words_and_to_nobody_else(given: Given) -> None:
    files = [{"hash": "c" * 64, "media_type": "application/pdf", "bytes": 2_000}]
    given.registered(attachments=files)
    given.accepted()
    browser = await raiser(given)
    await browser.open(PATH)
    assert f'href="{PATH}/files/{"c" * 64}"' in browser.page.text and "文件 1" in browser.text
    given.asked.answers[f"GET {PATH}/attachments/{'c' * 64}"] = (200, b"%PDF")
    assert (await browser.open(f"{PATH}/files/{'c' * 64}")).content == b"%PDF"
    assert given.asked.requests[-1].url.path == f"{PATH}/attachments/{'c' * 64}"
    assert (await browser.open(f"{PATH}/files/{'d' * 64}")).status_code == 404
    assert (await signed_in(given, Role.OPERATOR).open(f"{PATH}/files/{'c' * 64}")).status_code == 404


async def test_script_in_a_reply_is_text_like_any_other(given: Given) -> None:
    given.registered()
    script = {"title": "<script>1</script>", "text": "<img src=x onerror=alert(1)>", "by": "wang"}
    given.shown.tell("intake", "issue.accepted.v1", script)
    browser = await raiser(given)
    await browser.open(PATH)
    assert "<script>1" not in browser.page.text and "<img src=x" not in browser.page.text


async def test_late_is_said_in_working_days(given: Given) -> None:
    given.registered()
    given.accepted()
    browser = await raiser(given)
    with at_another_time(given, timedelta(days=20)):
        await browser.sign_in()
        await browser.open(PATH)
        assert 'class="left late"' in browser.page.text and "逾期 4 个工作日" in browser.text


# ---------------------------------------------------------------- what one can do


async def test_only_what_is_legal_now_is_offered_and_why_an_expected_thing_is_not(given: Given) -> None:
    given.registered()
    given.accepted()
    browser = await raiser(given)
    await browser.open(PATH)
    offered = set(re.findall(rf'href="{PATH}/([a-z-]+)"', browser.page.text))
    assert offered == {"correct-words", "make-link", "withdraw"} and "还不能评价" in browser.text
    given.assigned()
    given.replied()
    await browser.open(PATH)
    offered = set(re.findall(rf'href="{PATH}/([a-z-]+)"', browser.page.text))
    assert offered == {"rate", "make-link"} and "不能撤回了" in browser.text


async def test_what_is_not_possible_now_leads_back_to_the_issue_which_says_so(given: Given) -> None:
    given.answered()
    browser = await raiser(given)
    await browser.open(f"{PATH}/withdraw")
    assert browser.page.url.path == PATH and "现在的状态不能这样做" in browser.text


async def test_a_rating_is_sent_for_the_round_that_was_read(given: Given) -> None:
    given.answered()
    browser = await raiser(given)
    await browser.open(f"{PATH}/rate")
    await browser.send(f"{PATH}/rate", satisfaction="satisfied", solved="yes")
    assert browser.page.url.path == PATH and "您的评价已经记录" in browser.text
    sent: Any = given.asked.bodies(f"{PATH}/rate")
    assert sent == [{"round": 1, "satisfaction": "satisfied", "solved": "yes"}]


async def test_who_is_dissatisfied_says_why_and_what_was_chosen_stays_chosen(given: Given) -> None:
    given.answered()
    browser = await raiser(given)
    await browser.open(f"{PATH}/rate")
    answer = await browser.send(f"{PATH}/rate", satisfaction="dissatisfied", solved="partly")
    assert answer.status_code == 422 and 'id="reason-wrong"' in answer.text
    assert 'value="dissatisfied" checked' in answer.text and 'value="partly" checked' in answer.text


@pytest.mark.parametrize("reason", ["illegal_move", "stale_round"])
async def test_who_was_slower_hears_so_and_has_its_own_words_again(given: Given, reason: str) -> None:
    given.answered()
    browser = await raiser(given)
    given.asked.answers[f"POST {PATH}/rate"] = refused(reason, "当前状态不允许这样做")
    await browser.open(f"{PATH}/rate")
    answer = await browser.send(f"{PATH}/rate", satisfaction="dissatisfied", solved="no", reason="还是黑的")
    assert answer.status_code == 422 and "刚刚有了新进展" in browser.text and "还是黑的" in answer.text


@pytest.mark.parametrize(("done", "icon"), [("not_now", "info-circle"), ("pending", "clock")])
async def test_what_was_not_done_or_not_yet_is_said_without_a_tick(
    given: Given, done: str, icon: str
) -> None:
    given.answered()
    browser = await raiser(given)
    await browser.open(f"{PATH}?done={done}")
    said = re.search(r'<div class="([^"]+)" role="status">.*?#([a-z-]+)', browser.page.text)
    assert said is not None and said.groups() == ("notice undone", icon)
    await browser.open(f"{PATH}?done=withdraw")
    said = re.search(r'<div class="([^"]+)" role="status">.*?#([a-z-]+)', browser.page.text)
    assert said is not None and said.groups() == ("did", "circle-check")


async def rate(given: Given) -> Browser:
    """Who raised it has just rated, and is shown its page."""
    given.answered()
    browser = await raiser(given)
    done = {"status": "done", "state": "rated", "published": "/huzhou/feedback=4"}
    given.asked.answers[f"POST {PATH}/rate"] = (200, done)
    await browser.open(f"{PATH}/rate")
    await browser.send(f"{PATH}/rate", satisfaction="satisfied", solved="yes")
    return browser


async def test_the_next_page_waits_for_what_was_just_done(given: Given) -> None:
    browser = await rate(given)
    assert given.shown.waited == [(ISSUE, {"/huzhou/feedback": 4}, WAIT_SECONDS)] and WAIT_SECONDS <= 2.0
    assert "谢谢，您的评价已经记录" in browser.text and "仍在处理" not in browser.text


async def test_what_was_done_and_is_not_shown_in_time_is_said_to_be_still_under_way(given: Given) -> None:
    given.shown.is_behind = True
    browser = await rate(given)
    assert given.asked.bodies(f"{PATH}/rate") and given.shown.waited
    assert (
        "仍在处理" in browser.text
        and "无需重复提交" in browser.text
        and "您的评价已经记录" not in browser.text
    )
    assert f'href="{PATH}">再看一下' in browser.page.text
    await browser.open(f"{PATH}?done=pending", headers={"Accept-Language": "en"})
    assert "still under way" in browser.text and "need not send it again" in browser.text


async def test_what_is_promised_for_later_looks_like_no_success(given: Given) -> None:
    given.answered()
    browser = await raiser(given)
    await browser.open(PATH)
    assert 'class="status left good"' in browser.page.text
    given.shown.tell("feedback", "issue.tracked.v1", {"round": 1, "promised_on": "2026-06-30"})
    await browser.open(PATH)
    assert 'class="status left "' in browser.page.text and 'class="status left good"' not in browser.page.text


def mailed(given: Given) -> None:
    """The raiser was told by mail of one thing and not of another, and an official of a third."""
    data = {"issue": ISSUE, "about": "rating_invited", "to": WU, "tries": 1}
    given.shown.tell("intake", "notice.sent.v1", data, "notice:1")
    given.shown.tell("intake", "notice.given_up.v1", {**data, "why": "no_address"}, "notice:2")
    staff = {"issue": ISSUE, "about": "assigned", "to": "li", "tries": 1}
    given.shown.tell("dispatch", "notice.staff_sent.v1", staff, "notice:3")
    given.shown.tell("intake", "notice.sent.v1", {**data, "issue": "ABCDEFGHJKMNP"}, "notice:4")


async def test_that_a_mail_went_out_stands_in_the_history(given: Given) -> None:
    given.answered()
    mailed(given)
    browser = await raiser(given)
    await browser.open(PATH)
    assert browser.text.count("已发邮件告知反映人") == 1 and "未能发邮件告知反映人" in browser.text
    assert "已发邮件告知李强" not in browser.text and WU not in browser.page.text
    officials = signed_in(given, Role.OFFICE)
    await officials.open(PATH)
    assert "已发邮件告知反映人" in officials.text and "已发邮件告知李强" in officials.text
    assert WU not in officials.page.text


def test_what_happened_is_found_without_reading_the_whole_timeline(given: Given) -> None:
    given.answered()
    for query in (issues.TIMELINE, issues.REACHED):
        rows = given.shown.reader().execute(f"EXPLAIN QUERY PLAN {query}", (ISSUE, ISSUE)).fetchall()
        plan = [row[3] for row in rows]
        assert any("timeline_of_notices" in step for step in plan)
        assert not [step for step in plan if step.startswith("SCAN timeline")], plan


async def test_a_refused_rating_can_be_sent_again_and_is_then_another_request(given: Given) -> None:
    given.answered()
    browser = await raiser(given)
    given.asked.answers[f"POST {PATH}/rate"] = refused("failed", "处理失败")
    await browser.open(f"{PATH}/rate")
    await browser.send(f"{PATH}/rate", satisfaction="satisfied", solved="yes")
    await browser.send(f"{PATH}/rate")
    first, second = given.asked.keys(f"{PATH}/rate")
    assert first != second


async def test_words_are_supplied_beside_the_first(given: Given) -> None:
    given.registered()
    given.accepted()
    browser = await raiser(given)
    await browser.open(f"{PATH}/correct-words")
    assert "先装临时的" in browser.page.text
    await browser.send(f"{PATH}/correct-words", text="又摔了一次。")
    assert given.asked.bodies(f"{PATH}/correct-words") == [{"title": TITLE, "text": "又摔了一次。"}]


async def test_a_rejection_is_appealed_against_once(given: Given) -> None:
    given.registered()
    given.asked.answers[f"GET {PATH}"] = (200, {"id": ISSUE, "title": TITLE, "text": TEXT})
    until = "2026-03-20T09:30:00.000Z"
    no = {"ground": "litigation", "explanation": "已由法院受理。", "by": "wang", "appeal_until": until}
    given.shown.tell("intake", "issue.rejected.v1", no)
    browser = await raiser(given)
    await browser.open("/mine")
    assert "等您处理" in browser.text
    await browser.open(f"{PATH}/appeal")
    assert "已由法院受理" in browser.text
    await browser.send(f"{PATH}/appeal", reason="不是同一件事")
    assert given.asked.bodies(f"{PATH}/appeal") == [{"reason": "不是同一件事"}]


async def test_what_one_did_is_passed_on_with_the_next_request(given: Given) -> None:
    given.registered()
    given.accepted()
    browser = await raiser(given)
    done = {"status": "done", "state": "accepted", "published": "/huzhou/intake=4"}
    given.asked.answers[f"POST {PATH}/correct-words"] = (200, done)
    await browser.open(f"{PATH}/correct-words")
    await browser.send(f"{PATH}/correct-words", text="又摔了一次。")
    await browser.open(f"{PATH}/withdraw")
    await browser.send(f"{PATH}/withdraw", reason="解决了")
    assert given.asked.requests[-1].headers["Qinqing-After"] == "/huzhou/intake=4"
