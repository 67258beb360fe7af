"""The rotation: published from a table with a preview, its faults by row and column, swaps; and the opening page."""

import io
from datetime import timedelta

import xlsxwriter

from services.portal.desks.talks import plans
from tests.portal.given import Given, at_another_time, refused, stamp
from tests.portal.projection.given import AT
from tests.portal.talks_given import SUN, TALK, WEDNESDAY, announced, held, of_the_talk, planned, signed_up

FENG = "federation:feng"
HEAD = "周次,地区,姓名,职务,班子"
FIRM = "91330500MA2B4A0Q6C"
LATE, BROUGHT = "LLLLLLLLLLLLL", "QQQQQQQQQQQQQ"


async def test_a_plan_is_checked_previewed_and_published_as_it_was_read(given: Given) -> None:
    given.officials(feng="federation")
    planned(given, (10, "huzhou"))
    browser = given.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/rotation/publish")
    table = f"{HEAD}\n10,湖州市,周明,市长,政府\n10,德清县,沈华,县政协主席,政协\n10,德清县,吴某,县长,政府"
    await browser.send("/talks/rotation/publish", content=table)
    for said in (
        "2 个轮次有变化",
        "孙某（副市长）",
        "周明（市长）",
        "沈华（县政协主席）、吴某（县长）",
        "没有领导",
    ):
        assert said in browser.text, said
    await browser.send("/talks/rotation/preview")
    (body,) = given.asked.bodies("/rotations/huzhou-2026/publish")
    county, city = body["weeks"]
    assert (city["week"], city["level"], city["leaders"][0]["body"]) == (10, "city", "government")
    assert (county["jurisdiction"], county["level"], len(county["leaders"])) == ("deqing", "county", 2)
    accounts = [one["account"] for week in body["weeks"] for one in week["leaders"]]
    assert len(set(accounts)) == 3
    assert "轮值表已发布" in browser.text


async def test_what_is_wrong_is_said_by_row_and_column_and_nothing_is_lost(given: Given) -> None:
    given.officials(feng="federation")
    browser = given.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/rotation/publish")
    table = f"{HEAD}\n54,湖州市,周明,市长,政府\n10,杭州市,周明,,工会"
    answer = await browser.send("/talks/rotation/publish", content=table)
    assert answer.status_code == 422
    for said in ("第 2 行“周次”列", "第 3 行“地区”列", "第 3 行“职务”列", "第 3 行“班子”列"):
        assert said in browser.text, said
    assert "54,湖州市" in answer.text
    assert (await browser.send("/talks/rotation/publish", content="周次,姓名")).status_code == 422
    assert "缺少这些列：地区、职务、班子" in browser.text


async def test_an_account_that_is_none_and_a_week_with_too_many_leaders_are_said_in_words(
    given: Given,
) -> None:
    given.officials(feng="federation")
    browser = given.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/rotation/publish")
    await browser.send("/talks/rotation/publish", content=f"{HEAD},账号\n10,湖州市,周明,市长,政府,zhou ming")
    assert "第 2 行“账号”列：账号不含空格，也可以不填，不能是“zhou ming”" in browser.text
    many = "".join(f"\n10,湖州市,周{place},副市长,政府" for place in range(21))
    answer = await browser.send("/talks/rotation/publish", content=f"{HEAD}{many}")
    assert answer.status_code == 422
    assert "最多 20 项" in browser.text and "should have" not in browser.text


