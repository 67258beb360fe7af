"""The lamps: how many stand at which step, each number opening its list, and a department's history of them."""

import re
from datetime import timedelta

import pytest

from services.portal.addresses import read_place
from services.portal.queries import board, lamps
from shared.contract.words import Role
from tests.portal.given import Given, stamp
from tests.portal.projection.given import AT
from tests.portal.test_board import LATE, LATER, SOON, TODAY, listed_on, official, town
from tests.portal.test_ladder import raised

HISTORY = "/board/departments/housing"


def lit(given: Given, id: str, step: int, **more: str) -> None:
    """An issue is raised."""
    given.shown.tell("supervision", "ladder.raised.v1", {**raised(step), **more}, id)


def lamps_of_the_town(given: Given) -> None:
    """Red and yellow with departments, an order with nobody, and one that was only warned of."""
    town(given)
    lit(given, LATE, 4)
    lit(given, TODAY, 3)
    lit(given, SOON, 2)
    warned = {
        "clock": "promise",
        "round": 1,
        "threshold": "70%",
        "due_at": stamp(given.now + timedelta(days=9)),
    }
    given.shown.tell("supervision", "clock.warned.v1", warned, LATER)


def test_they_are_counted_by_department_and_step_with_the_warned(given: Given) -> None:
    lamps_of_the_town(given)
    assert lamps.standing(given.shown.reader()) == {"housing": {4: 1, 3: 1}, "": {2: 1, 0: 1}}


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("step=any", [LATE, TODAY, SOON]),
        ("step=0", [LATER]),
        ("step=3", [TODAY]),
        ("step=any&department=housing", [LATE, TODAY]),
        ("step=any&level=county", []),
        ("step=any&clock=holding", [LATE]),
        ("step=any&due=late", [LATE]),
        ("source=hotline", []),
        ("source=online_column&step=any", [LATE, TODAY, SOON]),
    ],
)
async def test_the_board_is_narrowed_by_step_and_source(given: Given, query: str, ids: list[str]) -> None:
    lamps_of_the_town(given)
    browser = official(given)
    await browser.open(f"/board?{query}")
    assert listed_on(browser) == ids


async def test_what_is_answered_and_not_lifted_stands_on_the_board_of_its_step_alone(given: Given) -> None:
    town(given)
    lit(given, LATE, 4)
    for clock, assignment in (("promise", ""), ("holding", f"{LATE}.1")):
        stopped = {"clock": clock, "round": 1, "assignment": assignment, "stopped_at": stamp(given.now)}
        given.shown.tell("supervision", "clock.stopped.v1", {**stopped, "breached": True}, LATE)
    browser = official(given)
    await browser.open("/board")
    assert LATE not in listed_on(browser)
    await browser.open("/board?step=4")
    assert listed_on(browser) == [LATE] and "没有时限在走" in browser.text
    for due in ("late", "today", "day"):
        await browser.open(f"/board?step=4&due={due}")
        assert listed_on(browser) == []


def test_no_list_of_a_step_reads_the_table_of_issues_from_end_to_end(given: Given) -> None:
    lamps_of_the_town(given)
    asked: list[str] = []
    reads, at = given.shown.reader(), board.moment(given.now)
    reads.set_trace_callback(asked.append)
    for step in ("0", "3", "any"):
        board.page(reads, board.Chosen(step=step), at)
        board.counts(reads, board.Chosen(step=step), at)
    lamps.standing(reads)
    lamps.of_department(reads, "housing", None)
    reads.set_trace_callback(None)
    for query in asked:
        for *_, plan in reads.execute(f"EXPLAIN QUERY PLAN {query}").fetchall():
            assert not re.match(r"SCAN (i|c|w|l)\b(?!.*USING (COVERING )?INDEX)", plan), (plan, query)


async def test_a_department_s_history_says_to_which_step_when_and_why_it_came_down(given: Given) -> None:
    town(given)
    for step, day in ((1, 0), (2, 1), (3, 3)):
        lit(given, LATE, step, due_at=stamp(AT - timedelta(days=5 - day)))
    lit(given, TODAY, 1, due_at=stamp(AT - timedelta(days=1)))
    given.shown.tell("supervision", "ladder.ended.v1", {"step": 1, "ended_at": stamp(AT)}, TODAY)
    lit(given, SOON, 1, department="")
    down = {"step": 3, "to": 1, "because": "annulled"}
    given.shown.tell("supervision", "ladder.lifted.v1", down, LATE)
    down = {"step": 1, "because": "person", "reason": "已整改", "by": "gu"}
    given.shown.tell("supervision", "ladder.lifted.v1", down, LATE)
    browser = official(given, Role.LEADER)
    await browser.open("/board")
    assert f'href="{HISTORY}"' in browser.page.text
    await browser.open(HISTORY)
    assert "共升级 4 次，涉及 2 件" in browser.text and "现在亮灯 1 件" in browser.text
    body = browser.page.text.partition("<tbody>")[2]
    found = [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", row)) for row in body.split("<tr")[1:]]
    for row, words in zip(
        found,
        (
            ("催办", "现在还在这一级", "不再升级"),
            ("黄灯", "读到晚了"),
            ("督办", "读到晚了"),
            ("催办", "由 gu 解除", "已整改"),
        ),
        strict=True,
    ):
        assert all(word in row for word in words), (row, words)


async def test_pages_of_fifty_lamps_follow_each_other_without_a_gap(given: Given) -> None:
    town(given)
    for number in range(120):
        lit(given, (LATE, TODAY)[number % 2], 1, due_at=stamp(AT + timedelta(hours=number // 3)))
    place, found = None, list[tuple[int, str]]()
    reads = given.shown.reader()
    while True:
        page = lamps.of_department(reads, "housing", place)
        found += [(one.raised_at, f"{one.issue['id']}") for one in page.lamps]
        if not page.following:
            break
        place = read_place(page.following)
    assert len(found) == 120 and found == sorted(found, reverse=True)


async def test_only_who_reads_every_issue_opens_it_and_only_of_departments_that_there_are(
    given: Given,
) -> None:
    town(given)
    for role, code in ((Role.HANDLER, "housing"), (Role.OPERATOR, ""), (Role.DEPARTMENT_LEADER, "housing")):
        assert (await official(given, role, code).open(HISTORY)).status_code == 404
    browser = official(given)
    assert (await browser.open(HISTORY)).status_code == 200 and "从未亮灯" in browser.text
    assert (await browser.open("/board/departments/nowhere")).status_code == 404
    assert (await browser.open(f"{HISTORY}?after=9.x/y")).status_code == 200


async def test_each_lamp_of_the_leader_s_screen_opens_as_many_issues_on_the_board(given: Given) -> None:
    lamps_of_the_town(given)
    browser, other = official(given, Role.LEADER), official(given, Role.LEADER)
    await browser.open("/overview")
    card = browser.page.text.partition('id="lamps"')[2].partition("</section>")[0]
    found = re.findall(r'class="lit-at" href="([^"]+)".*?<b>(\d+)</b>', card, re.DOTALL)
    assert len(found) == 8, "four steps of all, two of housing, two of nobody"
    for address, many in found:
        await other.open(address.replace("&amp;", "&"))
        assert len(listed_on(other)) == int(many), address
    assert "通报批评 0" in browser.text and f'href="{HISTORY}"' in card
    assert re.findall(r'id="lit-(\w+)"', card) == ["all", "housing", "none"]
