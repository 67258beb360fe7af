"""Triage in a real browser: by keys alone on a wide page, by touch on a phone, and without scripts."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from services.portal.errands import UNDO
from tests.browser.conftest import PHONE, WIDE, context_of, press, sign_in
from tests.portal import office_given
from tests.portal.given import Given

pytestmark = pytest.mark.browser
ONE, TWO, THREE = "1AAAAAAAAAAAA", "2AAAAAAAAAAAA", "3AAAAAAAAAAAA"
TITLES = {ONE: "技改项目用电增容两个月没有答复", TWO: "专利预审名额少", THREE: "城建配套费能否分期"}


@pytest.fixture(autouse=True)
def _waiting(given: Given) -> None:
    for id, title in TITLES.items():
        if f"GET /issues/{id}" not in given.asked.answers:
            office_given.raised(given, id, title, person="0" * 32)


@pytest.fixture
def page(chromium: Browser, site: str) -> Iterator[Page]:
    """A wide page on which the office has signed in, and stands in triage."""
    context = context_of(chromium, WIDE)
    page = context.new_page()
    sign_in(page, site, "office:chen")
    yield page
    context.close()


def chosen(page: Page) -> str:
    return page.locator("tr.sel a[data-issue]").get_attribute("data-issue") or ""


def test_an_issue_is_found_given_to_another_department_and_taken_back_by_keys_alone(
    page: Page, given: Given
) -> None:
    first = chosen(page)
    page.keyboard.press("j")
    expect(page.locator(f"#chosen form[action*='{first}']")).to_have_count(0)
    second = chosen(page)
    assert second != first and f"issue={second}" in page.url
    page.keyboard.press("k")
    expect(page.locator(f"#chosen form[action*='{first}']")).to_have_count(1)
    page.keyboard.press("d")
    expect(page.locator("#find-other")).to_be_focused()
    page.keyboard.type("规划")
    expect(page.locator("#other option:checked")).to_have_text("市规划局")
    expect(page.locator("[data-chosen]")).to_have_text("市规划局")
    page.keyboard.press("Enter")
    with page.expect_navigation():
        page.keyboard.press("a")
    expect(page.locator(".errand.kept")).to_contain_text("市规划局")
    assert chosen(page) == second, "the next one is chosen"
    with page.expect_navigation():
        page.keyboard.press("u")
    expect(page.locator(".errand")).to_contain_text("已撤销")
    with page.expect_navigation():
        page.keyboard.press("r")
    assert page.url.partition("?")[0].endswith("/reject")
    page.go_back()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/issues/" in page.url and "/office/" not in page.url
    assert not given.asked.bodies(f"/issues/{first}/accept")


def test_a_department_is_found_by_parts_of_its_name_also_while_they_are_still_composed(page: Page) -> None:
    options, chosen = page.locator("#other option"), page.locator("#other option:checked")
    whole = options.count()
    page.keyboard.press("d")
    typing = page.context.new_cdp_session(page)
    typing.send("Input.imeSetComposition", {"text": "gui", "selectionStart": 3, "selectionEnd": 3})
    assert page.input_value("#find-other") == "gui"
    expect(options).to_have_count(whole)
    typing.send("Input.insertText", {"text": "规局"})
    expect(chosen).to_have_text("市规划局")
    expect(options).to_have_count(1)
    page.fill("#find-other", "市")
    assert options.count() == 3
    first = chosen.inner_text()
    page.keyboard.press("ArrowDown")
    assert chosen.inner_text() != first
    page.keyboard.press("ArrowUp")
    expect(chosen).to_have_text(first)
    page.fill("#find-other", "海关")
    expect(page.locator(".find [role=status]")).to_have_text("没有部门的名称里有这几个字")
    assert not page.input_value("#other")
    page.fill("#find-other", "")
    expect(options).to_have_count(whole)
    assert not page.input_value("#other")


def test_keys_do_nothing_while_somebody_types_and_none_once_they_are_off(page: Page) -> None:
    first = chosen(page)
    page.click("[data-keys-off]")
    page.locator("body").press("j")
    assert chosen(page) == first
    page.reload()
    page.locator("body").press("j")
    assert chosen(page) == first
    page.click("[data-keys-off]")
    page.focus("#other")
    page.keyboard.press("j")
    assert chosen(page) == first


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
def test_on_a_phone_the_list_comes_first_and_then_the_issue(
    chromium: Browser, given: Given, site: str, scripts: bool
) -> None:
    context = context_of(chromium, PHONE, scripts=scripts)
    page = context.new_page()
    sign_in(page, site, "office:wang")
    expect(page.locator("#chosen")).to_be_hidden()
    id = TWO if scripts else THREE
    press(page, f"a[data-issue='{id}']")
    expect(page.locator(".listed")).to_be_hidden()
    expect(page.locator("#chosen .title")).to_have_text(TITLES[id])
    expect(page.locator("#find-other")).to_be_visible(visible=scripts)
    page.locator("#other").select_option("planning")
    press(page, "#chosen .btn-primary")
    expect(page.locator(".errand.kept").first).to_contain_text("10 秒内可以撤销")
    press(page, ".errand.kept button")
    expect(page.locator(".errand").first).to_contain_text("已撤销")
    context.close()


def test_ten_seconds_are_what_the_pages_say() -> None:
    assert UNDO.total_seconds() == 10
