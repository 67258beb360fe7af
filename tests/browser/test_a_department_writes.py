"""A handler writes a draft in a real browser: it is kept while they write, and only what is needed is asked for."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import GOING, PHONE, WIDE, context_of, press, sign_in

pytestmark = pytest.mark.browser
HANDLER = "handler:li"


@pytest.fixture
def writing(chromium: Browser, site: str) -> Iterator[Page]:
    """The browser of a handler who has a draft open."""
    context = context_of(chromium, WIDE)
    page = context.new_page()
    sign_in(page, site, HANDLER)
    page.goto(f"{site}/issues/{GOING}/draft")
    yield page
    context.close()


def test_what_is_being_written_is_on_the_server_without_any_button(
    chromium: Browser, writing: Page, site: str
) -> None:
    writing.fill("#text", "写到一半的答复")
    expect(writing.locator("[data-kept-there]")).to_be_visible()
    other = context_of(chromium, PHONE)
    phone = other.new_page()
    sign_in(phone, site, HANDLER)
    phone.goto(f"{site}/issues/{GOING}/draft")
    assert phone.input_value("#text") == "写到一半的答复"
    other.close()


def test_the_date_is_asked_for_where_the_outcome_is_planned(writing: Page) -> None:
    writing.check('input[value="explained"]', force=True)
    expect(writing.locator("#promised_on")).to_be_hidden()
    writing.check('input[value="planned"]', force=True)
    expect(writing.locator("#promised_on")).to_be_visible()


def test_without_scripts_a_button_keeps_it_and_a_template_is_added(chromium: Browser, site: str) -> None:
    context = context_of(chromium, PHONE, scripts=False)
    page = context.new_page()
    sign_in(page, site, HANDLER)
    page.goto(f"{site}/issues/{GOING}/draft")
    page.fill("#text", "您好：")
    page.click("details.with summary")
    press(page, 'button[value="template:explained/0"]')
    assert page.input_value("#text").startswith("您好：\n\n您反映的问题，依据是")
    press(page, 'button[value="keep"]')
    page.goto(f"{site}/issues/{GOING}/draft")
    assert page.input_value("#text").startswith("您好：")
    context.close()