async def test_a_workbook_is_read_as_what_is_pasted(given: Given) -> None:
    given.officials(feng="federation")
    file = io.BytesIO()
    with xlsxwriter.Workbook(file, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate([HEAD.split(","), [10, "湖州市", "周明", "市长", "政府"]]):
            sheet.write_row(row, 0, cells)
    browser = given.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/rotation/publish")
    await browser.send("/talks/rotation/publish", files={"file": ("轮值表.xlsx", file.getvalue())})
    assert "周明（市长）" in browser.text
    await browser.open("/talks/rotation/publish")
    answer = await browser.send("/talks/rotation/publish", files={"file": ("坏.xlsx", b"no workbook")})
    assert answer.status_code == 422
    assert "这不是电子表格" in browser.text


async def test_two_change_their_turns_with_a_reason(given: Given) -> None:
    given.officials(feng="federation")
    planned(given, (10, "huzhou"), (11, "huzhou"))
    browser = given.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/rotation/swap")
    answer = await browser.send("/talks/rotation/swap", week="10", other_week="12")
    assert answer.status_code == 422
    assert "这一周当地没有轮值" in browser.text
    await browser.send("/talks/rotation/swap", week="10", other_week="11", reason="外出招商")
    assert given.asked.bodies("/rotations/huzhou-2026/swap") == [
        {"week": 10, "other_week": 11, "jurisdiction": "huzhou", "reason": "外出招商"}
    ]


async def test_a_change_of_turns_says_whose_and_when_beside_its_reason(given: Given) -> None:
    given.officials(lu="clerk")
    planned(given, (10, "huzhou"), (11, "huzhou"))
    city = {"jurisdiction": "huzhou", "level": "city"}
    zhou = {"account": "zhou", "name": "周明", "post": "市长", "body": "government"}
    for version, (first, second), reason in (("2", (SUN, zhou), ""), ("3", (zhou, SUN), "外出招商")):
        weeks = [{**city, "week": 10, "leaders": [first]}, {**city, "week": 11, "leaders": [second]}]
        plan = {
            "version": version,
            "in_force_from": stamp(AT),
            "weeks": weeks,
            "reason": reason,
            "by": "feng",
        }
        topic, seq = "rotation:huzhou-2026", int(version)
        given.shown.topics.version("intake", "rotation.published.v1", topic, plan, seq)
    given.shown.apply()
    browser = given.browser()
    await browser.sign_in("clerk:lu")
    await browser.open("/talks/rotation")
    swapped = browser.text.partition("外出招商")[2]
    assert "第 10 周 · 湖州市 · 由周明（市长）换下孙某（副市长）" in swapped, browser.text
    assert "第 11 周 · 湖州市 · 由孙某（副市长）换下周明（市长）" in swapped
    assert swapped.count("换下") == 2


async def test_a_swap_without_a_reason_is_not_asked(given: Given) -> None:
    given.officials(feng="federation")
    planned(given, (10, "huzhou"), (11, "huzhou"))
    browser = given.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/rotation/swap")
    assert (await browser.send("/talks/rotation/swap", week="10", other_week="11")).status_code == 422
    assert "请写明调换原因" in browser.text, browser.text
    assert not given.asked.bodies("/rotations/huzhou-2026/swap")


async def test_two_leaders_of_one_name_and_post_at_two_places_are_two(given: Given) -> None:
    given.officials(feng="federation")
    browser = given.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/rotation/publish")
    table = f"{HEAD}\n10,德清县,张伟,县长,政府\n10,安吉县,张伟,县长,政府\n11,湖州市,周明,市长,政府"
    await browser.send("/talks/rotation/publish", content=table)
    await browser.send("/talks/rotation/preview")
    (body,) = given.asked.bodies("/rotations/huzhou-2026/publish")
    account = {one["jurisdiction"]: one["leaders"][0]["account"] for one in body["weeks"]}
    assert len(set(account.values())) == 3
    plan = {"version": "1", "in_force_from": stamp(AT), "weeks": body["weeks"], "by": "feng"}
    given.shown.topics.version("intake", "rotation.published.v1", "rotation:huzhou-2026", plan)
    given.shown.apply()
    led = {"anji": "张伟，县长，政府", "deqing": "张伟，县长，政府\n周明，市长，政府"}
    for place, leaders in led.items():
        await browser.open(f"/talks/announce?place={place}")
        await browser.send("/talks/announce", jurisdiction=place, theme="用地", place="厅", leaders=leaders)
    anji, deqing = given.asked.bodies("/agendas/huzhou/announce")
    assert [one["account"] for one in anji["leaders"]] == [account["anji"]]
    both = [account["deqing"], account["huzhou"]]  # the city's leaders go everywhere
    assert [one["account"] for one in deqing["leaders"]] == both


async def test_a_clerk_reads_the_rotation_and_does_not_publish_one(given: Given) -> None:
    given.officials(lu="clerk")
    planned(given, (10, "huzhou"), (11, "deqing"))
    browser = given.browser()
    await browser.sign_in("clerk:lu")
    page = (await browser.open("/talks/rotation")).text
    assert "孙某" in browser.text
    assert "/talks/rotation/publish" not in page
    assert (await browser.open("/talks/rotation/publish")).status_code == 404


async def test_the_opening_page_tells_the_leaders_last_round_then_todays_people(given: Given) -> None:
    given.officials(lu="clerk")
    before = "huzhou-weekly-20260225-1"
    announced(given, before, at=WEDNESDAY - timedelta(days=7), theme="上一轮的主题")
    given.registered(origin="talk", phase="at", occasion={"id": before})
    given.accepted()
    given.assigned()
    given.replied()
    rating = {"round": 1, "satisfaction": "satisfied", "solved": "yes"}
    given.shown.tell("feedback", "reply.rated.v1", rating)
    given.registered(LATE, origin="talk", phase="at", occasion={"id": before})
    held(given, before)
    announced(given)
    of_the_talk(given, BROUGHT)
    given.accepted(BROUGHT, "增容指标何时下达")
    signed_up(given, enterprise=FIRM, issue=BROUGHT)
    about = {"name": "湖州某厂", "trade": "纺织", "contacts": [], "revision": 1, "by": "chen"}
    given.shown.tell("intake", "enterprise.registered.v1", about, f"enterprise:{FIRM}")
    with at_another_time(given, timedelta(days=20)):
        browser = given.browser()
        await browser.sign_in("clerk:lu")
        await browser.open(f"/talks/{TALK}/opening")
    for said in ("孙某上一轮", "上一轮的主题", "承诺 2", "按时答复 1 / 2", "未兑现 1 / 2"):
        assert said in browser.text, said
    assert "满意 1 / 1 邀请 1 件，已评 1 件" in browser.text, browser.text
    assert "湖州某厂 增容指标何时下达" in browser.text, browser.text


async def test_who_leads_for_the_first_time_has_no_last_round(given: Given) -> None:
    given.officials(lu="clerk")
    announced(given, "huzhou-weekly-20260225-1", at=WEDNESDAY - timedelta(days=7), theme="别人的")
    held(given, "huzhou-weekly-20260225-1")
    announced(given, leaders=[{**SUN, "account": "another", "name": "吴某"}])
    browser = given.browser()
    await browser.sign_in("clerk:lu")
    await browser.open(f"/talks/{TALK}/opening")
    assert "还没有开过恳谈会" in browser.text


async def test_a_plan_that_the_service_refuses_stays_in_the_form(given: Given) -> None:
    given.officials(feng="federation")
    given.asked.answers["POST /rotations/huzhou-2026/publish"] = refused("malformed", "内容有误")
    browser = given.browser()
    await browser.sign_in(FENG)
    await browser.open("/talks/rotation/publish")
    await browser.send("/talks/rotation/publish", content=f"{HEAD}\n10,湖州市,周明,市长,政府")
    answer = await browser.send("/talks/rotation/preview")
    assert answer.status_code == 422
    assert "周明" in answer.text


def test_weeks_without_a_leader_stand_by_place_and_in_stretches() -> None:
    gaps = [(1, "huzhou"), (2, "deqing"), (2, "huzhou"), (3, "huzhou"), (5, "huzhou")]
    assert plans.by_place(gaps) == {"huzhou": "1–3, 5", "deqing": "2"}
