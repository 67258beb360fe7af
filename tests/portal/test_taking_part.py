"""What an entrepreneur does about talks on the phone, and what everybody sees without signing in."""

from datetime import timedelta

import pytest

from tests.portal.crawling import Document
from tests.portal.given import DONE, NUMBER, WU, Given, known_versions, refused, stamp
from tests.portal.projection.given import ISSUE
from tests.portal.talks_given import TALK, WEDNESDAY, announced, held, of_the_talk, signed_up

OTHER = "ab" * 16


async def test_signing_up_with_a_question_takes_a_place_then_writes_it_down_then_brings_it(
    given: Given,
) -> None:
    announced(given)
    given.asked.answers["POST /issues"] = 201, {**DONE, "id": ISSUE}
    browser = given.browser()
    await browser.sign_in()
    await browser.open("/talks")
    assert "用地与用能" in browser.text
    assert "剩 2 个名额" in browser.text
    await browser.open(f"/talks/{TALK}/sign-up")
    await browser.send(f"/talks/{TALK}/sign-up", title="指标", text="扩产缺地")
    paths = [one.url.path for one in given.asked.requests if one.method == "POST"]
    assert paths == [f"/talks/{TALK}/sign-up", "/issues", f"/talks/{TALK}/sign-up"]
    (issue,) = given.asked.bodies("/issues")
    assert issue == {
        "title": "指标",
        "text": "扩产缺地",
        "origin": "talk",
        "phase": "before",
        "occasion": {"id": TALK},
    }
    assert given.asked.bodies(f"/talks/{TALK}/sign-up") == [{}, {"issue": ISSUE}]
    assert len(set(given.asked.keys(f"/talks/{TALK}/sign-up"))) == 2


async def test_the_confirmation_says_number_day_place_and_how_many_places_are_left(given: Given) -> None:
    announced(given)
    signed_up(given)
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"/talks/{TALK}?done=sign_up")
    for said in ("名额已为您保留", "3月4日 周三 14:00–16:30", "政企恳谈室", TALK, "剩 1 个名额"):
        assert said in browser.text, said


async def test_a_question_alone_may_be_left_out_and_half_of_one_may_not(given: Given) -> None:
    announced(given)
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"/talks/{TALK}/sign-up")
    answer = await browser.send(f"/talks/{TALK}/sign-up", title="指标")
    assert answer.status_code == 422
    assert 'value="指标"' in answer.text
    assert not given.asked.bodies(f"/talks/{TALK}/sign-up")
    await browser.send(f"/talks/{TALK}/sign-up", title="")
    assert given.asked.bodies(f"/talks/{TALK}/sign-up") == [{}]
    assert not given.asked.bodies("/issues")


async def test_who_comes_too_late_for_a_place_keeps_what_they_wrote_and_no_issue_is_made(
    given: Given,
) -> None:
    announced(given)
    given.asked.answers[f"POST /talks/{TALK}/sign-up"] = refused("talk_full", "恳谈会名额不足")
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"/talks/{TALK}/sign-up")
    answer = await browser.send(f"/talks/{TALK}/sign-up", title="指标", text="扩产缺地")
    assert answer.status_code == 422
    assert "恳谈会名额不足" in browser.text
    assert "扩产缺地" in answer.text
    assert not given.asked.bodies("/issues")


async def test_a_full_talk_leads_to_raising(given: Given) -> None:
    announced(given)
    signed_up(given, person=OTHER, taken=2)
    browser = given.browser()
    await browser.sign_in()
    page = (await browser.open(f"/talks/{TALK}")).text
    assert f"/talks/{TALK}/sign-up" not in page
    assert "没有名额了" in browser.text


async def test_staying_away_is_asked_after_a_second_look(given: Given) -> None:
    announced(given)
    signed_up(given)
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"/talks/{TALK}/stay-away")
    await browser.send(f"/talks/{TALK}/stay-away")
    assert given.asked.bodies(f"/talks/{TALK}/stay-away") == [{}]


async def test_nobody_signs_up_for_what_has_begun_or_sees_who_else_takes_part(given: Given) -> None:
    announced(given)
    signed_up(given, person=OTHER, enterprise="91330500MA2B4A0Q6C")
    browser = given.browser()
    await browser.sign_in()
    page = (await browser.open(f"/talks/{TALK}")).text
    assert "91330500MA2B4A0Q6C" not in page
    assert OTHER not in page
    held(given, came=(OTHER,))
    await browser.open(f"/talks/{TALK}/sign-up")
    assert "现在的状态不能这样做" in browser.text
    assert (await browser.open(f"/talks/{TALK}/opening")).status_code == 404


async def test_an_issue_of_a_talk_to_come_has_a_date_that_is_expected_and_not_promised(given: Given) -> None:
    announced(given)
    of_the_talk(given, ISSUE)
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"/issues/{ISSUE}")
    assert "预计答复" in browser.text
    assert "3月18日 周三" in browser.text
    assert "还不是承诺" in browser.text
    assert f"/talks/{TALK}" in browser.page.text
    await browser.open("/mine")
    assert "预计 3月18日 周三" in browser.text
    await browser.open(f"/issues/{ISSUE}/registered")
    assert "预计答复日期" in browser.text


async def test_once_its_talk_is_held_the_date_is_promised(given: Given) -> None:
    announced(given)
    of_the_talk(given, ISSUE)
    promise = {"started_at": "2026-03-04T08:30:00Z", "due_at": "2026-03-18T09:30:00Z"}
    promise |= {"limit": "10wd", "policy": "p", "calendar": "c"}
    given.shown.tell("intake", "promise.started.v1", promise)
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"/issues/{ISSUE}")
    assert "承诺答复" in browser.text
    assert "还不是承诺" not in browser.text
    assert "3月18日 周三" in browser.text


