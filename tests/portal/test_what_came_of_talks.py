"""What came of the talks of a time: each number with what it is a share of, and the issues behind it."""

import re
from datetime import timedelta
from html import unescape

import pytest

from services.portal.desks.talks import results
from services.portal.queries import talks
from tests.portal.crawling import Document
from tests.portal.given import WU, Given, stamp
from tests.portal.projection.given import ISSUE
from tests.portal.talks_given import SUN, TALK, WEDNESDAY, announced, held, of_the_talk, signed_up

COUNTY = "deqing-weekly-20260304-1"
OTHER = "f" * 32


@pytest.fixture
def town(given: Given) -> Given:
    given.officials(feng="federation", sun="leader", chen="office")
    announced(given)
    announced(given, COUNTY, level="county", jurisdiction="deqing")
    announced(given, "huzhou-weekly-20260311-1", WEDNESDAY + timedelta(days=7))
    for talk, person in ((TALK, WU), (COUNTY, OTHER)):
        signed_up(given, talk, person)
        held(given, talk, (person,))
    given.registered(origin="talk", phase="at", occasion={"id": TALK})
    given.accepted()
    given.assigned()
    given.replied()
    given.shown.tell("feedback", "reply.rated.v1", {"round": 1, "satisfaction": "satisfied", "solved": "yes"})
    of_the_talk(given, "AAAAAAAAAAAAA", COUNTY)
    given.now = WEDNESDAY + timedelta(days=1)
    return given


