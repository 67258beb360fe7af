"""The office asks another department for its opinion on an issue that a lead holds, and releases it from that."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.desks.office.beside import PLACE, beside, office_issue
from services.portal.desks.office.deciding import why
from services.portal.doing import ask_for, do, given, not_too_long
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.opinions import opinions_of, waited_for
from services.portal.pages import Page, page_of
from services.portal.queries import names
from services.portal.reading import Known
from shared.contract.event import MAX_REASON_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
ADD = Action("add_co_handler", N_("Ask a co-handler"), "users", under=PLACE)
RELEASE = Action(
    "release_co_handler",
    N_("Release a co-handler"),
    "x",
    only=lambda issue: bool(issue["opinions_wanted"]),
    under=PLACE,
)


@router.get(f"{PLACE}/issues/{{id}}/add-co-handler")
async def add(id: str, page: Asked) -> Response:
    """Which department, and what its opinion is wanted on."""
    return await ask_for(page, office_issue(page, id), ADD.verb, _add)


@router.post(f"{PLACE}/issues/{{id}}/add-co-handler")
async def send(id: str, page: Asked) -> Response:
    """Ask it."""
    form, about = (await page.form()).form, office_issue(page, id)
    if not form.text("department"):
        form.wrong("department", page.say("Choose the department that is asked"))
    if not form.text("wanted"):
        form.wrong("wanted", page.say("Say what its opinion is wanted on: the department reads it"))
    not_too_long(page, form, "wanted", MAX_REASON_CHARS)
    body = given(form, "assignment", "department", "wanted")
    fields = {"unknown_department": "department", "malformed": "department", "reason_missing": "wanted"}
    return await do(page, about, ADD.verb, body, form, _add, fields)


async def _add(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    taken = {about.issue["holder"], *(row["department"] for row in waited_for(page, about))}
    every = names.assignable(page.reads, page.at, page.view.language)
    more = {
        "departments": [one for one in every if one.code not in taken],
        "opinions": await opinions_of(page, about),
        "most": MAX_REASON_CHARS,
    }
    return await beside(page, "office/add_co_handler.html", about, form, status, **more)


@router.get(f"{PLACE}/issues/{{id}}/release-co-handler")
async def release(id: str, page: Asked) -> Response:
    """Whose opinion is wanted no more, and why."""
    about = office_issue(page, id)
    if not waited_for(page, about):
        return page.to(f"/issues/{id}?done=not_now")
    return await ask_for(page, about, RELEASE.verb, _release)


@router.post(f"{PLACE}/issues/{{id}}/release-co-handler")
async def send_release(id: str, page: Asked) -> Response:
    """Nobody waits for it from now on."""
    form, about = (await page.form()).form, office_issue(page, id)
    if not form.text("assignment"):
        form.wrong("assignment", page.say("Choose whose opinion is wanted no more"))
    why(page, form, page.say("Say why: the department reads it"))
    return await do(page, about, RELEASE.verb, given(form, "assignment", "reason"), form, _release)


async def _release(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    waits = waited_for(page, about)
    if len(waits) == 1:
        form.values.setdefault("assignment", waits[0]["id"])
    choices = [(row["id"], page.departments.get(row["department"], row["department"])) for row in waits]
    more = {
        "choices": choices,
        "opinions": await opinions_of(page, about),
        "most": MAX_REASON_CHARS,
    }
    return await beside(page, "office/release_co_handler.html", about, form, status, **more)
