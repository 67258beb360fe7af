"""What people do about the ladder on pages: a department explains its breach, an official lifts it with a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import Role
from tests.portal.department import leader, people
from tests.portal.given import Browser, Given, refused, stamp
from tests.portal.test_board import official
from tests.portal.test_ladder import BEGUN, PATH, told
from tests.unit.supervision.given import DUE, MONDAY, after, assigned

LIFT, EXPLAIN = f"{PATH}/lift-ladder", f"{PATH}/explain"
LATE = DUE + timedelta(hours=1)
HELD = [*BEGUN, (MONDAY, assigned(department="housing"))]


def late(given: Given, until: datetime = LATE) -> None:
    """The issue's promise is broken, and it is so late."""
    told(given, HELD, until)
    people(given)
    given.now = until


def staff(given: Given, level: str, department: str = "") -> None:
    """The directory has the official who asks, at this level."""
    since = {"version": "3", "in_force_from": stamp(datetime(2011, 1, 1, tzinfo=UTC)), "by": "system"}
    entry: dict[str, Any] = {
        "name": "沈岚",
        "roles": ["supervisor"],
        "level": level,
        "department": department,
    }
    given.shown.topics.version("dispatch", "staff.published.v1", "staff:shen", {**since, **entry}, seq=3)
    given.shown.apply()


async def offers(browser: Browser, path: str) -> bool:
    """Whether the page of the issue leads there."""
    await browser.open(PATH)
    return f'href="{path}"' in browser.page.text


@pytest.mark.parametrize("role", [Role.SUPERVISOR, Role.LEADER])
async def test_it_is_lifted_from_the_step_that_was_read_with_a_reason(given: Given, role: Role) -> None:
    late(given, after(days=22))
    browser = official(given, role)
    assert await offers(browser, LIFT)
    await browser.open(LIFT)
    assert "黄灯" in browser.text and "第 3 级" in browser.text
    assert (await browser.send(LIFT)).status_code == 422 and "请写明解除的理由" in browser.text
    await browser.send(LIFT, reason="已当面整改")
    assert given.asked.bodies(LIFT) == [{"step": 3, "reason": "已当面整改"}]
    assert "已解除督办" in browser.text


async def test_what_rose_meanwhile_is_read_before_it_is_lifted_and_the_reason_is_kept(given: Given) -> None:
    late(given, after(days=22))
    browser = official(given)
    await browser.open(LIFT)
    given.asked.answers[f"POST {LIFT}"] = refused("stale_step", "请先看现在的级别")
    assert (await browser.send(LIFT, reason="已当面整改")).status_code == 422
    assert "已当面整改" in browser.page.text and "请返回看看现在到哪一步" in browser.text


@pytest.mark.parametrize("what", ["lift", "explain"])
async def test_a_reason_that_is_too_long_is_told_so_and_kept(given: Given, what: str) -> None:
    late(given)
    path, field = (LIFT, "reason") if what == "lift" else (EXPLAIN, "words")
    browser = official(given) if what == "lift" else leader(given)
    await browser.open(path)
    written = "长" * (MAX_REASON_CHARS + 1)
    assert (await browser.send(path, **{field: written})).status_code == 422
    assert f"最多 {MAX_REASON_CHARS} 个字" in browser.text and written in browser.text
    assert not given.asked.bodies(path)


@pytest.mark.parametrize(
    ("level", "department", "may"),
    [("city", "", True), ("county", "", False), ("city", "housing", False)],
)
async def test_who_is_of_a_lower_level_or_of_the_department_itself_finds_no_such_button(
    given: Given, level: str, department: str, may: bool
) -> None:
    late(given, after(days=22))
    staff(given, level, department)
    browser = official(given)
    assert await offers(browser, LIFT) is may
    assert (await browser.open(LIFT)).url.path == (LIFT if may else PATH)


async def test_what_stands_at_no_step_is_not_lifted_and_nobody_else_has_such_a_page(given: Given) -> None:
    late(given, after(days=1))
    browser = official(given)
    assert not await offers(browser, LIFT)
    assert (await browser.open(LIFT)).url.path == PATH
    assert (await official(given, Role.OFFICE).open(LIFT)).status_code == 404


async def test_a_department_explains_its_breach_and_reads_what_that_puts_off(given: Given) -> None:
    late(given)
    browser = leader(given)
    assert await offers(browser, EXPLAIN)
    await browser.open(EXPLAIN)
    assert "将于 明天 17:30 发出" in browser.text and "至 3月19日 周四 17:30" in browser.text
    assert (await browser.send(EXPLAIN)).status_code == 422 and "请写明为什么逾期" in browser.text
    await browser.send(EXPLAIN, words="等管线迁改，下周完工")
    assert given.asked.bodies(EXPLAIN) == [{"round": 1, "words": "等管线迁改，下周完工"}]
    assert "情况说明已记录" in browser.text


@pytest.mark.parametrize("path", [PATH, EXPLAIN])
async def test_a_page_of_a_department_reads_the_clocks_once(given: Given, path: str) -> None:
    late(given)
    asked: list[str] = []
    browser = leader(given)
    given.shown.reader().set_trace_callback(asked.append)
    assert (await browser.open(path)).url.path == path
    given.shown.reader().set_trace_callback(None)
    assert len([sql for sql in asked if "FROM clock" in sql]) == 1


@pytest.mark.parametrize("what", ["in time", "explained before", "ordered"])
async def test_there_is_nothing_to_explain_before_a_breach_twice_or_too_late(given: Given, what: str) -> None:
    late(given, {"in time": after(days=1), "explained before": LATE, "ordered": after(days=22)}[what])
    if what == "explained before":
        about = {"round": 1, "department": "housing", "words": "等管线迁改", "by": "zhou"}
        given.shown.tell(
            "supervision", "explanation.given.v1", {**about, "due_at": stamp(after(days=17))}, at=LATE
        )
    browser = leader(given)
    assert not await offers(browser, EXPLAIN)
    assert (await browser.open(EXPLAIN)).url.path == PATH
