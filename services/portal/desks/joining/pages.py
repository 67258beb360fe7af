"""The page that lets a phone join: the address, the code that is good now, and both as a QR code."""

import io
from typing import Annotated

import segno
from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.joining import Joining
from services.portal.pages import NotHere, Page, page_of

PATH = "/lan"
SCALE, BORDER = 8, 4
"""Pixels of a module, and modules of quiet around, which scanners need."""
router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get(PATH)
async def show(page: Asked) -> Response:
    """What somebody who holds a phone needs to see on this screen."""
    return page.show("joining/phone.html", joining=_joining(page))


@router.get(f"{PATH}/code")
async def code(page: Asked, shown: str = "") -> Response:
    """The code alone, for a page that looks again and again; 204 where it shows the one that is good already."""
    joining = _joining(page)
    if shown == joining.step:
        return Response(status_code=204)
    return page.show("joining/code.html", joining=joining, is_next=True)


@router.get(f"{PATH}/code.svg")
async def picture(page: Asked) -> Response:
    """The QR code: black on white in every look, for a camera reads it."""
    drawn = io.BytesIO()
    made = segno.make(_joining(page).link, error="m", micro=False)
    made.save(
        drawn,
        kind="svg",
        scale=SCALE,
        border=BORDER,
        light="#fff",
        xmldecl=False,
        svgclass=None,
        lineclass=None,
    )
    return Response(drawn.getvalue(), media_type="image/svg+xml")


def _joining(page: Page) -> Joining:
    """What lets phones join; raises NotHere for who does not sit at this machine, and where nothing is."""
    if page.joining is None:
        raise NotHere
    return page.joining
