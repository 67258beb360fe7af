"""What takes longer than a blink says so, in words and on what was pressed; what is quick changes nothing."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import PHONE, WIDE, context_of, press, sign_in
from tests.portal import office_given
from tests.portal.given import Given

pytestmark = pytest.mark.browser
SOON_MS = 300
TELL = """() => {
    const line = document.getElementById("busy"), button = document.querySelector("button[value=check]");
    const tell = () => [line.textContent, button.className, button.ariaBusy, line.getAttribute("role")];
    new MutationObserver(() => console.log(JSON.stringify(tell()))).observe(line, { childList: true });
}"""
"""While a page waits for the next one nobody can look into it; it can tell."""
WORDS = {"zh": "请稍候", "en": "One moment"}


@contextmanager
def held_back(page: Page, address: str) -> Iterator[Callable[[], None]]:
    """No answer from there comes before what this gives is called."""
    held: list[Route] = []

    def let_go() -> None:
        while held:
            held.pop().continue_()

    page.route(address, lambda route: held.append(route))  # a method of a list cannot be marked
    yield let_go
    let_go()
    page.unroute(address)


@pytest.mark.parametrize("language", WORDS)
def test_a_form_that_takes_longer_says_so_until_the_next_page_is_there(
    chromium: Browser, site: str, language: str
) -> None:
    context = context_of(chromium, PHONE)
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site}/view?language={language}&next=/raise")
    page.fill("#title", "园区北门外没有路灯")
    page.fill("#text", "夜班职工骑电动车摔过两次。")
    button = page.locator('button[value="check"]')
    with held_back(page, "**/raise") as let_go:
        page.evaluate(TELL)
        with page.expect_console_message(lambda message: WORDS[language] in message.text) as told:
            button.click(no_wait_after=True)
        assert json.loads(told.value.text)[1:] == ["btn btn-primary busy", "true", "status"]
        with page.expect_navigation():
            let_go()
    assert page.url.endswith("/raise/check")
    expect(page.locator("#busy")).to_be_empty()
    page.go_back()
    expect(page.locator("#busy")).to_be_empty()
    context.close()


def test_an_issue_that_is_fetched_beside_the_list_says_so_until_it_is_there(
    chromium: Browser, given: Given, site: str
) -> None:
    for id, title in (("3CCCCCCCCCCCC", "专利预审名额少"), ("4CCCCCCCCCCCC", "城建配套费能否分期")):
        office_given.raised(given, id, title, person="0" * 32)
    context = context_of(chromium, WIDE)
    page = context.new_page()
    sign_in(page, site, "office:chen")
    words, pane = page.locator("#busy"), page.locator("#chosen")
    with held_back(page, "**/office/triage/**") as let_go:
        with page.expect_request("**/office/triage/**"):
            page.keyboard.press("j")
        expect(words).to_contain_text(WORDS["zh"])
        expect(pane).to_have_attribute("aria-busy", "true")
        let_go()
        expect(words).to_be_empty()
        expect(pane).not_to_have_attribute("aria-busy", "true")
    context.close()


def test_nothing_turns_for_who_wants_no_motion(chromium: Browser, site: str) -> None:
    context = context_of(chromium, PHONE)
    page = context.new_page()
    page.goto(f"{site}/sign-in")
    turning = "getComputedStyle(document.querySelector('main button'), '::before').animationName"
    page.evaluate("document.querySelector('main button').classList.add('busy')")
    assert page.evaluate(turning) == "turn"
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(turning) == "none"
    context.close()


def test_who_left_and_came_back_is_not_told_to_wait(chromium: Browser, site: str) -> None:
    context = context_of(chromium, PHONE)
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site}/raise")
    page.clock.install()
    press(page, 'button[value="check"]')
    page.clock.run_for(SOON_MS)
    expect(page.locator("#busy")).to_be_empty()
    context.close()
