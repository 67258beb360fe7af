"""The talks behind a number of the table of what came of them, and the people who came to these."""

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.addresses import Place, read_place, with_query
from services.portal.counted import once_a_minute
from services.portal.desks.figures.pages import Chosen
from services.portal.desks.talks.about import Asked, Row, calls, official
from services.portal.desks.talks.results import HELD
from services.portal.figures import talks_behind
from services.portal.figures.talks_behind import PAGE
from services.portal.pages import Page

router = APIRouter()


@router.get(HELD)
async def show(page: Asked, chosen: Chosen, people: str = "", after: str = "") -> Response:
    """Fifty of the talks, or those after a place; with ``people`` who came to them."""
    official(page)
    of_people, place = bool(people), read_place(after)
    found, many = await _found(page, chosen, of_people, place)
    rows, here = found[:PAGE], chosen._asdict() | {"people": "1" if of_people else ""}
    last = rows[-1] if len(found) > PAGE else None
    following = Place(last["starts_at"], last["person" if of_people else "id"]).written if last else ""
    return page.show(
        "talks/held.html",
        rows=rows,
        many=many,
        of_people=of_people,
        following=with_query(HELD, here | {"after": following}) if following else "",
        beginning=with_query(HELD, here) if place else "",
        back=chosen.back,
        **calls(page),
    )


async def _found(page: Page, chosen: Chosen, of_people: bool, place: Place | None) -> tuple[list[Row], int]:
    """A page of them and one more, and how many there are in all: counted with the table that leads here."""
    projection, scope = page.portal.projection, chosen.scope
    find = talks_behind.people if of_people else talks_behind.talks
    count = talks_behind.count_people if of_people else talks_behind.count_talks

    def ask() -> tuple[list[Row], int]:
        reads = projection.reader()
        return find(reads, scope, place), count(reads, scope)

    return await once_a_minute(page, ("held", scope, of_people, place), ask)
