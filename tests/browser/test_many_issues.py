"""Pages that look at many issues, in a real browser: an open board follows, the key of the search, unread marks."""

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import GOING, PHONE, WIDE, context_of, press, sign_in
from tests.portal.given import Given, stamp
from tests.portal.projection.given import AT

pytestmark = pytest.mark.browser
WATCHED, LATER, CHANGES = "WWWWWWWWWWWWW", "VVVVVVVVVVVVV", "TTTTTTTTTTTTT"


def appears(given: Given, id: str, title: str) -> None:
    """An issue is raised and accepted, and its promise runs."""
    given.registered(id)
    given.accepted(id, title)
    promise = {"clock": "promise", "round": 1, "started_at": stamp(AT), "due_at": stamp(AT), "limit": "10wd"}
    versions = {"policy": "default-1", "calendar": "2026-1"}
    given.shown.tell("supervision", "clock.started.v1", promise | versions, id)


@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_an_open_board_shows_a_new_issue_and_keeps_the_focus_where_it_is(
    chromium: Browser, given: Given, site: str, size: tuple[int, int]
) -> None:
    context = context_of(chromium, size)
    page = context.new_page()
    sign_in(page, site, "supervisor:zhao")
    with page.expect_request(lambda request: "live=" in request.url):
        page.goto(f"{site}/board")
    page.locator(f"#row-{GOING} .t").focus()
    id = WATCHED if size == PHONE else LATER
    appears(given, id, "供应商的塔吊挡住了消防通道")
    expect(page.locator(f"#row-{id}")).to_be_visible()
    assert page.evaluate("document.activeElement.getAttribute('href')") == f"/issues/{GOING}"
    context.close()


def test_the_key_leads_to_the_search_but_not_while_one_types(chromium: Browser, site: str) -> None:
    context = context_of(chromium, WIDE)
    page = context.new_page()
    sign_in(page, site, "supervisor:zhao")
    page.goto(f"{site}/board")
    page.keyboard.press("/")
    page.keyboard.type("a/b")
    assert page.input_value("#search") == "a/b"
    page.fill("#search", "路灯")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("mark").first).to_have_text("路灯")
    context.close()


def test_a_board_is_narrowed_and_opened_without_scripts(chromium: Browser, site: str) -> None:
    context = context_of(chromium, PHONE, scripts=False)
    page = context.new_page()
    sign_in(page, site, "supervisor:zhao")
    page.goto(f"{site}/board")
    press(page, "#stat-late")
    page.select_option("select[name=department]", "housing")
    press(page, ".narrowing button")
    assert "due=late" in page.url and "department=housing" in page.url
    press(page, f"#row-{GOING} .t")
    expect(page.locator("#now")).to_be_visible()
    context.close()


def test_what_is_chosen_on_an_open_board_stays_chosen_while_it_changes(
    chromium: Browser, given: Given, site: str
) -> None:
    context = context_of(chromium, WIDE)
    page = context.new_page()
    sign_in(page, site, "supervisor:zhao")
    with page.expect_request(lambda request: "live=" in request.url):
        page.goto(f"{site}/board")
    page.check(f"#row-{GOING} input")
    appears(given, CHANGES, "园区班车能不能早一班")
    expect(page.locator(f"#row-{CHANGES}")).to_be_visible()
    expect(page.locator(f"#row-{GOING} input")).to_be_checked()
    press(page, ".chosen-ones button")
    assert page.url.endswith(f"/board/lift?issue={GOING}")
    context.close()


def test_many_are_chosen_seen_and_lifted_without_scripts(chromium: Browser, given: Given, site: str) -> None:
    context = context_of(chromium, PHONE, scripts=False)
    page = context.new_page()
    sign_in(page, site, "supervisor:zhao")
    page.goto(f"{site}/board?step=any")
    page.check(f"#row-{GOING} input")
    press(page, ".chosen-ones button")
    page.fill("#reason", "已逐件当面整改")
    press(page, ".stick button")
    expect(page.locator(".did")).to_contain_text("已解除 1 件")
    assert given.asked.bodies(f"/issues/{GOING}/lift-ladder") == [{"step": 1, "reason": "已逐件当面整改"}]
    context.close()
