"""Lifting an issue off the ladder, by an official of the same or a higher level, with a reason.

The rule is supervision's (docs/clocks.md, The ladder): here it only spares people a button that would be refused.
"""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.doing import ask_for, asked_of, do, given, not_too_long, number
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.pages import Page, page_of
from services.portal.queries import documents, names
from services.portal.queries.selecting import Row
from services.portal.reading import Known, words_of
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import Role
from shared.domain.levels import highest, is_as_high

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]

LIFT = Action("lift_ladder", N_("Lift it off the ladder"), "check")
BY_ROLE = {Role.SUPERVISOR: (LIFT,), Role.LEADER: (LIFT,)}


_NO_STEP = N_("It stands at no step.")
_OWN = N_("Your own department holds it: somebody else lifts it.")
_HIGHER = N_("It is with a higher level than yours, or one has signed: that level lifts it.")


async def actions(page: Page, about: Known) -> tuple[Action, ...]:
    """What a supervisor or a leader can do about an issue."""
    return () if why_not(page, about) else (LIFT,)


def why_not(page: Page, about: Known) -> str:
    """Why who asks may not lift it where it stands, in one sentence; "" where they may."""
    if not about.issue["ladder_step"]:
        return page.say(_NO_STEP)
    standing = [one for one in documents.of_issue(page.reads, about.id) if one["state"] in documents.IN_FORCE]
    return may_not(page, about, [one for one in standing if one["step"]])


def may_not(page: Page, about: Known, reached: Sequence[Row] = ()) -> str:
    """Why who asks may not act on it and these documents of it; "" where they may.

    Of a department that holds it or one of them, or of a lower level than that, or than who signed.
    """
    official = names.official(page.reads, page.person().kept.account, page.at)
    if official is None:  # supervision knows them, or refuses
        return ""
    levels, signed = names.levels(page.reads, page.at), [one["issued_level"] or "" for one in reached]
    for holder in (about.issue["holder"] or "", *(one["department"] or "" for one in reached)):
        if holder and official.department in (holder, page.successor(holder)):
            return page.say(_OWN)
        signed.append(levels.get(holder) or highest(levels.values()))
    return "" if is_as_high(official.level, highest(signed)) else page.say(_HIGHER)


@router.get("/issues/{id}/lift-ladder")
async def lift(id: str, page: Asked) -> Response:
    """At which step it stands, and why it is to be lifted."""
    about = asked_of(page, id, LIFT.verb, BY_ROLE)
    if why_not(page, about):
        return page.to(f"/issues/{id}?done=not_now")
    return await ask_for(page, about, LIFT.verb, _lift)


@router.post("/issues/{id}/lift-ladder")
async def send_lift(id: str, page: Asked) -> Response:
    """Lift it from the step that was read."""
    form, about = (await page.form()).form, asked_of(page, id, LIFT.verb, BY_ROLE)
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why it is lifted: who handles it reads it"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    body = {"step": number(form, "step"), **given(form, "reason")}
    return await do(page, about, LIFT.verb, body, form, _lift)


async def _lift(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    words = await words_of(page, about.issue) if about.sight.words else None
    return page.show(
        "board/lift.html",
        status,
        about=about,
        issue=about.issue,
        form=form,
        words=words,
        most=MAX_REASON_CHARS,
    )
