"""The board of all clocks: what is late, due today, due within 24 hours, by department and level, with lists."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import Place, read_place, with_query
from services.portal.counted import month_of, some
from services.portal.desks.board.lifting import BY_ROLE
from services.portal.desks.board.looking import overdue
from services.portal.desks.board.unless import unless
from services.portal.desks.documents.waiting import to_sign
from services.portal.figures import definitions as figures
from services.portal.figures.counting import Scope
from services.portal.languages import N_
from services.portal.listing import listed
from services.portal.menus import Link, Menu
from services.portal.pages import Page, page_of
from services.portal.queries import board, names
from services.portal.queries.board import Chosen, Count, Moment
from services.portal.reach import everything
from services.portal.times import Left, instant
from services.portal.words import WORDS
from shared.contract.words import ClockName, Level, Source
from shared.domain.clocks import SHANGHAI
from shared.domain.rights import granted

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
DUE = (board.LATE, board.TODAY, board.DAY)
STEPS = tuple(WORDS["step"])
"""Of the ladder, by which the board can be narrowed."""
RATES = ("on_time_reply", "satisfied", "participation")

MENU = Menu(
    "/board",
    N_("Supervisor"),
    N_("See every clock: what is late, what is due today, and with whom"),
    "gauge",
    (
        Link("/board", N_("Board")),
        Link("/look-backs", N_("Tracked and look-backs"), overdue),
        Link("/documents", N_("Documents"), to_sign),
        Link("/figures", N_("Figures")),
    ),
)


class Narrowed(NamedTuple):
    """What the address asks for; a value that is none of ours asks for nothing."""

    due: str
    clock: str
    department: str
    level: str
    step: str
    source: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether something is left out."""
        return any(self)

    def address(self, **other: str) -> str:
        """The board with these values, some of them replaced."""
        return with_query("/board", self._asdict() | other)


class Line(NamedTuple):
    """One issue on the board: the clock that counts, the others that run, what is left, what happens else."""

    issue: sqlite3.Row
    clock: sqlite3.Row | None
    others: list[sqlite3.Row]
    left: Left
    unless: str


class Share(NamedTuple):
    """One line of the table by department: its code (``none``: nobody's), its name, how many."""

    code: str
    name: str
    many: Count


@router.get("/board")
async def show(
    page: Asked,
    due: str = "",
    clock: str = "",
    department: str = "",
    level: str = "",
    step: str = "",
    source: str = "",
    after: str = "",
) -> Response:
    """The board, narrowed as the address says; it stays up to date while it is open."""
    everything(page.person())
    levels = names.levels(page.reads, page.at)
    narrowed = Narrowed(
        due if due in DUE else "",
        clock if clock in list(ClockName) else "",
        department if department in (board.NOBODY, *page.departments) else "",
        level if level in list(Level) else "",
        step if step in (board.ANY_STEP, *STEPS) else "",
        source if source in list(Source) else "",
    )

    async def draw(again: Page) -> str:
        return again.draw("board/rows.html", **await _parts(again, narrowed, after))

    return await listed(
        page,
        "board/board.html",
        draw,
        readers="lifters" if page.person().role in BY_ROLE else "everything",
        narrowed=narrowed,
        clocks=list(ClockName),
        steps=STEPS,
        sources=list(Source),
        levels=[level for level in Level if level in levels.values()],
        may_publish=page.person().role in granted("calendar", "publish"),
    )


async def _parts(page: Page, narrowed: Narrowed, after: str) -> dict[str, Any]:
    at = board.moment(page.now)
    holders = _holders(page, narrowed.level)
    chosen = Chosen(
        narrowed.due, narrowed.clock, narrowed.department, holders, narrowed.step, narrowed.source
    )
    rows = board.page(page.reads, chosen, at, read_place(after))
    last = rows[board.PAGE - 1] if len(rows) > board.PAGE else None
    rows = rows[: board.PAGE]
    counts, oversees = board.counts(page.reads, chosen, at), page.person().role in BY_ROLE
    total = sum(counts.values(), Count())
    return {
        "narrowed": narrowed,
        "lines": list(lines(page, rows)),
        "on_ladder": [row["id"] for row in rows if row["ladder_step"]] if oversees else [],
        "may_choose": oversees and any(row["ladder_step"] or row["holder"] for row in rows),
        "total": total,
        "shown": getattr(total, narrowed.due or "all"),
        "not_drafted": board.not_drafted(page.reads, chosen, at) if total.today else 0,
        "longest": _longest(page, chosen, at) if total.late else "",
        "places": places(page, counts),
        "rates": await some(
            page, RATES, Scope(month_of(page.now), _figures_of(narrowed.department), narrowed.source)
        ),
        "month": month_of(page.now),
        "following": narrowed.address(after=Place(last["clock_due_at"], last["id"]).written) if last else "",
        "beginning": narrowed.address() if after else "",
        "clock_now": f"{page.now.astimezone(SHANGHAI):%H:%M}",
    }


def lines(page: Page, rows: list[sqlite3.Row]) -> Iterator[Line]:
    """The rows of a page of the board, with all clocks of their issues."""
    running = board.running(page.reads, (row["id"] for row in rows))
    for row in rows:
        clocks, name, due_at = running[row["id"]], row["clock"], row["clock_due_at"]
        mine = next((one for one in clocks if (one["clock"], one["due_at"]) == (name, due_at)), None)
        others = [one for one in clocks if one is not mine]
        if name is None:
            yield Line(row, None, others, Left("calm", page.say("no clock runs")), "")
        else:
            yield Line(row, mine, others, page.times.left(instant(due_at)), unless(page, name, due_at))


def _holders(page: Page, level: str) -> list[str] | None:
    """The departments of a level; what no department holds is with the city's office."""
    if not level:
        return None
    nobodys = [""] if level == Level.CITY else []
    return nobodys + [code for code, its in names.levels(page.reads, page.at).items() if its == level]


def _figures_of(department: str) -> str:
    """A department as figures name it."""
    return figures.NOBODY if department == board.NOBODY else department


def _longest(page: Page, chosen: Chosen, at: Moment) -> str:
    """How late what is latest is, in words."""
    first = board.page(page.reads, chosen._replace(due=board.LATE), at)[:1]
    return page.times.left(instant(first[0]["clock_due_at"])).words if first else ""


def places(page: Page, counts: dict[str, Count]) -> list[Share]:
    """The departments with something to do, those with the most late on top."""
    named = [
        Share(code or board.NOBODY, page.departments.get(code, code) or page.say("No department yet"), many)
        for code, many in counts.items()
    ]
    return sorted(named, key=lambda one: (-one.many.late, -one.many.today, -one.many.day, one.code))
