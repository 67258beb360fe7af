"""The online column (线上专栏): a public page without a sign-in; what is to come, and what came of what was held.

Counts alone, and below five no share. A reply is its raiser's: none stands here before somebody has disclosed it, which
nobody can yet. Found once a minute for all who look.
"""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.talks.about import Row, calls
from services.portal.figures.counting import FEWEST
from services.portal.pages import Page, page_of
from services.portal.queries import talks
from services.portal.queries.talks import Numbers

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/column"
MOST_COMING, MOST_PAST = 20, 8


class Past(NamedTuple):
    """A talk that was held, and what came of it."""

    talk: Row
    numbers: Numbers


@router.get(PATH)
async def show(page: Asked) -> Response:
    """For everybody."""
    minute = page.at // 60_000

    async def find() -> tuple[list[Row], list[Past]]:
        held = talks.past(page.reads, MOST_PAST)
        past = [Past(talk, talks.numbers(page.reads, [talk["id"]], page.at)) for talk in held]
        return talks.coming(page.reads, page.at, MOST_COMING), past

    coming, past = await page.portal.once.get(("column",), minute, find)
    return page.show("talks/column.html", coming=coming, past=past, fewest=FEWEST, **calls(page))
