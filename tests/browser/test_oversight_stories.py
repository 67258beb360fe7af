"""What holds a reply up and what becomes of it, walked through the pages of a system that really runs: a question to
who raised it, co-handlers who object and agree, a promise that is kept and one that is broken.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import expect

from bench.parts import whole_system
from shared.domain.clocks import SHANGHAI
from tests.browser.conftest import PHONE, WIDE, Window
from tests.browser.test_stories import (
    CHEN,
    ENTREPRENEUR,
    HANDLER,
    LAMPS,
    LAMPS_TEXT,
    LEADER,
    OFFICE,
    PARK,
    assigns,
    drafts,
    is_chosen,
    is_sent,
    raises,
    rates,
    releases,
    signs,
    signs_off,
)
from tests.browser.walking import Walker, say

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.prove]
SUPERVISOR, MARKET = "supervisor", "市市场监督管理局"
QUESTION, ANSWER = "请补充缺灯路段的起止位置。", "从北门到公交站，共四百米。"
WANTED, OBJECTION = "灯杆位置是否占用规划红线", "三号灯杆占用红线，请内移两米。"
ANSWERED = "已内移两米，见附图。"
REPLY = "您好：已列入明年计划，届时全程装灯。"
DONE = "您好：四百米路段已全程装灯并亮灯。"
KEPT, BROKEN = "现场看过，十二盏灯全部亮灯。", "现场看过，一盏也没有装。"


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Where the portal of a whole system answers: with its staff, and without any issue."""
    with whole_system() as system:
        yield system.portal_url


# ------------------------------------------------------------------- what each of them does


def is_with_its_department(official: Walker, raiser: Walker, title: str) -> None:
    """Raised, assigned and signed for; its page is open before both."""
    raiser.becomes(ENTREPRENEUR)
    raises(raiser, title, LAMPS_TEXT)
    raiser.presses("See where it stands")
    official.becomes(OFFICE, CHEN)
    assert assigns(official, title) == LAMPS
    is_sent(official)
    official.becomes(HANDLER, LAMPS)
    signs(official, title)


def here(official: Walker, raiser: Walker, role: str, who: str) -> None:
    """Become somebody, and be at the issue's page."""
    official.becomes(role, who)
    official.page.goto(raiser.page.url.partition("?")[0])


def is_answered(official: Walker, title: str, text: str, *, planned: str = "") -> None:
    """The handler drafts, the leader signs, the office releases; the handler's page of it is open."""
    official.presses("Draft the reply")
    official.chooses("Planned" if planned else "Solved")
    if planned:
        official.types("promised_on", planned)
    official.types("text", text)
    official.presses("Hand it to the leader")
    official.reads(".did", say("The draft is handed in: your leader signs it off."))
    official.becomes(LEADER, LAMPS)
    signs_off(official, title)
    official.becomes(OFFICE, CHEN)
    releases(official, title)


def looks_back(official: Walker, title: str, finding: str, words: str) -> None:
    """A supervisor finds it on the list, and says what was found."""
    official.becomes(SUPERVISOR)
    official.goes_to("Tracked and look-backs")
    official.opens(title)
    official.presses("Say what a look-back found")
    official.presses("Record it")
    official.reads(".errors", say("It was not sent:"))
    official.chooses(finding)
    official.types("words", words)
    official.presses("Record it")
    official.reads(".did", say("What was found is recorded; who raised it can read it."))


# ----------------------------------------------------------------------------- the stories


