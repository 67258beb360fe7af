"""Recording the meeting that heard a paper: when, who chaired it, and what was decided on which issue."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.papers.about import PATH, called, editions, publisher
from services.portal.doing import given, not_too_long, number
from services.portal.forms import Form
from services.portal.pages import Page, page_of
from services.portal.queries import issues, names, search
from services.portal.queries.selecting import Row
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS
from shared.contract.words import Role
from shared.domain.clocks import SHANGHAI

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
ROWS, MORE, MOST_ROWS = 4, 4, 28
"""So many decisions have a place, so many more at a time, and at most."""


@router.get(f"{PATH}/{{id}}/meeting")
async def write(id: str, page: Asked) -> Response:
    """The form: as far as it was filled in."""
    publisher(page)
    paper = editions(page, id)[0]
    if paper["meeting"] is not None:
        return page.to(f"{PATH}/{id}?done=not_now")
    return _form(page, paper, page.draft())


@router.post(f"{PATH}/{{id}}/meeting")
async def record(id: str, page: Asked) -> Response:
    """Record it; each decision becomes an instruction with a clock of its own."""
    sent = await page.form()
    form = sent.form
    publisher(page)
    paper = editions(page, id)[0]
    if paper["meeting"] is not None:
        return page.to(f"{PATH}/{id}?done=not_now")
    if sent.pressed == "more":
        form.values["rows"] = str(min(_rows(form) + MORE, MOST_ROWS))
    page.keep(form)
    if sent.pressed == "more":
        return _form(page, paper, form)
    decisions = _decisions(page, form)
    _check(page, form)
    if form.errors:
        return _form(page, paper, form, 422)
    body: dict[str, Any] = {"edition": number(form, "edition"), "decisions": decisions}
    body |= given(form, "held_on", "chaired_by", "words")
    answer = await page.ask(
        "feedback", f"/papers/{id}/record-meeting", body, key=form.sending(), subject=f"paper:{id}"
    )
    if answer.is_done:
        page.forget()
        return page.to(f"{PATH}/{id}?done={page.became(answer, 'meeting')}")
    status = page.explain(form, answer, {"unknown_leader": "chaired_by"})
    page.keep(form)
    return _form(page, paper, form, status)


def _rows(form: Form) -> int:
    return min(max(number(form, "rows"), ROWS), MOST_ROWS)


def _check(page: Page, form: Form) -> None:
    try:
        held_on = date.fromisoformat(form.text("held_on"))
    except ValueError:
        form.wrong("held_on", page.say("Write the date as year, month and day: 2026-11-25"))
    else:
        if held_on > page.now.astimezone(SHANGHAI).date():
            form.wrong("held_on", page.say("This day is still to come: record the meeting once it was held"))
    if form.text("chaired_by") not in {account for account, _ in _leaders(page)}:
        form.wrong("chaired_by", page.say("Choose who chaired it: its decisions are given in their name"))
    not_too_long(page, form, "words", MAX_TEXT_CHARS)


def _decisions(page: Page, form: Form) -> list[dict[str, str]]:
    """Those of the rows in which something stands; what is wrong then stands in the form."""
    found = []
    for place in range(1, _rows(form) + 1):
        typed, words, due_on = (form.text(f"{name}-{place}") for name in ("issue", "words", "due"))
        if not (typed or words or due_on):
            continue
        issue = _issue(page, typed)
        if issue is None:
            form.wrong(f"issue-{place}", page.say("Write the number of an issue, as in 7K3M-9QXT-2B4N-6C"))
        elif issue["ended_at"] is not None:
            form.wrong(f"issue-{place}", page.say("This issue has ended: there is nobody left to instruct"))
        if not words:
            form.wrong(f"words-{place}", page.say("Write what was decided: the department reads it"))
        not_too_long(page, form, f"words-{place}", MAX_REASON_CHARS)
        if due_on and not _is_report_day(page, due_on):
            form.wrong(f"due-{place}", page.say("Choose a working day that is still to come, within a year"))
        one = {"issue": issue["id"] if issue is not None else "", "words": words}
        found.append(one | ({"due_on": due_on} if due_on else {}))
    return found


def _issue(page: Page, typed: str) -> Row | None:
    row = issues.issue(page.reads, search.number_of(typed)) if typed else None
    return row if row is not None and row["registered_at"] is not None else None


def _is_report_day(page: Page, text: str) -> bool:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        return False
    days = (on - page.now.astimezone(SHANGHAI).date()).days
    return 1 <= days <= 366 and names.calendar(page.reads, page.at).is_working_day(on)


def _leaders(page: Page) -> list[tuple[str, str]]:
    return [
        (one.account, one.name) for one in names.officials(page.reads, page.at) if Role.LEADER in one.roles
    ]


def _form(page: Page, paper: Row, form: Form, status: int = 200) -> Response:
    form.values.setdefault("edition", str(paper["edition"]))
    return page.show(
        "papers/meeting.html",
        status,
        id=paper["id"],
        form=form,
        title=called(page, paper["kind"], paper["period"]),
        leaders=_leaders(page),
        rows=range(1, _rows(form) + 1),
        may_have_more=_rows(form) < MOST_ROWS,
        most=MAX_TEXT_CHARS,
        most_words=MAX_REASON_CHARS,
    )
