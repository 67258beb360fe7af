"""Writing a reply: the question beside the editor, templates, the draft in writing kept, earlier drafts below."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.department import templates
from services.portal.desks.department.drafts import Drafts, drafts_of
from services.portal.desks.department.permitted import why_not
from services.portal.desks.department.question import held, question
from services.portal.doing import ask_for, do, given, not_now, not_too_long, number
from services.portal.forms import Form
from services.portal.opinions import of_this_round, opinions_of
from services.portal.pages import Page, page_of
from services.portal.reading import Known
from services.portal.words import phrase
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS
from shared.contract.words import OUTCOMES, Outcome
from shared.domain.clocks import SHANGHAI

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
FIELDS = {"outcome_not_for_kind": "outcome", "date_missing": "promised_on", "date_past": "promised_on"}
"""What dispatch complains of -> our field."""


@router.get("/issues/{id}/draft")
async def write(id: str, page: Asked) -> Response:
    """What was written so far; where a draft came back, its words to go on from."""
    about = held(page, id, "draft")
    if elsewhere := not_now(page, about, "draft"):
        return elsewhere
    drafts, form = await drafts_of(page, about), page.draft()
    if (back := drafts.sent_back) is not None and "text" not in form.values:
        promised_on = back.promised_on.isoformat() if back.promised_on else ""
        form.values |= {"outcome": back.outcome, "text": back.text, "promised_on": promised_on}
    return await _write(page, about, form, 200, drafts)


@router.post("/issues/{id}/draft")
async def send(id: str, page: Asked) -> Response:
    """Hand the draft in; or keep it, quietly while somebody types, or change it by a template."""
    sent, about = await page.form(), held(page, id, "draft")
    form, pressed = sent.form, sent.pressed
    if pressed in ("quietly", "keep"):
        page.keep(form)
        return Response(status_code=204) if pressed == "quietly" else page.to(f"/issues/{id}")
    if pressed.startswith("template"):
        templates.press(page, form, pressed)
        page.keep(form)
        return await _write(page, about, form, 422 if form.errors else 200)
    _check(page, about, form)
    planned = form.text("outcome") == Outcome.PLANNED
    body = given(form, "assignment", "outcome", "text", *(("promised_on",) if planned else ()))
    return await do(page, about, "draft", body, form, _write, FIELDS)


def _check(page: Page, about: Known, form: Form) -> None:
    if form.text("outcome") not in OUTCOMES.get(about.issue["kind"], tuple(Outcome)):
        form.wrong("outcome", page.say("Say what came of it"))
    if form.text("outcome") == Outcome.PLANNED:
        check_date(page, form)
    if not form.text("text"):
        form.wrong("text", page.say("Write what the enterprise is to read"))
    elif templates.BLANK in form.text("text"):
        form.wrong("text", page.say("There is still a blank of the template in it: fill it in"))
    not_too_long(page, form, "text", MAX_TEXT_CHARS)


def check_date(page: Page, form: Form) -> None:
    """Say so where a planned outcome has no date, or one that is over."""
    try:
        promised = date.fromisoformat(form.text("promised_on"))
    except ValueError:
        form.wrong("promised_on", page.say("Say by which day it will be done, as in 2026-12-31"))
        return
    if promised < page.now.astimezone(SHANGHAI).date():
        form.wrong("promised_on", page.say("That day is over: name one that is still to come"))


async def _write(
    page: Page, about: Known, form: Form, status: int = 200, drafts: Drafts | None = None
) -> Response:
    found = await drafts_of(page, about) if drafts is None else drafts
    outcomes = OUTCOMES.get(about.issue["kind"], tuple(Outcome))
    return page.show(
        "department/draft.html",
        status,
        drafts=found,
        opinions=of_this_round(await opinions_of(page, about), about),
        why_not=why_not(page, about, "draft", found),
        outcomes=[(outcome, page.say(phrase("outcome", outcome))) for outcome in outcomes],
        may_be_planned=Outcome.PLANNED in outcomes,
        templates=templates.offered(page, outcomes),
        most=MAX_TEXT_CHARS,
        **await question(page, about, form),
    )


# --------------------------------------------------------- taking a draft back


@router.get("/issues/{id}/take-back")
async def take_back(id: str, page: Asked) -> Response:
    """The draft that is with the leader."""
    return await ask_for(page, held(page, id, "send_back"), "send_back", _take_back)


@router.post("/issues/{id}/take-back")
async def send_taking_back(id: str, page: Asked) -> Response:
    """Take it back with a reason, before it is signed."""
    form, about = (await page.form()).form, held(page, id, "send_back")
    if not form.text("reason"):
        form.wrong("reason", page.say("Write what you want to change"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    return await do(page, about, "send_back", draft_named(form), form, _take_back)


def draft_named(form: Form) -> dict[str, str | int]:
    """Which draft was read, and what is said of it, as dispatch is asked."""
    return {**given(form, "assignment", "sha256", "reason"), "draft": number(form, "draft")}


async def _take_back(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    drafts = await drafts_of(page, about)
    return page.show(
        "department/take_back.html",
        status,
        drafts=drafts,
        most=MAX_REASON_CHARS,
        **await question(page, about, form),
    )
