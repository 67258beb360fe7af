"""The board of all clocks: each issue once, by the clock due first; every number opens its list."""

import re
from datetime import datetime, timedelta

import pytest

from services.portal.addresses import Place
from services.portal.own import Kept
from services.portal.queries import board, lamps
from services.portal.session import COOKIE, hash_of, new_id
from shared.contract.words import Role
from tests.portal.given import Browser, Given, stamp
from tests.portal.projection.given import AT

LATE, TODAY, SOON, LATER, SEALED, COUNTYS = (letter * 13 for letter in "ACDEFG")
TITLES = {
    LATE: "污水管网接驳审批卡了四个月",
    TODAY: "高速口限行",
    SOON: "用电增容申请",
    LATER: "门口道路积水",
}
CLOCK = {"limit": "10wd", "policy": "default-1", "calendar": "2026-1"}


def official(
    given: Given, role: Role = Role.SUPERVISOR, department: str = "", language: str = "zh"
) -> Browser:
    """The browser of somebody in office."""
    browser, id = given.browser(), new_id()
    given.own.sign_in(hash_of(id), Kept("shen", role, department, "沈岚", ""), given.now)
    browser.client.cookies.set(COOKIE, id, domain="127.0.0.1")
    browser.client.cookies.set("qinqing_view", language, domain="127.0.0.1")
    return browser


def clock(given: Given, id: str, name: str, due: datetime, **more: str) -> None:
    """A clock runs."""
    started = {"clock": name, "round": 1, "started_at": stamp(AT), "due_at": stamp(due), **CLOCK, **more}
    given.shown.tell("supervision", "clock.started.v1", started, id)


def town(given: Given) -> None:
    """One issue late, one due today, one within 24 hours, one later, one not accepted; now is 10:00 of a Monday."""
    for id, due in (
        (LATE, timedelta(days=-4)),
        (TODAY, timedelta(hours=5)),
        (SOON, timedelta(hours=20)),
        (LATER, timedelta(days=9)),
    ):
        given.registered(id)
        given.accepted(id, TITLES[id])
        clock(given, id, "promise", given.now + due)
    given.registered(SEALED, urgent=True)
    clock(given, SEALED, "assign", given.now + timedelta(days=2))
    given.assigned(LATE)
    clock(given, LATE, "holding", given.now + timedelta(days=1), assignment=f"{LATE}.1", department="housing")
    given.assigned(TODAY)
    breached = {
        "clock": "promise",
        "round": 1,
        "due_at": stamp(given.now - timedelta(days=4)),
        "late_seconds": 1.0,
    }
    given.shown.tell("supervision", "clock.breached.v1", breached, LATE)


def listed_on(browser: Browser) -> list[str]:
    """The ids of the rows in their order."""
    return re.findall(r'id="row-(\w+)"', browser.page.text)


async def test_what_is_due_first_stands_on_top_with_what_happens_next(given: Given) -> None:
    town(given)
    browser = official(given)
    await browser.open("/board")
    assert listed_on(browser) == [LATE, TODAY, SOON, SEALED, LATER]
    assert "在办 5 件 · 数据截至 10:00" in browser.text
    assert "答复之前，企业看到的都是逾期" in browser.text and "今天 15:00：企业会看到答复逾期" in browser.text
    assert "部门办理期限 明天 10:00" in browser.text, "the other clock of the first one"
    assert "市建设局 未指定承办人" in browser.text and "已记逾期" in browser.text


async def test_every_number_on_top_opens_its_list(given: Given) -> None:
    town(given)
    browser = official(given)
    await browser.open("/board")
    for due, ids in (("late", [LATE]), ("today", [TODAY]), ("day", [TODAY, SOON])):
        number = re.search(rf'id="stat-{due}".*?<b[^>]*>(\d+)</b>', browser.page.text)
        assert number and int(number[1]) == len(ids)
    for due, ids in (("late", [LATE]), ("today", [TODAY]), ("day", [TODAY, SOON])):
        await browser.open(f"/board?due={due}")
        assert listed_on(browser) == ids


