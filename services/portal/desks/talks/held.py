"""The talks behind a number of the table of what came of them, and the people who came to these."""

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.addresses import Place, read_place, with_query
from services.portal.counted import once_a_minute
from services.portal.desks.figures.pages import Chosen
from services.portal.desks.talks.about import Asked, calls, official
from services.portal.desks.talks.results import HELD
from services.portal.figures import talks_behind
from services.portal.figures.talks_behind import PAGE

router = APIRouter()


@router.get(HELD)
async def show(page: Asked, chosen: Chosen, people: str = "", after: str = "") -> Response:
    """Fifty of the talks, or those after a place; with ``people`` who came to them."""
    official(page)
    of_people, place = bool(people), read_place(after)
    projection, scope = page.portal.projection, chosen.scope
    find = talks_behind.people if of_people else talks_behind.talks
    # Found and counted once a minute, as the numbers are that lead here.
    found = await once_a_minute(
        page, ("held", scope, of_people, place), lambda: find(projection.reader(), scope, place)
    )
    many = await once_a_minute(
        page,
        ("held", scope, of_people),
        lambda: talks_behind.many(projection.reader(), scope, of_people=of_people),
    )
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
