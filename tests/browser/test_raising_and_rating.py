"""What an entrepreneur does, clicked through on a phone and at a desk of a role, with and without scripts."""

import json

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import FRESH, PHONE, TITLES, WIDE, context_of, press, sign_in
from tests.portal.given import DONE, Given
from tests.portal.projection.given import ISSUE

pytestmark = pytest.mark.browser
WATCHED = "WWWWWWWWWWWWW"


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without scripts"])
@pytest.mark.parametrize("size", [PHONE, WIDE], ids=["phone", "wide"])
def test_an_entrepreneur_raises_an_issue_and_rates_its_reply(
    chromium: Browser, given: Given, site: str, size: tuple[int, int], scripts: bool
) -> None:
    given.asked.answers["POST /issues"] = (201, {**DONE, "id": FRESH})
    link = f"{FRESH}.1.{'0' * 32}"
    given.asked.answers[f"POST /issues/{FRESH}/links"] = (201, {**DONE, "serial": 1, "link": link})
    context = context_of(chromium, size, scripts=scripts)
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site}/raise")
    page.fill("#title", TITLES[FRESH])
    page.fill("#text", "请给个明确的说法。")
    press(page, 'button[value="check"]')
    expect(page.locator("h1")).to_have_text("请您核对")
    press(page, ".stick button")
    expect(page.locator("h1")).to_have_text("登记成功")
    expect(page.locator("#secret")).to_have_text(f"{site}/link/{link}")
    if scripts:  # looked at again it is a page like any other: nothing is sent again, and the link was shown
        page.reload()
        expect(page).to_have_url(f"{site}/issues/{FRESH}/registered")
        expect(page.locator("#secret")).to_have_count(0)
    page.goto(f"{site}/mine")
    page.goto(f"{site}/issues/{ISSUE}")
    press(page, "a.btn-primary:visible")
    page.locator("label.choice", has_text="基本满意").click()
    page.locator("label.choice", has_text="部分").click()
    press(page, ".stick button")
    expect(page.locator(".did")).to_contain_text("您的评价已经记录")
    context.close()
    raised, rated = (given.asked.bodies(path)[-1] for path in ("/issues", f"/issues/{ISSUE}/rate"))
    assert raised == {"kind": "problem", "title": TITLES[FRESH], "text": "请给个明确的说法。"}
    assert rated == {"round": 1, "satisfaction": "basically_satisfied", "solved": "partly"}


def test_what_was_typed_and_not_sent_is_there_when_the_browser_comes_back(
    chromium: Browser, site: str
) -> None:
    context = context_of(chromium, PHONE)
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site}/raise")
    page.fill("#text", "写到一半，手机没电了")
    page.goto(f"{site}/raise")
    assert page.input_value("#text") == "写到一半，手机没电了"
    kept = json.loads(page.evaluate("JSON.stringify(localStorage)"))
    assert len(kept) == 1
    page.click("summary")
    press(page, 'form[action="/sign-out"] button')
    assert page.evaluate("localStorage.length") == 0, "somebody else may have the device next"
    context.close()


def test_an_open_page_shows_what_happens_without_being_opened_again(
    chromium: Browser, given: Given, site: str
) -> None:
    given.registered(WATCHED)
    given.accepted(WATCHED, "供应商的塔吊挡住了消防通道")
    context = context_of(chromium, PHONE)
    page = context.new_page()
    sign_in(page, site)
    with page.expect_request(lambda request: f"/issues/{WATCHED}/live" in request.url):
        page.goto(f"{site}/issues/{WATCHED}")
    expect(page.locator(".status")).to_have_text("等待交办")
    given.assigned(WATCHED)
    expect(page.locator(".status")).to_have_text("正在办理")
    context.close()
