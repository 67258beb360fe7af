"""Leaders' instructions (批示): a leader writes, lists and takes back their own, a department reports on them.

The rules are supervision's (docs/loop.md): here they only spare people buttons that would be refused.
"""

from datetime import date
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.addresses import Place, read_place, with_query
from services.portal.desks.board.lifting import may_not
from services.portal.doing import asked_of, do, given, not_too_long, opened
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.moves import may_ask
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import instructions
from services.portal.queries.instructions import Row
from services.portal.reading import Known, known, words_of
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import Role

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/instructions"
MOST_OPEN = 5
"""As many of one issue as may wait for their reports at once."""

GIVE = Action("give_instruction", N_("Write an instruction"), "writing-sign")
REPORT = Action("report_instruction", N_("Report on the leader's instruction"), "message-circle", True)
BY_ROLE = {Role.LEADER: (GIVE,), Role.HANDLER: (REPORT,), Role.DEPARTMENT_LEADER: (REPORT,)}


class Ending(NamedTuple):
    """How one instruction ends: by which verb, under which heading, and what is written for it."""

    verb: str
    phrase: str
    button: str
    field: str
    label: str
    missing: str


ENDINGS = {
    "report": Ending(
        REPORT.verb,
        REPORT.phrase,
        N_("Send the report"),
        "words",
        N_("What was done about it?"),
        N_("Write what was done: the leader reads it"),
    ),
    "take-back": Ending(
        "take_back_instruction",
        N_("Take the instruction back"),
        N_("Take it back"),
        "reason",
        N_("Why is it taken back?"),
        N_("Write why it is taken back: the department reads it"),
    ),
}
"""By the last part of the address."""


def offered(page: Page, about: Known) -> tuple[Action, ...]:
    """What a leader can do about an issue that somebody holds."""
    issue = about.issue
    if not issue["holder"] or issue["ended_at"] is not None or may_not(page, about):
        return ()
    return (GIVE,) if len(instructions.open_of(page.reads, about.id)) < MOST_OPEN else ()


def reporting(page: Page, about: Known) -> tuple[Action, ...]:
    """What a department can do about the instruction whose report is due first."""
    found = instructions.open_of(page.reads, about.id)
    return (REPORT._replace(at=f"instructions/{found[0]['number']}/report"),) if found else ()


def possible(page: Page, about: Known, instruction: Row) -> list[tuple[str, str]]:
    """(last part of the address, phrase) of what who asks can do about this instruction."""
    if instruction["reported_at"] is not None or instruction["taken_back_at"] is not None:
        return []
    return [(name, end.phrase) for name, end in ENDINGS.items() if _may(page, about, instruction, end)]


def _may(page: Page, about: Known, instruction: Row, end: Ending) -> bool:
    its_own = end.verb == REPORT.verb or instruction["given_by"] == page.person().kept.account
    return its_own and may_ask(about.sight.asker, end.verb, about.sight.belongs)


# ----------------------------------------------------------------- a leader's own


@router.get(PATH)
async def mine(page: Asked, open: str = "", after: str = "") -> Response:
    """What this leader gave, the newest first, with what was reported."""
    _leader(page)
    only_open, account = open == "1", page.person().kept.account
    rows = instructions.given_by(page.reads, account, only_open, read_place(after))
    shown = rows[: instructions.PAGE]
    last = shown[-1] if len(rows) > instructions.PAGE else None
    address = {"open": "1" if only_open else ""}
    following = Place(last["given_at"], last["issue"]).written if last else ""
    return page.show(
        "instructions/list.html",
        rows=shown,
        only_open=only_open,
        waiting=instructions.count_open(page.reads, account),
        following=with_query(PATH, address | {"after": following}) if following else "",
        beginning=with_query(PATH, address) if after else "",
    )


def waiting(page: Page) -> int:
    """How many reports this leader waits for, for the bar on top."""
    return instructions.count_open(page.reads, page.person().kept.account)


def _leader(page: Page) -> None:
    if page.person().role is not Role.LEADER:
        raise NotHere


# ----------------------------------------------------------------- giving one


@router.get("/issues/{id}/give-instruction")
async def give(id: str, page: Asked) -> Response:
    """The words, and the day on which the report is due."""
    about = asked_of(page, id, GIVE.verb)
    return await opened(page, about, bool(offered(page, about)), _give)


@router.post("/issues/{id}/give-instruction")
async def send(id: str, page: Asked) -> Response:
    """Instruct the department that was read to hold it."""
    form, about = (await page.form()).form, asked_of(page, id, GIVE.verb)
    if not form.text("words"):
        form.wrong("words", page.say("Write what the department is to do"))
    not_too_long(page, form, "words", MAX_REASON_CHARS)
    if form.text("due_on"):
        try:
            date.fromisoformat(form.text("due_on"))
        except ValueError:
            form.wrong("due_on", page.say("Say by which working day you want the report, as in 2026-12-31"))
    fields = {"date_too_early": "due_on", "date_too_far": "due_on", "no_working_day": "due_on"}
    return await do(page, about, GIVE.verb, given(form, "words", "due_on", "department"), form, _give, fields)


async def _give(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return page.show("instructions/give.html", status, **await _question(page, about, form))


# ----------------------------------------------------------------- ending one


def _found(page: Page, id: str, number: int, name: str) -> tuple[Known, Row, Ending]:
    about = known(page, id)
    found, end = instructions.one(page.reads, id, number), ENDINGS.get(name)
    if found is None or end is None or not _may(page, about, found, end):
        raise NotHere
    return about, found, end


@router.get("/issues/{id}/instructions/{number}/{name}")
async def ask(id: str, number: int, name: str, page: Asked) -> Response:
    """The form of a report, or of the reason why it is taken back."""
    about, found, end = _found(page, id, number, name)
    if not possible(page, about, found):
        return page.to(f"/issues/{id}?done=not_now")
    return await _about(page, about, found, end, page.draft(), 200)


@router.post("/issues/{id}/instructions/{number}/{name}")
async def end(id: str, number: int, name: str, page: Asked) -> Response:
    """Report on it, or take it back."""
    form = (await page.form()).form
    about, found, end = _found(page, id, number, name)
    if not form.text(end.field):
        form.wrong(end.field, page.say(end.missing))
    not_too_long(page, form, end.field, MAX_REASON_CHARS)

    async def again(page: Page, about: Known, form: Form, status: int = 200) -> Response:
        return await _about(page, about, found, end, form, status)

    body: dict[str, Any] = {"instruction": number, **given(form, end.field)}
    return await do(page, about, end.verb, body, form, again)


async def _about(page: Page, about: Known, found: Row, end: Ending, form: Form, status: int) -> Response:
    more = {"instruction": found, "asked": end, "number": found["number"]}
    return page.show("instructions/end.html", status, **more, **await _question(page, about, form))


async def _question(page: Page, about: Known, form: Form) -> dict[str, Any]:
    return {
        "about": about,
        "issue": about.issue,
        "form": form,
        "words": await words_of(page, about.issue) if about.sight.words else None,
        "most": MAX_REASON_CHARS,
    }
