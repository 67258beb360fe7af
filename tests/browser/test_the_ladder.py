"""The ladder in a town that runs: what nobody answered came to the red card, and is signed, talked about and lifted;
another issue is answered in time, and climbs no further.

The town was played as history up to now, so time itself took its issues up.
"""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from bench.parts import whole_system
from tests.browser.conftest import WIDE, context_of
from tests.browser.test_stories import HANDLER, LEADER, OFFICE, drafts, releases, signs_off
from tests.browser.walking import Walker, say

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.prove]
SUPERVISOR, NAME = "supervisor", "赵敏"
REPLY = "您好：现场已核查，问题已办结，感谢您的监督。"


@pytest.fixture(scope="module")
def town() -> Iterator[str]:
    """Where the portal of a whole system with the town answers."""
    with whole_system("--scenario", "town") as system:
        yield system.portal_url


@pytest.fixture
def walker(town: str, chromium: Browser) -> Iterator[Walker]:
    """Somebody at a wide window."""
    context = context_of(chromium, WIDE)
    yield Walker(context.new_page(), town)
    context.close()


def holders(page: Page) -> tuple[str, str]:
    """The department that has the issue of this page, and who handles it there."""
    said = page.locator(".now-card dd", has=page.locator("b")).first
    department = said.locator("b").inner_text()
    return department, said.inner_text().removeprefix(department).strip()


def signs(walker: Walker, kind: str, words: str = "") -> None:
    """Sign the document of this kind that waits for it."""
    walker.goes_to("Documents")
    walker.goes(walker.page.locator("a.stat").first)
    walker.goes(walker.page.locator("main td a", has_text=say(kind)).first)
    walker.presses("Sign it")
    if words:
        walker.types("words", words)
    walker.types("signature", NAME)
    walker.presses("Sign and issue it")
    walker.reads(".did", say("It is signed, and out."))


def test_an_issue_that_nobody_answers_comes_to_the_red_card_and_is_lifted(walker: Walker) -> None:
    walker.becomes(SUPERVISOR)
    signs(walker, "Red card")
    signs(walker, "Called-in interview", "已约谈主要负责人，承诺三日内答复。")
    walker.presses("Back to the issue")
    warnings = walker.page.locator(
        ".tl li", has_text=say("Warning: %(clock)s, due %(due)s").partition("%")[0]
    )
    assert warnings.count() >= 2, "at seventy per cent of its time, and a working day before it was due"
    for step in ("Reminder", "Supervision order", "Yellow light", "Red light"):
        walker.reads(".tl li.bad", say("On the ladder: %(step)s") % {"step": say(step)})
    walker.reads(".papers li", say("Red card"))
    walker.presses("Lift it off the ladder")
    walker.types("reason", "已约谈并当面整改")
    walker.presses("Lift it")
    walker.reads(".did", say("It is lifted off the ladder."))
    red = walker.page.locator(".papers li", has_text=say("Red card"))
    expect(red).to_contain_text(say("Lifted"))
    expect(walker.page.locator("#ladder")).to_have_count(0)  # it stands at no step, and climbs no more
    yellow = walker.page.locator(".papers li", has_text=say("Yellow card"))
    expect(yellow).to_contain_text(say("Void"))


def test_an_issue_that_is_answered_climbs_no_further(walker: Walker) -> None:
    walker.becomes(SUPERVISOR)
    walker.page.goto(walker.page.url.partition("/board")[0] + "/board?step=any")
    # What is saved at the first step is in test_the_story_of_a_talk.py; here two stand at the second.
    order = walker.page.locator(".of-step", has_text=say("Supervision order"))
    link = walker.page.locator("tr.one").filter(has=order).locator("a.t").first
    title = link.inner_text()
    walker.goes(link)
    issue, (department, handler) = walker.page.url, holders(walker.page)
    expect(walker.page.locator("#ladder")).to_contain_text(say("What happens if nobody acts"))
    raised = walker.page.locator(".tl li.bad", has_text=say("On the ladder: %(step)s").partition("%")[0])
    expect(raised).to_have_count(2)
    walker.becomes(HANDLER, handler)
    walker.page.goto(issue)
    drafts(walker, REPLY)
    walker.becomes(LEADER, department)
    signs_off(walker, title)
    walker.becomes(OFFICE)
    releases(walker, title)
    walker.becomes(SUPERVISOR)
    walker.page.goto(issue)
    walker.reads("#ladder", say("It climbs no further by itself."))
    assert walker.page.locator("#ladder", has_text=say("What happens if nobody acts")).count() == 0
    expect(raised).to_have_count(2)
