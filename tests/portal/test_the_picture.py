"""The hand-over picture on the page of an issue: what officials are shown of who held it, in a picture and in words."""

import re
from datetime import timedelta
from typing import Any

from shared.contract.words import Role
from tests.portal.department import leader, people
from tests.portal.given import Browser, Given
from tests.portal.projection.given import AT, ISSUE
from tests.portal.test_board import official

PATH = f"/issues/{ISSUE}"
HOUR = timedelta(hours=1)


def happens(given: Given, hours: float, owner: str, type: str, **data: Any) -> None:
    """Some hours after the registration."""
    given.shown.tell(owner, type, {"by": "wang", **data}, at=AT + hours * HOUR)


def passed_round(given: Given) -> None:
    """Given to the water office, recalled, given to housing, returned and transferred to transport, answered."""
    given.registered()
    given.accepted()
    happens(
        given, 2, "dispatch", "issue.assigned.v1", assignment=f"{ISSUE}.1", department="water", head="局长"
    )
    happens(
        given,
        5.5,
        "dispatch",
        "assignment.recalled.v1",
        assignment=f"{ISSUE}.1",
        department="water",
        reason="误",
    )
    to = {"assignment": f"{ISSUE}.2", "department": "housing"}
    happens(given, 6, "dispatch", "issue.assigned.v1", head="局长", **to)
    happens(given, 20, "dispatch", "assignment.returned.v1", reason="道路归交通局", **to)
    happens(given, 30, "dispatch", "assignment.ruled.v1", upheld=True, **to)
    given_on = {"previous_assignment": f"{ISSUE}.2", "previous_department": "housing", "why": "return"}
    to = {"assignment": f"{ISSUE}.3", "department": "transport"}
    happens(given, 30, "dispatch", "assignment.transferred.v1", head="局长", transfers=1, **given_on, **to)
    given._names()


def card(browser: Browser) -> str:
    """The picture as it stands on the page."""
    return browser.page.text.partition('id="picture"')[2].partition("</section>")[0]


def lanes(browser: Browser) -> list[tuple[str, float]]:
    """Each line: whose it is, and how many hours."""
    found = re.findall(
        r"<li class=\"of-\w+\">.*?<span>(.*?)</span>.*?([\d,.]+) 小时", card(browser), re.DOTALL
    )
    return [(name, float(hours.replace(",", ""))) for name, hours in found]


async def test_officials_see_a_line_for_each_holder_that_sum_to_the_life(given: Given) -> None:
    passed_round(given)
    given.now = AT + 54.2 * HOUR
    browser = official(given)
    await browser.open(PATH)
    assert lanes(browser) == [("交办办公室", 2.5), ("water", 3.5), ("市建设局", 24.0), ("transport", 24.2)]
    assert "54.2 小时" in card(browser), "the whole life"
    bars = [(int(x), int(width)) for x, width in re.findall(r'<rect x="(\d+)" width="(\d+)"', card(browser))]
    assert sum(width for _, width in bars) == 1000 and len(bars) == 5
    assert "style=" not in card(browser)


async def test_every_hand_over_stands_there_in_words(given: Given) -> None:
    passed_round(given)
    given.now = AT + 54 * HOUR
    browser = official(given, Role.OFFICE)
    await browser.open(PATH)
    rows = re.findall(
        r"<tr><td>(.*?)<small>(.*?) · .*?</small></td><td class=\"num\">(.*?)</td>", card(browser)
    )
    assert rows == [
        ("交办办公室 → water", "交办", "2.0"),
        ("water → 交办办公室", "撤回交办", "3.5"),
        ("交办办公室 → 市建设局", "交办", "0.5"),
        ("市建设局 → transport", "转办", "24.0"),
    ]


async def test_after_the_reply_it_waits_for_the_raiser_and_after_the_end_for_nobody(given: Given) -> None:
    given.registered()
    given.accepted()
    to = {"assignment": f"{ISSUE}.1", "department": "housing"}
    happens(given, 2, "dispatch", "issue.assigned.v1", head="局长", **to)
    reply = {"round": 1, "draft": 1, "sha256": "a" * 64, "outcome": "solved", "outcome_class": "A"}
    happens(given, 6, "dispatch", "reply.released.v1", text="已装好。", **reply, **to)
    happens(given, 10, "feedback", "issue.closed.v1", round=1, reason="lapsed")
    given.now = AT + 99 * HOUR
    browser = official(given)
    await browser.open(PATH)
    assert lanes(browser) == [("交办办公室", 2.0), ("housing", 4.0), ("等反映人", 4.0)]
    assert "10.0 小时" in card(browser)


async def test_who_raised_it_is_shown_no_picture_and_a_new_issue_has_none(given: Given) -> None:
    passed_round(given)
    raiser = given.browser()
    await raiser.sign_in()
    assert (await raiser.open(PATH)).status_code == 200 and not card(raiser)
    given.registered("A" * 13)
    browser = official(given)
    await browser.open(f"/issues/{'A' * 13}")
    assert not card(browser)


async def test_a_department_sees_it_of_what_it_holds(given: Given) -> None:
    given.registered()
    given.accepted()
    given.now = AT + 7 * HOUR
    happens(given, 1, "dispatch", "issue.assigned.v1", assignment="1", department="housing", head="局长")
    people(given)
    browser = leader(given)
    await browser.open(PATH)
    assert lanes(browser) == [("交办办公室", 1.0), ("市建设局", 6.0)]


async def test_what_a_neighbour_says_of_it_hands_nothing_over(given: Given) -> None:
    passed_round(given)
    given.now = AT + 54 * HOUR
    browser = official(given)
    await browser.open(PATH)
    before = lanes(browser)
    theirs = {"assignment": f"{ISSUE}.9", "department": "water", "head": "局长", "by": "x"}
    given.shown.tell("dispatch", "issue.assigned.v1", theirs, source="/anji/dispatch", at=AT + 40 * HOUR)
    await browser.open(PATH)
    assert lanes(browser) == before
