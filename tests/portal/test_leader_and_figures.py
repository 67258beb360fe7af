"""A leader's screen and the figures: every rate with how many, every number opens its issues."""

import re
from datetime import timedelta
from typing import Any

import pytest

from services.portal.desks.leader.trend import trend
from services.portal.figures.counting import issues_behind
from services.portal.figures.definitions import COUNTS, FIGURES, RATES, SPANS
from services.portal.figures.reporting import report
from shared.contract.words import Role
from tests.portal.given import ISSUE, Browser, Given, stamp
from tests.portal.projection.given import AT
from tests.portal.test_board import LATE, listed_on, official, town

MONTH = "2026-03"
IDS = [f"{number:013}" for number in range(7)]


def answered(given: Given) -> None:
    """Seven issues of one department: six answered, four of those in time; five of six were satisfied."""
    for number, id in enumerate(IDS):
        given.registered(id)
        given.accepted(id, f"第{number}件")
        given.assigned(id)
        if number == 6:
            continue
        at = AT + timedelta(days=20 if number > 3 else 3)
        draft = {"assignment": f"{id}.1", "department": "housing", "round": 1, "draft": 1, "sha256": "a" * 64}
        out = {**draft, "outcome": "solved", "outcome_class": "A", "text": "已办。", "by": "chen"}
        given.shown.tell("dispatch", "reply.released.v1", out, id, at=at)
        until = {"round": 1, "open_until": stamp(AT + timedelta(days=40))}
        given.shown.tell("feedback", "rating.invited.v1", until, id, at=at)
        how = "satisfied" if number else "dissatisfied"
        rated = {"round": 1, "satisfaction": how, "solved": "yes" if number else "no"}
        given.shown.tell("feedback", "reply.rated.v1", rated, id, at=at)
    given.now = AT + timedelta(days=25)


def shown(browser: Browser, id: str) -> str:
    """The text of one card."""
    found = re.search(rf'id="{id}"[^>]*>(.*?)</a>', browser.page.text, re.DOTALL)
    return " ".join(re.sub("<[^>]+>", " ", found[1] if found else "").split())


def printed(browser: Browser, address: str) -> int | None:
    """The number of issues inside a link, of ``4 / 7`` the second; None where a share stands there alone."""
    found = re.search(rf'href="{re.escape(address)}"[^>]*>(.*?)</a>', browser.page.text, re.DOTALL)
    said = found[1] if found else ""
    of = re.search(r"\d+ / (\d+)", said) or re.search(r"(?:<b>|^)\s*(\d+)\s*(?:</b>|$)", said)
    return int(of[1]) if of else None


async def test_the_screen_shows_each_rate_with_how_many(given: Given) -> None:
    answered(given)
    browser = official(given, Role.LEADER)
    await browser.open("/overview")
    assert shown(browser, "count-registered") == "登记 7 其中撤回 0 件"
    assert shown(browser, "count-replied") == "已答复 6 共 7 件登记"
    assert shown(browser, "rate-on_time_reply") == "按时答复（原期限） 57.1 % 4 / 7 件"
    assert shown(browser, "rate-satisfied") == "满意（已评价） 83.3 % 5 / 6 件"
    assert shown(browser, "rate-participation") == "参评（已邀请） 100.0 % 6 / 6 件"
    assert shown(browser, "rate-solved") == "解决（企业自评） 83.3 % 5 / 6 件"
    assert shown(browser, "rate-solved_claimed") == "解决（部门自报） 100.0 % 6 / 6 件"
    assert "等待答复最久的五件" in browser.text and "第6件" in browser.text
    assert "<polyline" in browser.page.text and 'role="img"' in browser.page.text
    assert " style=" not in browser.page.text


async def test_the_five_that_wait_longest_stand_there_the_one_that_was_raised_first_on_top(
    given: Given,
) -> None:
    waiting = dict(zip(IDS, (3, 9, 1, 7, 8, 2, 5), strict=True))
    for id, days in {**waiting, ISSUE: 20}.items():
        about = {"number": id, "kind": "problem", "origin": "online_column", "person": "0" * 32}
        given.shown.tell("intake", "issue.registered.v1", about, id, at=AT - timedelta(days=days))
    given.replied()  # the eldest has its reply
    browser = official(given, Role.LEADER)
    await browser.open("/overview")
    found = re.findall(r'id="waiting-(\w+)"', browser.page.text)
    assert found == sorted(waiting, key=lambda id: -waiting[id])[:5]


async def test_below_five_there_are_counts_alone(given: Given) -> None:
    given.answered()
    given.now = AT + timedelta(days=20)
    browser = official(given, Role.LEADER)
    await browser.open("/overview")
    assert shown(browser, "rate-on_time_reply") == "按时答复（原期限） 1 / 1 件，太少，不算比率"
    assert "<polyline" not in browser.page.text
    await browser.open("/figures")
    assert "%" not in re.sub(r"<[^>]+>", "", browser.page.text.split("<main")[1]) and "1 / 1" in browser.text


