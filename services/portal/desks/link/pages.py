"""Opening a private link: it becomes a session that shows its issue alone, and the secret leaves the address."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal import links
from services.portal.desks.beginning import begin
from services.portal.network import came_from
from services.portal.pages import LinkOver, LinkUnknown, NotHere, Page, TriedTooOften, page_of
from services.portal.reading import known
from services.portal.session import new_id

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get(f"{links.PLACE}/{{link}}")
async def follow(link: str, page: Asked) -> Response:
    """Go on to the issue; who is signed in is asked first, for that ends their session."""
    if not links.issue_of(link):
        raise LinkOver
    if page.visitor is None or page.visitor.issue:
        return await _open(page, link)
    return page.show("link/instead.html", link=link, issue=_own_way(page, links.issue_of(link)))


@router.post(links.PLACE)
async def follow_instead(page: Asked) -> Response:
    """Go on to the issue, whoever was signed in."""
    return await _open(page, (await page.sent()).form.text("link"))


async def _open(page: Page, link: str) -> Response:
    if not links.issue_of(link):
        raise LinkOver
    portal, id, address = page.portal, new_id(), came_from(page.request.scope)
    if wait := portal.tries.wait_seconds(address):
        raise TriedTooOften(wait)
    portal.tries.begin(address)
    admitted = await links.redeem(portal.services, link, page.view.language)
    if not isinstance(admitted, links.Admitted) and admitted.kind == "missing":
        raise LinkOver
    portal.tries.forgive(address)
    if not isinstance(admitted, links.Admitted):
        raise LinkUnknown
    links.keep(portal.own, id, admitted, page.now)
    return begin(page, id, admitted.kept, f"/issues/{admitted.kept.issue}")


def _own_way(page: Page, id: str) -> str:
    """The issue, where who is signed in may read it without the link; else ""."""
    try:
        return known(page, id).id
    except NotHere:
        return ""
