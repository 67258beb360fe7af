"""The hand-over picture of one issue (踢皮球图): a line for each holder, and each hand-over in words."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from services.portal.languages import N_
from services.portal.pages import Page
from services.portal.queries import handovers
from services.portal.queries.handovers import DEPARTMENT, RAISER, Held, Holder
from services.portal.queries.selecting import Row

WIDTH = 1000
"""Of a line, in the picture's own units: a whole life."""
THINNEST = 4
"""However short: what was held is seen."""
BECAUSE: Mapping[str, str] = {
    "issue.assigned.v1": N_("assigned"),
    "assignment.transferred.v1": N_("transferred"),
    "assignment.enterprise_asked.v1": N_("asked the raiser"),
    "pause.ended.v1": N_("goes on with it"),
    "assignment.recalled.v1": N_("taken back by the office"),
    "reply.released.v1": N_("answered"),
    "rework.asked.v1": N_("another round asked for"),
    "rework.decided.v1": N_("another round begins"),
    "rework.refused.v1": N_("no other round"),
    "issue.tracked.v1": N_("promised for later"),
    "issue.rejected.v1": N_("not accepted"),
    "issue.appealed.v1": N_("appealed"),
    "appeal.dismissed.v1": N_("appeal dismissed"),
}
"""The types of events that hand an issue over, in words."""


class Bar(NamedTuple):
    """When a holder had it, in the picture's units, and in words."""

    x: int
    width: int
    said: str


class Lane(NamedTuple):
    """One holder: how long it had it in all, in hours and percent of the life, and when."""

    name: str
    kind: str
    hours: str
    percent: int
    bars: list[Bar]


class Passed(NamedTuple):
    """One hand-over: when (ms), from whom to whom, why, and how many hours it had been there."""

    at: int
    giver: str
    taker: str
    because: str
    hours: str


class Picture(NamedTuple):
    """All of it, in the order in which it happened; ``hours``: the whole life, of which the others are parts."""

    hours: str
    lanes: list[Lane]
    passed: list[Passed]


def pictures(page: Page, issues: Sequence[Row]) -> Iterator[Picture]:
    """Who held each of these until now, or until it ended."""
    for life in handovers.of_issues(page.reads, issues, page.at):
        parts = handovers.tenths(life)
        yield Picture(hours(sum(parts)), list(_lanes(page, life, parts)), list(_passed(page, life, parts)))


def hours(tenths: int) -> str:
    """Tenths of an hour as hours."""
    return f"{tenths // 10:,}.{tenths % 10}"


def name_of(page: Page, holder: Holder) -> str:
    """What a holder is called."""
    if holder.kind == DEPARTMENT:
        return page.departments.get(holder.department, holder.department)
    return page.say("Waits for the raiser") if holder.kind == RAISER else page.say("The assigning office")


def why(page: Page, because: str) -> str:
    """Why it was handed over; an event of another version by its type."""
    return page.say(BECAUSE[because]) if because in BECAUSE else because


def _lanes(page: Page, life: Sequence[Held], parts: Sequence[int]) -> Iterator[Lane]:
    """A department is one line, however many assignments it had."""
    whole = sum(parts) or 1
    for key in dict.fromkeys(one.holder[:2] for one in life):
        mine = [(one, long) for one, long in zip(life, parts, strict=True) if one.holder[:2] == key]
        long = sum(each for _, each in mine)
        bars = [_bar(life, one, each) for one, each in mine]
        yield Lane(name_of(page, mine[0][0].holder), key[0], hours(long), round(100 * long / whole), bars)


def _bar(life: Sequence[Held], one: Held, long: int) -> Bar:
    began_at, whole = life[0].began_at, life[-1].ended_at - life[0].began_at
    x = min(round(WIDTH * (one.began_at - began_at) / whole), WIDTH - THINNEST)
    end = round(WIDTH * (one.ended_at - began_at) / whole)
    return Bar(x, max(end - x, THINNEST), hours(long))


def _passed(page: Page, life: Sequence[Held], parts: Sequence[int]) -> Iterator[Passed]:
    for (one, after), long in zip(pairwise(life), parts, strict=False):
        giver, taker = name_of(page, one.holder), name_of(page, after.holder)
        yield Passed(after.began_at, giver, taker, why(page, after.because), hours(long))