async def test_every_number_opens_as_many_issues_as_it_says(given: Given) -> None:
    answered(given)
    browser, numbers = official(given, Role.LEADER), set[str]()
    for path in ("/overview", "/figures", f"/figures?month={MONTH}&department=housing&source=online_column"):
        await browser.open(path)
        links = set(re.findall(r'href="(/figures/[^"]+)"', browser.page.text))
        assert len(links) > 8
        for address in links:
            other = official(given, Role.LEADER)
            opened = await other.open(address.replace("&amp;", "&"))
            assert opened.status_code == 200, address
            name = address.split("/")[2].partition("?")[0]
            part = (re.search(r"part=(\w+)", address) or ["", "denominator"])[1]
            expected = len(issues_behind(given.shown.reader(), name, part, given.now))  # type: ignore[arg-type]
            if (said := printed(browser, address)) is not None:
                numbers.add(address)
                assert said == expected, address
            assert len(re.findall(r'class="t" href="/issues/', other.page.text)) == expected, address
    assert len(numbers) > 8


async def test_what_is_overdue_now_opens_as_many_issues_as_it_says(given: Given) -> None:
    town(given)
    browser = official(given, Role.LEADER)
    await browser.open("/overview")
    assert shown(browser, "late-now") == "当前逾期 1 在办 5 件中，不论何时登记"
    (address,) = re.findall(r'id="late-now" href="([^"]+)"', browser.page.text)
    await browser.open(address)
    assert listed_on(browser) == [LATE]


async def test_the_sides_of_a_rate_are_its_whole(given: Given) -> None:
    answered(given)
    browser = official(given)
    await browser.open(f"/figures/on_time_reply?month={MONTH}")
    assert "57.1 %" in browser.text and "4 / 7 件" in browser.text
    counts = dict(re.findall(r'part=(\w+)"[^>]*>[^<]*<span class="count">(\d+)', browser.page.text))
    assert counts == {"numerator": "4", "denominator": "7", "others": "3"}


async def test_pages_of_issues_behind_a_figure_follow_each_other(given: Given) -> None:
    for number in range(103):
        given.registered(f"{number:013}")
    browser, found, address = official(given), list[str](), "/figures/registered"
    while address:
        await browser.open(address)
        found += re.findall(r'class="t" href="/issues/(\w+)"', browser.page.text)
        following = re.search(r'href="([^"]+)" rel="next"', browser.page.text)
        address = following[1].replace("&amp;", "&") if following else ""
    assert len(found) == len(set(found)) == 103


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_figure_stands_on_the_page_with_its_definition(given: Given, language: str) -> None:
    answered(given)
    browser = official(given, language=language)
    await browser.open("/figures")
    for one in (*COUNTS, *RATES, *SPANS):
        said = (one.zh, one.meaning_zh) if language == "zh" else (one.en, one.meaning)
        assert all(" ".join(word.split()) in browser.text.replace("&#39;", "'") for word in said), one.name


async def test_what_is_none_of_ours_in_the_address_narrows_nothing(given: Given) -> None:
    answered(given)
    browser = official(given)
    await browser.open("/figures?month=1999-01&department=nowhere&source=x")
    assert 'href="/figures/registered"' in browser.page.text
    assert (await browser.open("/figures/nothing")).status_code == 404
    await browser.open("/figures/registered?part=x&after=x&month=x")
    assert len(re.findall(r'class="t" href', browser.page.text)) == 7
    await browser.open(f"/figures/rejected?month={MONTH}")
    assert "这里没有问题" in browser.text and "换一个月份" in browser.text


async def test_a_handler_reads_the_figures_and_opens_no_other_departments_issues(given: Given) -> None:
    answered(given)
    browser = official(given, Role.HANDLER, "education")
    await browser.open("/figures")
    assert "57.1 %" in browser.text and "/figures/" not in browser.page.text
    assert (await browser.open("/figures/registered")).status_code == 404
    assert (await browser.open("/overview")).status_code == 404
    raiser = given.browser()
    await raiser.sign_in()
    assert (await raiser.open("/figures")).status_code == 404


async def test_an_empty_town_has_a_screen_too(given: Given) -> None:
    browser = official(given, Role.LEADER)
    for path in ("/overview", "/overview?month=all&departments=all", "/figures"):
        assert (await browser.open(path)).status_code == 200
    await browser.open("/overview")
    assert "没有等待答复的问题" in browser.text


async def test_shown_is_what_is_counted(given: Given) -> None:
    answered(given)
    total = report(given.shown.reader(), given.now)["total"]
    browser = official(given)
    await browser.open("/figures")
    for name, value in total["rates"].items():
        if value["rate"] is not None:
            assert f"{100 * value['rate']:.1f} %" in browser.text, FIGURES[name].zh
    assert ISSUE not in browser.page.text


# ------------------------------------------------------------------ the picture


def months(*rates: tuple[float | None, float | None]) -> list[tuple[str, dict[str, Any]]]:
    """Months with two rates each."""
    return [
        (f"2026-{number:02}", {"rates": {"a": {"rate": a}, "b": {"rate": b}}})
        for number, (a, b) in enumerate(rates, 1)
    ]


def test_a_month_without_a_rate_is_a_gap_in_its_line() -> None:
    drawn = trend(months((0.95, 0.9), (None, 0.92), (0.97, 0.91)), {"a": "A", "b": "B"})
    assert [[len(piece) for piece in line.pieces] for line in drawn.lines] == [[1, 1], [3]]
    assert drawn.has_lines and [mark.said for mark in drawn.scale] == ["90 %", "95 %", "100 %"]


def test_the_scale_begins_where_the_lowest_rate_asks_for_it() -> None:
    assert trend(months((0.95, 0.3)), {"a": "A", "b": "B"}).scale[0].said == "0 %"
    assert not trend([], {"a": "A"}).has_lines
