"""The supervisor's list of what is looked at again, the form for what was found, and what who raised it reads."""

from datetime import timedelta
from typing import Any

import pytest

from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import Role
from tests.portal.given import WU, Browser, Given, stamp
from tests.portal.projection.given import AT
from tests.portal.test_board import official

ISSUE, OTHER = "HHHHHHHHHHHHH", "PPPPPPPPPPPPP"
PATH = f"/issues/{ISSUE}/record-look-back"
CLOCK = {
    "clock": "tracking",
    "round": 1,
    "limit": "90d",
    "policy": "p",
    "calendar": "c",
    "started_at": stamp(AT),
}


def tracked(given: Given, id: str = ISSUE, due_in: int = 90, because: str = "tracked") -> None:
    """An issue whose reply planned something; it stands on the list, and is looked at in so many days."""
    tell, whose = given.shown.tell, {"assignment": f"{id}.1", "department": "housing"}
    given.registered(id, person=WU)
    tell("intake", "issue.accepted.v1", {"title": f"停车难{id}", "text": "没有车位", "by": "chen"}, id)
    tell("dispatch", "issue.assigned.v1", {**whose, "round": 1, "head": "局长", "by": "chen"}, id)
    reply = {**whose, "round": 1, "draft": 1, "sha256": "a" * 64, "outcome_class": "B", "by": "chen"}
    planned = {"outcome": "planned", "promised_on": "2027-03-01", "text": "列入明年计划"}
    tell("dispatch", "reply.released.v1", {**reply, **planned}, id)
    tell("feedback", "rating.invited.v1", {"round": 1, "open_until": stamp(AT + timedelta(days=14))}, id)
    tell("feedback", "rating.lapsed.v1", {"round": 1}, id)
    if because == "tracked":
        tell(
            "feedback",
            "issue.tracked.v1",
            {"round": 1, "outcome": "planned", "promised_on": "2027-03-01"},
            id,
        )
    else:
        tell("feedback", "issue.closed.v1", {"round": 1, "reason": "lapsed"}, id)
    tell("supervision", "tracking.opened.v1", {"round": 1, "because": because, "department": "housing"}, id)
    tell("supervision", "clock.started.v1", {**CLOCK, "due_at": stamp(AT + timedelta(days=due_in))}, id)


def listed(browser: Browser) -> list[str]:
    """The issues of the list in its order."""
    places = {id: browser.page.text.find(f'id="row-{id}"') for id in (ISSUE, OTHER)}
    return [id for id, place in sorted(places.items(), key=lambda one: one[1]) if place >= 0]


async def test_the_list_shows_what_is_overdue_first_and_is_narrowed_by_its_address(given: Given) -> None:
    tracked(given, due_in=90)
    tracked(given, OTHER, due_in=-3, because="sample")
    browser = official(given, Role.SUPERVISOR)
    await browser.open("/look-backs")
    assert listed(browser) == [OTHER, ISSUE]
    assert "挂账与回头看" in browser.text and "2027年3月1日 周一" in browser.text
    for query, found in (
        ("due=late", [OTHER]),
        ("why=tracked", [ISSUE]),
        ("department=housing", [OTHER, ISSUE]),
        ("due=soon", []),
        ("why=nonsense&due=never", [OTHER, ISSUE]),
    ):
        await browser.open(f"/look-backs?{query}")
        assert listed(browser) == found, query
    assert (await official(given, Role.HANDLER).open("/look-backs")).status_code == 404


async def test_a_long_list_is_counted_no_further_than_anybody_reads(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        tracked(given, f"HHHHHHHHHHHH{number}", due_in=(-1, -1, 5, 90)[number])
    monkeypatch.setattr("services.portal.queries.looking.MOST_COUNTED", 2)
    browser = official(given, Role.SUPERVISOR)
    await browser.open("/look-backs")
    assert '<b class="">2+</b>' in browser.page.text and '<b class="late">2</b>' in browser.page.text
    assert browser.page.text.count('id="row-HHHHHHHHHHHH') == 4


async def test_what_was_looked_at_leaves_the_list_and_who_raised_it_reads_what_was_found(
    given: Given,
) -> None:
    tracked(given)
    browser = official(given, Role.SUPERVISOR)
    given.shown.tell(
        "supervision", "clock.stopped.v1", {**CLOCK, "stopped_at": stamp(AT), "breached": False}, ISSUE
    )
    found = {"round": 1, "finding": "kept", "because": "tracked", "words": "车位已划好", "by": "shen"}
    given.shown.tell("supervision", "look_back.done.v1", found, ISSUE)
    await browser.open("/look-backs")
    assert listed(browser) == []
    raiser = given.browser()
    await raiser.sign_in()
    await raiser.open(f"/issues/{ISSUE}")
    assert "承诺事项已兑现" in raiser.text and "车位已划好" in raiser.text


async def test_who_raised_it_reads_for_when_it_is_promised(given: Given) -> None:
    tracked(given)
    raiser = given.browser()
    await raiser.sign_in()
    await raiser.open(f"/issues/{ISSUE}")
    assert "承诺办成日期" in raiser.text and "2027年3月1日" in raiser.text


async def test_a_kept_promise_is_rated_as_the_round_behind_the_reply(given: Given) -> None:
    tracked(given)
    found = {"round": 1, "finding": "kept", "because": "tracked", "words": "车位已划好", "by": "shen"}
    given.shown.tell("supervision", "look_back.done.v1", found, ISSUE)
    again = {"round": 2, "open_until": stamp(AT + timedelta(days=30))}
    given.shown.tell("feedback", "rating.invited.v1", again, ISSUE)
    raiser = given.browser()
    await raiser.sign_in()
    await raiser.open(f"/issues/{ISSUE}/rate")
    assert "车位已划好" in raiser.text
    await raiser.send(f"/issues/{ISSUE}/rate", satisfaction="satisfied", solved="yes")
    assert given.asked.bodies(f"/issues/{ISSUE}/rate")[-1]["round"] == 2


async def test_a_supervisor_says_what_was_found_and_nothing_typed_is_lost(given: Given) -> None:
    tracked(given)
    browser = official(given, Role.SUPERVISOR)
    await browser.open(f"/issues/{ISSUE}")
    assert f'href="{PATH}"' in browser.page.text
    await browser.open(PATH)
    assert "列入明年计划" in browser.text
    assert (await browser.send(PATH, finding="not_yet", words="已招标")).status_code == 422
    assert "请填写下次回头看的日期" in browser.text and "已招标" in browser.page.text
    asked: dict[str, Any] = {"finding": "not_yet", "words": "已招标", "next_on": "2026-05-01"}
    await browser.send(PATH, **asked)
    assert given.asked.bodies(PATH) == [{"round": 1, **asked}]
    assert "回头看结果已记录" in browser.text


async def test_what_is_wrong_in_the_form_is_said_at_its_field(given: Given) -> None:
    tracked(given)
    browser = official(given, Role.SUPERVISOR)
    await browser.open(PATH)
    assert (await browser.send(PATH, words="好" * (MAX_REASON_CHARS + 1))).status_code == 422
    assert "请选择回头看结果" in browser.text and str(MAX_REASON_CHARS) in browser.text
    for role in (Role.OFFICE, Role.LEADER, Role.HANDLER):
        assert (await official(given, role).open(PATH)).status_code == 404


async def test_what_is_neither_tracked_nor_closed_is_not_looked_at(given: Given) -> None:
    given.registered(ISSUE, person=WU)
    browser = official(given, Role.SUPERVISOR)
    await browser.open(PATH)
    assert str(browser.page.url).endswith("?done=not_now")
