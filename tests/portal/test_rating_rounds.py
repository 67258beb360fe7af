"""The month's rating round: what waits for a rating by level, started once, with what is known of it afterwards."""

import pytest

from tests.portal.given import ISSUE, Given, refused, stamp
from tests.portal.office_given import clerk, directory
from tests.portal.projection.given import AT
from tests.portal.talks_given import TALK, WEDNESDAY, announced

PATH, START = "/talks/ratings", "/rating-rounds/huzhou-2026-03-city/start"
COUNTY = "deqing-weekly-20260304-1"
SUBJECT = "ratings:huzhou-2026-03-city"


@pytest.fixture
def town(given: Given) -> Given:
    given.officials(feng="federation", sun="leader", chen="office")
    announced(given)
    announced(given, COUNTY, level="county", jurisdiction="deqing")
    given.registered(origin="talk", phase="at", occasion={"id": TALK})
    given.accepted()
    given.assigned()
    given.replied()
    given.now = AT.replace(day=3)
    return given


def started(given: Given, **more: object) -> None:
    begun = {
        "month": "2026-03",
        "level": "city",
        "issues": [ISSUE],
        "tell_at": stamp(WEDNESDAY),
        "by": "chen",
    }
    given.shown.tell("feedback", "rating_round.started.v1", begun | more, SUBJECT)


@pytest.mark.parametrize("who", ["office:chen", "federation:feng"])
async def test_what_waits_for_a_rating_stands_by_level_and_its_round_is_started_with_it(
    town: Given, who: str
) -> None:
    browser = town.browser()
    await browser.sign_in(who)
    await browser.open("/talks/results")
    assert f'href="{PATH}"' in browser.page.text
    await browser.open(PATH)
    city, county = browser.text.split("县区")[0], browser.text.split("县区")[1]
    assert "1 件答复待评价" in city and "0 件答复待评价" in county
    await browser.send(PATH, level="city")
    (body,) = town.asked.bodies(START)
    assert body == {"month": "2026-03", "level": "city", "issues": [ISSUE]}
    assert "本月评价已启动" in browser.text


@pytest.mark.parametrize(("who", "home"), [("office:chen", "/office/triage"), ("federation:feng", "/talks")])
async def test_that_the_months_round_has_not_begun_stands_on_the_first_page_of_who_may_start_it(
    town: Given, who: str, home: str
) -> None:
    browser = town.browser()
    await browser.sign_in(who)
    page = (await browser.open(home)).text
    assert "本月评价轮次还没有启动： 市级 去启动" in browser.text
    assert f'href="{PATH}"' in page
    started(town)
    await browser.open(home)
    assert "还没有启动" not in browser.text
    await browser.sign_in("leader:sun")
    await browser.open("/talks")
    assert "还没有启动" not in browser.text


async def test_what_was_rated_waits_no_more_and_nothing_is_asked_of_nobody(town: Given) -> None:
    town.shown.tell("feedback", "reply.rated.v1", {"round": 1, "satisfaction": "satisfied", "solved": "yes"})
    browser = town.browser()
    await browser.sign_in("office:chen")
    await browser.open(PATH)
    assert "启动本月评价" not in browser.text
    mark = browser.page.text.split('name="mark" value="')[1].split('"')[0]
    answer = await browser.client.post(PATH, data={"mark": mark, "level": "city"})
    assert answer.status_code == 422 and not town.asked.bodies(START)
    assert (await browser.client.post(PATH, data={"mark": mark, "level": "moon"})).status_code == 422


async def test_once_started_it_says_by_whom_and_how_many_were_reminded(town: Given) -> None:
    started(town)
    browser = town.browser()
    await browser.sign_in("federation:feng")
    await browser.open(PATH)
    assert "某chen" in browser.text and "启动本月评价" not in browser.text
    town.shown.tell("feedback", "rating_round.done.v1", {"reminded": 0, "passed": [ISSUE]}, SUBJECT)
    await browser.open(PATH)
    assert "提醒 0 / 1 件" in browser.text


async def test_who_was_slower_is_told_so(town: Given) -> None:
    town.asked.answers[f"POST {START}"] = refused("illegal_move", "当前状态不允许这样做")
    browser = town.browser()
    await browser.sign_in("office:chen")
    await browser.open(PATH)
    answer = await browser.send(PATH, level="city")
    assert answer.status_code == 422 and "已经启动过" in browser.text


async def test_it_is_for_who_organises_talks(town: Given) -> None:
    directory(town)
    for who in ("leader:sun", "entrepreneur:wu"):
        browser = town.browser()
        await browser.sign_in(who)
        assert (await browser.open(PATH)).status_code == 404
        await browser.open("/talks/results")
        assert f'href="{PATH}"' not in browser.page.text
    assert (await clerk(town).open(PATH)).status_code == 200
