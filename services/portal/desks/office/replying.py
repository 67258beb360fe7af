"""Replies: read beside the question, checked and released or sent back; and one that is out, corrected."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.office.beside import PLACE, beside, office_issue
from services.portal.doing import do, given, not_now, not_too_long, number
from services.portal.forms import WHOLE, Form
from services.portal.opinions import of_this_round, opinions_of
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import issues
from services.portal.reading import Known
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
READ = ("signed_off", "checked")
"""The states, in dispatch, of a reply that the office reads."""
NAMED = ("assignment", "draft", "sha256")
"""What a form says of the draft that was read: whoever asks for anything about it names this very one."""


class Draft(NamedTuple):
    """A draft as dispatch shows it to the office; what it has nothing to say of is left out there."""

    number: int
    sha256: str
    outcome: str
    text: str = ""
    assignment: str = ""
    promised_on: str = ""
    drafted_by: str = ""
    signed_off_by: str = ""
    sent_back_reason: str = ""
    answer: str = ""

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> "Draft":
        """The fields that are known here."""
        return cls(**{name: said[name] for name in cls._fields if said.get(name) is not None})

    @property
    def writer(self) -> str:
        """The account of who drafted it."""
        return self.drafted_by.rpartition("/")[2]

    @property
    def leader(self) -> str:
        """The account of who signed it off."""
        return self.signed_off_by.rpartition("/")[2]


@router.get(f"{PLACE}/issues/{{id}}/check")
@router.get(f"{PLACE}/issues/{{id}}/release")
@router.get(f"{PLACE}/issues/{{id}}/send-back")
async def read(id: str, page: Asked) -> Response:
    """The question, and beside it the draft as its leader signed it off."""
    about = office_issue(page, id)
    if about.issue["dispatch_state"] not in READ or about.issue["ended_at"] is not None:
        return page.to(f"/issues/{id}?done=not_now")
    return await _read(page, about, page.draft())


@router.post(f"{PLACE}/issues/{{id}}/check")
async def check(id: str, page: Asked) -> Response:
    """Find it fit to go out; and unless a colleague is to do that, let it go out in the same step."""
    sent = await page.form()
    about, form = office_issue(page, id), sent.form
    body = _named(form)
    if sent.pressed == "check":
        return await do(page, about, "check", body, form, _read)
    checked = await page.ask(
        "dispatch", f"/issues/{id}/check", body, key=f"{form.sending()}-check", subject=id
    )
    if checked.kind != "done":
        return await _read(page, about, form, page.explain(form, checked))
    return await do(page, about, "release", body, form, _read)


@router.post(f"{PLACE}/issues/{{id}}/release")
async def release(id: str, page: Asked) -> Response:
    """Let it go out."""
    form, about = (await page.form()).form, office_issue(page, id)
    return await do(page, about, "release", _named(form), form, _read)


@router.post(f"{PLACE}/issues/{{id}}/send-back")
async def send_back(id: str, page: Asked) -> Response:
    """Hand it back to its handler, with what is missing."""
    form, about = (await page.form()).form, office_issue(page, id)
    if not form.text("reason"):
        form.wrong("reason", page.say("Write what is missing: the handler reads it"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    return await do(page, about, "send_back", {**_named(form), "reason": form.text("reason")}, form, _read)


def _named(form: Form) -> dict[str, Any]:
    return {
        "assignment": form.text("assignment"),
        "draft": number(form, "draft"),
        "sha256": form.text("sha256"),
    }


async def _read(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    """The draft as it is now: also where another one was read, which the form then says."""
    answer = await page.look("dispatch", f"/issues/{about.id}")
    drafts = [Draft.read(one) for one in answer.body.get("drafts") or []]
    current = drafts[-1] if drafts and not drafts[-1].sent_back_reason else None
    for name in NAMED:
        form.values.pop(name, None)
    earlier = [one for one in reversed(drafts) if one.sent_back_reason]
    if answer.kind == "away":
        form.wrong(
            WHOLE, page.say("The draft cannot be shown right now. Nothing is lost: look again in a moment.")
        )
    return await beside(
        page,
        "office/check.html",
        about,
        form,
        status,
        draft=current,
        earlier=earlier,
        opinions=of_this_round(await opinions_of(page, about), about),
        state=answer.body.get("state", ""),
        most=MAX_REASON_CHARS,
    )


# ------------------------------------------------- a reply that is out


@router.get(f"{PLACE}/issues/{{id}}/correct")
async def correct(id: str, page: Asked) -> Response:
    """The reply that is out, to be put right."""
    about = office_issue(page, id)
    if elsewhere := not_now(page, about, "correct"):
        return elsewhere
    form = page.draft()
    if newest := next(iter(issues.replies(page.reads, id)), None):
        form.values = {"text": newest["text"], "promised_on": newest["promised_on"] or "", **form.values}
    return await _correct(page, about, form)


@router.post(f"{PLACE}/issues/{{id}}/correct")
async def send_correction(id: str, page: Asked) -> Response:
    """Set a new version beside it; who raised the issue is told what was wrong."""
    form, about = (await page.form()).form, office_issue(page, id)
    if not form.text("text"):
        form.wrong("text", page.say("Write the reply as it should read"))
    if not form.text("reason"):
        form.wrong("reason", page.say("Say what was wrong: who raised it is told"))
    not_too_long(page, form, "text", MAX_TEXT_CHARS)
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    check_date(page, form, "promised_on")
    body: dict[str, Any] = {name: number(form, name) for name in ("round", "version")}
    body |= given(form, "assignment", "sha256", "text", "promised_on", "reason")
    return await do(page, about, "correct", body, form, _correct)


async def _correct(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    newest = next(iter(issues.replies(page.reads, about.id)), None)
    if newest is None:
        raise NotHere
    return await beside(page, "office/correct.html", about, form, status, newest=newest, most=MAX_TEXT_CHARS)


def check_date(page: Page, form: Form, name: str) -> None:
    """That a date, where one was typed, is one."""
    try:
        date.fromisoformat(form.text(name) or "2026-01-01")
    except ValueError:
        form.wrong(name, page.say("Write the date as year, month and day: 2026-11-25"))