async def test_it_is_counted_by_department_and_each_number_opens_its_list(given: Given) -> None:
    town(given)
    browser = official(given)
    await browser.open("/board")
    lines = dict(re.findall(r'<tr id="place-(\w+)">(.*?)</tr>', browser.page.text, re.DOTALL))
    assert [re.findall(r">(\d+)<", lines[code]) for code in ("housing", "none")] == [
        list("1112"),
        list("0013"),
    ]
    for address in re.findall(r'class="number-link[^"]*" href="([^"]+)"', browser.page.text):
        number = re.search(rf'href="{re.escape(address)}"[^>]*>(\d+)<', browser.page.text)
        other = official(given)
        await other.open(address.replace("&amp;", "&"))
        assert number and len(listed_on(other)) == int(number[1]), address


async def test_it_is_narrowed_by_the_address(given: Given) -> None:
    town(given)
    browser = official(given)
    for query, ids in (
        ("department=housing", [LATE, TODAY]),
        ("department=none", [SOON, SEALED, LATER]),
        ("level=city", [LATE, TODAY, SOON, SEALED, LATER]),
        ("level=county", []),
        ("clock=assign", [SEALED]),
        ("clock=holding", [LATE]),
        ("clock=promise&department=housing&due=late", [LATE]),
        ("department=housing&level=county", []),
        ("due=x&clock=x&department=x&level=x&after=x", [LATE, TODAY, SOON, SEALED, LATER]),
    ):
        await browser.open(f"/board?{query}")
        assert listed_on(browser) == ids, query


async def test_a_level_and_a_source_each_show_their_own_and_leave_out_the_others(given: Given) -> None:
    town(given)
    of_a_county(given, COUNTYS, origin="hotline")
    browser, citys = official(given), [LATE, TODAY, SOON, SEALED, LATER]
    for query, ids in (
        ("", [*citys, COUNTYS]),
        ("level=county", [COUNTYS]),
        ("level=city", citys),
        ("source=hotline", [COUNTYS]),
        ("source=online_column", citys),
        ("level=county&source=hotline", [COUNTYS]),
        ("level=city&source=hotline", []),
        ("level=county&department=housing", []),
    ):
        await browser.open(f"/board?{query}")
        assert listed_on(browser) == ids, query


def of_a_county(given: Given, id: str, **more: str) -> None:
    """An issue that a county's department holds, due behind all of the town."""
    entry = {"version": "1", "in_force_from": stamp(AT - timedelta(days=5000)), "by": "system"}
    place = {**entry, "name_zh": "县规划局", "name_en": "Planning", "level": "county", "head": "局长"}
    given.shown.topics.version("dispatch", "department.published.v1", "dept:planning", place)
    given.registered(id, **more)
    given.accepted(id, "村口积水")
    clock(given, id, "promise", given.now + timedelta(days=10))
    held = {"assignment": f"{id}.1", "department": "planning", "head": "局长", "by": "wang"}
    given.shown.tell("dispatch", "issue.assigned.v1", held, id)


async def test_a_matter_of_a_county_is_counted_there_and_not_with_the_city(given: Given) -> None:
    town(given)
    of_a_county(given, COUNTYS)
    browser = official(given)
    for level, ids, departments in (
        ("county", [COUNTYS], {"planning"}),
        ("city", [LATE, TODAY, SOON, SEALED, LATER], {"housing", "none"}),
    ):
        await browser.open(f"/board?level={level}")
        assert listed_on(browser) == ids and f"在办 {len(ids)} 件" in browser.text
        lines = dict(re.findall(r'<tr id="place-(\w+)">(.*?)</tr>', browser.page.text, re.DOTALL))
        assert set(lines) == departments
        assert sum(int(re.findall(r">(\d+)<", one)[-1]) for one in lines.values()) == len(ids)


async def test_an_empty_board_says_what_to_do(given: Given) -> None:
    browser = official(given)
    await browser.open("/board")
    assert "有问题登记后，它的时钟就会出现在这里。" in browser.text
    town(given)
    await browser.open("/board?level=county&due=late")
    assert "没有逾期" in browser.text and "去掉一个筛选条件" in browser.text


