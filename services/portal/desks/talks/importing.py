"""The whole record of a talk out of a spreadsheet: checked as a whole, shown, and recorded row by row when one says so.

Nothing is recorded while a row is wrong. Each row has its own keys: what broke off is sent again, and done once.
"""

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, NamedTuple, TypeVar

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import DONE
from services.portal.desks.entrepreneur.raising import id_of
from services.portal.desks.talks import records, tables
from services.portal.desks.talks.about import PATH, TO_FIELDS, calls, departments_of, known, organiser
from services.portal.desks.talks.on_the_spot import ANSWER, CLAIM, There, ask
from services.portal.desks.talks.recording import OTHER, PHASES, record
from services.portal.desks.talks.records import COLUMNS, Against, Said
from services.portal.doing import not_too_long
from services.portal.forms import Form
from services.portal.pages import Page, page_of
from services.portal.queries import issues, rooms, talks
from shared.contract.words import Phase
from shared.domain.masking import mask
from shared.handwritten import WrongFile
from shared.spreadsheets import write_workbook

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
T = TypeVar("T")
AT_ONCE = 8
"""So many rows are under way at the same time."""
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class Left(NamedTuple):
    """A row that was not recorded, or not wholly, and why."""

    number: int
    why: str


def _against(page: Page, id: str) -> Against:
    """Raises NotHere."""
    organiser(page)
    talk = known(page, id)
    departments = departments_of(talk)
    return Against(
        talk,
        talks.participants(page.reads, id),
        list(rooms.people(page.reads, page.at, departments)),
        list(rooms.leaders(page.reads, page.at, departments)),
    )


def _not_now(page: Page, against: Against) -> Response | None:
    """Of a talk that has not begun, or was called off, there is no record."""
    return None if against.talk["state"] in PHASES else page.to(f"{PATH}/{against.talk['id']}?done=not_now")


@router.get(f"{PATH}/{{id}}/import")
async def choose(id: str, page: Asked) -> Response:
    """Where the table is chosen or pasted."""
    against = _against(page, id)
    return _not_now(page, against) or _form(page, against, page.draft())


@router.post(f"{PATH}/{{id}}/import")
async def check(id: str, page: Asked) -> Response:
    """Read it; what is wrong is said by row and column, and nothing is lost. Or keep it while somebody types."""
    sent, against = await page.form(), _against(page, id)
    form = sent.form
    if elsewhere := _not_now(page, against):
        return elsewhere
    if sent.pressed == "quietly":
        page.keep(form)
        return Response(status_code=204)
    await tables.take(page, form)
    page.keep(form)
    rows = _read(page, form, against)
    if rows and (faults := await _unknown(page, rows)):
        form.wrong("content", "\n".join(faults))
    return _form(page, against, form, 422) if form.errors else page.to(f"{PATH}/{id}/import/preview")


@router.get(f"{PATH}/{{id}}/import/template")
async def template(id: str, page: Asked) -> Response:
    """An empty table with the columns, and a row for everybody on the list."""
    against, file = _against(page, id), io.BytesIO()
    write_workbook(file, records.headers(page), records.examples(page, against))
    return Response(
        file.getvalue(),
        media_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{id}.xlsx"'},
    )


@router.get(f"{PATH}/{{id}}/import/preview")
async def preview(id: str, page: Asked) -> Response:
    """What would be recorded."""
    against = _against(page, id)
    form = _draft(page, id)
    rows = _read(page, form, against) if form.text("content") else []
    if not rows:
        return page.to(f"{PATH}/{id}/import")
    return _not_now(page, against) or _preview(page, against, rows)


@router.post(f"{PATH}/{{id}}/import/preview")
async def send(id: str, page: Asked) -> Response:
    """Record every row; those that could not be are named, and the table stays until all are."""
    await page.form()
    against, form = _against(page, id), _draft(page, id)
    rows = _read(page, form, against) if form.text("content") else []
    if not rows:
        return page.to(f"{PATH}/{id}/import")
    if elsewhere := _not_now(page, against):
        return elsewhere
    there = _there_already(page, against)
    mine = page.person().kept.account
    new = [row for row in rows if there.get(_masked(row), mine) == mine]
    whys = await _all(new, lambda row: _recorded(page, against, row))
    left = [Left(row.number, why) for row, why in zip(new, whys, strict=True) if why]
    if left:
        return _preview(page, against, rows, left, 422)
    page.forget(f"{PATH}/{id}/import")
    return page.to(f"{PATH}/{id}/room?done={page.became(DONE, 'record')}")


