"""Every page in a real browser: nothing keeps anybody from reading and using it, and it asks nobody but us."""

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Request

from tests.browser.conftest import (
    PHONE,
    RETURNED,
    SIGNED_OFF,
    SMALL,
    WIDE,
    context_of,
    press,
    sign_in,
)
from tests.browser.places import BY_FORM, OFFICIALS, PATHS
from tests.browser.visiting import pages, primary_actions, resized
from tests.portal.given import Given

pytestmark = pytest.mark.browser
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
LOOKS = {
    "zh": "language=zh&large=0",
    "en": "language=en&large=0",
    "large": "language=zh&large=1",
    "en-large": "language=en&large=1",
}
SIZES = {"phone": PHONE, "wide": WIDE}
TOUCHED = "a, button, input:not([type=hidden]), textarea, select, summary, label.btn"
TARGETS = """(selector) => [...document.querySelectorAll(selector)].map((one) => {
    const around = one.closest("label.choice, .tick, .of-pick label");
    const label = around || (one.matches(".rows .t") ? one.closest("tr") : one);
    const box = label.getBoundingClientRect();
    const inline = one.tagName === "A" && one.closest(".errors, p.muted, .number") !== null;
    const shown = one.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || label !== one;
    return { name: (one.innerText || one.name || one.id), width: box.width, height: box.height, inline, shown };
}).filter((one) => one.shown && !one.inline && one.width > 2 && (one.height < 43.5 || one.width < 43.5))"""
TIGHT = """(least) => [...document.querySelectorAll("body *")].filter((one) => !one.closest("svg, select")
    && [...one.childNodes].some((part) => part.nodeType === Node.TEXT_NODE && part.data.trim())
    && one.checkVisibility()).map((one) => {
    const { lineHeight, fontSize } = getComputedStyle(one);
    const spacing = parseFloat(lineHeight) / parseFloat(fontSize);  // "normal" is no number, and below this
    return { text: one.textContent.trim().slice(0, 40), tag: one.tagName, of: one.className, spacing };
}).filter((one) => !(one.spacing >= least - 0.001))"""
LEAST_SPACING = 1.3
BREACHES = (
    f"axe.run({json.dumps({'runOnly': {'type': 'tag', 'values': RULES}, 'resultTypes': ['violations']})})"
)
"""What is well is only counted: to say of each part of a page which rules it keeps takes most of the time."""
AS_ON_A_SMALL_PHONE = """(width) => {
    document.documentElement.classList.add("large");
    const moves = document.documentElement.scrollWidth > width;
    document.documentElement.classList.remove("large");
    return moves;
}"""
"""Whether the page moves sideways in large type, which is nothing but this class."""
FIRST, FIRST_BYTES, LATER_BYTES = "the first page there is", 150_000, 25_000


def looks(*, now: tuple[str, ...]) -> pytest.MarkDecorator:
    """Both sizes in Chinese, in English and large; there are many pages, so all but these are left to `make prove`."""
    all = {f"{name}-{look}": (size, look) for name, size in SIZES.items() for look in LOOKS}
    made = [pytest.param(*all[id], id=id, marks=() if id in now else pytest.mark.prove) for id in all]
    return pytest.mark.parametrize(("size", "look"), made)


@pytest.fixture
def phone(chromium: Browser, site: str) -> Iterator[Page]:
    """The phone of an entrepreneur who is signed in."""
    context = context_of(chromium, PHONE)
    page = context.new_page()
    sign_in(page, site)
    yield page
    context.close()


class Visit(NamedTuple):
    """What was found on the way through all pages: where they are, breaches of rules, small targets, tight lines, pages
    with more than one primary button in either size, pages that move sideways on a small phone in large type, the
    weight of the first page and of others, requests, lines of the console.
    """

    at: dict[str, str]
    wrong: list[str]
    small: list[str]
    tight: list[str]
    crowded: list[str]
    sideways: list[str]
    weights: dict[str, int]
    asked: list[str]
    said: list[str]