async def test_each_round_and_level_stands_with_its_numbers_and_a_talk_to_come_is_none(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2026-03-01&last=2026-03-31")
    _, city, county = browser.text.split("3月4日")
    assert "恳谈会： 1" in city and "到场： 1" in city and "1 / 1" in city
    assert "恳谈会： 1" in county and "1 / 1" not in county
    assert "3月11日" not in browser.text


async def test_a_number_opens_its_issues_and_leads_back(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2026-03-01&last=2026-03-31")
    links = Document(browser.page.text).links
    address = next(one for one in links if one.startswith("/figures/satisfied?") and "city" in one)
    shown = await browser.open(address)
    assert f"/issues/{ISSUE}" in shown.text and "AAAAAAAAAAAAA" not in shown.text
    assert any(one.startswith("/talks/results?") for one in Document(shown.text).links)


async def test_the_number_of_talks_opens_these_talks_and_that_of_people_who_came(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2026-03-01&last=2026-03-31")
    held = [one for one in Document(browser.page.text).links if one.startswith("/talks/held?")]
    assert len(held) == 8  # of city and county, in all and of the one round: talks and people
    address = next(one for one in held if "level=county" in one and "people" not in one)
    shown = await browser.open(address)
    assert f"/talks/{COUNTY}" in shown.text and TALK not in shown.text
    assert "德清县" in browser.text
    assert any(one.startswith("/talks/results?") for one in Document(shown.text).links)
    shown = await browser.open(next(one for one in held if "level=city" in one and "people" in one))
    assert "到场人员 1" in browser.text
    assert f"/talks/{TALK}#issues" in shown.text and COUNTY not in shown.text


@pytest.mark.parametrize(
    ("narrowed", "there"),
    [
        ("leader=sun", (TALK, COUNTY)),
        ("leader=nobody", ()),
        ("body=government", (TALK, COUNTY)),
        ("body=party", ()),
        ("place=deqing", (COUNTY,)),
        ("department=housing", (TALK,)),
        (f"talk={TALK}", (TALK,)),
        ("held_from=2026-03-05", ()),
    ],
)
async def test_the_talks_behind_a_number_are_those_that_it_counts(
    town: Given, narrowed: str, there: tuple[str, ...]
) -> None:
    browser = town.browser()
    await browser.sign_in("leader:sun")
    for people in ("", "&people=1"):
        shown = await browser.open(f"/talks/held?{narrowed}{people}")
        links = {one.split("#")[0] for one in Document(shown.text).links}
        assert {talk for talk in (TALK, COUNTY) if f"/talks/{talk}" in links} == {*there}


async def test_talks_and_people_are_turned_page_after_page(
    town: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("desks.talks.held", "figures.talks_behind"):
        monkeypatch.setattr(f"services.portal.{module}.PAGE", 1)
    browser = town.browser()
    await browser.sign_in("leader:sun")
    for people, said in (("", "已召开的恳谈会 2"), ("&people=1", "到场人员 2")):
        address, turned = f"/talks/held?held_from=2026-03-01{people}", list[set[str]]()
        while address:
            shown = await browser.open(address)
            assert said in browser.text
            links = Document(shown.text).links
            turned.append({talk for talk in (TALK, COUNTY) if any(f"/talks/{talk}" in one for one in links)})
            address = next((one for one in links if "after=" in one), "")
            assert not address or f"held_from=2026-03-01{people}" in address
        assert sorted(turned, key=str) == sorted(({TALK}, {COUNTY}), key=str)


async def test_a_time_without_talks_says_so_and_what_is_no_day_is_the_last_quarter(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2025-01-01&last=2025-02-01")
    assert "这段时间没有召开恳谈会" in browser.text
    for first, last in (("yesterday", "%00"), ("0001-01-01", "9999-12-31")):
        await browser.open(f"/talks/results?first={first}&last={last}")
        assert "3月4日" in browser.text
    far = await browser.open("/figures/satisfied?held_from=0001-01-01&held_through=9999-12-31")
    assert far.status_code == 200


async def test_every_number_of_a_line_is_a_link_and_behind_it_are_as_many_issues(town: Given) -> None:
    runs = {"started_at": stamp(WEDNESDAY), "policy": "p", "calendar": "c"}
    assign = {**runs, "clock": "assign", "round": 1, "due_at": "2026-03-06T09:30:00Z", "limit": "2wd"}
    town.shown.tell("supervision", "clock.started.v1", assign)
    town.now = WEDNESDAY + timedelta(days=30)  # all of it is due
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2026-03-01&last=2026-03-31")
    numbers = re.findall(r'href="(/figures/[^"]+)" aria-label="[^"]*: (\d+)( / (\d+))?"', browser.page.text)
    of_city = [
        (unescape(address), int(of or whole))
        for address, whole, _, of in numbers
        if "level=city" in address and "held_from=2026-03-04" in address
    ]
    names = ("registered", "on_time_assignment", "on_time_reply", "satisfied", "participation")
    assert [address.partition("?")[0].rpartition("/")[2] for address, _ in of_city] == [*names]
    for address, many in of_city:
        shown = await browser.open(address)
        found = {one for one in Document(shown.text).links if one.startswith("/issues/")}
        assert len(found) == many, address


async def test_more_lines_than_a_page_has_stand_on_the_next(
    town: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(results, "MOST_LINES", 1)
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2026-03-01&last=2026-03-31&by=place")
    assert "德清县" in browser.text and "湖州市" not in browser.text.partition("到场")[2]
    more = next(one for one in Document(browser.page.text).links if "from_row=1" in one)
    await browser.open(more)
    assert "德清县" not in browser.text and "湖州市" in browser.text.partition("到场")[2]
    links = [one for one in Document(browser.page.text).links if "by=place" in one]
    assert not any("from_row=2" in one for one in links)
    assert any(one.endswith("by=place") for one in links)  # from the beginning
    for none in ("-1", "x", "99999999", "%00"):
        assert (await browser.open(f"/talks/results?from_row={none}")).status_code == 200


async def test_a_leader_of_older_times_has_a_name(town: Given, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talks, "MOST", 1)
    another = {**SUN, "account": "another", "name": "吴某", "post": "市政协主席"}
    announced(town, "huzhou-weekly-20260401-1", WEDNESDAY + timedelta(weeks=4), leaders=[another])
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2026-03-01&last=2026-03-31&by=leader")
    assert "孙某 副市长" in browser.text


async def test_leaders_of_one_name_and_post_are_told_apart_by_their_county_and_nobody_else_is(
    town: Given,
) -> None:
    for place, account in (("deqing", "one"), ("anji", "other")):
        head = {"account": account, "name": "吴某", "post": "县长", "body": "government"}
        talk = f"{place}-weekly-20260304-2"
        announced(town, talk, level="county", jurisdiction=place, leaders=[head])
        held(town, talk)
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2026-03-01&last=2026-03-31&by=leader")
    for said in ("吴某 德清县 · 县长", "吴某 安吉县 · 县长", "孙某 副市长"):
        assert browser.text.count(said) == 1, said
    for account in ("one", "other"):
        assert any(f"leader={account}" in one for one in Document(browser.page.text).links)


async def test_it_is_for_officials(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("entrepreneur:wu")
    assert (await browser.open("/talks/results")).status_code == 404


@pytest.mark.parametrize(
    ("by", "says"),
    [
        ("talk", ("用地与用能", "3月4日 周三 14:00")),
        ("leader", ("孙某", "副市长")),
        ("body", ("政府",)),
        ("department", ("市建设局",)),
        ("place", ("湖州市", "德清县")),
    ],
)
async def test_the_same_stands_by_talk_leader_body_department_and_place_and_each_opens_its_issues(
    town: Given, by: str, says: tuple[str, ...]
) -> None:
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open(f"/talks/results?first=2026-03-01&last=2026-03-31&by={by}")
    for said in says:
        assert said in browser.text, said
    assert "1 / 1" in browser.text
    addresses = [one for one in Document(browser.page.text).links if one.startswith("/figures/satisfied?")]
    narrowed = [one for one in addresses if f"&{by}=" in one or f"?{by}=" in one]
    assert narrowed
    for address in narrowed:
        shown = await browser.open(address)
        assert f"/issues/{ISSUE}" in shown.text
        assert any(
            one.startswith("/talks/results?") and f"by={by}" in one for one in Document(shown.text).links
        )


async def test_of_a_leader_of_two_talks_both_count_and_below_five_there_is_no_rate(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in("leader:sun")
    await browser.open("/talks/results?first=2026-03-01&last=2026-03-31&by=leader")
    row = browser.text.split("孙某")[1]
    assert "恳谈会： 2" in row and "问题： 2" in row
    assert "%" not in row
    await browser.open("/talks/results?by=nonsense")
    assert browser.page.status_code == 200
