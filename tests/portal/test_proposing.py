"""What is proposed to who organises a talk: themes out of what waits, with the issues behind each, and whom to name."""

import pytest

from tests.portal.crawling import Document
from tests.portal.given import DONE, NUMBER, WU, Given
from tests.portal.projection.given import ISSUE
from tests.portal.talks_given import TALK, announced, signed_up

FENG, CHEN = "federation:feng", "office:chen"
MILL, DAIRY = "91330500MA2B4A0Q6C", "91330500MA2B4A0Q7A"
SUI, TAN = "a" * 32, "b" * 32
OTHERS = ("BBBBBBBBBBBB1", "BBBBBBBBBBBB2", "BBBBBBBBBBBB3", "BBBBBBBBBBBB4")


@pytest.fixture
def town(given: Given) -> Given:
    """Three issues of textile wait, two of them one person's; one of food, one without a name; one was answered."""
    given.officials(feng="federation", lu="clerk", chen="office")
    for code, name, trade in ((MILL, "湖州某纺织厂", "纺织"), (DAIRY, "德清某乳品厂", "食品加工")):
        about = {"name": name, "trade": trade, "contacts": [], "revision": 1, "by": "chen"}
        given.shown.tell("intake", "enterprise.registered.v1", about, f"enterprise:{code}")
    given.registered(enterprise=MILL)
    given.accepted()
    given.assigned()
    second, third, food, nameless = OTHERS
    for issue, person, enterprise, more in (
        (second, WU, MILL, {}),
        (third, SUI, MILL, {}),
        (food, TAN, DAIRY, {}),
        (nameless, "c" * 32, DAIRY, {"anonymous": True}),
    ):
        given.registered(issue, person=person, enterprise=enterprise, **more)
    announced(given, capacity=2, theme="纺织企业用工")
    return given


async def test_themes_are_proposed_by_what_waits_each_with_its_number_which_opens_its_issues(
    town: Given,
) -> None:
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/announce")
    assert "纺织企业等待答复的问题 3 件" in browser.text
    assert "食品加工企业等待答复的问题 1 件" in browser.text  # the one without a name stands nowhere
    assert "市建设局正在办理的问题 1 件" in browser.text
    assert (
        browser.text.index("纺织企业") < browser.text.index("食品加工企业") < browser.text.index("市建设局正")
    )
    address = next(one for one in Document(browser.page.text).links if one.startswith("/talks/themes?trade="))
    await browser.open(address)
    assert "湖州某纺织厂" in browser.text and "德清某乳品厂" not in browser.text
    assert NUMBER in browser.text and ISSUE not in browser.page.text  # the federation reads no issue


async def test_what_was_answered_is_no_theme_any_more(town: Given) -> None:
    town.replied()
    browser = town.browser()
    await browser.sign_in(CHEN)
    await browser.open("/talks/announce")
    assert "纺织企业等待答复的问题 2 件" in browser.text
    await browser.open("/talks/themes?trade=纺织")
    assert f"/issues/{OTHERS[0]}" in browser.page.text and f"/issues/{ISSUE}" not in browser.page.text
    await browser.open("/talks/themes?trade=采矿")
    assert "没有等待答复的" in browser.text


async def test_a_proposed_theme_is_announced_unless_one_writes_another(town: Given) -> None:
    town.asked.answers["POST /agendas/huzhou/announce"] = 200, {**DONE, "talk": TALK}
    browser = town.browser()
    await browser.sign_in(FENG)
    fields = {"place": "厅", "leaders": "周明，市长，政府", "proposed": "纺织企业等待答复的问题"}
    for theme in ("", "招工"):
        await browser.open("/talks/announce")
        await browser.send("/talks/announce", **fields, theme=theme)
    themes = [body["theme"] for body in town.asked.bodies("/agendas/huzhou/announce")]
    assert themes == ["纺织企业等待答复的问题", "招工"]


async def test_who_waits_in_the_themes_trade_is_proposed_and_named_at_once(town: Given) -> None:
    browser = town.browser()
    await browser.sign_in(FENG)
    page = (await browser.open(f"/talks/{TALK}/name")).text
    assert "湖州某纺织厂 2 件" in browser.text and "湖州某纺织厂 1 件" in browser.text
    assert "德清某乳品厂" not in browser.text
    assert "named=1" not in page  # the federation looks no names up
    await browser.send(f"/talks/{TALK}/name", **{f"invited-{WU}": "1", f"invited-{SUI}": "1"})
    both = [{"person": person, "enterprise": MILL} for person in (WU, SUI)]
    assert town.asked.bodies(f"/talks/{TALK}/name") == [{"participants": both}]
    assert not town.asked.bodies("/people/find")


async def test_of_another_trade_others_are_proposed_and_who_is_on_the_list_is_not(town: Given) -> None:
    signed_up(town, person=TAN)
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open(f"/talks/{TALK}/name?trade=食品加工")
    assert "已在名单上" in browser.text and "湖州某纺织厂" not in browser.text


async def test_more_than_have_a_place_are_not_named_and_nothing_ticked_is_lost(town: Given) -> None:
    signed_up(town)
    browser = town.browser()
    await browser.sign_in(FENG)
    await browser.open(f"/talks/{TALK}/name")
    answer = await browser.send(
        f"/talks/{TALK}/name", **{f"invited-{SUI}": "1", f"invited-{TAN}": "1"}, phone="13800000000"
    )
    assert answer.status_code == 422
    for said in ("还剩 1 个名额", "请分开点名"):
        assert said in browser.text, said
    assert f'name="invited-{SUI}" value="1" checked' in answer.text
    assert not town.asked.bodies(f"/talks/{TALK}/name")


async def test_whom_one_is_about_to_name_is_kept_on_the_server_and_nobody_is_named(town: Given) -> None:
    browser, elsewhere = town.browser(), town.browser()
    for one in (browser, elsewhere):
        await one.sign_in(FENG)
        await one.open(f"/talks/{TALK}/name")
    open_there = browser.page
    town.asked.requests.clear()
    typed = {"phone": "13800000000", "name": "写到一半", f"invited-{SUI}": "1"}
    for _ in range(2):
        browser.page = open_there
        answer = await browser.send(f"/talks/{TALK}/name", do="quietly", **typed)
        assert answer.status_code == 204 and not town.asked.requests
    again = (await elsewhere.open(f"/talks/{TALK}/name")).text
    assert "写到一半" in again and f'name="invited-{SUI}" value="1" checked' in again


async def test_names_are_shown_to_who_may_see_them_and_each_look_is_written_down(town: Given) -> None:
    for person, name in ((WU, "吴明"), (SUI, "隋芳")):
        town.asked.answers[f"POST /people/{person}/contact"] = 200, {**DONE, "name": name}
    browser = town.browser()
    await browser.sign_in("clerk:lu")
    page = (await browser.open(f"/talks/{TALK}/name")).text
    assert "named=1" in page and not town.asked.bodies(f"/people/{WU}/contact")
    await browser.open(f"/talks/{TALK}/name?trade=纺织&named=1")
    assert "吴明" in browser.text and "隋芳" in browser.text
    assert town.asked.bodies(f"/people/{WU}/contact") == [{"why": f"为恳谈会 {TALK} 点名"}]


async def test_it_is_for_those_who_organise_talks(town: Given) -> None:
    town.officials(sun="leader")
    browser = town.browser()
    for who in ("leader:sun", "entrepreneur:wu"):
        await browser.sign_in(who)
        assert (await browser.open("/talks/themes?trade=纺织")).status_code == 404
    await browser.sign_in(FENG)
    assert (await browser.open("/talks/themes")).status_code == 404