Visits = Callable[[tuple[int, int], str], Visit]


class Scales:
    """What came over the wire since somebody went to the page that is open: itself, its files, what it asks for."""

    def __init__(self, page: Page) -> None:
        self._done: list[Request] = []
        page.on("request", self._begin)
        page.on("requestfinished", lambda request: self._done.append(request))

    def _begin(self, request: Request) -> None:
        if request.is_navigation_request() and request.redirected_from is None:
            self._done.clear()

    def weigh(self) -> int:
        """How many bytes that was."""
        sizes = [request.sizes() for request in list(self._done)]
        return sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes)


@pytest.fixture(scope="module")
def visits(chromium: Browser, site: str) -> Visits:
    """Goes through all pages in this size and look; once, however many tests ask what was found."""

    @cache
    def visit(size: tuple[int, int], look: str) -> Visit:
        context = context_of(chromium, size)
        context.add_init_script(Axe().axe_script)
        page, found = context.new_page(), Visit({}, [], [], [], [], [], {}, [], [])
        page.on("request", lambda request: found.asked.append(request.url))
        page.on("console", lambda message: found.said.append(message.text))
        page.on("pageerror", lambda error: found.said.append(str(error)))
        scales = Scales(page)
        page.goto(f"{site}/sign-in", wait_until="networkidle")
        found.weights[FIRST] = scales.weigh()
        press(page, 'button[value="entrepreneur:wu"]')
        page.goto(f"{site}/view?{LOOKS[look]}&next=/mine")
        for place in pages(page, site):
            found.weights[place] = scales.weigh()
            found.at[place] = page.url.removeprefix(site)
            for one in page.evaluate(f"{BREACHES}.then((report) => report.violations)"):
                found.wrong.extend(
                    f"{place}: {one['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
                    for node in one["nodes"]
                )
            found.small.extend(f"{place}: {one}" for one in page.evaluate(TARGETS, TOUCHED))
            found.tight.extend(f"{place}: {one}" for one in page.evaluate(TIGHT, LEAST_SPACING))
            for each in SIZES.values():
                primary = primary_actions(page, each)
                found.crowded.extend([f"{place} at {each}: {primary}"] if len(primary) > 1 else [])
            if size == PHONE:
                found.sideways.extend([place] if moves_on_a_small_phone(page) else [])
        context.close()
        return found

    return visit


def moves_on_a_small_phone(page: Page) -> bool:
    """Whether this page moves sideways when it stands on the smallest phone in large type."""
    with resized(page, SMALL):
        return bool(page.evaluate(AS_ON_A_SMALL_PHONE, SMALL[0]))


@looks(now=("phone-zh",))
def test_no_page_breaks_a_rule_of_accessibility(visits: Visits, look: str, size: tuple[int, int]) -> None:
    wrong = visits(size, look).wrong
    assert not wrong, "\n".join(wrong)


def test_what_a_finger_touches_is_large_enough(visits: Visits) -> None:
    small = visits(PHONE, "zh").small
    assert not small, "\n".join(small)


def test_lines_are_not_too_close_to_each_other(visits: Visits) -> None:
    tight = visits(PHONE, "zh").tight
    assert not tight, "\n".join(tight)


def test_a_page_has_one_primary_action_at_most(visits: Visits) -> None:
    crowded = visits(PHONE, "zh").crowded
    assert not crowded, "\n".join(crowded)


def test_a_page_that_only_a_form_leads_to_is_among_them(visits: Visits) -> None:
    at = visits(PHONE, "zh").at
    for route, place in BY_FORM.items():
        assert re.fullmatch(re.sub(r"\{\w+\}", r"[^/]+", route), at[place]), (route, place, at[place])


def test_nothing_is_asked_from_another_host(visits: Visits, site: str) -> None:
    asked = visits(PHONE, "zh").asked
    assert asked and all(url.startswith((f"{site}/", "data:")) for url in asked)


