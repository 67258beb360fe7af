"""What came of the talks of a time: by day and level, and in all; each number opens the issues behind it."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import with_query
from services.portal.counted import once_a_minute, some
from services.portal.desks.figures.pages import Narrowed, day
from services.portal.desks.talks.about import PATH, calls, official
from services.portal.figures.counting import Scope
from services.portal.figures.definitions import FIGURES
from services.portal.pages import Page, page_of
from services.portal.queries import talks
from services.portal.queries.talks import Held
from services.portal.reach import reach_of
from shared.contract.words import Level
from shared.domain.clocks import SHANGHAI

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
RESULTS = f"{PATH}/results"
WEEKS, LONGEST = 13, timedelta(weeks=53)
"""How far back it looks by itself, and how much time it shows at most."""
COUNT, RATES = "registered", ("on_time_assignment", "on_time_reply", "satisfied", "participation")
LEVELS = (Level.CITY, Level.COUNTY)


class Line(NamedTuple):
    """One line of the table: of one day, or of all; talks and people, figures by name, and where those open."""

    on: date | None
    level: str
    talks: int
    people: int
    figures: dict[str, dict[str, Any]]
    narrowed: Narrowed


@router.get(RESULTS)
async def show(page: Asked, first: str = "", last: str = "") -> Response:
    """The talks that were held from one day through another; by itself those of the last quarter."""
    official(page)
    begins, ends = _days(page, first, last)
    instants = tuple(
        int(datetime.combine(on, time(), SHANGHAI).timestamp() * 1000) for on in (begins, ends + _DAY)
    )
    held, people = await _held(page, *instants)
    lines = [await _line(page, one, one.on, one.on) for one in held]
    all = [await _line(page, one._replace(on=None), begins, ends) for one in _together(held, people)]  # type: ignore[arg-type]
    reach = reach_of(page.person(), page.work)
    return page.show(
        "talks/results.html",
        lines=lines,
        all=all,
        names=RATES,
        figures=FIGURES,
        count=COUNT,
        first=begins.isoformat(),
        last=ends.isoformat(),
        earlier=with_query(
            RESULTS, {"first": str(begins - (ends - begins) - _DAY), "last": str(begins - _DAY)}
        ),
        opens=reach is not None and reach.is_everything,
        **calls(page),
    )


_DAY = timedelta(days=1)


def _days(page: Page, first: str, last: str) -> tuple[date, date]:
    today = page.now.astimezone(SHANGHAI).date()
    ends = date.fromisoformat(day(last)) if day(last) else today
    begins = date.fromisoformat(day(first)) if day(first) else ends - timedelta(weeks=WEEKS)
    return max(min(begins, ends), ends - LONGEST), ends


async def _held(page: Page, first: int, last: int) -> tuple[list[Held], dict[str, int]]:
    """The days on which talks were held, and by level how many people came in all: who came twice counts once."""

    def count() -> tuple[list[Held], dict[str, int]]:
        reads = page.portal.projection.reader()
        held = talks.held_days(reads, first, last)
        levels = dict.fromkeys(one.level for one in held)
        return held, {level: talks.came_to(reads, first, last, level) for level in levels}

    return await once_a_minute(page, ("talks held", first, last), count)


def _together(held: list[Held], people: Mapping[str, int]) -> Iterator[Held]:
    """The whole time by level."""
    for level in LEVELS:
        if mine := [one for one in held if one.level == level]:
            yield Held(mine[0].on, level, sum(one.talks for one in mine), people[level])


async def _line(page: Page, held: Held, first: date, last: date) -> Line:
    chosen = Narrowed("", "", "", held.level, first.isoformat(), last.isoformat())
    figures = await some(page, (COUNT, *RATES), Scope(*chosen))
    return Line(held.on, held.level, held.talks, held.people, figures, chosen)
