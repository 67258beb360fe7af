"""The calendar of talks by week and level with its gaps, and the page of one talk: what, when, who, what came of it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import with_query
from services.portal.desks.entrepreneur.raising import Again, again
from services.portal.desks.talks import (
    announcing,
    column,
    held,
    importing,
    naming,
    on_the_spot,
    opening,
    proposing,
    reminding,
    results,
    room,
    rotating,
    running,
    saying_anew,
    taking_part,
    talk_list,
)
from services.portal.desks.talks.about import (
    PATH,
    Row,
    calls,
    day_of,
    known,
    may_open,
    official,
    organises,
    place_name,
    possible,
)
from services.portal.languages import N_
from services.portal.menus import Link, Menu
from services.portal.pages import Page, page_of
from services.portal.queries import gaps, talks
from services.portal.queries.gaps import Gap
from services.portal.queries.talks import Chosen
from shared.contract.words import Level, Role
from shared.domain.clocks import SHANGHAI

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
WEEKS = 4
"""So many weeks stand on the calendar, and so many are looked at for gaps."""
PAST = 20


def to_look_at(page: Page) -> int:
    """How many places have no talk this week, or no quarterly one this quarter, for the bar."""
    of_week = list(gaps.missing(page.reads, _places(page), page.now))
    return len(of_week) + len(_missing_in_quarter(page))


def _missing_in_quarter(page: Page) -> list[str]:
    """The places without a quarterly talk this quarter, for the bar and the calendar."""
    return page.once("quarterly talks", lambda: gaps.missing_in_quarter(page.reads, page.now))


def _places(page: Page) -> dict[str, str]:
    """All that are expected to hold talks, for the bar and the calendar."""
    return page.once(
        "places of talks",
        lambda: gaps.places(page.reads, page.portal.jurisdiction, page.now, page.portal.counties),
    )


_LINKS = (
    Link(PATH, N_("Talks"), to_look_at),
    Link(rotating.PATH, N_("Rotation")),
    Link("/papers", N_("Papers")),
)
FEDERATION_MENU = Menu(
    PATH,
    N_("Federation of industry and commerce"),
    N_("Organise the talks: themes, leaders by rotation, who signs up and who is named"),
    "users",
    _LINKS,
)
CLERK_MENU = Menu(
    PATH,
    N_("Talk clerk"),
    N_("Open a talk, record word for word what is said, close it"),
    "writing-sign",
    (Link(PATH, N_("Talks")),),
)


class Week(NamedTuple):
    """One week of the calendar: its first day, its talks, and the places that have none."""

    year: int
    number: int
    monday: date
    talks: list[Row]
    gaps: list[Gap]


class Member(NamedTuple):
    """An issue of a talk, whether who asks may open it, and what they can do about it there: claim, answer."""

    issue: Row
    may_open: bool
    on_the_spot: tuple[str, ...] = ()


@router.get(PATH)
async def calendar(page: Asked, week: str = "", level: str = "", place: str = "", done: str = "") -> Response:
    """The weeks from this one on, or from the week that was chosen; for an entrepreneur the talks to come."""
    if page.person().role is Role.ENTREPRENEUR:
        return taking_part.coming(page, done)
    official(page)
    level = level if level in (Level.CITY, Level.COUNTY) else ""
    there = _places(page)
    place = place if place in there else ""
    monday = _monday(page, week)
    missing = [
        gap
        for gap in gaps.missing(page.reads, there, page.now, WEEKS)
        if level in ("", gap.level) and place in ("", gap.place)
    ]

    def address(first: date) -> str:
        year, number = talks.week_of(first)
        return with_query(PATH, {"week": f"{year}-W{number:02}", "level": level, "place": place})

    is_now, may_announce = monday == _monday(page, ""), organises(page)
    weeks = list(_weeks(page, monday, level, place, missing))
    past = talks.past(page.reads, PAST) if not week else []
    year, said = page.now.astimezone(SHANGHAI).year, calls(page)  # days of other years are said with theirs
    seen = [(one.number, one.gaps, [tuple(talk) for talk in one.talks]) for one in weeks]
    shown = {"weeks": weeks, "is_now": is_now, "may_announce": may_announce, **said}
    return page.show(
        "talks/calendar.html",
        weeks=await page.drawn_once(
            "talks/weeks.html",
            (year, seen),
            *(monday, level, place, is_now, may_announce),
            context=lambda: shown,
        ),
        rounds=reminding.to_begin(page),
        of_quarter=_missing_in_quarter(page),
        level=level,
        place=place,
        places={code: place_name(page, code) for code in there},
        before=address(monday - timedelta(weeks=WEEKS)),
        after=address(monday + timedelta(weeks=WEEKS)),
        is_now=is_now,
        past=past
        and await page.drawn_once(
            "talks/held_lately.html",
            (year, [tuple(talk) for talk in past]),
            context=lambda: {"past": past, **said},
        ),
        may_announce=may_announce,
        done=done,
        **said,
    )


def _weeks(page: Page, monday: date, level: str, place: str, missing: list[Gap]) -> Iterator[Week]:
    for later in range(WEEKS):
        first = monday + timedelta(weeks=later)
        year, number = talks.week_of(first)
        found = talks.between(page.reads, Chosen(*talks.instants(year, number), level, place))
        yield Week(
            year, number, first, found, [one for one in missing if (one.year, one.week) == (year, number)]
        )


def _monday(page: Page, week: str) -> date:
    """The first day of a week as an address names it (2026-W48); of this week for anything else."""
    today = page.now.astimezone(SHANGHAI).date()
    try:
        year, _, number = week.partition("-W")
        return date.fromisocalendar(int(year), int(number), 1)
    except ValueError:
        return today - timedelta(days=today.weekday())


for part in (
    held,
    announcing,
    saying_anew,
    rotating,
    reminding,
    results,
    opening,
    running,
    naming,
    proposing,
    taking_part,
    room,
    on_the_spot,
    importing,
    talk_list,
    column,
):
    router.routes.extend(part.router.routes)  # before the page of a talk, whose address they would match


@router.get(f"{PATH}/{{id}}")
async def show(id: str, page: Asked, done: str = "", look: str = "") -> Response:
    """One talk, for officials whole, for an entrepreneur as an invitation."""
    role = page.person().role
    if done == "announce" and talks.one(page.reads, id) is None:  # it is on its way here
        wait: Again | None = again(page.request.url.path, look)
        return page.show(
            "talks/on_its_way.html", again=wait and wait._replace(address=f"{wait.address}&done=announce")
        )
    talk = known(page, id)
    if role is Role.ENTREPRENEUR:
        return taking_part.invitation(page, talk, done)
    official(page)
    there = talks.members(page.reads, id)
    return page.show("talks/talk.html", talk=talk, done=done, **parts(page, talk, there), **calls(page))


def parts(page: Page, talk: Row, there: list[Row]) -> dict[str, Any]:
    """What the page of a talk shows of who takes part, its issues and its numbers."""
    doings = possible(page, talk)
    verbs = on_the_spot.open_to(page, talk)
    members = [
        Member(row, may_open(page, row), tuple(on_the_spot.offered(page, talk, row, verbs))) for row in there
    ]
    phases = {
        name: [one for one in members if (one.issue["phase"] or "at") == name]
        for name in ("before", "at", "after")
    }
    return {
        "phases": {name: found for name, found in phases.items() if found},
        "participants": talks.participants(page.reads, talk["id"]),
        "numbers": talks.numbers(page.reads, [talk["id"]], page.at),
        "doings": doings,
        "may_write_down": page.person().role is Role.OFFICE and talk["state"] != "cancelled",
        "main": next((one for one in doings if one.is_main), None),
        "has_room": organises(page) and talk["state"] in ("open", "held"),
        "to_assign": sum(row["state"] == "accepted" for row in there)
        if page.person().role is Role.OFFICE
        else 0,
        "is_early": organises(page)
        and talk["state"] == "announced"
        and all(one.verb != "open" for one in doings),
        "day": page.times.day(day_of(talk)),
    }
