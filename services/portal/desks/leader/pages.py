"""A leader's one screen: how many, how many in time, how satisfied, which way it goes, with whom it waits."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import with_query
from services.portal.counted import counted, handed_on, month_of, months
from services.portal.desks.instructions.pages import waiting as waiting_reports
from services.portal.desks.issue.picture import pictures
from services.portal.desks.leader.handovers import departments
from services.portal.desks.leader.trend import Trend, trend
from services.portal.figures.counting import Scope
from services.portal.figures.definitions import NOBODY
from services.portal.languages import N_
from services.portal.listing import listed
from services.portal.menus import Link, Menu
from services.portal.pages import Page, page_of
from services.portal.queries import board, lamps
from services.portal.queries.handovers import by_department as by_department_of
from services.portal.reach import everything
from services.portal.words import WORDS
from shared.domain.clocks import SHANGHAI

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
WORST, MOST_PLACES, MOST_MONTHS = 5, 8, 6
ALL = "all"
"""In place of a month, or of the departments with the most issues: every one."""

MENU = Menu(
    "/overview",
    N_("Leader"),
    N_("See on one screen how it goes, and open what is behind each number"),
    "crown",
    (
        Link("/overview", N_("Overview")),
        Link("/board", N_("Board")),
        Link("/instructions", N_("My instructions"), waiting_reports),
        Link("/talks", N_("Talks")),
        Link("/figures", N_("Figures")),
        Link("/papers", N_("Papers")),
    ),
)


class Place(NamedTuple):
    """A department and its figures."""

    code: str
    name: str
    numbers: Mapping[str, Any]


class Lit(NamedTuple):
    """How many issues of a department ("" for all, ``none`` for none) stand at which step, 0 the warning."""

    code: str
    name: str
    steps: Mapping[int, int]


@router.get("/overview")
async def show(page: Asked, month: str = "", departments: str = "") -> Response:
    """The screen, of this month unless the address names another; it stays up to date while it is open."""
    everything(page.person())
    there = months(page)
    chosen = month if month in (ALL, *there) else month_of(page.now)

    async def draw(again: Page) -> str:
        return again.draw("leader/screen.html", **await _parts(again, chosen, departments == ALL))

    return await listed(page, "leader/overview.html", draw, readers="everything", months=there, chosen=chosen)


async def _parts(page: Page, chosen: str, all_departments: bool) -> dict[str, Any]:
    month = "" if chosen == ALL else chosen
    figures, every_month, passed = await asyncio.gather(  # whoever waits for all of them waits once
        counted(page, Scope(month)), counted(page, Scope()), handed_on(page, month or month_of(page.now))
    )
    by_department = list(places(page, figures["departments"]))
    clocks = board.counts(page.reads, board.Chosen(), board.moment(page.now))
    waiting = list(board.waiting_longest(page.reads, WORST))
    return {
        "lamps": list(lit(page)),
        "passed": departments(page, by_department_of(passed))[:WORST],
        "passed_month": month or month_of(page.now),
        "passed_many": len(passed.handed_on),
        "passed_of": sum(passed.assignments.values()),
        "month": month,
        "total": figures["total"],
        "late": sum(one.late for one in clocks.values()),
        "running": sum(one.all for one in clocks.values()),
        "trend": trends(page, every_month["months"]),
        "places": by_department if all_departments else by_department[:MOST_PLACES],
        "hidden": 0 if all_departments else max(len(by_department) - MOST_PLACES, 0),
        "waiting": list(zip(waiting, pictures(page, waiting), strict=True)),
        "clock_now": f"{datetime.fromisoformat(figures['as_of']).astimezone(SHANGHAI):%H:%M}",
        "address": address,
    }


def lit(page: Page) -> Iterator[Lit]:
    """All departments together, then those that have something on the ladder, the highest step on top."""
    standing = lamps.standing(page.reads)
    whole = Counter[int]()
    for steps in standing.values():
        whole.update(steps)
    yield Lit("", page.say("All departments"), {step: whole[step] for step in range(len(WORDS["step"]))})
    for code, steps in sorted(
        standing.items(), key=lambda one: (-max(one[1]), -sum(one[1].values()), one[0])
    ):
        name = page.departments.get(code, code) or page.say("No department yet")
        yield Lit(code or board.NOBODY, name, dict(sorted(steps.items())))


def address(name: str, month: str, department: str = "", part: str = "") -> str:
    """The issues behind a number."""
    return with_query(f"/figures/{name}", {"month": month, "department": department, "part": part})


def places(page: Page, departments: Mapping[str, Mapping[str, Any]]) -> Iterator[Place]:
    """The departments, those with the most issues on top; what nobody holds is none."""
    chosen = [(code, numbers) for code, numbers in departments.items() if code != NOBODY]
    for code, numbers in sorted(chosen, key=lambda one: (-one[1]["registered"], one[0])):
        yield Place(code, page.departments.get(code, code), numbers)


def trends(page: Page, by_month: Mapping[str, Mapping[str, Any]]) -> Trend:
    """The last months, the newest last."""
    newest = sorted(by_month)[-MOST_MONTHS:]
    lines = {
        "on_time_reply": page.say("Replied on time"),
        "satisfied": page.say("Satisfied"),
    }
    return trend([(month, by_month[month]) for month in newest], lines)
