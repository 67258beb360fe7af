"""What one asked in the last ten seconds: taken back, followed, or read that it was refused after all."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.pages import Page, local, page_of

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get("/errands")
async def errands(page: Asked) -> Response:
    """The notices alone, for a page that is open; ``back``: which page that is."""
    page.person()
    return page.show("errands.html", back=local(page.request.query_params.get("back", "")))


@router.post("/errands/{id}/undo")
async def undo(id: str, page: Asked) -> Response:
    """Take it back, if nothing of it was sent; else the notice says how far it is."""
    form = (await page.form()).form
    page.portal.sending.take_back(id, page.person().owner)
    return page.to(local(form.text("back")) or "/")


@router.post("/errands/{id}/read")
async def read(id: str, page: Asked) -> Response:
    """The refusal was read."""
    form = (await page.form()).form
    page.portal.sending.errands.dismiss(id, page.person().owner)
    return page.to(local(form.text("back")) or "/")
