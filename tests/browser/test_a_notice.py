"""A year's notice in a town that runs: a policy with a longer limit takes promises into a year that is not published,
the invented notice is checked, previewed and published, and moves what its preview said.
"""

import json
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from bench.parts import whole_system
from services.supervision.builtin import builtin_policy
from tests.browser.conftest import WIDE, context_of
from tests.browser.walking import Walker, say
from tests.house.repository import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.prove]
INVENTED = ROOT / "docs/examples/invented-notice-2027.csv"
NOTICE, POLICY = "A year's notice of rest days (CSV)", "A policy (JSON)"
NOT_CERTAIN = "may still move: the rest days of that year are not published yet"
Row = tuple[str, str, str]
"""Issue, clock, and the dates as a row says them: the old and the new one, or the one that stays."""
ARROW = " → "


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """Where the portal of a whole system with the town answers."""
    with whole_system("--scenario", "town") as system:
        yield system.portal_url


@pytest.fixture(scope="module")
def walker(town: str, chromium: Browser) -> Iterator[Walker]:
    """A supervisor at a wide window."""
    context = context_of(chromium, WIDE)
    walker = Walker(context.new_page(), town)
    walker.becomes("supervisor")
    yield walker
    context.close()


def moves(walker: Walker) -> set[Row]:
    """Every clock that moves now, from all pages of the list: those that are paused move later."""
    found: set[Row] = set()
    while True:
        for row in walker.page.locator("table.list tbody tr").all():
            issue, clock, dates, _ = (cell.inner_text().strip() for cell in row.locator("td").all())
            if say("paused: once it goes on") not in dates:
                found.add((issue, clock, dates.partition("\n")[0].strip()))
        if not walker.named("Further rows").is_visible():
            return found
        walker.presses("Further rows")


def previewed_and_published(walker: Walker, certainty: str) -> set[Row]:
    """From the page that was checked: what the preview says, also how certain it is, is what then happens."""
    walker.is_at("What it would move")
    expect(walker.page.locator("tbody tr", has_text=say(certainty)).first).to_be_visible()
    expected = moves(walker)
    assert expected
    walker.presses("Publish it")
    walker.is_at("What it has moved")
    first = walker.page.url
    clocks, issues = len(expected), len({issue for issue, *_ in expected})
    counted = say("%(clocks)s due dates, of %(issues)s issues") % {"clocks": clocks, "issues": issues}
    walker.sees(walker.page.locator("main p", has_text=counted))
    assert moves(walker) == expected
    walker.page.goto(first)
    return expected


def test_a_notice_moves_what_its_preview_said(walker: Walker) -> None:
    walker.goes_to("Board")
    walker.presses("Rest days and limits")
    longer = builtin_policy().with_reply_limit("40wd").model_dump(mode="json")
    walker.chooses(POLICY)
    walker.types("content", json.dumps(longer, ensure_ascii=False))
    walker.clicks(
        walker.page.locator("label", has_text=say("The policy holds for clocks that run already, too"))
    )
    walker.presses("Check it")
    previewed_and_published(walker, NOT_CERTAIN)

    walker.presses("Board")
    walker.presses("Rest days and limits")
    walker.chooses(NOTICE)
    walker.page.set_input_files("#file", INVENTED)
    walker.presses("Check it")
    moved = previewed_and_published(walker, "certain now")
    link = walker.page.locator("tbody tr", has_text=say("Promised reply")).first.locator("a")
    number = link.inner_text()
    (dates,) = (dates for issue, clock, dates in moved if (issue, clock) == (number, say("Promised reply")))
    walker.goes(link)
    expect(walker.page.locator("main")).to_contain_text(dates.rpartition(ARROW)[2])


def test_a_notice_with_a_day_twice_is_refused_with_its_line_and_nothing_is_lost(walker: Walker) -> None:
    lines = INVENTED.read_text().splitlines()
    twice = "\n".join([*lines, lines[-1]])
    walker.goes_to("Board")
    walker.presses("Rest days and limits")
    walker.chooses(NOTICE)
    walker.types("content", twice)
    walker.presses("Check it")
    walker.reads("main", str(len(lines) + 1))
    assert walker.page.locator("#content").input_value().strip() == twice
