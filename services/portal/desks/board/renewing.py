"""A new calendar or policy: pasted or uploaded, checked, shown with what it would move, published, followed.

What was pasted stays a draft until it is published. Publishing is supervision's; here nothing is decided.
"""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from services.portal.addresses import with_query
from services.portal.forms import Form
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries.impact import Impact, Wanted, impact, renewed
from services.portal.queries.published import reference
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy
from shared.contract.events.supervision import CalendarPublished
from shared.contract.words import Role
from shared.domain.clocks import CompletePolicy, Policy
from shared.domain.faults import Fault
from shared.domain.rights import granted
from shared.handwritten import WrongFile, faults_of, object_in
from shared.year_notices import notice_in
from shared.year_tables import check_replacing, combined, compare

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH, PREVIEW = "/renewals", "/renewals/preview"
NOTICE, POLICY = "notice", "policy"
MOST_CHARS = 200_000
ROWS = 50
SAID = 10
"""So many faults of a file are said at once."""
_COMPLETE: TypeAdapter[Policy] = TypeAdapter(CompletePolicy)


class Read(NamedTuple):
    """What a draft says: the command, and for whom it is."""

    wanted: Wanted
    path: str


def _may(page: Page) -> None:
    """Raises NotHere for whoever may not publish."""
    if page.person().role not in (Role(role) for role in granted("calendar", "publish")):
        raise NotHere


def _draft(page: Page) -> Form:
    return Form(page.portal.own.draft(page.owner, PATH))


@router.get(PATH)
async def show(page: Asked) -> Response:
    """Where a notice or a policy is pasted or uploaded."""
    _may(page)
    return _form(page, _draft(page))


@router.post(PATH)
async def check(page: Asked) -> Response:
    """Read what was pasted; what is wrong in it is said line by line, and nothing is lost."""
    form = (await page.form()).form
    _may(page)
    for file in form.uploads:
        raw = await file.read(4 * MOST_CHARS + 1)
        try:
            form.values["content"] = raw.decode("utf-8-sig").replace("\r\n", "\n").strip()
        except UnicodeDecodeError:
            form.wrong("file", page.say("The file is not UTF-8: save it in UTF-8"))
    page.keep(form)
    if _read(page, form) is None:
        return _form(page, form, 422)
    return page.to(PREVIEW)


@router.get(PREVIEW)
async def preview(page: Asked, from_row: int = 0) -> Response:
    """Which due dates it would move, from when to when, and whose."""
    _may(page)
    form = _draft(page)
    found = _read(page, form) if form.text("content") else None
    if found is None:
        return page.to(PATH)
    portal, wanted, now = page.portal, found.wanted, page.now

    def count() -> Impact:
        return impact(portal.projection.reader(), portal.jurisdiction, wanted, now)

    moves = await run_in_threadpool(count)
    return _moves(page, moves, from_row, PREVIEW, form=form, known=_is_known(page, moves.version))


@router.post(PREVIEW)
async def publish(page: Asked) -> Response:
    """Publish what was read on the preview."""
    sent = (await page.form()).form
    _may(page)
    form = _draft(page)
    found = _read(page, form) if form.text("content") else None
    if found is None:
        return page.to(PATH)
    body = found.wanted.model_dump(mode="json", exclude_unset=True)
    answer = await page.ask("supervision", found.path, body, key=sent.sending())
    if answer.is_done:
        page.forget(PATH)
        return page.to(with_query(f"{PATH}/done", {"version": str(answer.body.get("version", ""))}))
    status = page.explain(form, answer)
    return _form(page, form, status)


@router.get(f"{PATH}/done")
async def done(page: Asked, version: str = "", from_row: int = 0) -> Response:
    """What a published version has moved so far."""
    _may(page)
    moves = renewed(page.reads, version)
    return _moves(page, moves, from_row, f"{PATH}/done", form=None, known=_is_known(page, version))


def _is_known(page: Page, version: str) -> bool:
    """Whether this version is published, as far as it was read here."""
    known = reference(page.reads, page.portal.jurisdiction)
    published = {table.version for table in known.calendars.all()}
    return version in published | {policy.version for policy in known.policies.all()}


def _moves(
    page: Page, found: Impact, first: int, address: str, *, form: Form | None, known: bool
) -> Response:
    first = min(max(0, first), len(found.moves))
    return page.show(
        "board/moves.html",
        found=found,
        rows=found.moves[first : first + ROWS],
        first=first,
        following=first + ROWS if first + ROWS < len(found.moves) else 0,
        before=max(0, first - ROWS) if first else None,
        address=address,
        form=form,
        known=known,
    )


def _form(page: Page, form: Form, status: int = 200) -> Response:
    if not form.text("kind"):
        form.values["kind"] = NOTICE
    return page.show("board/renewing.html", status, form=form, most=MOST_CHARS)


def _read(page: Page, form: Form) -> Read | None:
    """The command that a draft makes; None where something is wrong, which then stands in the form."""
    content, jurisdiction = form.text("content"), page.portal.jurisdiction
    if not content:
        form.wrong("content", page.say("Paste the file here, or choose it"))
    elif len(content) > MOST_CHARS:
        form.wrong("content", page.say("This is too long for a calendar or a policy"))
    if form.errors:
        return None
    try:
        if form.text("kind") == POLICY:
            policy = _COMPLETE.validate_python(object_in(content, page.say("Policy")))
            running = form.is_ticked("running")
            return Read(
                PublishPolicy(policy=policy, applies_to_running=running), f"/policies/{jurisdiction}/publish"
            )
        return Read(_table(page, form, content), f"/calendars/{jurisdiction}/publish")
    except ValidationError as error:
        faults: Sequence[str] = faults_of(error, page.say("Policy"), page.view.language)
    except WrongFile as error:
        faults = error.faults
    said = (fault.said(page.say) if isinstance(fault, Fault) else fault for fault in faults[:SAID])
    form.wrong("content", "\n".join(said))
    return None


def _table(page: Page, form: Form, content: str) -> PublishCalendar:
    """The newest published table together with the notice."""
    where = page.say("Notice")
    notice = notice_in(content, where)
    newest = reference(page.reads, page.portal.jurisdiction).calendars.all()[-1]
    known = CalendarPublished(
        version=newest.version,
        in_force_from=page.now,
        published_through=newest.published_through,
        days=tuple(newest.days.values()),
        by="",
    )
    found = compare(known, notice)
    if not form.is_ticked("replace"):
        check_replacing(where, found)
    return combined(known, notice, found.left_out if form.is_ticked("replace") else ())
