"""The private link that an issue has: since when, and how whoever may make one makes it worthless.

Of links nothing stands on any topic, so intake is asked; by a part of its own, for the page of the issue waits for
nobody.
"""

from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.forms import Form
from services.portal.moves import may_ask
from services.portal.pages import NotHere, Page, page_of
from services.portal.reading import Known, known

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


class Link(NamedTuple):
    """A link that is good: since when, and whether an official made it for who raised the issue."""

    made_at: datetime
    by_official: bool


def may_revoke(about: Known) -> bool:
    """Whether this reader is who makes links to the issue, signed in: its raiser, or the office that wrote it down."""
    is_maker = about.sight.is_own or bool(about.issue["recorded_by"])
    may = may_ask(about.sight.asker, "revoke_link", about.sight.belongs)
    return may and is_maker and not about.sight.is_linked


@router.get("/issues/{id}/link")
async def part(id: str, page: Asked) -> Response:
    """That there is one, for the page of the issue, which has it after itself; 204 where there is none."""
    about = _revocable(page, id)
    link = _good(await page.look("intake", f"/issues/{id}"))
    return page.show("issue/link.html", about=about, link=link) if link else Response(status_code=204)


@router.get("/issues/{id}/revoke-link")
async def revoke(id: str, page: Asked) -> Response:
    """Since when there is one, and what it means to revoke it."""
    return await _show(page, _revocable(page, id), Form())


@router.post("/issues/{id}/revoke-link")
async def send_revocation(id: str, page: Asked) -> Response:
    """Make it worthless; where there is none any more, that is as good."""
    form, about = (await page.form()).form, _revocable(page, id)
    answer = await page.ask("intake", f"/issues/{id}/links/revoke", {}, key=form.sending(), subject=id)
    if answer.is_done:
        return page.to(f"/issues/{id}?done={page.became(answer, 'revoke_link')}")
    return await _show(page, about, form, page.explain(form, answer))


def _revocable(page: Page, id: str) -> Known:
    about = known(page, id)
    if not may_revoke(about):
        raise NotHere
    return about


def _good(answer: Answer) -> Link | None:
    """The link that intake says is good; None where it says of none, or nothing."""
    said = answer.body.get("link") if answer.kind == "done" else None
    if not said or said.get("revoked_at"):
        return None
    return Link(datetime.fromisoformat(said["made_at"]), bool(said.get("made_by")))


async def _show(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    answer = await page.look("intake", f"/issues/{about.id}")
    title = about.issue["corrected_title"] or about.issue["title"] or ""
    more = {"link": _good(answer), "is_known": answer.kind == "done"}
    return page.show("issue/revoke_link.html", status, about=about, form=form, title=title, **more)
