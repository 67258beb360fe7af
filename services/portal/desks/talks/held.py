"""The talks behind a number of the table of what came of them, and the people who came to these."""

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.desks.figures.pages import Chosen
from services.portal.desks.talks.about import Asked, calls, official
from services.portal.desks.talks.results import HELD
from services.portal.figures import talks_behind

router = APIRouter()


@router.get(HELD)
async def show(page: Asked, chosen: Chosen, people: str = "") -> Response:
    """The talks; with ``people`` who came to them."""
    official(page)
    find = talks_behind.people if people else talks_behind.talks
    rows = find(page.reads, chosen.scope)
    return page.show(
        "talks/held.html",
        rows=rows,
        of_people=bool(people),
        is_more=len(rows) == talks_behind.MOST,
        back=chosen.back,
        **calls(page),
    )
