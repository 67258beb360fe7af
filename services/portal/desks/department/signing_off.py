"""The leader of a department reads a draft beside the question it answers, and signs it off or sends it back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.department.drafting import draft_named
from services.portal.desks.department.drafts import drafts_of
from services.portal.desks.department.permitted import why_not
from services.portal.desks.department.question import held, question
from services.portal.doing import do, given, not_now, not_too_long
from services.portal.forms import Form
from services.portal.opinions import of_this_round, opinions_of
from services.portal.pages import Page, page_of
from services.portal.reading import Known
from shared.contract.event import MAX_REASON_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get("/issues/{id}/sign-off")
async def sign_off(id: str, page: Asked) -> Response:
    """The draft that waits, whole."""
    about = held(page, id, "sign_off")
    if elsewhere := not_now(page, about, "sign_off"):
        return elsewhere
    page.unread.opened(about.issue)
    return await _read(page, about, page.draft())


@router.post("/issues/{id}/sign-off")
async def send(id: str, page: Asked) -> Response:
    """Sign the very draft that was read off, or send it back with a reason."""
    sent, about = await page.form(), held(page, id, "sign_off")
    form = sent.form
    verb = "send_back" if sent.pressed == "send_back" else "sign_off"
    form.values["verb"] = verb  # signing and sending back are two requests, though the form is one
    if verb == "send_back" and not form.text("reason"):
        form.wrong("reason", page.say("Write what is missing: without it nobody can do better"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    not_too_long(page, form, "answer", MAX_REASON_CHARS)
    body = draft_named(form)
    if verb == "sign_off":
        body.pop("reason", None)
        body |= given(form, "answer")
    return await do(page, about, verb, body, form, _read, {"answer_missing": "answer"})


async def _read(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    drafts = await drafts_of(page, about)
    opinions = of_this_round(await opinions_of(page, about), about)
    return page.show(
        "department/sign_off.html",
        status,
        drafts=drafts,
        opinions=opinions,
        is_objected=any(one.objects for one in opinions),
        why_not=why_not(page, about, "sign_off", drafts),
        most=MAX_REASON_CHARS,
        **await question(page, about, form),
    )
