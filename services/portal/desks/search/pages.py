"""The search: by number, title, words, replies, enterprise and department; only what its reader may read is found."""

import sqlite3
from collections.abc import Iterator
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from markupsafe import Markup

from services.portal.addresses import Place, read_place, with_query
from services.portal.desks.search.hits import Marker
from services.portal.pages import NotHere, Page, page_of
from services.portal.projection.terms import question
from services.portal.queries import names, search
from services.portal.queries.search import Named, Reached
from services.portal.reach import Reach, reach_of

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
MOST_TYPED = 100
MOST_BY_NUMBER = 10


class Hit(NamedTuple):
    """One issue that was found: its title and a line of its words, in which what was typed is marked."""

    issue: sqlite3.Row
    title: Markup
    line: Markup
    is_reply: bool


class Found(NamedTuple):
    """What there is for what was typed; of issues one page."""

    by_number: Markup
    departments: list[tuple[str, str]]
    more_departments: int
    enterprises: list[Named]
    by_words: Markup
    counted: int
    following: str

    @property
    def is_nothing(self) -> bool:
        """Whether nothing was found at all."""
        return not (self.by_number or self.departments or self.enterprises or self.by_words)


@router.get("/search")
async def find(page: Asked, q: str = "", enterprise: str = "", after: str = "") -> Response:
    """What was typed, or the issues of one enterprise."""
    reach = reach_of(page.person(), page.work)
    if reach is None:
        raise NotHere
    typed = " ".join(q.split())[:MOST_TYPED]
    if enterprise:
        return await _of_enterprise(page, reach, enterprise, typed, after)
    found = await _found(page, reach, typed, after) if typed else None
    beginning = with_query("/search", {"q": typed}) if after else ""
    return page.show("search/search.html", typed=typed, found=found, beginning=beginning)


async def _found(page: Page, reach: Reach, typed: str, after: str) -> Found:
    reads, whose, asked = page.reads, _reached(reach), question(typed)
    place = int(after) if after.isascii() and after.isdecimal() and len(after) < 20 else None
    rows = search.by_words(reads, whose, asked, place) if asked else []
    last = rows[search.PAGE - 1] if len(rows) > search.PAGE else None
    number = search.number_of(typed) if place is None else ""
    exact = search.by_number(reads, whose, number, MOST_BY_NUMBER) if number else []
    departments = list(_departments(page, reach, typed)) if place is None else []
    page.unread.ahead([*exact, *rows])
    return Found(
        await _hits(page, "number", exact, typed),
        departments[: search.MOST_NAMES],
        max(len(departments) - search.MOST_NAMES, 0),
        search.enterprises(reads, whose, typed) if place is None else [],
        await _hits(page, "words", rows[: search.PAGE], typed),
        search.counted(reads, whose, asked) if asked else 0,
        with_query("/search", {"q": typed, "after": str(last["place"])}) if last else "",
    )


def _departments(page: Page, reach: Reach, typed: str) -> Iterator[tuple[str, str]]:
    """Departments with this in their name; who reads one department's issues alone needs no list of them."""
    if reach.is_everything:
        wanted = typed.casefold()
        yield from ((code, name) for code, name in page.departments.items() if wanted in name.casefold())


async def _hits(page: Page, by: str, rows: list[sqlite3.Row], typed: str) -> Markup:
    """These issues, found by this, as this person sees them; nothing for none."""
    if not rows:
        return Markup()
    marker = Marker(typed)
    return await page.drawn_once(
        "search/hits.html",
        (page.as_of, [(*row, page.unread(row)) for row in rows]),
        *(by, typed),
        own=True,
        context=lambda: {"hits": [_hit(page, row, marker) for row in rows]},
    )


def _hit(page: Page, row: sqlite3.Row, marker: Marker) -> Hit:
    if row["title"] is None:
        return Hit(row, Markup(), Markup(), False)
    said = [text for text in (row["corrected_text"], row["text"]) if text]
    line = marker.line(said)
    replied = None if line else marker.line(search.replies(page.reads, row["id"]))
    shown = line or replied or marker.beginning(said[0] if said else "")
    return Hit(row, marker.marked(row["corrected_title"] or row["title"]), shown, replied is not None)


async def _of_enterprise(page: Page, reach: Reach, code: str, typed: str, after: str) -> Response:
    """The issues that an enterprise raised under its name."""
    rows = search.of_enterprise(page.reads, _reached(reach), code, read_place(after))
    if not rows:
        raise NotHere
    page.unread.ahead(rows)
    last = rows[search.PAGE - 1] if len(rows) > search.PAGE else None
    more = {"enterprise": code, "q": typed}
    return page.show(
        "search/enterprise.html",
        typed=typed,
        name=names.enterprise(page.reads, code),
        code=code,
        hits=await _hits(page, code, rows[: search.PAGE], ""),
        following=with_query("/search", more | {"after": Place(last["registered_at"], last["id"]).written})
        if last
        else "",
        beginning=with_query("/search", more) if after else "",
    )


def _reached(reach: Reach) -> Reached:
    return Reached(reach.condition, reach.values)
