"""Pages of talks read what they show: none of them goes through all talks, all who took part, or all issues."""

from collections.abc import Callable
from datetime import timedelta
from sqlite3 import Connection

import pytest

from services.portal.addresses import Place
from services.portal.figures import talks_behind
from services.portal.figures.counting import BY, Scope, by_group, talks_by_group, value
from services.portal.queries import gaps, talks
from services.portal.queries.talks import Chosen
from tests.portal.given import WU, Given
from tests.portal.projection.given import AT, AT_MS
from tests.portal.talks_given import SUN, TALK, WEDNESDAY, announced, held, planned, signed_up
from tests.portal.test_office_lists import plans

WEEKS = 30
DAYS = (f"{AT - timedelta(days=91):%Y-%m-%d}", f"{AT:%Y-%m-%d}")

OF_TALKS = Scope("", "", "", "city", *DAYS)

ASKED: dict[str, Callable[[Connection], object]] = {
    "calendar": lambda reads: (
        talks.between(reads, Chosen(*talks.instants(2026, 10), "city", "huzhou")),
        talks.past(reads, 20),
        list(gaps.missing(reads, gaps.places(reads, "huzhou", AT), AT, 4)),
        gaps.missing_in_quarter(reads, AT),
    ),
    "page of a talk": lambda reads: (
        talks.one(reads, TALK),
        talks.members(reads, TALK),
        talks.participants(reads, TALK),
        talks.numbers(reads, [TALK], AT_MS),
    ),
    "opening": lambda reads: talks.last_round(reads, SUN["account"], AT_MS),
    **{
        f"results by {by}": lambda reads, by=by: (  # type: ignore[misc]
            talks_by_group(reads, OF_TALKS, by),
            by_group(reads, ("registered", "on_time_reply", "satisfied"), AT, OF_TALKS, by),
        )
        for by in BY
    },
    **{
        f"figure of one {name}": lambda reads, name=name: (  # type: ignore[misc]
            value(reads, "satisfied", AT, OF_TALKS._replace(**{name: "x"})),
        )
        for name in ("talk", "place", "leader", "body")
    },
    "talks behind results": lambda reads: (
        talks_behind.talks(reads, OF_TALKS, Place(1, "x")),
        *(talks_behind.many(reads, OF_TALKS, of_people=people) for people in (False, True)),
    ),
    "people behind results": lambda reads: talks_behind.people(reads, OF_TALKS, Place(1, "x")),
    "leaders behind results": lambda reads: talks_behind.leaders(reads, OF_TALKS),
    "column": lambda reads: (talks.coming(reads, AT_MS, 20), talks.past(reads, 8)),
    "talks of an entrepreneur": lambda reads: talks.of_person(reads, WU),
}


@pytest.fixture
def many(given: Given) -> Given:
    """A talk each week, of the same leader."""
    for week in range(WEEKS):
        id = f"huzhou-weekly-{week:08}-1"
        announced(given, id, WEDNESDAY - timedelta(weeks=week + 1))
        signed_up(given, id)
        held(given, id)
    announced(given)
    planned(given, (10, "huzhou"), (10, "deqing"))
    return given


@pytest.mark.parametrize("page", ASKED)
def test_no_page_of_talks_reads_all_of_them(many: Given, page: str) -> None:
    steps = plans(many, ASKED[page])
    scans = [step for step in steps if step.startswith("SCAN ")]
    assert any("USING" in step for step in steps), steps
    assert not [step for step in scans if "json_each" not in step and "VIRTUAL TABLE" not in step], scans
    if page == "calendar":
        found = [step for step in steps if "COVERING INDEX talk_by_series" in step]
        assert len(found) == 1 + 4 + 2, steps  # places of the last weeks, each week, both ends of a quarter
        assert all("(series=? AND starts_at>" in step for step in found), found


def test_the_last_round_of_a_leader_is_found(many: Given) -> None:
    found = talks.last_round(many.shown.reader(), SUN["account"], AT_MS)
    assert found is not None and found["id"] == "huzhou-weekly-00000000-1"
    assert talks.last_round(many.shown.reader(), "nobody", AT_MS) is None