async def test_words_that_are_not_accepted_are_not_shown(given: Given) -> None:
    town(given)
    browser = official(given)
    await browser.open("/board?department=none")
    assert "尚未受理，内容暂不显示" in browser.text and not given.asked.requests


async def test_pages_of_fifty_follow_each_other_without_a_gap(given: Given) -> None:
    ids = [f"{number:013}" for number in range(120)]
    for number, id in enumerate(ids):
        given.registered(id)
        clock(given, id, "promise", given.now + timedelta(hours=number // 3))
    for query in ("", "clock=promise", "department=none"):
        browser, found, address = official(given), list[str](), f"/board?{query}"
        while address:
            await browser.open(address)
            found += listed_on(browser)
            following = re.search(r'href="([^"]+)" rel="next"', browser.page.text)
            address = following[1].replace("&amp;", "&") if following else ""
        assert found == ids, query


@pytest.mark.parametrize("chosen", [{}, {"clock": "promise"}, {"department": "housing"}, {"due": "late"}])
def test_no_list_and_no_count_reads_the_table_of_issues_from_end_to_end(
    given: Given, chosen: dict[str, str]
) -> None:
    town(given)
    asked: list[str] = []
    reads, at = given.shown.reader(), board.moment(given.now)
    reads.set_trace_callback(asked.append)
    narrowed = board.Chosen(**chosen)
    board.page(reads, narrowed, at, Place(1, "A"))
    board.counts(reads, narrowed, at)
    board.not_drafted(reads, narrowed, at)
    list(board.waiting_longest(reads, 5))
    reads.set_trace_callback(None)
    for query in asked:
        for *_, plan in reads.execute(f"EXPLAIN QUERY PLAN {query}").fetchall():
            assert not re.match(r"SCAN (i|c|issue|clock)\b(?!.*USING (COVERING )?INDEX)", plan), (plan, query)


def test_the_counts_that_are_drawn_most_often_read_indexes_alone_and_who_waits_longest_is_not_sorted(
    given: Given,
) -> None:
    town(given)
    asked: list[str] = []
    reads = given.shown.reader()
    reads.set_trace_callback(asked.append)
    board.counts(reads, board.Chosen(), board.moment(given.now))
    lamps.standing(reads)
    list(board.waiting_longest(reads, 5))
    reads.set_trace_callback(None)
    counts, standing, waiting = asked
    lit = standing.split("UNION ALL")[0]
    for query in (counts, lit):
        steps = {row[1] for row in reads.execute(f"EXPLAIN {query}")}
        assert "OpenRead" in steps and "DeferredSeek" not in steps, query
    assert "SorterOpen" not in {row[1] for row in reads.execute(f"EXPLAIN {waiting}")}


async def test_only_who_reads_every_issue_sees_the_board(given: Given) -> None:
    town(given)
    for role in (Role.SUPERVISOR, Role.LEADER, Role.OFFICE):
        assert (await official(given, role).open("/board")).status_code == 200
    for role in (Role.HANDLER, Role.DEPARTMENT_LEADER, Role.OBSERVER, Role.OPERATOR):
        assert (await official(given, role, "housing").open("/board")).status_code == 404
    raiser = given.browser()
    await raiser.sign_in()
    assert (await raiser.open("/board")).status_code == 404
    assert (await given.browser().open("/board")).url.path == "/sign-in"


async def test_it_is_there_in_english_too(given: Given) -> None:
    town(given)
    browser = official(given, language="en")
    await browser.open("/board?due=late")
    assert "Supervision board" in browser.text and "The enterprise sees it as late" in browser.text
    assert not re.search(
        r"[\u4e00-\u9fff]", re.sub("|".join([*TITLES.values(), "沈岚", "中文", "亲"]), "", browser.text)
    )


async def test_the_same_board_is_drawn_once_for_supervisors_and_leaders(given: Given) -> None:
    town(given)
    await official(given).open("/board")
    kept = len(given.portal.once)
    for role in (Role.LEADER, Role.SUPERVISOR):
        await official(given, role).open("/board")
    assert len(given.portal.once) == kept
    await official(given).open("/board?due=late")
    assert len(given.portal.once) == kept + 1
