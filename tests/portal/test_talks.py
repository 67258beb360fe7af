"""Talks as officials see and run them: the calendar with its gaps, announcing, one talk, what is legal now, closing."""

from datetime import timedelta

import pytest

from services.dispatch.mails import line_of
from services.dispatch.talk.reactions import KNOWN
from services.portal.app import application
from services.portal.settings import PortalSettings
from shared.contract.words import Occurrence
from shared.domain.notices import Item
from tests.portal.crawling import Document
from tests.portal.department import people
from tests.portal.given import (
    ASSETS,
    DONE,
    ORIGIN,
    WU,
    Given,
    at_another_time,
    known_versions,
    refused,
    stamp,
)
from tests.portal.projection.given import ISSUE
from tests.portal.talks_given import SUN, TALK, WEDNESDAY, announced, held, of_the_talk, planned, signed_up

FENG, LU, LI = "federation:feng", "clerk:lu", "handler:li"

THURSDAY = WEDNESDAY + timedelta(days=1)
BECAME = {
    Occurrence.TALK_POSTPONED: (
        "talk.postponed.v1",
        {
            "starts_at": stamp(THURSDAY),
            "ends_at": stamp(THURSDAY + timedelta(hours=2)),
            "old_starts_at": stamp(WEDNESDAY),
            "wait_until": stamp(THURSDAY + timedelta(days=7)),
            "reason": "防汛",
            "by": "feng",
        },
        "3月5日 周四",
    ),
    Occurrence.TALK_CHANGED: (
        "talk.changed.v1",
        {
            "theme": "用地与用能",
            "place": "二楼会议室",
            "capacity": 2,
            "leaders": [SUN],
            "departments": ["housing"],
            "by": "feng",
        },
        "二楼会议室",
    ),
    Occurrence.TALK_CANCELLED: ("talk.cancelled.v1", {"reason": "台风", "by": "feng"}, "台风"),
}
"""What leaders and people of departments are told of: as which event, and what the page says then."""


@pytest.fixture
def town(given: Given) -> Given:
    given.officials(feng="federation", lu="clerk", sun="leader", chen="office")
    return given


async def test_the_calendar_says_which_place_has_no_talk_this_week(town: Given) -> None:
    announced(town)
    planned(town, (10, "huzhou"), (10, "deqing"), (11, "huzhou"))
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks")
    assert "用地与用能" in browser.text
    assert "没有恳谈会： 德清县" in browser.text
    assert '<span class="n">1</span>' in browser.page.text  # in the bar: one gap this week
    await browser.open("/talks?level=county")
    assert "用地与用能" not in browser.text


async def test_the_week_that_is_chosen_shows_its_talks_and_not_this_ones(town: Given) -> None:
    announced(town)
    announced(town, "huzhou-weekly-20260408-1", WEDNESDAY + timedelta(weeks=5), theme="招工与公寓")
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks?week=2026-W15")
    assert "招工与公寓" in browser.text and "用地与用能" not in browser.text
    assert "/talks?week=2026-W11" in Document(browser.page.text).links  # Earlier
    await browser.open("/talks?week=2026-W10")
    assert "用地与用能" in browser.text and "招工与公寓" not in browser.text


async def test_a_county_that_no_plan_names_is_a_gap_too(town: Given) -> None:
    announced(town)
    planned(town, (10, "huzhou"), (11, "huzhou"))
    town.portal = town.portal._replace(counties=("deqing", "anji"))
    town.app = application(town.portal, ASSETS, PortalSettings(embedded=True))
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks")
    assert '<span class="n">2</span>' in browser.page.text
    assert "德清县" in browser.text and "安吉县" in browser.text


def test_the_counties_of_a_deployment_are_its_setting() -> None:
    assert PortalSettings(counties="anji,deqing,anji").places_of_talks() == ("anji", "deqing")
    assert PortalSettings(counties="").places_of_talks() == ()
    assert len(PortalSettings().places_of_talks()) == 6
    with pytest.raises(ValueError, match="counties"):
        PortalSettings(counties="anji, deqing")


async def test_a_talk_that_was_called_off_leaves_a_gap(town: Given) -> None:
    announced(town)
    browser = town.browser()
    await browser.sign_in(FENG)
    assert 'n">1<' not in (await browser.open("/talks")).text
    town.shown.tell("intake", "talk.cancelled.v1", {"reason": "台风", "by": "feng"}, f"talk:{TALK}")
    assert 'n">1<' in (await browser.open("/talks")).text
    await browser.open(f"/talks/{TALK}")
    assert "已取消：台风" in browser.text


