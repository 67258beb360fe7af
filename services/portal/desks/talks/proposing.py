"""What is proposed to who organises a talk: themes, by what enterprises wait for most, and the issues behind each."""

from typing import NamedTuple

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.addresses import with_query
from services.portal.counted import once_a_minute
from services.portal.desks.talks.about import PATH, Asked, may_open, organiser
from services.portal.pages import NotHere, Page
from services.portal.queries import themes
from services.portal.queries.themes import By, Matter

router = APIRouter()
THEMES = f"{PATH}/themes"
MOST = 5
"""So many trades are proposed, and so many departments."""


class Proposal(NamedTuple):
    """A theme in words, of how many unanswered issues it is, and where those are."""

    theme: str
    issues: int
    address: str


async def proposals(page: Page) -> list[Proposal]:
    """What most issues are about that nobody has answered yet: first by trade, then by department."""
    return [_as_theme(page, one) for by in ("trade", "department") for one in (await _all(page, by))[:MOST]]


async def trades(page: Page) -> list[Matter]:
    """Every trade that has such issues, the one with the most first."""
    return await _all(page, "trade")


async def _all(page: Page, by: By) -> list[Matter]:
    projection = page.portal.projection
    return await once_a_minute(page, ("themes", by), lambda: themes.frequent(projection.reader(), by))


def _as_theme(page: Page, matter: Matter) -> Proposal:
    address = with_query(THEMES, {matter.by: matter.of})
    return Proposal(_theme(page, matter.by, matter.of), matter.issues, address)


def _theme(page: Page, by: By, of: str) -> str:
    if by == "trade":
        return page.say("What enterprises of %(trade)s wait for") % {"trade": of}
    return page.say("What waits at %(department)s") % {"department": page.departments.get(of, of)}


@router.get(THEMES)
async def show(page: Asked, trade: str = "", department: str = "") -> Response:
    """The issues behind a proposed theme; raises NotHere for whoever organises no talks."""
    organiser(page)
    by: By = "trade" if trade else "department"
    if not (of := trade or department):
        raise NotHere
    rows = [(row, may_open(page, row)) for row in themes.issues(page.reads, by, of)]
    return page.show(
        "talks/themes.html", theme=_theme(page, by, of), rows=rows, is_more=len(rows) == themes.MOST_ISSUES
    )
