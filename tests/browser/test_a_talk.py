"""The story of a talk: announced by the federation, signed up for on the phone without scripts, closed by the clerk."""

import pytest

from tests.browser.conftest import PHONE, WIDE, Window, press, sign_in
from tests.browser.talked import COMING, OPEN
from tests.portal.given import DONE, Given
from tests.portal.projection.given import ISSUE

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_an_entrepreneur_signs_up_on_the_phone_with_a_question(
    given: Given, site: str, window: Window, *, scripts: bool
) -> None:
    before = len(given.asked.bodies(f"/talks/{COMING}/sign-up"))
    given.asked.answers["POST /issues"] = 201, {**DONE, "id": ISSUE}
    page = window(PHONE, scripts=scripts)
    sign_in(page, site)
    page.goto(f"{site}/talks")
    press(page, f'a[href="/talks/{COMING}"]')
    press(page, f'a[href="/talks/{COMING}/sign-up"]')
    page.fill("#title", "园区道路")
    press(page, ".stick button")
    assert page.locator("#errors").is_visible()
    assert page.input_value("#title") == "园区道路"
    page.fill("#text", "货车进不来")
    press(page, ".stick button")
    assert given.asked.bodies(f"/talks/{COMING}/sign-up")[before:] == [{}, {"issue": ISSUE}]
    assert page.url.endswith(f"/talks/{COMING}?done=sign_up")


def test_the_federation_announces_a_talk_by_keyboard_alone(given: Given, site: str, window: Window) -> None:
    given.asked.answers["POST /agendas/huzhou/announce"] = 200, {**DONE, "talk": COMING}
    page = window(WIDE)
    sign_in(page, site, "federation:feng")
    page.goto(f"{site}/talks")
    page.locator('a[href="/talks/announce"]').first.focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.fill("#theme", "园区道路与物流")
    page.fill("#place", "政企恳谈室")
    page.locator("#organiser").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert given.asked.bodies("/agendas/huzhou/announce")[-1]["theme"] == "园区道路与物流"


def test_the_clerk_sees_what_begins_before_the_talk_is_closed(
    given: Given, site: str, window: Window
) -> None:
    page = window(WIDE)
    sign_in(page, site, "clerk:lu")
    page.goto(f"{site}/talks/{OPEN}")
    press(page, f'a[href="/talks/{OPEN}/hold"]')
    assert "2 件问题随之开始计时" in page.inner_text("main")
    press(page, ".stick button")
    assert given.asked.bodies(f"/talks/{OPEN}/hold") == [{}]
