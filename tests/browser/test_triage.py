"""Triage in a real browser: by keys alone on a wide page, by touch on a phone, and without scripts."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Browser, Page, expect

from services.portal.errands import UNDO
from tests.browser.conftest import PHONE, WIDE, context_of, press, sign_in
from tests.browser.talked import HELD
from tests.portal import office_given
from tests.portal.given import Given
from tests.portal.talks_given import of_the_talk

pytestmark = pytest.mark.browser
ONE, TWO, THREE = "1AAAAAAAAAAAA", "2AAAAAAAAAAAA", "3AAAAAAAAAAAA"
SPOKEN = ("4AAAAAAAAAAAA", "5AAAAAAAAAAAA", "6AAAAAAAAAAAA")
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


def test_a_talks_issues_are_assigned_at_once_after_a_preview_a_choice_an_exception_and_a_second_thought(
    page: Page, given: Given, site: str
) -> None:
    first, second, third = SPOKEN
    for id in SPOKEN:
        of_the_talk(given, id, HELD, "at", person="0" * 32)
        given.accepted(id, f"恳谈会上提出的第{id[0]}件")
    page.goto(f"{site}/talks/{HELD}")
    press(page, "a[href^='/office/assign-many']")
    expect(page.locator("h1")).to_have_text("交办 3 件？")
    page.select_option(f"#to-{second}", "planning")
    page.check(f"input[name=leave-{third}]")
    press(page, ".stick button")
    expect(page.locator(".errand.kept")).to_contain_text("10 秒内可以撤销")
    press(page, ".errand.kept button")
    expect(page.locator(".errand").first).to_contain_text("已撤销")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    expect(page.locator("h1")).to_have_text("交办 2 件？")
    assert page.input_value(f"#to-{second}") == "planning", "what was chosen is kept"
    expect(page.locator(f"input[name=leave-{third}]")).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]
    press(page, ".stick button")
    batch = page.url.rpartition("/")[2]
    with ThreadPoolExecutor(1) as aside:  # this thread has an event loop already: the browser's
        aside.submit(lambda: asyncio.run(office_given.sent(given))).result()
    (body,) = given.asked.bodies(f"/batches/{batch}/assign")
    wanted = [(one["issue"], one["department"]) for one in body["members"]]
    assert sorted(wanted) == [(first, "urban_management"), (second, "planning")]
    given.shown.tell("dispatch", "batch.begun.v1", {**body, "by": "chen"}, f"batch:{batch}")
    assigned = {"assignment": f"{first}.1", "department": "urban_management", "head": "局长", "by": "chen"}
    given.shown.tell("dispatch", "issue.assigned.v1", {**assigned, "round": 1}, first)
    done = [{**one, "refused": "illegal_move" if one["issue"] == second else ""} for one in body["members"]]
    given.shown.tell("dispatch", "batch.done.v1", {"members": done, "assigned": 1}, f"batch:{batch}")
    page.reload()
    expect(page.locator("main")).to_contain_text("已交办 1 / 2 件")
    expect(page.locator("main")).to_contain_text("当前状态不允许这样做")
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE[0]


def test_ten_seconds_are_what_the_pages_say() -> None:
    assert UNDO.total_seconds() == 10