async def _recorded(page: Page, against: Against, row: Said) -> str:
    """Record a row, with what was claimed or answered of it; why not, "" where it was."""
    form = Form({**row.fields, "phase": Phase.AT.value})
    answer = await record(page, form, against.talk, against.participants, row.key)
    if answer.kind != "done":
        if not form.errors:
            page.explain(form, answer, TO_FIELDS)
        return " ".join(form.errors.values())
    if not row.official:
        return ""
    issue = issues.issue(page.reads, id_of(answer))
    if issue is None:
        return page.say(
            "It is under way, but not done yet. What you wrote is kept: send it again in a moment."
        )
    verb = ANSWER if row.answer else CLAIM
    spoken = {"official": row.official, "outcome": row.outcome, "promised_on": row.promised_on}
    form = Form({**spoken, "text": row.answer})
    answer = await ask(page, There(against.talk, issue, verb, ()), form, f"{row.key}-{verb}")
    if answer.kind == "done":
        return ""
    page.explain(form, answer)
    return " ".join(form.errors.values())


async def _unknown(page: Page, rows: Sequence[Said]) -> list[str]:
    """What is wrong with the phones: one that is none, or is nobody's, with no name beside it."""

    phone = COLUMNS["phone"]

    async def wrong(row: Said) -> str:
        if row.fields["speaker"] != OTHER:
            return ""
        body = {"phone": row.fields["phone"]}
        answer = await page.ask("intake", "/people/find", body, key=f"{row.key}-find")
        if answer.kind == "done":
            is_known = bool(answer.body.get("person") or row.fields["name"])
            rule = "" if is_known else page.say("nobody is known by this phone: write their name too")
        else:
            form = Form(body)
            page.explain(form, answer)
            rule = " ".join(form.errors.values())
        said = page.say("Row %(row)d, column %(column)s: %(rule)s")
        return rule and said % {"row": row.number, "column": page.say(phone), "rule": rule}

    return [fault for fault in await _all(rows, wrong) if fault][: records.MOST_FAULTS]


async def _all(rows: Sequence[Said], do: Callable[[Said], Awaitable[T]]) -> list[T]:
    """Do it for all rows, in their order and some at the same time."""
    found = list[T]()
    for first in range(0, len(rows), AT_ONCE):
        found += await asyncio.gather(*map(do, rows[first : first + AT_ONCE]))
    return found


def _there_already(page: Page, against: Against) -> dict[str, str]:
    """The words of what was recorded of this talk -> the account of who wrote it down."""
    there = talks.members(page.reads, against.talk["id"])
    return {row["text"]: row["recorded_by"] or "" for row in there if row["text"]}


def _masked(row: Said) -> str:
    """Its words as they stand on the topics."""
    return mask(row.fields["text"]).text


def _draft(page: Page, id: str) -> Form:
    return Form(page.portal.own.draft(page.owner, f"{PATH}/{id}/import"))


def _read(page: Page, form: Form, against: Against) -> list[Said]:
    """The rows of a draft; none where something is wrong, which then stands in the form."""
    content = form.text("content")
    if not content:
        form.wrong("content", page.say("Paste the table here, or choose a file"))
    not_too_long(page, form, "content", tables.MOST_CHARS)
    if form.errors:
        return []
    try:
        found = records.read(page, tables.lines_of(page, content), against)
    except WrongFile as error:
        form.wrong("content", tables.said(page, error))
        return []
    if found.faults:
        form.wrong("content", "\n".join(found.faults))
    return found.rows


def _form(page: Page, against: Against, form: Form, status: int = 200) -> Response:
    return page.show(
        "talks/import.html",
        status,
        talk=against.talk,
        form=form,
        columns=records.headers(page),
        most=tables.MOST_CHARS,
        **calls(page),
    )


def _preview(
    page: Page, against: Against, rows: Sequence[Said], left: Sequence[Left] = (), status: int = 200
) -> Response:
    there = _there_already(page, against)
    called = {
        one["person"]: one["enterprise_name"] or one["enterprise"] or "" for one in against.participants
    }
    people = {one.account: one for one in (*against.claimers, *against.leaders)}
    return page.show(
        "talks/import_preview.html",
        status,
        talk=against.talk,
        form=Form(),
        rows=rows,
        left=left,
        already={row.number for row in rows if _masked(row) in there},
        called=called,
        people=people,
        **calls(page),
    )
