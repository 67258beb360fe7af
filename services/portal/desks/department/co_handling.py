"""A co-handling department gives the lead its opinion: it agrees, or objects and says why."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.department.permitted import OPINION
from services.portal.desks.department.question import held, question
from services.portal.doing import ask_for, do, given, not_too_long
from services.portal.forms import Form
from services.portal.opinions import opinions_of, waited_for
from services.portal.pages import Page, page_of
from services.portal.reading import Known
from shared.contract.event import MAX_REASON_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
AGREES, OBJECTS = "yes", "no"


@router.get("/issues/{id}/give-opinion")
async def opinion(id: str, page: Asked) -> Response:
    """The question, what is wanted of us, and until when."""
    about = held(page, id, OPINION.verb)
    if not _mine(page, about):
        return page.to(f"/issues/{id}?done=not_now")
    page.unread.opened(about.issue)
    return await ask_for(page, about, OPINION.verb, _show)


@router.post("/issues/{id}/give-opinion")
async def give_opinion(id: str, page: Asked) -> Response:
    """Tell the lead."""
    form, about = (await page.form()).form, held(page, id, OPINION.verb)
    if form.text("agrees") not in (AGREES, OBJECTS):
        form.wrong("agrees", page.say("Choose one of the two"))
    if form.text("agrees") == OBJECTS and not form.text("words"):
        form.wrong("words", page.say("Say why: the lead has to answer it"))
    not_too_long(page, form, "words", MAX_REASON_CHARS)
    body: dict[str, Any] = {**given(form, "assignment", "words"), "agrees": form.text("agrees") == AGREES}
    return await do(page, about, OPINION.verb, body, form, _show, {"reason_missing": "words"})


async def _show(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return page.show(
        "department/give_opinion.html",
        status,
        part=next(iter(_mine(page, about)), None),
        opinions=await opinions_of(page, about),
        choices=[(AGREES, page.say("We agree")), (OBJECTS, page.say("We object"))],
        most=MAX_REASON_CHARS,
        **await question(page, about, form),
    )


def _mine(page: Page, about: Known) -> list[Any]:
    return waited_for(page, about, page.person().kept.department)
