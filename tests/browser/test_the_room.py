"""A clerk in a talk's room, by keyboard alone: several issues a person, a claim, the line cut, the browser dead."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import WIDE, Window, sign_in
from tests.browser.talked import AT_IT, CREW, OPEN, OTHERS
from tests.portal.given import DONE, Given
from tests.portal.talks_given import of_the_talk

pytestmark = pytest.mark.browser
PATH = f"/talks/{OPEN}/room"
MOST_KEYS = 12
NEW = "TTTTTTTTTTTT9"
"""An issue that no list has yet."""


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
        self.press("Escape", "c", "0", "1")
        assert self.keys <= MOST_KEYS


@pytest.fixture
def clerk(given: Given, site: str, window: Window) -> Iterator[Clerk]:
    """At a talk under way, with the words in focus."""
    given.asked.answers["POST /issues"] = 201, {**DONE, "id": AT_IT, "number": "TTTT-TTTT-TTTT-3X"}
    page = window(WIDE)
    page.clock.install()
    sign_in(page, site, "clerk:lu")
    page.goto(f"{site}{PATH}")
    page.locator("#text:focus").wait_for()  # the browser puts it there once the page has come
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
    page.clock.fast_forward("01:00:00")  # by the browser's own clock
    waited.append(clerk.records("一个小时以后还在说。"))
    page.get_by_text("网络已断").wait_for()
    assert page.locator("[data-items] li").count() == 4
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
    assert [len(keys), len(set(keys))] == [7, 6]  # one was sent twice, as the same
    assert [one["text"][:2] for one in asked.bodies("/issues")[3:]] == ["电增", "电增", "贷款", "一个"]
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


def test_each_key_does_what_stands_beside_it(given: Given, clerk: Clerk) -> None:
    page, asked = clerk.page, given.asked
    answered = len(asked.bodies(f"/issues/{AT_IT}/answer-on-the-spot"))
    chosen = page.locator("[name=kind]:checked, [name=urgent]:checked")
    for keys, name in (("t", "title"), ("w", "text"), ("o", "phone"), ("01", "text"), ("o", "phone")):
        clerk.press("Escape", *keys)
        assert page.evaluate("document.activeElement.name") == name
    clerk.press("Escape", "f")
    page.keyboard.insert_text("企业")
    clerk.press("Enter")
    assert page.locator("[name=speaker]:checked").input_value() != "other"
    for key, values in (
        ("s", "suggestion"),
        ("u", "suggestion urgent"),
        ("p", "problem urgent"),
        ("u", "problem"),
    ):
        clerk.press("Escape", key)
        page.locator("#text:focus").wait_for()
        found = [one.input_value().replace("1", "urgent") for one in chosen.all()]
        assert " ".join(found) == values
    before = len(asked.bodies(f"/issues/{AT_IT}/claim"))
    clerk.press("Escape", "c", "9", "1")  # nobody's keys begin with 9
    clerk.press("Escape", "c", "1", "0")
    page.locator("#text:focus").wait_for()
    is_sent(page)
    tenth = CREW[6]  # after three of the other department
    assert asked.bodies(f"/issues/{AT_IT}/claim")[before:] == [{"official": tenth}]
    rows = page.locator("#recorded-rows [data-row]")
    for key, place in (("j", 1), ("j", 1), ("k", 0)):
        clerk.press("Escape", key)
        assert [row.get_attribute("class") for row in rows.all()][place] == "one sel"
    for keys in (("Escape", "a"), ("F4",)):
        clerk.press(*keys, "2")
        page.keyboard.insert_text("正在安装。")
        clerk.press("Control+Enter")
        page.locator("#text:focus").wait_for()
        is_sent(page)
    said = {"official": "zhou", "outcome": "partly_solved", "text": "正在安装。"}
    assert asked.bodies(f"/issues/{AT_IT}/answer-on-the-spot")[answered:] == [said, said]
    with page.expect_navigation():
        clerk.press("Escape", "n")
    assert page.url.endswith("named=1")


def taken(page: Page, held: list[Route]) -> Route:
    """The request that is held back; the browser may say that it is on its way before it is handed over."""
    while not held:
        page.evaluate("0")
    return held.pop()


def test_a_claim_is_about_what_was_said_last_whatever_has_come_back_of_it(given: Given, clerk: Clerk) -> None:
    page, asked, held = clerk.page, given.asked, list[Route]()
    before = len(asked.bodies(f"/issues/{AT_IT}/claim"))
    page.route(
        f"**{PATH}", lambda route: held.append(route) if route.request.method == "POST" else route.continue_()
    )
    with page.expect_request(lambda request: request.method == "POST"):
        clerk.records("地磅坏了两个星期。", "1")
    clerk.press("F2")  # it is on this device alone, and on its way
    taken(page, held).continue_()
    is_sent(page)
    clerk.press("0", "1")  # it has come there meanwhile
    page.locator("#text:focus").wait_for()
    is_sent(page)
    assert asked.bodies(f"/issues/{AT_IT}/claim")[before:] == [{"official": "zhou"}]
    asked.answers["POST /issues"] = 201, {**DONE, "id": NEW, "number": "TTTT-TTTT-TTTT-9X"}
    with page.expect_request(lambda request: request.method == "POST"):
        clerk.records("河边步道没有灯。")
    taken(page, held).continue_()
    is_sent(page)
    clerk.press("F2")  # it was taken, and the list of what is recorded lacks it still
    claim = page.locator("[data-spot=claim]")
    assert claim.get_attribute("data-action") == f"/talks/{OPEN}/claim/{NEW}"
    clerk.press("Escape")
    of_the_talk(given, NEW, OPEN, "at", person=OTHERS[0])
    page.locator(f"[data-row={NEW}]:not([data-claim])").wait_for()
    clerk.press("F2")  # it is on the list, which does not say yet that it may be claimed
    claim.wait_for()
    assert claim.get_attribute("data-action") == f"/talks/{OPEN}/claim/{NEW}"
