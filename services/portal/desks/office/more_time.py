"""What the office decides about time: an extension or a pause that a department asks for, and the end of a pause."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.desks.office.beside import PLACE, beside, office_issue
from services.portal.desks.office.deciding import decided, why
from services.portal.doing import ask_for, do, given, not_too_long, number
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.pages import Page, page_of
from services.portal.queries import issues
from services.portal.reading import Known
from shared.contract.event import MAX_REASON_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
EXTENSION = Action(
    "grant_extension",
    N_("Decide on more time"),
    "clock",
    True,
    only=lambda issue: issue["extension"] is not None,
    at="decide_extension",
    under=PLACE,
)
PAUSE = Action(
    "grant_pause",
    N_("Decide on the pause"),
    "clock",
    True,
    only=lambda issue: issue["pause"] is not None,
    at="decide_pause",
    under=PLACE,
)
END = Action(
    "end_pause",
    N_("End the pause"),
    "refresh",
    only=lambda issue: issue["paused"] is not None or issue["question"] is not None,
    under=PLACE,
)
ACTIONS = (EXTENSION, PAUSE, END)


@router.get(f"{PLACE}/issues/{{id}}/decide-extension")
async def extension(id: str, page: Asked) -> Response:
    """How long, and why; who asks for it does not decide."""
    return await _decide(page, id, EXTENSION)


@router.post(f"{PLACE}/issues/{{id}}/decide-extension")
async def send_extension(id: str, page: Asked) -> Response:
    """The promise moves, or it does not and the department is told why."""
    return await _send(page, id, EXTENSION)


@router.get(f"{PLACE}/issues/{{id}}/decide-pause")
async def pause(id: str, page: Asked) -> Response:
    """On which ground, and why."""
    return await _decide(page, id, PAUSE)


@router.post(f"{PLACE}/issues/{{id}}/decide-pause")
async def send_pause(id: str, page: Asked) -> Response:
    """The days count no more, or they do and the department is told why."""
    return await _send(page, id, PAUSE)


async def _decide(page: Page, id: str, action: Action) -> Response:
    about = office_issue(page, id)
    if not action.only(about.issue):
        return page.to(f"/issues/{id}?done=not_now")
    return await ask_for(page, about, action.verb, _form_of(action))


async def _send(page: Page, id: str, action: Action) -> Response:
    form, about = (await page.form()).form, office_issue(page, id)
    granted = decided(page, form, "granted")
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    if not granted and not form.errors:
        why(page, form, page.say("Say why not: the department reads it"))
    verb = action.verb if granted else action.verb.replace("grant", "refuse")
    body: dict[str, Any] = {**given(form, "assignment"), "request": number(form, "request")}
    return await do(
        page, about, verb, body if granted else body | given(form, "reason"), form, _form_of(action)
    )


def _form_of(action: Action) -> Any:
    what = action.verb.removeprefix("grant_")

    async def show(page: Page, about: Known, form: Form, status: int = 200) -> Response:
        asked = issues.request(page.reads, about.id, what, about.issue[what] or number(form, "request"))
        own = asked is not None and asked["asked_by"].rpartition("/")[2] == page.person().kept.account
        return await beside(
            page, "office/decide_more_time.html", about, form, status, asked=asked, is_own=own, what=what
        )

    return show


@router.get(f"{PLACE}/issues/{{id}}/end-pause")
async def end(id: str, page: Asked) -> Response:
    """Why it is paused, and until when at the latest."""
    return await ask_for(page, office_issue(page, id), END.verb, _end)


@router.post(f"{PLACE}/issues/{{id}}/end-pause")
async def send_end(id: str, page: Asked) -> Response:
    """The days count again from now on."""
    form, about = (await page.form()).form, office_issue(page, id)
    why(page, form, page.say("Say why it goes on: department and enterprise read it"))
    body: dict[str, Any] = {**given(form, "assignment", "reason"), "request": number(form, "request")}
    return await do(page, about, END.verb, body, form, _end)


async def _end(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    asked = issues.request(
        page.reads,
        about.id,
        "pause",
        about.issue["paused"] or about.issue["question"] or number(form, "request"),
    )
    return await beside(page, "office/end_pause.html", about, form, status, asked=asked)
