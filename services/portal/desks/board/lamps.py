"""A department's history of lamps: which issues were raised to which step while it held them, until when, and why."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import read_place, with_query
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import lamps
from services.portal.reach import everything

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get("/board/departments/{code}")
async def show(code: str, page: Asked, after: str = "") -> Response:
    """The newest fifty, or those after a place."""
    everything(page.person())
    if code not in page.departments:
        raise NotHere
    found = lamps.of_department(page.reads, code, read_place(after))
    raised, issues = lamps.counted(page.reads, code)
    here = f"/board/departments/{code}"
    page.unread.ahead(lamp.issue for lamp in found.lamps)
    return page.show(
        "board/lamps.html",
        code=code,
        lamps=found.lamps,
        raised=raised,
        issues=issues,
        standing=sum(many for step, many in lamps.standing(page.reads).get(code, {}).items() if step),
        following=with_query(here, {"after": found.following}) if found.following else "",
        beginning=here if after else "",
    )