async def test_the_form_of_a_new_talk_knows_the_next_wednesday_and_whose_turn_it_is(town: Given) -> None:
    planned(town, (10, "huzhou"))
    town.asked.answers["POST /agendas/huzhou/announce"] = 200, {**DONE, "talk": TALK}
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/announce")
    assert 'value="2026-03-04"' in browser.page.text
    assert "孙某，副市长，政府" in browser.text or "孙某，副市长，政府" in browser.page.text
    await browser.send("/talks/announce", theme="用地", place="政企恳谈室", questions="指标何时下达\n电价")
    (body,) = town.asked.bodies("/agendas/huzhou/announce")
    assert body["starts_at"] == "2026-03-04T14:00:00+08:00"
    assert body["leaders"] == [{"account": "sun", "name": "孙某", "post": "副市长", "body": "government"}]
    assert (body["capacity"], body["departments"]) == (12, [])
    assert body["questions"] == "指标何时下达\n电价"
    assert "正在发布" in browser.text


async def test_a_talk_of_a_county_is_announced_with_its_level_and_its_leader(town: Given) -> None:
    planned(town, (10, "deqing"))
    talk = "deqing-weekly-20260304-1"
    town.asked.answers["POST /agendas/huzhou/announce"] = 200, {**DONE, "talk": talk}
    browser = town.browser()
    await browser.sign_in(FENG)
    page = (await browser.open("/talks/announce?place=deqing")).text
    assert '<option value="deqing" selected>' in page
    await browser.send("/talks/announce", jurisdiction="deqing", theme="用工", place="德清县会议中心")
    (body,) = town.asked.bodies("/agendas/huzhou/announce")
    assert (body["jurisdiction"], body["level"]) == ("deqing", "county")
    assert [one["name"] for one in body["leaders"]] == ["孙某"]
    assert str(browser.page.url).endswith(f"/talks/{talk}?done=announce")


