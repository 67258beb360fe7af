"""Every figure with its definition and value, of a month, a department or a source; and its issues."""

from datetime import date
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import Place, read_place, with_query
from services.portal.counted import counted, months
from services.portal.figures.counting import Part, Scope, issues_behind, value
from services.portal.figures.definitions import COUNTS, FIGURES, NOBODY, RATES, SPANS, Figure
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import issues
from services.portal.reach import everything, reach_of
from shared.contract.words import LeadingBody, Level, Source
from shared.domain.rights import NOBODYS, may

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PAGE = 50
MOST_NAME = 100
"""Characters of the id of a talk, of an account, of a place's code."""
YEARS = range(2000, 2200)
PARTS: tuple[Part, ...] = ("numerator", "denominator", "others")


class Narrowed(NamedTuple):
    """Of which issues the figures are; what is none of ours stands for all."""

    month: str
    department: str
    source: str
    level: str = ""
    held_from: str = ""
    held_through: str = ""
    through: str = ""
    talk: str = ""
    place: str = ""
    leader: str = ""
    body: str = ""

    @property
    def scope(self) -> Scope:
        """As figures are counted."""
        return Scope(*self)

    def address(self, name: str = "", **more: str) -> str:
        """Where the figures are, or the issues behind one."""
        return with_query(f"/figures/{name}" if name else "/figures", self._asdict() | more)

    @property
    def back(self) -> str:
        """Whence one came: what came of talks stands on a page of its own."""
        if not self.of_talks:
            return self.address()
        by = next((name for name in ("talk", "leader", "body", "place") if getattr(self, name)), "")
        by = by or ("department" if self.department else "")
        return with_query("/talks/results", {"first": self.held_from, "last": self.held_through, "by": by})

    @property
    def of_talks(self) -> bool:
        """Whether these are figures of talks."""
        return self.scope.of_talks


def narrowed(
    page: Asked,
    month: str = "",
    department: str = "",
    source: str = "",
    level: str = "",
    held_from: str = "",
    held_through: str = "",
    through: str = "",
    talk: str = "",
    place: str = "",
    leader: str = "",
    body: str = "",
) -> Narrowed:
    """What an address asks for; of more months than one, those of a paper."""
    of_months = is_month(month) and is_month(through) and month <= through
    return Narrowed(
        month if month in months(page) or of_months else "",
        department if department in (NOBODY, *page.departments) else "",
        source if source in list(Source) else "",
        level if level in list(Level) else "",
        day(held_from),
        day(held_through),
        through if of_months else "",
        talk[:MOST_NAME],
        place[:MOST_NAME],
        leader[:MOST_NAME],
        body if body in list(LeadingBody) else "",
    )


Chosen = Annotated[Narrowed, Depends(narrowed)]
"""What the address of the page that is asked for says of it."""


def is_month(text: str) -> bool:
    """Whether it is a month as addresses name it: 2026-10."""
    return day(f"{text}-01") == f"{text}-01"


def day(text: str) -> str:
    """A day as an address names it; "" for what is none, or one so far away that nothing can be counted from it."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return ""
    return found.isoformat() if found.year in YEARS else ""


@router.get("/figures")
async def show(page: Asked, month: str = "", department: str = "", source: str = "") -> Response:
    """All figures of what was chosen, each with its definition."""
    if not may(page.person().asker, "figures", "read", NOBODYS):
        raise NotHere
    chosen = narrowed(page, month, department, source)
    reach = reach_of(page.person(), page.work)
    return page.show(
        "figures/figures.html",
        chosen=chosen,
        months=months(page),
        sources=list(Source),
        counts=COUNTS,
        rates=RATES,
        spans=SPANS,
        numbers=(await counted(page, chosen.scope))["total"],
        opens=reach is not None and reach.is_everything,
    )


@router.get("/figures/{name}")
async def behind(
    name: str,
    page: Asked,
    chosen: Chosen,
    part: str = "",
    after: str = "",
) -> Response:
    """The issues behind one figure, or behind one side of a rate."""
    everything(page.person())
    if (figure := FIGURES.get(name)) is None:
        raise NotHere
    side: Part = next((one for one in PARTS if one == part), "denominator")
    reads, scope = page.reads, chosen.scope
    found = issues_behind(reads, name, side, page.now, scope, PAGE + 1, read_place(after))
    last = found[PAGE - 1] if len(found) > PAGE else None
    rows = [row for id, _ in found[:PAGE] if (row := issues.issue(reads, id)) is not None]
    page.unread.ahead(rows)
    return page.show(
        "figures/behind.html",
        chosen=chosen,
        figure=figure,
        side=side,
        rows=rows,
        number=value(reads, name, page.now, scope),
        sides=[(one, phrase_of(page, figure, one)) for one in PARTS] if figure.is_rate else [],
        following=chosen.address(name, part=side, after=Place(last[1], last[0]).written) if last else "",
        beginning=chosen.address(name, part=side) if after else "",
    )


def phrase_of(page: Page, figure: Figure, part: Part) -> str:
    """How one side of a rate is called."""
    return {
        "numerator": page.say("What counts towards it"),
        "denominator": page.say("All of which it is a share"),
        "others": page.say("What does not count towards it"),
    }[part]
