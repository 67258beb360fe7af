"""What looks as before is not drawn again: rows of a list, for the same reader, in the same minute."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.portal.rendering import Templates
from tests.portal.department import at_work, colleague, named
from tests.portal.given import ISSUE, TEXT, Browser, Given, at_another_time
from tests.portal.office_given import TRIAGE, clerk, directory, raised
from tests.portal.test_board import official
from tests.portal.test_search import town

SAID = {"title": "北门外的路灯", "text": TEXT}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often each template is drawn by itself."""
    counted: Counter[str] = Counter()
    render = Templates.render

    def counting(self: Templates, language: str, name: str, context: dict[str, Any]) -> str:
        counted[name] += 1
        return render(self, language, name, context)

    monkeypatch.setattr(Templates, "render", counting)
    return counted


def _queue(given: Given) -> Browser:
    at_work(given)
    named(given, "li")
    return colleague(given)


def _triage(given: Given) -> Browser:
    directory(given)
    raised(given)
    return clerk(given)


def _search(given: Given) -> Browser:
    town(given)
    return official(given)


LISTS = pytest.mark.parametrize(
    ("prepared", "address", "rows"),
    [
        (_queue, "/handling", "department/lists.html"),
        (_triage, TRIAGE, "office/triage_lines.html"),
        (_search, "/search?q=路灯", "search/hits.html"),
    ],
    ids=["queue", "triage", "search"],
)


@LISTS
async def test_rows_are_drawn_again_only_where_they_look_different(
    given: Given, drawn: Counter[str], prepared: Callable[[Given], Browser], address: str, rows: str
) -> None:
    browser = prepared(given)
    await browser.open(address)
    first = browser.text
    await browser.open(address)
    assert browser.text == first and drawn[rows] == 1
    given.shown.tell("intake", "words.corrected.v1", {"version": 2, **SAID, "by": "wang"})
    given.asked.answers[f"GET /issues/{ISSUE}"] = (200, {"id": ISSUE, **SAID})
    await browser.open(address)
    assert "北门外的" in browser.text and drawn[rows] == 2
    with at_another_time(given, timedelta(minutes=1)):
        await browser.open(address)
    assert drawn[rows] == 3
    await browser.open(f"/view?language=en&next={address}")
    assert drawn[rows] == 4


@LISTS
async def test_who_has_looked_at_an_issue_sees_that_and_nobody_else_does(
    given: Given, drawn: Counter[str], prepared: Callable[[Given], Browser], address: str, rows: str
) -> None:
    browser = prepared(given)
    await browser.open(address)
    unread = browser.page.text.count("unread")
    await browser.open(f"/issues/{ISSUE}")
    await browser.open(address)
    assert browser.page.text.count("unread") == unread - 1 and drawn[rows] == 2