def test_no_page_says_anything_to_the_console_but_what_was_refused(visits: Visits) -> None:
    said = visits(PHONE, "zh").said
    assert not [line for line in said if not re.search(r"status of (404|422)", line)]


def test_nothing_moves_sideways_in_large_type_on_a_small_phone(visits: Visits) -> None:
    assert not visits(PHONE, "zh").sideways


@pytest.mark.prove
@pytest.mark.parametrize("look", LOOKS)
def test_nothing_moves_sideways_on_a_small_phone(chromium: Browser, site: str, look: str) -> None:
    context = context_of(chromium, SMALL)
    page = context.new_page()
    sign_in(page, site)
    page.goto(f"{site}/view?{LOOKS[look]}&next=/mine")
    wide = [
        place
        for place in pages(page, site)
        if page.evaluate("document.documentElement.scrollWidth") > SMALL[0]
    ]
    context.close()
    assert not wide


def test_the_bar_of_each_role_fits_at_every_width(chromium: Browser, site: str) -> None:
    """In the language and the type that take most."""
    context = context_of(chromium, WIDE)
    page, wide = context.new_page(), []
    for who, paths in {"entrepreneur:wu": PATHS, **OFFICIALS}.items():
        sign_in(page, site, who)
        page.goto(f"{site}/view?language=en&large=1&next={paths[0]}")
        for width in (360, 801, 1024, 1280, 1440):
            page.set_viewport_size({"width": width, "height": WIDE[1]})
            found = page.evaluate("document.querySelector('.bar').scrollWidth")
            if found > width:
                wide.append(f"{who}: {found} px at {width}")
    context.close()
    assert not wide


def test_a_page_weighs_little(visits: Visits) -> None:
    weights = visits(PHONE, "zh").weights
    assert 0 < weights[FIRST] <= FIRST_BYTES
    assert not {place: weight for place, weight in weights.items() if place != FIRST and weight > LATER_BYTES}
    assert len(weights) > len(PATHS) and all(weights.values())


def test_a_first_page_by_a_private_link_weighs_little(chromium: Browser, site: str) -> None:
    context = context_of(chromium, PHONE)
    page = context.new_page()
    scales = Scales(page)
    page.goto(f"{site}/link/{RETURNED}.1.{'0' * 32}", wait_until="load")
    weight = scales.weigh()
    assert page.url == f"{site}/issues/{RETURNED}" and LATER_BYTES < weight <= FIRST_BYTES
    context.close()


@pytest.mark.parametrize(("size", "beside"), [(WIDE, True), (PHONE, False)], ids=["wide", "phone"])
def test_the_office_reads_the_reply_beside_the_question_and_below_it_on_a_phone(
    chromium: Browser, site: str, size: tuple[int, int], beside: bool
) -> None:
    context = context_of(chromium, size)
    page = context.new_page()
    sign_in(page, site, "office:chen")
    page.goto(f"{site}/office/issues/{SIGNED_OFF}/check")
    question, reply = (
        page.locator(f'section[aria-labelledby="{part}"]').bounding_box() for part in ("question", "draft")
    )
    context.close()
    assert question and reply
    assert (reply["x"] >= question["x"] + question["width"]) == beside
    assert (reply["y"] >= question["y"] + question["height"]) == (not beside)


def test_the_whole_of_a_form_can_be_filled_in_by_keyboard(phone: Page, site: str) -> None:
    phone.goto(f"{site}/raise")
    reached = set()
    for _ in range(40):
        phone.keyboard.press("Tab")
        reached.add(phone.evaluate("document.activeElement.name || document.activeElement.className"))
    assert {"kind", "title", "text", "files", "enterprise", "urgent", "anonymous", "do"} <= reached


def test_the_portal_has_more_than_one_issue_to_show(given: Given, phone: Page, site: str) -> None:
    phone.goto(f"{site}/mine")
    assert phone.locator(".cards li").count() == 5 and given.asked.requests
