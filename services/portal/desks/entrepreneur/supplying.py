"""Answering what a department or the office asks about an issue of one's own: in words, and with files."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.attaching import files_in, take
from services.portal.desks.entrepreneur.answering import own_issue
from services.portal.doing import do, not_now, not_too_long, number
from services.portal.forms import Form
from services.portal.pages import Page, page_of
from services.portal.queries import questions
from services.portal.reading import Known
from shared.contract.event import MAX_TEXT_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
VERB = "supply_material"
TO_FIELDS = {"attachments": "files"}


@router.get("/issues/{id}/supply-material")
async def show(id: str, page: Asked) -> Response:
    """The question, and a form for the answer as far as it was written."""
    own = own_issue(page, id)
    if own.issue["to_answer"] is None:
        return page.to(f"/issues/{id}?done=not_now")
    return not_now(page, own, VERB) or await _form(page, own, page.draft())


@router.post("/issues/{id}/supply-material")
async def send(id: str, page: Asked) -> Response:
    """Keep the files as they come, then answer; sent twice it is one answer."""
    sent, own = await page.form(), own_issue(page, id)
    form = sent.form
    if files := files_in(page.draft()):
        form.values["files"] = files
    for file in form.uploads:
        await take(page, form, file, f"/issues/{id}/attachments")
    if sent.pressed.startswith("remove:"):
        form.values["files"] = [one for one in files_in(form) if one["sha256"] != sent.pressed[7:]]
        page.keep(form)
        return await _form(page, own, form)
    if not form.text("text"):
        form.wrong("text", page.say("Write your answer"))
    not_too_long(page, form, "text", MAX_TEXT_CHARS)
    body: dict[str, Any] = {"request": number(form, "request"), "text": form.text("text")}
    if files := files_in(form):
        body["attachments"] = [one["receipt"] for one in files]
    return await do(page, own, VERB, body, form, _form, TO_FIELDS)


async def _form(page: Page, own: Known, form: Form, status: int = 200) -> Response:
    by_office = own.issue["state"] == "awaiting_material"
    asked = (questions.before_acceptance if by_office else questions.of_issue)(page.reads, own.id)
    more = {
        "asked": next((one for one in asked if one["number"] == own.issue["to_answer"]), None),
        "by_office": by_office,
    }
    return page.show(
        "entrepreneur/supply.html",
        status,
        own=own,
        form=form,
        files=files_in(form),
        most=MAX_TEXT_CHARS,
        **more,
    )
