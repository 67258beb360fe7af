"""Explaining why a promise was broken (情况说明), which puts the supervision order off, once."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.department.permitted import EXPLAIN
from services.portal.desks.department.question import held, question
from services.portal.doing import ask_for, do, given, not_too_long, number
from services.portal.forms import Form
from services.portal.pages import Page, page_of
from services.portal.reading import Known, ladder_of
from shared.contract.event import MAX_REASON_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get("/issues/{id}/explain")
async def explain(id: str, page: Asked) -> Response:
    """The question, and until when the supervision order is put off."""
    about = held(page, id, EXPLAIN.verb)
    if ladder_of(page, about.issue).explaining is None:
        return page.to(f"/issues/{id}?done=not_now")
    return await ask_for(page, about, EXPLAIN.verb, _explain)


@router.post("/issues/{id}/explain")
async def send_explanation(id: str, page: Asked) -> Response:
    """Explain the breach of this round."""
    form, about = (await page.form()).form, held(page, id, EXPLAIN.verb)
    if not form.text("words"):
        form.wrong("words", page.say("Write why it is late, and what you do about it"))
    not_too_long(page, form, "words", MAX_REASON_CHARS)
    body = {"round": number(form, "round"), **given(form, "words")}
    return await do(page, about, EXPLAIN.verb, body, form, _explain)


async def _explain(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return page.show(
        "department/explain.html",
        status,
        late=ladder_of(page, about.issue).explaining,
        most=MAX_REASON_CHARS,
        **await question(page, about, form),
    )