async def test_the_phone_shows_number_and_promised_date_of_each_issue_once_the_talk_is_closed(
    given: Given,
) -> None:
    announced(given)
    signed_up(given, issue=ISSUE)
    of_the_talk(given, ISSUE)
    of_the_talk(given, "AAAAAAAAAAAAA", phase="at", recorded_by="lu")
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"/talks/{TALK}")
    assert "承诺于" not in browser.text
    held(given)
    promise = {"started_at": "2026-03-04T08:30:00Z", "due_at": "2026-03-18T09:30:00Z"}
    promise |= {"limit": "10wd", "policy": "p", "calendar": "c"}
    for issue in (ISSUE, "AAAAAAAAAAAAA"):
        given.shown.tell("intake", "promise.started.v1", promise, issue)
    await browser.open(f"/talks/{TALK}")
    assert browser.text.count("承诺于 3月18日 周三") == 2
    for number in (NUMBER, "AAAA-AAAA-AAAA-AX"):
        assert number in browser.text, number


async def test_the_column_is_for_everybody_and_names_no_enterprise_or_person(given: Given) -> None:
    announced(given)
    signed_up(given, enterprise="91330500MA2B4A0Q6C")
    announced(given, "huzhou-weekly-20260225-1", at=WEDNESDAY - timedelta(days=7), theme="用工")
    signed_up(given, "huzhou-weekly-20260225-1", enterprise="91330500MA2B4A0Q6C")
    of_the_talk(given, ISSUE, "huzhou-weekly-20260225-1", enterprise="91330500MA2B4A0Q6C")
    given.accepted()
    held(given, "huzhou-weekly-20260225-1")
    browser = given.browser()
    answer = await browser.open("/column")
    assert answer.status_code == 200
    assert "用地与用能" in browser.text
    assert "用工" in browser.text
    assert "91330500MA2B4A0Q6C" not in answer.text
    assert WU not in answer.text
    assert "路灯" not in answer.text
    assert "%" not in browser.text  # of one issue no share is said
    for path in ("/raise", "/talks"):  # where somebody raises something, and where they sign up
        assert path in Document(answer.text).links
        assert f"next={path}" in str((await given.browser().open(path)).url)
    await browser.open(f"/talks/{TALK}")
    assert "next=/talks/" in str(browser.page.url)


async def test_who_comes_to_sign_in_or_by_a_private_link_is_led_to_the_column(given: Given) -> None:
    given.registered()
    given.asked.answers["POST /links/redeem"] = 200, {"issue": ISSUE, "person": WU, "serial": 1}
    browser = given.browser()
    for path in ("/", "/column", f"/link/{ISSUE}.1.{'ab' * 16}"):
        await browser.open(path)
        assert "/column" in Document(browser.page.text).links, path
    assert str(browser.page.url).endswith(f"/issues/{ISSUE}")
    await browser.sign_in()
    assert "/column" not in Document((await browser.open("/mine")).text).links


async def test_the_column_promises_what_the_policy_in_force_says(given: Given) -> None:
    browser = given.browser()
    await browser.open("/column")
    assert "工作日" not in browser.text  # no policy is known here
    known_versions(given)
    await browser.open("/column")
    assert "提出的问题在 2 个工作日内交办，10 个工作日内答复。" in browser.text
    known_versions(given, assign="4oh", promise="20d")
    await browser.open("/column")
    assert "提出的问题在 4 个办公小时内交办，20 个自然日内答复。" in browser.text


async def test_who_takes_part_reads_the_questions_and_that_a_talk_was_moved_or_called_off(
    given: Given,
) -> None:
    announced(given)
    signed_up(given)
    browser = given.browser()
    await browser.sign_in()
    await browser.open(f"/talks/{TALK}")
    assert "指标何时下达" in browser.text
    assert "防汛值守" not in browser.text
    later = WEDNESDAY + timedelta(days=7)
    moved = {"starts_at": stamp(later), "ends_at": stamp(later + timedelta(hours=2)), "by": "feng"}
    moved |= {"wait_until": stamp(later + timedelta(days=7)), "old_starts_at": stamp(WEDNESDAY)}
    given.shown.tell("intake", "talk.postponed.v1", {**moved, "reason": "防汛值守"}, f"talk:{TALK}")
    await browser.open(f"/talks/{TALK}")
    assert "已改期，原定 3月4日 周三 14:00：防汛值守" in browser.text, browser.text
    assert "3月11日 周三 14:00–16:00" in browser.text
    given.shown.tell("intake", "talk.cancelled.v1", {"reason": "台风", "by": "feng"}, f"talk:{TALK}")
    await browser.open(f"/talks/{TALK}")
    assert "已取消：台风" in browser.text
    assert f"/talks/{TALK}/stay-away" not in browser.page.text


@pytest.mark.parametrize("many", [4, 5])
async def test_the_column_says_no_share_of_fewer_than_five(given: Given, many: int) -> None:
    announced(given)
    for number in range(many):
        issue = f"AAAAAAAAAAAA{number}"
        of_the_talk(given, issue)
        given.shown.tell(
            "feedback", "rating.invited.v1", {"round": 1, "open_until": "2026-03-30T00:00:00Z"}, issue
        )
        rating = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
        given.shown.tell("feedback", "reply.rated.v1", rating, issue)
    held(given)
    browser = given.browser()
    await browser.open("/column")
    assert f"{many} / {many}" in browser.text
    assert ("100 %" in browser.text) == (many == 5)
