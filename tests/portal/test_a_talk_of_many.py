"""A talk of five hundred issues: its page, the talk's room and its list ask for no more than of five, and are light."""

import gzip
import re
from datetime import timedelta

import httpx
import pytest

from tests.portal.department import people
from tests.portal.given import Given
from tests.portal.office_given import directory
from tests.portal.papers_given import in_file
from tests.portal.talks_given import TALK, WEDNESDAY, announced, of_the_talk
from tests.portal.test_assigning_many import LATER_BYTES

FEW, MANY = 5, 500
PAGE = f"/talks/{TALK}"


@pytest.fixture
def town(given: Given) -> Given:
    directory(given)
    people(given)
    given.officials(lu="clerk", qian="leader", chen="office")
    announced(given)
    given.shown.tell("intake", "talk.opened.v1", {"by": "lu"}, f"talk:{TALK}")
    given.now = WEDNESDAY + timedelta(hours=1)
    return given


def has(given: Given, members: range) -> None:
    """So many issues of it, each with a page of words of its own."""
    with given.shown.at_once():
        for place in members:
            of_the_talk(given, f"{place:013}", phase="at")
            words = {
                "title": f"第 {place} 件：{'路灯与道路' * 4}{place * 7919}",
                "text": f"{place} 夜班" * 80,
                "by": "wang",
            }
            given.shown.tell("intake", "issue.accepted.v1", words, f"{place:013}")


async def asked_for(given: Given, who: str, path: str) -> tuple[int, httpx.Response]:
    """How often the projection is asked for a page, and the page."""
    browser, asked = given.browser(), list[str]()
    await browser.sign_in(who)
    await browser.open(path)  # what is kept for all pages alike is there from here on
    given.shown.reader().set_trace_callback(asked.append)
    page = await browser.open(path)
    given.shown.reader().set_trace_callback(None)
    assert (page.status_code, page.url.path) == (200, path)
    return len(asked), page


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("office:chen", PAGE),
        ("clerk:lu", PAGE),
        ("leader:qian", PAGE),
        ("department_leader:zhou", PAGE),
        ("clerk:lu", f"{PAGE}/room"),
        ("office:chen", f"{PAGE}/list"),
        ("office:chen", f"{PAGE}/files/list.docx"),
    ],
)
async def test_pages_of_a_talk_of_many_ask_no_more_than_of_few_and_stay_light(
    town: Given, who: str, path: str
) -> None:
    has(town, range(FEW))
    few, _ = await asked_for(town, who, path)
    has(town, range(FEW, MANY))
    many, page = await asked_for(town, who, path)
    assert many == few > 0
    said = in_file(page) if path.endswith("docx") else page.text
    assert len({*re.findall(r"\d{4}-\d{4}-\d{4}-\dX", said)}) == MANY
    if said is page.text:
        assert len(gzip.compress(page.content)) < LATER_BYTES