async def test_what_is_wrong_in_an_announcement_is_said_at_its_field_and_nothing_is_lost(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/announce")
    wrong = {"theme": "", "leaders": "周明，副市长\n吴某，主任，工会", "begins": "16:00", "ends": "14:00"}
    answer = await browser.send("/talks/announce", **wrong, capacity="0", place="厅")
    assert answer.status_code == 422
    for said in ("第 1 行", "第 2 行", "工会", "结束时间", "1 到 500"):
        assert said in browser.text, said
    assert "周明，副市长" in answer.text
    assert not town.asked.bodies("/agendas/huzhou/announce")


async def test_a_leader_who_is_engaged_is_named_with_the_other_talk(town: Given) -> None:
    announced(town)
    town.asked.answers["POST /agendas/huzhou/announce"] = refused("leader_busy", "同一时间已安排")
    planned(town, (10, "huzhou"))
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/announce")
    await browser.send("/talks/announce", theme="用工", place="厅", number="2")
    assert "孙某" in browser.text
    assert "已安排另一场恳谈会：用地与用能" in browser.text


@pytest.mark.parametrize("who", [FENG, LU, "office:chen"])
async def test_only_what_is_legal_now_is_offered(town: Given, who: str) -> None:
    announced(town)
    browser = town.browser()
    await browser.sign_in(who)
    page = (await browser.open(f"/talks/{TALK}")).text
    assert f"/talks/{TALK}/postpone" in page
    assert f'href="/talks/{TALK}/open"' not in page  # it is for Wednesday, and today is Monday
    assert "3月4日 周三才能开始" in browser.text
    with at_another_time(town, timedelta(days=2)):
        await browser.sign_in(who)
        page = (await browser.open(f"/talks/{TALK}")).text
        assert f'href="/talks/{TALK}/open"' in page
        assert f'href="/talks/{TALK}/hold"' not in page
    town.shown.tell("intake", "talk.opened.v1", {"by": "lu"}, f"talk:{TALK}")
    page = (await browser.open(f"/talks/{TALK}")).text
    assert f'href="/talks/{TALK}/hold"' in page
    assert f"/talks/{TALK}/postpone" not in page
    held(town)
    page = (await browser.open(f"/talks/{TALK}")).text
    assert "/change" not in page
    await browser.open(f"/talks/{TALK}/hold")
    assert "现在的状态不能这样做" in browser.text


async def test_a_leader_reads_a_talk_and_does_nothing_about_it(town: Given) -> None:
    announced(town)
    browser = town.browser()
    await browser.sign_in("leader:sun")
    page = (await browser.open(f"/talks/{TALK}")).text
    assert "/change" not in page
    assert (await browser.open(f"/talks/{TALK}/change")).status_code == 404
    assert (await browser.open("/talks/announce")).status_code == 404


@pytest.mark.parametrize("who", ["department_leader:zhou", "handler:sun", "leader:qian"])
@pytest.mark.parametrize("about", KNOWN)
async def test_who_is_mailed_about_a_talk_opens_it_by_the_link_in_the_mail(
    town: Given, who: str, about: Occurrence
) -> None:
    announced(town)
    people(town)
    town.officials(qian="leader")
    type, said, shown = BECAME[about]
    town.shown.tell("intake", type, said, f"talk:{TALK}")
    browser = town.browser()
    await browser.sign_in(who)
    line = line_of(Item(issue=f"talk:{TALK}", number="2026-03-04 14:00", about=about), ORIGIN)
    assert (await browser.open(line.url)).status_code == 200
    assert "用地与用能" in browser.text and shown in browser.text
    assert f"/talks/{TALK}/change" not in browser.page.text


async def test_closing_says_which_issues_begin_and_by_when_and_is_asked_once(town: Given) -> None:
    known_versions(town)
    announced(town)
    of_the_talk(town, ISSUE)
    town.shown.tell("intake", "talk.opened.v1", {"by": "lu"}, f"talk:{TALK}")
    town.now = WEDNESDAY + timedelta(hours=2)
    browser = town.browser()
    await browser.sign_in(LU)
    await browser.open(f"/talks/{TALK}/hold")
    assert "1 件问题随之开始计时" in browser.text
    assert "3月18日 周三" in browser.text
    assert "2 个工作日内交办到部门" in browser.text
    await browser.send(f"/talks/{TALK}/hold")
    assert town.asked.bodies(f"/talks/{TALK}/hold") == [{}]
    assert "已完成" in browser.text


async def test_a_talk_that_somebody_else_closed_meanwhile_says_so(town: Given) -> None:
    announced(town)
    town.shown.tell("intake", "talk.opened.v1", {"by": "lu"}, f"talk:{TALK}")
    town.asked.answers[f"POST /talks/{TALK}/hold"] = refused("illegal_move", "当前状态不允许这样做")
    browser = town.browser()
    await browser.sign_in(LU)
    await browser.open(f"/talks/{TALK}/hold")
    answer = await browser.send(f"/talks/{TALK}/hold")
    assert answer.status_code == 422
    assert "现在的状态不能这样做" in browser.text


async def test_postponing_asks_the_agenda_with_a_reason(town: Given) -> None:
    announced(town)
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open(f"/talks/{TALK}/postpone")
    assert (await browser.send(f"/talks/{TALK}/postpone")).status_code == 422
    await browser.send(f"/talks/{TALK}/postpone", reason="防汛值守")
    (body,) = town.asked.bodies("/agendas/huzhou/postpone")
    assert body == {
        "talk": TALK,
        "reason": "防汛值守",
        "starts_at": "2026-03-11T14:00:00+08:00",
        "ends_at": "2026-03-11T16:30:00+08:00",
    }


async def test_calling_off_and_letting_others_lead_ask_with_a_reason(town: Given) -> None:
    announced(town)
    browser = town.browser()
    await browser.sign_in(FENG)
    appoint, cancel = f"/talks/{TALK}/appoint", f"/talks/{TALK}/cancel"
    await browser.open(appoint)
    assert (await browser.send(appoint, leaders="吴某，主任，人大")).status_code == 422
    assert "请写明更换领导的原因" in browser.text
    await browser.send(appoint, leaders="吴某，主任，人大", reason="外出招商")
    (body,) = town.asked.bodies("/agendas/huzhou/appoint")
    (leader,) = body.pop("leaders")
    assert body == {"talk": TALK, "reason": "外出招商"}
    assert (leader["name"], leader["post"], leader["body"]) == ("吴某", "主任", "congress")
    await browser.open(cancel)
    assert (await browser.send(cancel)).status_code == 422
    await browser.send(cancel, reason="台风")
    assert town.asked.bodies(cancel) == [{"reason": "台风"}]


async def test_places_cannot_be_fewer_than_are_taken(town: Given) -> None:
    announced(town)
    signed_up(town, taken=2)
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open(f"/talks/{TALK}/change")
    answer = await browser.send(f"/talks/{TALK}/change", capacity="1")
    assert answer.status_code == 422
    assert "已有 2 个名额被占用" in browser.text


async def test_somebody_is_named_by_their_phone_with_the_question_they_have_sent(town: Given) -> None:
    announced(town)
    town.asked.answers["POST /people/find"] = 200, {**DONE, "person": WU}
    town.asked.answers["POST /issues"] = 201, {**DONE, "id": ISSUE}
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open(f"/talks/{TALK}/name")
    fields = {"phone": "13800000000", "title": "电价", "text": "峰谷价差大", "written": "1"}
    await browser.send(f"/talks/{TALK}/name", **fields)
    (issue,) = town.asked.bodies("/issues")
    assert (issue["origin"], issue["phase"], issue["occasion"]) == ("talk", "before", {"id": TALK})
    assert issue["person"] == WU
    (named,) = town.asked.bodies(f"/talks/{TALK}/name")
    assert named == {"participants": [{"person": WU, "written": True, "issue": ISSUE}]}


async def test_who_is_not_known_by_their_phone_needs_a_name(town: Given) -> None:
    announced(town)
    town.asked.answers["POST /people/find"] = 200, {**DONE, "person": ""}
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open(f"/talks/{TALK}/name")
    answer = await browser.send(f"/talks/{TALK}/name", phone="13800000000")
    assert answer.status_code == 422
    assert "还没有这个电话" in browser.text
    assert not town.asked.bodies(f"/talks/{TALK}/name")


async def test_who_has_come_is_ticked(town: Given) -> None:
    announced(town)
    signed_up(town, enterprise="91330500MA2B4A0Q6C")
    town.shown.tell("intake", "talk.opened.v1", {"by": "lu"}, f"talk:{TALK}")
    browser = town.browser()
    await browser.sign_in(LU)
    await browser.open(f"/talks/{TALK}/attend")
    assert (await browser.send(f"/talks/{TALK}/attend")).status_code == 422
    await browser.send(f"/talks/{TALK}/attend", **{f"came-{WU}": "1"})
    (body,) = town.asked.bodies(f"/talks/{TALK}/attend")
    assert body == {"attendees": [{"person": WU, "enterprise": "91330500MA2B4A0Q6C"}]}


async def test_a_held_talk_shows_its_numbers_with_what_they_are_shares_of(town: Given) -> None:
    announced(town)
    signed_up(town)
    town.registered(origin="talk", phase="at", occasion={"id": TALK})
    town.accepted()
    town.assigned()
    town.replied()
    rating = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
    town.shown.tell("feedback", "reply.rated.v1", rating)
    of_the_talk(town, "AAAAAAAAAAAAA", phase="after")
    held(town)
    browser = town.browser()
    await browser.sign_in("office:chen")
    await browser.open(f"/talks/{TALK}")
    for said in ("到场 1", "本场问题 2", "按时答复 1 / 1", "满意 1 / 1", "会中 · 1", "会后 · 1"):
        assert said in browser.text, said


async def test_the_office_writes_down_what_was_said_at_a_talk_as_one_of_its_issues(town: Given) -> None:
    announced(town)
    held(town)
    town.asked.answers["POST /people/find"] = 200, {**DONE, "person": WU}
    town.asked.answers["POST /issues"] = 201, {**DONE, "id": ISSUE}
    browser = town.browser()
    await browser.sign_in("office:chen")
    page = (await browser.open(f"/talks/{TALK}")).text
    assert f"/office/raise?talk={TALK}" in page
    await browser.open(f"/office/raise?talk={TALK}")
    said = {"title": "电价", "text": "峰谷价差大", "name": "吴静", "phone": "13800000000", "phase": "after"}
    await browser.send("/office/raise", do="check", **said)
    await browser.send("/office/raise/check")
    (body,) = town.asked.bodies("/issues")
    assert (body["origin"], body["phase"], body["occasion"]) == ("talk", "after", {"id": TALK})
