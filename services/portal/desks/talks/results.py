"""What came of the talks of a time: by day and level, talk, leader, leading body, department or place, and in all; each
number opens the issues behind it."""

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import with_query
from services.portal.counted import grouped, once_a_minute
from services.portal.desks.figures.pages import Narrowed, day
from services.portal.desks.talks.about import PATH, calls, official, place_name, when
from services.portal.figures import talks_behind
from services.portal.figures.counting import nothing
from services.portal.figures.definitions import FIGURES, NOBODY
from services.portal.languages import N_
from services.portal.pages import Page, page_of
from services.portal.queries import talks
from services.portal.reach import reach_of
from services.portal.words import phrase
from shared.contract.words import Level
from shared.domain.clocks import SHANGHAI
from shared.domain.rights import granted

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
RESULTS, HELD = f"{PATH}/results", f"{PATH}/held"
WEEKS, LONGEST = 13, timedelta(weeks=53)
"""How far back it looks by itself, and how much time it shows at most."""
COUNT, RATES = "registered", ("on_time_assignment", "on_time_reply", "satisfied", "participation")
LEVELS = (Level.CITY, Level.COUNTY)
BY = {
    "day": N_("Round"),
    "talk": N_("Talk"),
    "leader": N_("Leader"),
    "body": N_("Leading body"),
    "department": N_("Department"),
    "place": N_("City or county"),
}
"""By what the lines are told apart, and how that is called."""
MOST_LINES = 50
_DAY = timedelta(days=1)


class Line(NamedTuple):
    """One line of the table: what it is of, talks and people, figures by name, and where those open."""

    name: str
    under: str
    talks: int
    people: int
    figures: Mapping[str, dict[str, Any]]
    narrowed: Narrowed

    def held(self, **more: str) -> str:
        """Where its talks are, or who came to them."""
        return with_query(HELD, self.narrowed._asdict() | more)


@router.get(RESULTS)
async def show(page: Asked, first: str = "", last: str = "", by: str = "", from_row: str = "") -> Response:
    """The talks that were held from one day through another; by itself those of the last quarter, by day and level.

    Fifty lines are a page of it; ``from_row``: how many stand on those before.
    """
    official(page)
    by = by if by in BY else "day"
    begins, ends = _days(page, first, last)
    all = Narrowed("", "", "", "", begins.isoformat(), ends.isoformat())
    row = int(from_row) if from_row.isascii() and from_row.isdecimal() and len(from_row) < 5 else 0
    lines, whole = await _lines(page, all, by, row), await _lines(page, all, "level")
    reach = reach_of(page.person(), page.work)
    visitor = page.person()
    opens = reach is not None and reach.is_everything
    shown = lines[:MOST_LINES]
    drawn = await page.drawn_once(
        "talks/result_lines.html",
        (shown, whole),
        *(by, row, begins, ends, opens),
        context=lambda: {
            "lines": shown,
            "all": whole,
            "by_name": page.say(BY[by]),
            "names": RATES,
            "figures": FIGURES,
            "count": COUNT,
            "opens": opens,
        },
    )
    return page.show(
        "talks/results.html",
        lines=shown,
        drawn=drawn,
        following=_address(begins, ends, by, row + MOST_LINES) if len(lines) > MOST_LINES else "",
        beginning=_address(begins, ends, by) if row else "",
        by=by,
        kinds=[(name, page.say(said), _address(begins, ends, name)) for name, said in BY.items()],
        first=begins.isoformat(),
        last=ends.isoformat(),
        earlier=_address(begins - (ends - begins) - _DAY, begins - _DAY, by),
        may_remind=visitor.role in granted("rating_round", "start"),
        **calls(page),
    )


def _address(first: date, last: date, by: str, row: int = 0) -> str:
    chosen = {"first": str(first), "last": str(last), "by": "" if by == "day" else by}
    return with_query(RESULTS, {**chosen, "from_row": str(row or "")})


def _days(page: Page, first: str, last: str) -> tuple[date, date]:
    today = page.now.astimezone(SHANGHAI).date()
    ends = date.fromisoformat(day(last)) if day(last) else today
    begins = date.fromisoformat(day(first)) if day(first) else ends - timedelta(weeks=WEEKS)
    return max(min(begins, ends), ends - LONGEST), ends


async def _lines(page: Page, all: Narrowed, by: str, row: int = 0) -> list[Line]:
    """One page of them, and one more where there is one."""
    held, found = await grouped(page, (COUNT, *RATES), all.scope, by)
    groups = sorted(held, key=lambda one: (one != Level.CITY, one))[row : row + MOST_LINES + 1]
    none = nothing((COUNT, *RATES), all.scope.period)
    leaders = await _leaders(page, all) if by == "leader" else {}
    lines = list[Line]()
    for group in groups:
        name, under, chosen = _of(page, all, by, group, leaders)
        lines.append(Line(name, under, *held[group], found.get(group) or none, chosen))
    return lines


async def _leaders(page: Page, all: Narrowed) -> dict[str, tuple[str, str]]:
    """How each is called, and their post; with their city or county where another has the same of both."""
    portal, scope = page.portal, all.scope
    found = await once_a_minute(
        page, ("leaders", scope), lambda: talks_behind.leaders(portal.projection.reader(), scope)
    )
    alike = Counter((name, post) for name, post, _ in found.values())
    return {
        account: (name, post if alike[name, post] == 1 else f"{place_name(page, place)} · {post}")
        for account, (name, post, place) in found.items()
    }


def _of(
    page: Page, all: Narrowed, by: str, group: str, leaders: Mapping[str, tuple[str, str]]
) -> tuple[str, str, Narrowed]:
    """How a group is called, what stands under that, and where its numbers open."""
    match by:
        case "day":
            on, _, level = group.partition(" ")
            said = page.times.day(date.fromisoformat(on))
            return said, _level(page, level), all._replace(level=level, held_from=on, held_through=on)
        case "level":
            return page.say(N_("All together")), _level(page, group), all._replace(level=group)
        case "talk":
            talk = talks.one(page.reads, group)
            name, under = (talk["theme"], when(page, talk)) if talk is not None else (group, "")
            return name, under, all._replace(talk=group)
        case "leader":
            name, under = leaders.get(group, (group, ""))
            return name, under, all._replace(leader=group)
        case "body":
            return page.say(phrase("leading body", group)), "", all._replace(body=group)
        case "department":
            name = page.departments.get(group, group) or page.say(N_("No department yet"))
            return name, "", all._replace(department=group or NOBODY)
    return place_name(page, group), "", all._replace(place=group)


def _level(page: Page, level: str) -> str:
    return page.say(phrase("level", level))
