"""What a department has to do, the least time left first: its handlers' queue, and the drafts that its leader signs."""

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import choice
from services.portal.addresses import Place, read_place
from services.portal.desks.department.drafts import account_of
from services.portal.desks.department.permitted import name_of, offered
from services.portal.desks.department.question import ROLES, question
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.listing import LIVE, listed
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import co_handlers, handling, instructions
from services.portal.queries.handling import Listed
from services.portal.queries.selecting import ENDLESS, Row
from services.portal.reading import known
from services.portal.session import Visitor
from shared.contract.words import Role

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
HANDLING, SIGNING = "/handling", "/signing"
OF_EACH = 20
"""So many of each list stand one below the other, so that the next one is not far below."""


class List(NamedTuple):
    """One list of the queue: its name in the address, its heading, and which issues it has."""

    name: str
    phrase: str
    which: Listed


_MINE = List("mine", N_("Mine"), handling.MINE)
_FREE = List("free", N_("Nobody has taken it on yet"), handling.FREE)
_OTHERS = List("others", N_("With colleagues"), handling.OTHERS)
_WAITING = List("waiting", N_("Waiting for somebody else"), handling.MINE_WAITING)
_ALL_WAITING = List("waiting", N_("Waiting for somebody else"), handling.WAITING)
_LATER = List("later", N_("Promised for later"), handling.LATER)
_CO_HANDLED = List("opinions", N_("Opinions wanted of us"), handling.CO_HANDLED)
_OWED = List("owed", N_("A leader waits for a report"), handling.OWED)
_UNSIGNED = List("", N_("To sign off"), handling.UNSIGNED)
_LISTS = {
    Role.HANDLER: (_MINE, _FREE, _CO_HANDLED, _OWED, _WAITING, _OTHERS, _LATER),
    Role.DEPARTMENT_LEADER: (_FREE, _CO_HANDLED, _MINE, _OWED, _OTHERS, _ALL_WAITING, _LATER),
}


class Group(NamedTuple):
    """One list as a page shows it; ``next`` is where it goes on, "" where it does not."""

    name: str
    phrase: str
    rows: list[Row]
    many: int
    next: str


@router.get(HANDLING)
async def queue(page: Asked, list: str = "", after: str = "", chosen: str = "") -> Response:
    """All lists one below the other, or one of them page by page; beside them the issue that was chosen."""
    visitor = _somebody(page)
    lists = [one for one in _LISTS[visitor.role] if list in ("", one.name)] or [*_LISTS[visitor.role]]
    only = lists[0] if len(lists) == 1 else None
    found = _groups(page, lists, after)
    rows = [row for group in found for row in group.rows]
    if chosen and chosen not in {row["id"] for row in rows}:
        chosen = ""  # it has moved on; the first one of the list is shown instead
    elif chosen and LIVE not in page.request.query_params:  # who follows the list has chosen nothing by that
        page.unread.opened(next(row for row in rows if row["id"] == chosen))
    first = chosen or (rows[0]["id"] if rows else "")

    async def draw(again: Page) -> str:
        groups = found if again is page else _groups(again, lists, after)
        every = [row for group in groups for row in group.rows]
        again.unread.ahead(every)
        owed = instructions.waiting(again.reads, (row["id"] for row in every))
        heads = [(group.name, group.many, group.next) for group in groups]
        rows = [(*row, again.unread(row)) for row in every]
        return await again.drawn_once(
            "department/lists.html",
            (again.as_of, heads, rows, owed, to_do(again)),
            *(list, after, first),
            own=True,
            context=lambda: {
                "groups": groups,
                "never": ENDLESS,
                "only": only,
                "first": first,
                "to_do": to_do(again),
                "owed": owed,
                "soonest": _soonest(every),
            },
        )

    beside = await _chosen(page, first) if first else None
    return await listed(
        page, "department/queue.html", draw, address={"chosen": first}, only=only, chosen=beside
    )


@router.get(SIGNING)
async def signing(page: Asked, after: str = "") -> Response:
    """The drafts that wait for the signature of the department's leader."""
    visitor = _somebody(page)
    if visitor.role is not Role.DEPARTMENT_LEADER:
        raise NotHere

    async def draw(again: Page) -> str:
        group = _group(again, visitor, _UNSIGNED, read_place(after), SIGNING)
        again.unread.ahead(group.rows)
        return again.draw(
            "department/drafts.html",
            never=ENDLESS,
            group=group,
            name_of=lambda principal: name_of(again, account_of(principal)),
            free=waiting_to_be_taken(again),
        )

    return await listed(page, "department/signing.html", draw)


def _soonest(rows: list[Row]) -> Row | None:
    """Of what somebody here has to do the one that is due first."""
    running = [
        row
        for row in rows
        if (row["state"] in handling.OPEN or row["wanted"]) and row["next_due_at"] < ENDLESS
    ]
    return min(running, key=lambda row: int(row["next_due_at"]), default=None)


def to_do(page: Page) -> int:
    """How many issues this handler has to do something about: their own, and what is nobody's yet."""
    return _count(page, handling.MINE) + nobodys(page)


def nobodys(page: Page) -> int:
    """How many issues of the department nobody handles yet, and how many opinions are wanted of it."""
    return waiting_to_be_taken(page) + _count(page, handling.CO_HANDLED)


def waiting_to_be_taken(page: Page) -> int:
    """How many issues of the department nobody handles yet."""
    return _count(page, handling.FREE)


def unsigned(page: Page) -> int:
    """How many drafts of the department wait for a signature."""
    return _count(page, handling.UNSIGNED)


def _count(page: Page, which: Listed) -> int:
    """How many issues a list of this person's has."""
    kept = page.person().kept
    if which is handling.CO_HANDLED:
        return page.once(which, lambda: co_handlers.count(page.reads, kept.department))
    return page.once(which, lambda: handling.count(page.reads, page.work, kept.account, which))


def _somebody(page: Page) -> Visitor:
    visitor = page.person()
    if visitor.role not in ROLES:
        raise NotHere
    return visitor


def _groups(page: Page, lists: Sequence[List], after: str) -> "list[Group]":
    """Those of the lists in which there is something."""
    most = handling.PAGE if len(lists) == 1 else OF_EACH
    found = (_group(page, _somebody(page), one, read_place(after), most=most) for one in lists)
    return [group for group in found if group.many]


def _group(
    page: Page,
    visitor: Visitor,
    one: List,
    after: Place | None,
    path: str = HANDLING,
    most: int = handling.PAGE,
) -> Group:
    department, account = visitor.kept.department, visitor.kept.account
    if one.which is handling.CO_HANDLED:
        rows = co_handlers.listed(page.reads, department, after or Place(), most)
    else:
        rows = handling.listed(page.reads, page.work, account, one.which, after or Place(), most)
    onward = ""
    if len(rows) > most:
        rows = rows[:most]
        last = Place(rows[-1]["next_due_at"], rows[-1]["id"])
        onward = f"{path}?list={one.name}&after={last.written}"
    elif after is None:
        page.once(one.which, lambda: len(rows))  # the whole list
    many = _count(page, one.which)
    return Group(one.name, one.phrase, rows, many, onward)


async def _chosen(page: Page, id: str) -> dict[str, Any]:
    """The issue beside the list, with what can be done about it."""
    about = known(page, id)
    return {
        **await question(page, about, Form()),
        "choice": choice(iter(offered(page, about)), about.issue, about.sight, page.say),
    }
