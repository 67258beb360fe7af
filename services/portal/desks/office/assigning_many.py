"""One-key assignment (一键交办): a talk's or a filter's accepted issues, each to its suggested department, at once.

What will go out is shown first, in pages: the choice of another department and what is left out are kept from page to
page. It goes out after ten seconds, as one command.
"""

from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import with_query
from services.portal.desks.office.beside import PLACE, office
from services.portal.desks.office.triage import Line, lines_of
from services.portal.errands import UNDO, Errand, Said, Step
from services.portal.forms import WHOLE, Form
from services.portal.languages import words_in
from services.portal.pages import Page, page_of
from services.portal.queries import batches, names, talks
from services.portal.queries.batches import MOST, Chosen
from shared.contract.subjects import subject_of
from shared.contract.words import Source

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = f"{PLACE}/assign-many"
BATCHES = f"{PLACE}/batches"
TO, LEAVE = "to-", "leave-"
"""Before the id of an issue: the field with its department, and the tick that leaves it out."""
FILTERS = ("talk", "source", "urgent")
EACH = 40
"""So many stand on one page: a form has at most a hundred fields."""
ASSIGN = "assign"


class Member(NamedTuple):
    """One issue, the department that it would have, "" where one has to be chosen, and whether it is left out."""

    line: Line
    department: str
    is_left: bool

    @property
    def is_missing(self) -> bool:
        """Whether a department has to be chosen before it can go."""
        return not (self.department or self.is_left)


def address(chosen: Chosen, number: int = 1) -> str:
    """Where these are shown; a filter that is empty is named too, so that nothing kept counts instead of it."""
    fields = {"talk": chosen.talk, "urgent": "1" if chosen.urgent else ""}
    fields |= {"page": str(number) if number > 1 else ""}
    found = with_query(PATH, fields)
    return f"{found}{'&' if '?' in found else '?'}source={chosen.source}"


@router.get(PATH)
async def preview(page: Asked) -> Response:
    """What would be assigned to whom, and why."""
    office(page)
    form, query = page.draft(), page.request.query_params
    if any(name in query for name in FILTERS):
        form.values |= {name: query.get(name, "") for name in FILTERS}
    chosen = _chosen(page, form)
    return _show(page, form, chosen, await _members(page, form, chosen), _number(query.get("page", "")))


@router.post(PATH)
async def assign(page: Asked) -> Response:
    """Keep what was chosen and go on to another page, or keep the command, which waits ten seconds."""
    sent = await page.form()
    office(page)
    form = _with_earlier_pages(page, sent.form)
    chosen = _chosen(page, form)
    members = await _members(page, form, chosen)
    if sent.pressed != ASSIGN:
        page.keep(form)
        return page.to(address(chosen, _number(sent.pressed)))
    id = form.sending()
    batch = id[:20]
    if page.portal.sending.errands.open_about(subject_of("batch", batch)):
        return page.to(f"{BATCHES}/{batch}")  # sent twice
    wanted = [one for one in members if not one.is_left]
    missing = [one for one in wanted if one.is_missing]
    for one in missing[:EACH]:
        said = page.say("Choose the department for %(number)s, or leave it out") % {
            "number": one.line.issue["number"]
        }
        form.wrong(f"{TO}{one.line.id}", said)
    if not wanted:
        form.wrong(WHOLE, page.say("Nothing is left to be assigned: everything is left out"))
    if form.errors:
        page.keep(form)
        return _show(page, form, chosen, members, 1, 422)
    asked = [{"issue": one.line.id, "department": one.department} for one in wanted]
    body = {"members": asked, **({"talk": chosen.talk} if chosen.talk else {})}
    step = Step("dispatch", f"/batches/{batch}/assign", body, f"{id}-assign")
    named = Said("assign_many", _title(page, chosen, len(asked)))
    page.portal.sending.keep(
        Errand(
            id,
            page.person(),
            page.view.language,
            subject_of("batch", batch),
            named,
            page.now + UNDO,
            (step,),
        )
    )
    # What was left out stays left out, and what was taken back stays as it was chosen.
    form.renew()
    page.keep(form)
    return page.to(f"{BATCHES}/{batch}")


def _with_earlier_pages(page: Page, form: Form) -> Form:
    """What stood on this page, and beside it what was chosen on others; a tick that was taken away counts."""
    here = {name.removeprefix(TO) for name in form.values if name.startswith(TO)}
    earlier = page.draft().values
    form.values = {
        name: value for name, value in earlier.items() if name.removeprefix(LEAVE) not in here
    } | form.values
    return form


def _chosen(page: Page, form: Form) -> Chosen:
    source, talk = form.text("source"), form.text("talk")
    known = talk if talk and talks.one(page.reads, talk) is not None else ""
    chosen = Chosen(known, source if source in set(Source) else "", form.text("urgent") == "1")
    if talk and not known:  # of a talk that is not known nothing waits, rather than everything
        chosen = chosen._replace(talk=talk[:90])
    form.values |= {"talk": chosen.talk, "source": chosen.source, "urgent": "1" if chosen.urgent else ""}
    return chosen


async def _members(page: Page, form: Form, chosen: Chosen) -> list[Member]:
    """Those for which a department has to be chosen first, then the one due first; without what is under way."""
    lines = await lines_of(page, batches.accepted(page.reads, chosen))
    there = {one.code for one in names.assignable(page.reads, page.at, page.view.language)}
    ids = {line.id for line in lines}
    form.values = {
        name: value
        for name, value in form.values.items()
        if not name.startswith((TO, LEAVE)) or name.partition("-")[2] in ids
    }
    members = [_member(form, line, there) for line in lines if line.errand is None]
    return sorted(members, key=lambda one: bool(one.line.suggestions))


def _member(form: Form, line: Line, there: set[str]) -> Member:
    suggested = line.suggestions[0].department.code if line.suggestions else ""
    code = form.text(f"{TO}{line.id}") or suggested
    return Member(line, code if code in there else "", form.is_ticked(f"{LEAVE}{line.id}"))


def _number(text: str) -> int:
    """The number of a page; 1 for anything else."""
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 4 else 1


def _title(page: Page, chosen: Chosen, many: int) -> str:
    said = words_in(page.view.language).ngettext("%(num)d issue", "%(num)d issues", many) % {"num": many}
    talk = talks.one(page.reads, chosen.talk) if chosen.talk else None
    return f"{talk['theme']} · {said}" if talk is not None else said


def _show(
    page: Page, form: Form, chosen: Chosen, members: list[Member], number: int, status: int = 200
) -> Response:
    pages = max(1, -(-len(members) // EACH))
    number = min(number, pages)
    of_talk: dict[str, Any] = {"talk": None, "not_accepted": 0}
    if chosen.talk and (talk := talks.one(page.reads, chosen.talk)) is not None:
        every = talks.members(page.reads, chosen.talk)
        raised = sum(one["state"] in ("registered", "awaiting_material") for one in every)
        of_talk = {"talk": talk, "not_accepted": raised}
    return page.show(
        "office/assign_many.html",
        status,
        form=form,
        chosen=chosen,
        members=members[(number - 1) * EACH : number * EACH],
        first=(number - 1) * EACH,
        number=number,
        pages=pages,
        total=sum(not one.is_left for one in members),
        left=sum(one.is_left for one in members),
        missing=sum(one.is_missing for one in members),
        is_more=batches.count_accepted(page.reads, chosen) > MOST,
        most=MOST,
        departments=names.assignable(page.reads, page.at, page.view.language),
        **of_talk,
    )
