"""The story of a talk: announced by the federation, signed up for on the phone without scripts, closed by the clerk."""

from datetime import timedelta

import pytest

from tests.browser.conftest import PHONE, WIDE, Window, press, sign_in
from tests.browser.talked import COMING, OPEN
from tests.browser.walking import Typist
from tests.portal.given import DONE, Given
from tests.portal.projection.given import AT, ISSUE
from tests.portal.talks_given import SUN, announced, held, of_the_talk, signed_up

pytestmark = pytest.mark.browser
ZHOU = {"account": "zhou", "name": "周某", "post": "市政协副主席", "body": "cppcc"}


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
    typist = Typist(page, site)
    typist.becomes("federation:feng")
    page.goto(f"{site}/talks")
    typist.enters(page.locator('a[href="/talks/announce"]').first)
    said = {"theme": "园区道路与物流", "place": "政企恳谈室", "organiser": "湖州市工商联"}
    for name, text in said.items():
        typist.types(name, text)
    typist.enters(page.locator(".stick button"))
    asked = given.asked.bodies("/agendas/huzhou/announce")[-1]
    assert {name: asked[name] for name in said} == said


def test_the_clerk_sees_what_begins_before_the_talk_is_closed_by_keyboard_alone(
    given: Given, site: str, window: Window
) -> None:
    page = window(WIDE)
    typist = Typist(page, site)
    typist.becomes("clerk:lu")
    page.goto(f"{site}/talks/{OPEN}")
    typist.enters(page.locator(f'a[href="/talks/{OPEN}/hold"]').first)
    assert "2 件问题随之开始计时" in page.inner_text("main")
    typist.enters(page.locator(".stick button"))
    assert given.asked.bodies(f"/talks/{OPEN}/hold") == [{}]


@pytest.mark.parametrize(
    ("leaders", "people"),
    [(1, 12), (2, 13), (2, 30), (0, 50)],
    ids=["weekly", "two", "quarterly", "service day"],
)
def test_the_opening_page_stands_whole_on_the_screen_of_the_room(
    given: Given, site: str, window: Window, leaders: int, people: int
) -> None:
    talk, before = f"huzhou-weekly-20260331-{people}", f"huzhou-weekly-20260224-{people}"
    led = [SUN, ZHOU][:leaders]
    announced(given, before, AT - timedelta(days=6), theme="历史遗留用地", leaders=led[1:])
    held(given, before, (f"{people:02}" * 16,))
    announced(given, talk, AT + timedelta(days=29), theme="园区道路与物流", capacity=people, leaders=led)
    for place in range(people):
        issue, person = f"{'Q' * 9}{people}{place:02}", f"{people}{place:02}" * 8
        of_the_talk(given, issue, talk, person=person)
        given.accepted(issue, "园区北门到公交站没有路灯，夜班工人走路摔伤过，请尽快安装")
        signed_up(given, talk, person, place + 1, issue=issue)
    page = window(WIDE)
    sign_in(page, site, "clerk:lu")
    page.goto(f"{site}/talks/{talk}/opening")
    for theme in ("招工与人才公寓", "历史遗留用地")[:leaders]:  # the last round of each leader
        assert theme in page.inner_text("main")
    assert page.locator(".of-today li").count() == people
    tall, wide = page.evaluate(
        "[document.documentElement.scrollHeight, document.documentElement.scrollWidth]"
    )
    assert (wide, tall) == WIDE
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})  # there it is one line below the other
    assert page.locator(".of-today").evaluate("list => getComputedStyle(list).columnCount") == "1"
