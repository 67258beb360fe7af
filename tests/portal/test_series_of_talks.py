"""What each series of talks has of its own on pages: what the form begins with, what is missing, who may sign up."""

from datetime import timedelta

import pytest

from tests.portal.crawling import Document
from tests.portal.given import Given
from tests.portal.talks_given import SUN, TALK, WEDNESDAY, announced, held, named, planned

FENG, WU = "federation:feng", "entrepreneur:wu"


@pytest.fixture
def town(given: Given) -> Given:
    given.officials(feng="federation")
    return given


@pytest.mark.parametrize(
    ("series", "begins", "places", "says", "leader"),
    [
        ("weekly", "14:00", "12", "各地每周一场", True),
        ("quarterly", "14:00", "30", "各地每季度一场", True),
        ("round_table", "14:00", "8", "仅限受邀", True),
        ("service_day", "09:00", "50", "不需领导参加", False),
    ],
)
async def test_the_form_of_each_series_begins_with_what_its_rules_say(
    town: Given, series: str, begins: str, places: str, says: str, leader: bool
) -> None:
    planned(town, (10, "huzhou"))
    browser = town.browser()
    await browser.sign_in(FENG)
    page = (await browser.open(f"/talks/announce?series={series}")).text
    for value in (f'name="series" value="{series}"', f'value="{begins}"', f'value="{places}"'):
        assert value in page, value
    assert says in browser.text
    assert (SUN["name"] in page) is leader


async def test_a_service_day_alone_is_announced_without_a_leader(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in(FENG)
    for series, status in (("service_day", 200), ("round_table", 422), ("quarterly", 422), ("moon", 422)):
        await browser.open(f"/talks/announce?series={series if series != 'moon' else 'weekly'}")
        fields = {"theme": "惠企政策", "place": "服务中心", "leaders": "", "series": series}
        answer = await browser.send("/talks/announce", **fields)
        assert answer.status_code == status, series
    assert [one["series"] for one in town.asked.bodies("/agendas/huzhou/announce")] == ["service_day"]


async def test_a_talk_of_another_series_fills_no_week(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in(FENG)
    announced(town, "huzhou-service_day-20260304-1", series="service_day", leaders=[])
    await browser.open("/talks")
    assert browser.text.count("没有恳谈会： 湖州市") == 4
    announced(town)
    await browser.open("/talks")
    assert browser.text.count("没有恳谈会： 湖州市") == 3


async def test_who_held_a_quarterly_talk_lately_has_one_each_quarter(town: Given) -> None:
    last = WEDNESDAY - timedelta(weeks=13)
    announced(town, "deqing-quarterly-20251203-1", last, series="quarterly", jurisdiction="deqing")
    held(town, "deqing-quarterly-20251203-1")
    announced(town)
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks")
    assert "本季度还缺季度恳谈会： 德清县" in browser.text
    assert '<span class="n">1</span>' in browser.page.text
    assert "/talks/announce?series=quarterly&place=deqing" in Document(browser.page.text).links
    announced(
        town,
        "deqing-quarterly-20260325-1",
        WEDNESDAY + timedelta(weeks=3),
        series="quarterly",
        jurisdiction="deqing",
    )
    await browser.open("/talks")
    assert "本季度还缺" not in browser.text, browser.text
    assert 'class="n"' not in browser.page.text


async def test_to_a_round_table_one_comes_by_invitation(town: Given) -> None:
    announced(town, series="round_table")
    browser = town.browser()
    await browser.sign_in(WU)
    page = (await browser.open(f"/talks/{TALK}")).text
    assert "/sign-up" not in page and "主办方点名邀请" in browser.text
    await browser.open(f"/talks/{TALK}/sign-up")
    assert "主办方点名邀请" in browser.text
    named(town)
    page = (await browser.open(f"/talks/{TALK}")).text
    assert f"/talks/{TALK}/sign-up" in page  # to bring a question
    await browser.open(f"/talks/{TALK}/sign-up")
    assert "带上这个问题" in browser.text
