"""A clerk in a talk's room, by keyboard alone: several issues a person, a claim, the line cut, the browser dead."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import WIDE, Window, sign_in
from tests.browser.talked import AT_IT, OPEN
from tests.portal.given import DONE, Given

pytestmark = pytest.mark.browser
PATH = f"/talks/{OPEN}/room"
MOST_KEYS = 12


class Clerk:
    """Types words, presses keys, and counts these: an issue may take twelve beyond its words."""

    def __init__(self, page: Page) -> None:
        self.page, self.keys = page, 0

    def press(self, *keys: str) -> None:
        """Press keys; one that is held down with another counts too."""
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += len(key.split("+"))

    def records(self, words: str, *before: str) -> float:
        """Record one issue; returns for how many seconds nothing could be typed."""
        self.keys = 0
        if before:
            self.press("Escape", *before)
        assert self.page.evaluate("document.activeElement.name") == "text"
        self.page.keyboard.insert_text(words)
        began = time.monotonic()
        self.press("Control+Enter")
        expect(self.page.locator("#text:focus")).to_have_value("")
        assert self.keys <= MOST_KEYS
        return time.monotonic() - began

    def claims(self) -> None:
        """The marked issue is claimed by the first of the department's people."""
        self.press("Escape", "c", "1")
        assert self.keys <= MOST_KEYS


@pytest.fixture
def clerk(given: Given, site: str, window: Window) -> Iterator[Clerk]:
    """At a talk under way, with the words in focus."""
    given.asked.answers["POST /issues"] = 201, {**DONE, "id": AT_IT, "number": "TTTT-TTTT-TTTT-3X"}
    page = window(WIDE)
    sign_in(page, site, "clerk:lu")
    page.goto(f"{site}{PATH}")
    yield Clerk(page)
    given.asked.answers.pop("POST /issues")


def is_sent(page: Page) -> None:
    page.locator("#waiting").wait_for(state="hidden")


def test_a_clerk_records_by_keyboard_alone_while_the_line_is_cut_and_after_the_browser_died(
    given: Given, site: str, clerk: Clerk
) -> None:
    page, asked = clerk.page, given.asked
    waited = [
        clerk.records("厂区北门积水，货车进不来。", "1"),
        clerk.records("建议开一班夜间公交。", "s"),
        clerk.records("招工难，宿舍没有着落。", "u"),
    ]
    clerk.claims()
    is_sent(page)
    said = asked.bodies("/issues")
    assert [one["text"][:2] for one in said] == ["厂区", "建议", "招工"]
    assert len({one["person"] for one in said}) == 1  # several issues of one person
    assert [(one["kind"], one.get("urgent")) for one in said] == [
        ("problem", None),
        ("suggestion", None),
        ("problem", True),
    ]
    assert len(asked.bodies(f"/issues/{AT_IT}/claim")) == 1

    page.context.set_offline(True)
    waited += [clerk.records(words) for words in ("电增容两个月没有答复。", "贷款续不上。")]
    clerk.claims()  # of the one that is still on this device alone
    page.get_by_text("网络已断").wait_for()
    page.keyboard.insert_text("还没有说完的")
    context = page.context
    page.close()  # the browser dies
    assert len(asked.bodies("/issues")) == 3

    context.set_offline(False)
    page = context.new_page()
    lost = []

    def lose_the_answer(route: Route) -> None:
        if route.request.method == "POST" and not lost:
            lost.append(route.fetch())
            route.abort()
        else:
            route.continue_()

    page.route(f"**{PATH}", lose_the_answer)
    page.goto(f"{site}{PATH}")
    is_sent(page)
    assert page.input_value("#text") == "还没有说完的"
    keys = asked.keys("/issues")
    assert len(lost) == 1
    assert [len(keys), len(set(keys))] == [6, 5]  # one was sent twice, as the same
    assert [one["text"][:2] for one in asked.bodies("/issues")[3:]] == ["电增", "电增", "贷款"]
    assert asked.bodies(f"/issues/{AT_IT}/claim")[1:] == [{"official": "zhou"}]
    print(f"waited {max(waited):.3f} s at most")


@pytest.mark.prove
def test_what_is_refused_stays_with_its_words_and_stops_nothing_behind_it(
    given: Given, site: str, clerk: Clerk
) -> None:
    page, asked = clerk.page, given.asked
    before = len(asked.bodies("/issues"))
    page.context.set_offline(True)
    clerk.records("这条会被拒绝。", "1")
    asked.answers["POST /issues"] = (
        422,
        {"status": "refused", "reason": "unknown_person", "title": "没有这个人"},
    )
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.context.set_offline(False)
    page.get_by_text("没有这个人").wait_for()
    asked.answers["POST /issues"] = 201, {**DONE, "id": AT_IT, "number": "TTTT-TTTT-TTTT-3X"}
    clerk.records("后面这条照常。")
    expect(page.locator("[data-items] li")).to_have_count(1)
    page.locator("[data-mend]").click()
    assert page.input_value("#text") == "这条会被拒绝。"
    page.keyboard.press("Control+Enter")
    is_sent(page)
    said = [one["text"] for one in asked.bodies("/issues")[before:]]
    assert said == ["这条会被拒绝。", "后面这条照常。", "这条会被拒绝。"]
    assert len(set(asked.keys("/issues")[before:])) == 3
