"""Lists of the office: returns to rule on, replies to check, rework and appeals to decide, and the register of all."""

import sqlite3
from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import Place, read_place
from services.portal.desks.office import assigning_many
from services.portal.desks.office.beside import PLACE, office
from services.portal.languages import N_
from services.portal.listing import listed
from services.portal.menus import MOST_SAID
from services.portal.pages import Page, page_of
from services.portal.queries import batches, board, issues, names, worklists
from services.portal.queries.selecting import ENDLESS, MOST_COUNTED
from services.portal.queries.worklists import ALL, ASKED, TO_READ, Filters
from services.portal.reading import words_of_all
from services.portal.words import WORDS
from shared.contract.words import ClockName, Source

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


class Worklist(NamedTuple):
    """One list: the states of its issues, what else is asked of them, and what one does about each: by its state, or by
    what is asked for.
    """

    path: str
    phrase: str
    lead: str
    empty: str
    states: tuple[str, ...]
    verbs: dict[str, str]
    only: str = ALL
    asked: tuple[str, ...] = ()
    """Further states, in which it has those of which more time is asked for."""


RETURNS = Worklist(
    f"{PLACE}/returns",
    N_("Returns to rule on"),
    N_("A department says that it is not its matter. You rule once, and that is final."),
    N_("Nobody gave anything back. A return has to come within one working day."),
    ("returned",),
    {"returned": "rule"},
)
REPLIES = Worklist(
    f"{PLACE}/replies",
    N_("Replies to check"),
    N_("Signed off by the department's leader; the enterprise reads it once you release it."),
    N_("No reply waits for you. They come here when the department's leader has signed them off."),
    ("reviewing",),
    {"reviewing": "check"},
    TO_READ,
)
DECISIONS = Worklist(
    f"{PLACE}/decisions",
    N_("Rework, appeals, more time"),
    N_(
        "Somebody is not satisfied with a reply, or with not being accepted; or a department asks for more time or a "
        "pause. You decide, and say why."
    ),
    N_("Nobody asks for another round or for more time, and nobody appeals."),
    ("rework_asked", "appealed"),
    {
        "rework_asked": "decide-rework",
        "appealed": "decide-appeal",
        "extension": "decide-extension",
        "pause": "decide-pause",
    },
    asked=("in_progress", "rework", "reviewing"),
)
WORKLISTS = (RETURNS, REPLIES, DECISIONS)


def counted(list: Worklist) -> Callable[[Page], int]:
    """How many issues are on a list, for the bar."""
    return partial(_count, list, most=MOST_SAID + 1)


def _count(list: Worklist, page: Page, most: int = ENDLESS) -> int:
    found = worklists.count_waiting(page.reads, list.states, list.only, most)
    return found + (worklists.count_waiting(page.reads, list.asked, ASKED, most) if list.asked else 0)


class Line(NamedTuple):
    """One issue of a list: what it is about, what is said under it, and where one goes on."""

    issue: sqlite3.Row
    title: str
    under: str
    address: str
    also: sqlite3.Row | None = None
    """The office's own clock, where another one is due before it."""


def add(router: APIRouter, list: Worklist) -> None:
    """The page of one list, which stays up to date while it is open."""

    @router.get(list.path, name=list.path)
    async def show(page: Asked, after: str = "") -> Response:
        office(page)
        place = read_place(after)

        async def draw(again: Page) -> str:
            found = worklists.waiting(again.reads, list.states, place or Place(), list.only, list.asked)
            return again.draw(
                "office/list_rows.html",
                list=list,
                lines=await lines_of(again, found.rows, list.verbs),
                total=_count(list, again),
                next=f"{list.path}?after={found.next}" if found.next else "",
                is_later=place is not None,
            )

        return await listed(page, "office/list.html", draw, list=list)


for one in WORKLISTS:
    add(router, one)


async def lines_of(page: Page, rows: list[sqlite3.Row], verbs: dict[str, str]) -> list[Line]:
    """These issues as lines; where one of the verbs is called for, they lead to its form."""
    words = await words_of_all(page, rows)
    enterprises = names.enterprises(page.reads, {row["enterprise"] for row in rows if row["enterprise"]})
    lines = []
    page.unread.ahead(rows)
    returned = [row["id"] for row in rows if row["state"] == "returned"]
    running = board.running(page.reads, returned) if returned else {}
    for row, said in zip(rows, words, strict=True):
        open = next((what for what in ("extension", "pause") if row[what] and what in verbs), row["state"])
        verb = verbs.get(open)
        address = f"{PLACE}/issues/{row['id']}/{verb}" if verb else f"/issues/{row['id']}"
        under = _under(page, row, enterprises, open)
        mine = (one for one in running.get(row["id"], ()) if one["clock"] == ClockName.RULING)
        also = next(mine, None) if row["next_clock"] != ClockName.RULING else None
        lines.append(Line(row, said.newest_title or row["number"], under, address, also))
    return lines


def _under(page: Page, row: sqlite3.Row, enterprises: Mapping[str, str], open: str) -> str:
    """Why it is on the list, in the words of who caused it; else where it is from."""
    match open:
        case "extension" | "pause":
            found = issues.request(page.reads, row["id"], open, row[open])
            return str(found["reason"] or "") if found else ""
        case "returned":
            found = issues.assignment(page.reads, row["id"], row["assignment"] or "")
            return str(found["return_reason"] or "") if found else ""
        case "rework_asked":
            asked = issues.rating(page.reads, row["id"], row["feedback_round"] or 0)
            return str(asked["rework_reason"] or "") if asked else ""
    return enterprises.get(row["enterprise"], "")


# ------------------------------------------------------------- the register

ALL_PATH = f"{PLACE}/all"


@router.get(ALL_PATH)
async def register(
    page: Asked,
    state: str = "",
    department: str = "",
    source: str = "",
    urgent: str = "",
    order: str = "",
    after: str = "",
) -> Response:
    """Every issue, narrowed by what stands in the address."""
    office(page)
    departments = names.departments(page.reads, page.at, page.view.language)
    filters = Filters(
        state if state in WORDS["state"] else "",
        department if department in departments else "",
        source if source in set(Source) else "",
        urgent == "1",
        order == "due",
    )
    found = worklists.register(page.reads, filters, read_place(after) or Place())
    query = _query(filters)
    chosen = batches.Chosen("", filters.source, filters.urgent)
    is_theirs = filters.state in ("", "accepted") and not filters.department
    return page.show(
        "office/all.html",
        lines=await lines_of(page, found.rows, {}),
        filters=filters,
        departments=sorted(departments.items(), key=lambda one: one[1]),
        states=[(value, page.say(said)) for value, said in WORDS["state"].items()],
        sources=[(value, page.say(said)) for value, said in WORDS["source"].items()],
        total=worklists.count_register(page.reads, filters),
        most=MOST_COUNTED,
        to_assign=batches.count_accepted(page.reads, chosen) if is_theirs else 0,
        assign_many=assigning_many.address(chosen),
        next=f"{ALL_PATH}?{urlencode(query | {'after': found.next})}" if found.next else "",
        is_later=read_place(after) is not None,
    )


def _query(filters: Filters) -> dict[str, Any]:
    values = {"state": filters.state, "department": filters.department, "source": filters.source}
    values |= {"urgent": "1" if filters.urgent else "", "order": "due" if filters.due_first else ""}
    return {name: value for name, value in values.items() if value}
