"""A private link to an issue of one's own: made when it is asked for, shown once, opened without an account."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.entrepreneur.answering import own_issue
from services.portal.doing import link_to
from services.portal.forms import WHOLE, Form
from services.portal.pages import NotHere, Page, page_of
from services.portal.reading import Known

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get("/issues/{id}/make-link")
async def show(id: str, page: Asked) -> Response:
    """What a link is for, and that a new one ends the one before."""
    return _show(page, _own(page, id), Form())


@router.post("/issues/{id}/make-link")
async def make(id: str, page: Asked) -> Response:
    """Make one; it is shown here alone."""
    form, own = (await page.form()).form, _own(page, id)
    link = await link_to(page, id, form.sending())
    if isinstance(link, str):
        return _show(page, own, Form(), link=link)
    return _show(page, own, form, _explain(page, form, link))


def _own(page: Page, id: str) -> Known:
    """An issue of one's own, by a sign-in: a link makes no other links. Raises NotHere."""
    own = own_issue(page, id)
    if own.sight.is_linked:
        raise NotHere
    return own


def _explain(page: Page, form: Form, answer: Answer) -> int:
    if answer.reason == "id_reused":  # this very form was sent before: what it made was shown then
        form.wrong(WHOLE, page.say("That link was shown once. Make a new one if it was lost."))
        form.renew()
        return 422
    return page.explain(form, answer)


def _show(page: Page, own: Known, form: Form, status: int = 200, link: str = "") -> Response:
    title = own.issue["corrected_title"] or own.issue["title"] or own.issue["number"]
    return page.show("entrepreneur/link.html", status, own=own, form=form, link=link, title=title)
