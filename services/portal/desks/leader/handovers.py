"""What departments handed on of a month's issues without an answer, held longest on top: a line for each hand-over."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import Place, read_place, with_query
from services.portal.counted import handed_on, month_of, months
from services.portal.desks.issue.picture import hours, name_of, why
from services.portal.figures.counting import FEWEST
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import handovers, issues
from services.portal.queries.handovers import HandedOn, Share, by_department
from services.portal.queries.selecting import Row
from services.portal.reach import everything

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/handovers"
PAGE = 50


class Line(NamedTuple):
    """One hand-over as the page shows it."""

    issue: Row
    giver: str
    taker: str
    because: str
    at: int
    hours: str


class Department(NamedTuple):
    """A department's share as pages show it; ``rate`` as figures have it."""

    code: str
    name: str
    share: Share
    hours: str
    longest: str
    rate: dict[str, object]


@router.get(PATH)
async def show(page: Asked, month: str = "", department: str = "", after: str = "") -> Response:
    """The hand-overs of one month, this one unless the address names another; of one department if it names one."""
    everything(page.person())
    there = months(page)
    month = month if month in there else month_of(page.now)
    found = await handed_on(page, month)
    shares = departments(page, by_department(found))
    department = department if department in {one.code for one in shares} else ""
    place, mine = read_place(after), [one for one in found.handed_on if department in ("", one.department)]
    rest = [one for one in mine if place is None or (-one.tenths, one.assignment) > (-place.at, place.id)]
    last = rest[PAGE - 1] if len(rest) > PAGE else None
    here = {"month": month, "department": department}
    following = {**here, "after": Place(last.tenths, last.assignment).written} if last else {}
    lines = [line for one in rest[:PAGE] if (line := _line(page, one)) is not None]
    page.unread.ahead(line.issue for line in lines)
    return page.show(
        "leader/handovers.html",
        month=month,
        months=there,
        department=department,
        shares=shares,
        many=len(mine),
        lines=lines,
        following=with_query(PATH, following) if following else "",
        beginning=with_query(PATH, here) if place else "",
    )


@router.get(f"{PATH}/of-all")
async def of_all(page: Asked, month: str = "", department: str = "", after: str = "") -> Response:
    """Of what the hand-overs of a department are a share: all that it was given of the month's issues."""
    everything(page.person())
    month = month if month in months(page) else month_of(page.now)
    if department not in page.departments:
        raise NotHere
    rows = handovers.given(page.reads, month, department, read_place(after))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    here = {"month": month, "department": department}
    following = {**here, "after": Place(last["given_at"], last["given"]).written} if last else {}
    page.unread.ahead(rows)
    return page.show(
        "leader/given.html",
        month=month,
        department=department,
        rows=rows[:PAGE],
        following=with_query(f"{PATH}/of-all", following) if following else "",
        beginning=with_query(f"{PATH}/of-all", here) if after else "",
    )


def departments(page: Page, shares: list[Share]) -> list[Department]:
    """The departments that handed something on, those that had it longest on top."""
    return [
        Department(
            one.department,
            page.departments.get(one.department, one.department),
            one,
            hours(one.tenths),
            hours(one.longest),
            _rate(one),
        )
        for one in shares
    ]


def _rate(one: Share) -> dict[str, object]:
    top, bottom = one.handed_on, one.assignments
    rate = round(top / bottom, 4) if bottom >= FEWEST else None
    return {"numerator": top, "denominator": bottom, "unit": "assignment", "rate": rate}


def _line(page: Page, one: HandedOn) -> Line | None:
    issue = issues.issue(page.reads, one.issue)
    if issue is None:
        return None
    giver = page.departments.get(one.department, one.department)
    return Line(issue, giver, name_of(page, one.to), why(page, one.because), one.at, hours(one.tenths))
