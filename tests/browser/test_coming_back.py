"""A list that stays open while the portal behind it goes away: it comes back by itself, where it was."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.browser.conftest import WIDE, context_of, sign_in
from tests.browser.test_many_issues import CHANGES, LATER, WATCHED, appears
from tests.portal.given import Given
from tests.serving import served_aside

pytestmark = pytest.mark.browser
MESSAGES = """() => document.addEventListener("htmx:sse:after:message", (event) => {
  document.body.dataset.ids = `${document.body.dataset.ids ?? ""} ${event.detail.message.id}`.trim();
})"""
"""The page keeps the id of every message that it has put in place."""


@contextmanager
def portal(given: Given, port: int = 0) -> Iterator[str]:
    """The portal answers; at its end open lists are cut."""
    with served_aside(given.app, port=port, timeout_graceful_shutdown=1) as address:
        yield address


def started_again(before: Given, folder: Path) -> Given:
    """A portal that knows what people of the one before it have, and reads all that happened once more."""
    before.own.close()
    folder.mkdir()
    copyfile(before.file, folder / before.file.name)
    again = on_the_clock(Given(folder))
    again.shown.topics = before.shown.topics
    return again


def town(folder: Path) -> Given:
    """A portal that somebody who supervises may look at."""
    folder.mkdir()
    given = on_the_clock(Given(folder))
    given.officials(zhao="supervisor")
    return given


def on_the_clock(given: Given) -> Given:
    """What it keeps of people is not old when the next portal starts, which forgets what is old."""
    given.now = datetime.now(UTC)
    return given


def followed(request: Request) -> bool:
    """Whether a list asks for what changes in it."""
    return "live=" in request.url


def rows(page: Page) -> list[str]:
    """The rows of the list, by issue."""
    found: list[str] = page.locator("tr.one").evaluate_all("all => all.map(one => one.id)")
    return found


def messages(page: Page, many: int) -> list[str]:
    """The ids of all messages that came, once there are so many and no more."""
    expect(page.locator("body")).to_have_attribute("data-ids", re.compile(rf"^\S+( \S+){{{many - 1}}}$"))
    return (page.locator("body").get_attribute("data-ids") or "").split()


def test_an_open_list_comes_back_by_itself_with_what_changed_while_its_portal_was_away(
    chromium: Browser, tmp_path: Path
) -> None:
    given, context = town(tmp_path / "first"), context_of(chromium, WIDE)
    page = context.new_page()
    with ExitStack() as running:
        site = running.enter_context(portal(given))
        sign_in(page, site, "supervisor:zhao")
        with page.expect_request(followed):
            page.goto(f"{site}/board")
        page.evaluate(MESSAGES)
        with given.shown.at_once():
            appears(given, WATCHED, "供应商的塔吊挡住了消防通道")
        expect(page.locator(f"#row-{WATCHED}")).to_be_visible()
        shown = messages(page, 1)
        with page.expect_event("requestfailed", predicate=followed):
            running.close()

    given = started_again(given, tmp_path / "again")
    given.assigned(WATCHED)
    appears(given, LATER, "园区班车能不能早一班")
    with page.expect_response(lambda answer: followed(answer.request)) as came:
        running.enter_context(portal(given, urlsplit(site).port or 0))
    with running:
        assert (came.value.status, came.value.request.headers["last-event-id"]) == (200, *shown)
        expect(page.locator(f"#row-{LATER}")).to_be_visible()
        expect(page.locator(f"#row-{WATCHED}")).to_contain_text("市建设局")
        assert sorted(rows(page)) == [f"row-{LATER}", f"row-{WATCHED}"]
        assert messages(page, 2)[:1] == shown, "all that changed meanwhile is one message"
        appears(given, CHANGES, "厂区门口的公交站牌看不清")
        expect(page.locator(f"#row-{CHANGES}")).to_be_visible()
    context.close()


def test_an_open_list_of_who_was_signed_out_asks_seldom_and_goes_on_after_the_next_sign_in(
    chromium: Browser, tmp_path: Path
) -> None:
    given, context = town(tmp_path / "only"), context_of(chromium, WIDE)
    page = context.new_page()
    with portal(given) as site:
        sign_in(page, site, "supervisor:zhao")
        with page.expect_response(lambda answer: followed(answer.request)):
            page.goto(f"{site}/board")
        with page.expect_response(lambda answer: followed(answer.request)) as came:
            given.own.database.execute("DELETE FROM session")
            appears(given, WATCHED, "供应商的塔吊挡住了消防通道")
        assert came.value.status == 401, "anything else is asked for again twice a second"
        expect(page.locator("tr.one")).to_have_count(0)
        sign_in(context.new_page(), site, "supervisor:zhao")
        expect(page.locator(f"#row-{WATCHED}")).to_be_visible(timeout=30_000)
    context.close()
