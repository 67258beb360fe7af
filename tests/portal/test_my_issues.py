"""The list of what one raised: what waits for oneself first, fifty at a time, and never by reading all issues."""

import re
from datetime import timedelta
from itertools import pairwise

import pytest

from services.portal.queries import own_issues
from services.portal.queries.own_issues import OVER, UNDER_WAY, WAITING, Place
from tests.keys import REFERENCES
from tests.portal.given import WU, Browser, Given, stamp
from tests.portal.projection.given import AT, AT_MS

IDS = [f"{n:013d}" for n in range(1, 124)]
REJECTED = {"ground": "litigation", "explanation": "已由法院立案。", "by": "wang"}


def rejected(given: Given, id: str, days: int) -> None:
    """Not accepted; so long one may appeal."""
    until = stamp(AT + timedelta(days=days))
    given.shown.tell("intake", "issue.rejected.v1", {**REJECTED, "appeal_until": until}, id)


def many(given: Given) -> None:
    """A hundred and twenty-three issues: two of the oldest wait for their raiser, thirty are over."""
    for n, id in enumerate(IDS):
        hidden = n % 40 == 7
        person = REFERENCES.on_issue(id, WU, anonymous=True) if hidden else WU
        given.registered(id, anonymous=hidden, person=person)
    for id in IDS[:2]:
        rejected(given, id, 30)
    for id in IDS[2:32]:
        given.shown.tell("intake", "issue.withdrawn.v1", {}, id)
    given.registered("X" * 13, person=REFERENCES.person("he"))


async def signed_in(given: Given) -> Browser:
    browser = given.browser()
    await browser.sign_in()
    return browser


def shown(browser: Browser) -> list[str]:
    return re.findall(r'class="whole" href="/issues/(\w+)"', browser.page.text)


async def test_every_issue_is_on_one_page_of_fifty_and_what_waits_is_on_the_first(given: Given) -> None:
    many(given)
    browser = await signed_in(given)
    found = [shown(browser)]
    while following := re.findall(r'href="(/mine\?after=[^"]+)" rel="next"', browser.page.text):
        await browser.open(following[0])
        found.append(shown(browser))
    assert [len(page) for page in found] == [50, 50, 23]
    assert sorted(found[0][:2]) == IDS[:2] and sorted(id for page in found for id in page) == IDS
    assert set(found[2]) <= set(IDS[2:32]), "what is over comes last"
    assert len(re.findall(r'href="/mine"', browser.page.text)) == 3, (
        "in the bar, and the way back to the first"
    )


async def test_the_number_beside_a_part_is_how_many_there_are_on_all_pages(given: Given) -> None:
    many(given)
    browser = await signed_in(given)
    assert re.findall(r'class="count">(\d+)', browser.page.text) == ["2", "91"]


async def test_of_each_part_the_newest_is_first(given: Given) -> None:
    many(given)
    found = own_issues.of_person(given.shown.reader(), WU, REFERENCES, AT_MS, Place())
    ranks = [(row["part"], -row["registered_at"], row["id"]) for row in found.rows]
    assert all(one < other for one, other in pairwise(ranks))
    assert found.counts == {WAITING: 2, UNDER_WAY: 91, OVER: 30}


@pytest.mark.parametrize(("days", "part"), [(30, WAITING), (0, OVER)])
def test_what_one_cannot_answer_any_more_is_over(given: Given, days: int, part: int) -> None:
    given.registered(IDS[0])
    rejected(given, IDS[0], days)
    found = own_issues.of_person(given.shown.reader(), WU, REFERENCES, AT_MS + 1, Place())
    assert [row["part"] for row in found.rows] == [part]


@pytest.mark.parametrize(
    "after", ["", "x", "9.1.A", "1.x.A", "1.1.", "1.²." + "A", "0" * 900, "1." + "9" * 30 + ".A", "<b>"]
)
async def test_an_odd_place_is_the_beginning(given: Given, after: str) -> None:
    given.registered(IDS[0])
    browser = await signed_in(given)
    await browser.open("/mine", params={"after": after})
    assert browser.page.status_code == 200 and shown(browser) == IDS[:1]


async def test_behind_the_last_one_the_way_back_is_shown(given: Given) -> None:
    given.registered(IDS[0])
    browser = await signed_in(given)
    await browser.open("/mine?after=2.0.Z")
    assert not shown(browser) and "后面没有了" in browser.text and 'href="/mine"' in browser.page.text


def test_no_list_of_ones_own_reads_all_issues(given: Given) -> None:
    many(given)
    asked: list[str] = []
    reads = given.shown.reader()
    reads.set_trace_callback(asked.append)
    own_issues.of_person(reads, WU, REFERENCES, AT_MS, Place(1, AT_MS, IDS[50]))
    reads.set_trace_callback(None)
    own = [sql for sql in asked if "AS part" in sql]
    plans = [row[3] for sql in own for row in reads.execute(f"EXPLAIN QUERY PLAN {sql}")]
    assert len(own) == 2 and any("issue_by_person" in step for step in plans)
    assert not [step for step in plans if step.startswith("SCAN issue")], plans