@pytest.mark.parametrize(
    ("size", "scripts"),
    [(PHONE, True), (WIDE, False)],
    ids=["phone", "wide-without-scripts"],
)
def test_a_question_is_answered_by_link_and_the_clocks_that_waited_go_on(
    window: Window, site: str, size: tuple[int, int], scripts: bool
) -> None:
    official, raiser, by_link = (Walker(window(size, scripts=scripts), site, scripts=scripts) for _ in "123")
    title = f"北门外没有路灯{size[0]}"
    is_with_its_department(official, raiser, title)
    official.presses("Ask the enterprise")
    official.types("words", QUESTION)
    official.presses("Ask the enterprise")
    official.reads(".now-card", say("waits for the answer"))

    raiser.presses("Make a private link")
    raiser.presses("Make a link")
    by_link.page.goto(raiser.page.locator("#secret").inner_text())
    by_link.reads(".status", say("A question to you"))
    by_link.reads(".question", QUESTION)
    raiser.presses("See where it stands")

    official.becomes(OFFICE, CHEN)
    official.goes_to("To decide")
    official.opens(title)
    official.chooses("Yes: from now on the days do not count")
    official.presses("Decide")
    official.reads(".did", say("It is paused: the days do not count."))
    by_link.page.reload()
    by_link.reads(".now-card", say("at the earliest: while it is paused the days do not count"))

    by_link.presses("Answer the question")
    by_link.types("text", ANSWER)
    by_link.presses("Send the answer")
    by_link.reads(".did", say("Your answer is sent."))
    here(official, raiser, HANDLER, LAMPS)
    official.reads(".question", ANSWER)
    official.sees(official.page.locator(".now-card .row-between .left"))  # days are counted again
    expect(official.page.locator(".now-card")).not_to_contain_text(say("waits for the answer"))
    expect(official.page.locator(".now-card")).not_to_contain_text(say("the days do not count"))


def test_one_co_handler_objects_and_is_answered_another_agrees_and_the_reply_goes_out(
    window: Window, site: str
) -> None:
    official, raiser = (Walker(window(WIDE), site) for _ in "12")
    title = "北门外没有路灯，夜里看不见路"
    is_with_its_department(official, raiser, title)
    for department in (PARK, MARKET):
        here(official, raiser, OFFICE, CHEN)
        official.presses("Ask a co-handler")
        official.picks("department", department)
        official.types("wanted", WANTED)
        official.presses("Ask for its opinion")
        official.reads(".did", say("It is asked for its opinion."))
    for department, choice, words in ((PARK, "We object", OBJECTION), (MARKET, "We agree", "")):
        official.becomes(HANDLER, department)
        is_chosen(official, title)
        official.presses("Give our opinion")
        official.reads(".letter", WANTED)
        official.chooses(choice)
        official.types("words", words)
        official.presses("Send it to the lead")
        official.reads(".did", say("The lead has your opinion."))

    here(official, raiser, HANDLER, LAMPS)
    official.reads("main", OBJECTION)
    drafts(official, DONE)
    official.becomes(LEADER, LAMPS)
    official.opens(title)
    official.presses("Sign it off")
    official.reads(".errors", say("It was not done:"))
    official.types("answer", ANSWERED)
    official.presses("Sign it off")
    official.reads(".did", say("Signed off. The office checks it and lets it out."))
    official.becomes(OFFICE, CHEN)
    official.goes_to("To check")
    official.sees(official.listed(title))
    official.opens(title)
    official.reads("main", ANSWERED)
    official.presses("Check and release")
    official.reads(".did", say("The reply is out, and the enterprise is asked to rate it."))
    raiser.page.reload()
    raiser.reads(".reply", DONE)
    for words in (OBJECTION, ANSWERED):
        expect(raiser.page.locator("main")).not_to_contain_text(words)


def test_what_was_promised_is_looked_at_broken_answered_again_looked_at_kept_and_rated(
    window: Window, site: str
) -> None:
    official, raiser = (Walker(window(WIDE), site) for _ in "12")
    title = "北门外没有路灯，什么时候能装"
    is_with_its_department(official, raiser, title)
    later = (datetime.now(SHANGHAI).date() + timedelta(days=30)).isoformat()
    is_answered(official, title, REPLY, planned=later)
    raiser.page.reload()
    rates(raiser, "Satisfied", "In part", "等明年装好。")
    raiser.reads(".status", say("Promised for later"))

    looks_back(official, title, "was not done", BROKEN)
    raiser.page.reload()
    raiser.reads("main", BROKEN)
    raiser.reads(".status", say("Being worked on again"))
    here(official, raiser, HANDLER, LAMPS)
    is_answered(official, title, REPLY, planned=later)
    raiser.page.reload()
    rates(raiser, "Satisfied", "In part", "再等一等。")
    raiser.reads(".status", say("Promised for later"))

    looks_back(official, title, "was done", KEPT)
    raiser.page.reload()
    raiser.reads("main", KEPT)
    rates(raiser, "Satisfied", "Yes, it is")
    raiser.reads(".status", say("Closed"))
