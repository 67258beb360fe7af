"""More time for an issue: ask for an extension or a pause, and go on with what is paused."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.desks.department.permitted import ASK, GO_ON, MORE_TIME, PAUSE
from services.portal.desks.department.question import held, question
from services.portal.doing import Again, ask_for, do, given, not_too_long, number, opened
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.moves import is_legal
from services.portal.pages import Page, page_of
from services.portal.queries import issues
from services.portal.queries.published import reference
from services.portal.reading import Known
from services.portal.words import WORDS
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import PauseGround
from shared.domain.clocks import SHANGHAI, threshold_at
from shared.domain.reference import NotPublished

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
MOST_BASIS_CHARS = 200
FIELDS = {
    "date_too_early": "until",
    "date_too_far": "until",
    "no_working_day": "until",
    "basis_missing": "basis",
}
"""Why dispatch refuses it -> the field that is wrong."""


class Possible(NamedTuple):
    """Which days may be asked for: from the one on which it is due to the last one, and how many working days."""

    due_at: datetime
    last: date
    most: int
    asked_by: datetime | None
    """Until when it may be asked for, as long as nothing has moved it."""


async def _open(page: Page, id: str, action: Action, form_of: Again) -> Response:
    about = held(page, id, action.verb)
    return await opened(page, about, action.only(about.issue) and is_legal(about.issue, action.verb), form_of)


# -------------------------------------------------------------------- extension


@router.get("/issues/{id}/ask-extension")
async def extension(id: str, page: Asked) -> Response:
    """The question, until when it may be asked, and which days are possible."""
    return await _open(page, id, MORE_TIME, _extension)


@router.post("/issues/{id}/ask-extension")
async def ask_extension(id: str, page: Asked) -> Response:
    """Ask the office for more time, with a day and a reason."""
    form, about = (await page.form()).form, held(page, id, MORE_TIME.verb)
    _day(page, form)
    _why(page, form, N_("Say why more time is needed: the office decides by this"))
    body = given(form, "assignment", "until", "reason")
    return await do(page, about, MORE_TIME.verb, body, form, _extension, FIELDS)


def _day(page: Page, form: Form) -> None:
    try:
        date.fromisoformat(form.text("until"))
    except ValueError:
        form.wrong("until", page.say("Say by which working day you will answer, as in 2026-12-31"))


async def _extension(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    more = {"possible": possible(page, about), "most": MAX_REASON_CHARS}
    return page.show("department/ask_extension.html", status, **more, **await question(page, about, form))


def possible(page: Page, about: Known) -> Possible | None:
    """What the policy of the promise allows; None as long as its policy or calendar was not read here."""
    for clock in issues.running_clocks(page.reads, about.id):
        if clock["clock"] != "promise":
            continue
        known = reference(page.reads, about.issue["jurisdiction"])
        try:
            policy, calendar = known.policies.named(clock["policy"]), known.calendars.named(clock["calendar"])
        except NotPublished:
            return None
        due_at, started_at = (
            datetime.fromtimestamp(clock[name] / 1000, UTC) for name in ("due_at", "started_at")
        )
        due_on = due_at.astimezone(SHANGHAI).date()
        last = calendar.working_day(calendar.working_days_through(due_on) + policy.extension_days)
        moved = clock["due_at"] != clock["original_due_at"]
        limit = policy.limits["rework" if clock["round"] > 1 else "promise"]
        asked_by = None if moved else threshold_at(started_at, limit, "1wd", policy, calendar)
        return Possible(due_at, last, policy.extension_days, asked_by)
    return None


# ------------------------------------------------------------------------ pause


@router.get("/issues/{id}/ask-pause")
async def pause(id: str, page: Asked) -> Response:
    """The question, and the three grounds."""
    return await _open(page, id, PAUSE, _pause)


@router.post("/issues/{id}/ask-pause")
async def ask_pause(id: str, page: Asked) -> Response:
    """Ask the office for a pause, on one ground and with a reason."""
    form, about = (await page.form()).form, held(page, id, PAUSE.verb)
    if form.text("ground") not in set(PauseGround):
        form.wrong("ground", page.say("Choose one of the three grounds"))
    if form.text("ground") == PauseGround.STATUTORY and not form.text("basis"):
        form.wrong("basis", page.say("Name the law or regulation, and the article"))
    not_too_long(page, form, "basis", MOST_BASIS_CHARS)
    _why(page, form, N_("Say what is waited for: the office decides by this"))
    body = given(form, "assignment", "ground", "basis", "reason")
    return await do(page, about, PAUSE.verb, body, form, _pause, FIELDS)


async def _pause(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    grounds = [(value, page.say(said)) for value, said in WORDS["pause"].items()]
    more: dict[str, Any] = {"grounds": grounds, "most": MAX_REASON_CHARS, "most_basis": MOST_BASIS_CHARS}
    return page.show("department/ask_pause.html", status, **more, **await question(page, about, form))


# ----------------------------------------------------------- ask the enterprise


@router.get("/issues/{id}/ask-enterprise")
async def asking(id: str, page: Asked) -> Response:
    """What it means to ask who raised it, and a field for the question."""
    return await _open(page, id, ASK, _asking)


@router.post("/issues/{id}/ask-enterprise")
async def ask_enterprise(id: str, page: Asked) -> Response:
    """Ask who raised it, who is told by mail and answers on their page."""
    form, about = (await page.form()).form, held(page, id, ASK.verb)
    if not form.text("words"):
        form.wrong("words", page.say("Write what the enterprise is to tell you or hand in"))
    not_too_long(page, form, "words", MAX_REASON_CHARS)
    return await do(page, about, ASK.verb, given(form, "assignment", "words"), form, _asking, FIELDS)


async def _asking(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    more = {"most": MAX_REASON_CHARS, **await question(page, about, form)}
    return page.show("department/ask_enterprise.html", status, **more)


# ------------------------------------------------------------------------ go on


@router.get("/issues/{id}/end-pause")
async def go_on(id: str, page: Asked) -> Response:
    """Why it is paused, and until when at the latest."""
    return await ask_for(page, held(page, id, GO_ON.verb), GO_ON.verb, _go_on)


@router.post("/issues/{id}/end-pause")
async def end_pause(id: str, page: Asked) -> Response:
    """The days count again from now on."""
    form, about = (await page.form()).form, held(page, id, GO_ON.verb)
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    body: dict[str, Any] = {**given(form, "assignment", "reason"), "request": number(form, "request")}
    return await do(page, about, GO_ON.verb, body, form, _go_on)


async def _go_on(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    paused = issues.request(
        page.reads, about.id, "pause", about.issue["paused"] or about.issue["question"] or 0
    )
    more = {"paused": paused, "most": MAX_REASON_CHARS}
    return page.show("department/end_pause.html", status, **more, **await question(page, about, form))


def _why(page: Page, form: Form, sentence: str) -> None:
    if not form.text("reason"):
        form.wrong("reason", page.say(sentence))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
