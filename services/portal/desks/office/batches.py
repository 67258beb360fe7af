"""What became of many that were assigned at once: who has which, which were refused and why; live meanwhile."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.office.assigning_many import BATCHES, PATH
from services.portal.desks.office.beside import office
from services.portal.errands import UNDONE, Errand
from services.portal.listing import listed
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import batches, talks
from services.portal.queries.batches import Asked as Wanted
from services.portal.queries.selecting import Row
from shared.contract.subjects import subject_of
from shared.language import reason_text

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
EACH = 50
WAITS, ASSIGNED, REFUSED = "waits", "assigned", "refused"


class Line(NamedTuple):
    """One of them: the issue, the department that it is to have, how far it is, and why it was refused."""

    issue: Row | None
    id: str
    department: str
    stands: str
    why_not: str


@router.get(f"{BATCHES}/{{id}}")
async def show(id: str, page: Asked) -> Response:
    """How far it is, page by page."""
    office(page)
    found, errand = _found(page, id)
    if found is None and errand is not None and errand.state == UNDONE:
        return page.to(PATH)  # as it was chosen

    async def draw(page: Page) -> str:
        return _draw(page, id)

    return await listed(page, "office/batch.html", draw)


def _found(page: Page, id: str) -> tuple[batches.Batch | None, Errand | None]:
    """What dispatch told of it, and what is known of its errand here; raises NotHere where neither is there."""
    subject = subject_of("batch", id)
    found = batches.batch(page.reads, id)
    errands = page.portal.sending.errands.open_about(subject)
    errands += [one for one in page.errands if one.subject == subject]
    if found is None and not errands:
        raise NotHere
    return found, errands[0] if errands else None


def _draw(page: Page, id: str) -> str:
    found, errand = _found(page, id)
    if found is not None:
        wanted, has_begun = found.members, True
    else:
        assert errand is not None  # one of the two is there
        wanted, has_begun = [Wanted(issue, code, "") for issue, code in _kept(errand)], False
    rows = batches.issues_of(page.reads, [one.issue for one in wanted])
    lines = [_line(page, one, rows.get(one.issue), found) for one in wanted]
    order = (REFUSED, WAITS, ASSIGNED)
    lines.sort(key=lambda one: order.index(one.stands))
    text = page.request.query_params.get("page", "")
    number = max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 4 else 1
    pages = max(1, -(-len(lines) // EACH))
    number = min(number, pages)
    counts = {name: sum(one.stands == name for one in lines) for name in order}
    return page.draw(
        "office/batch_lines.html",
        id=id,
        lines=lines[(number - 1) * EACH : number * EACH],
        counts=counts,
        total=len(lines),
        number=number,
        pages=pages,
        has_begun=has_begun,
        is_done=found is not None and found.is_done,
        errand="" if has_begun or errand is None else errand.state,
        why_not=errand.why_not if errand is not None else "",
        talk=talks.one(page.reads, found.talk) if found is not None and found.talk else None,
        at=found.at if found is not None else None,
        by=found.by if found is not None else "",
    )


def _kept(errand: Errand) -> list[tuple[str, str]]:
    return [
        (one["issue"], one["department"]) for step in errand.steps for one in step.body.get("members", ())
    ]


def _line(page: Page, one: Wanted, issue: Row | None, found: batches.Batch | None) -> Line:
    if one.refused:
        stands = REFUSED
    elif found is not None and (found.is_done or (issue is not None and issue["holder"])):
        stands = ASSIGNED
    else:
        stands = WAITS
    why_not = reason_text(one.refused, page.view.language) if one.refused else ""
    return Line(issue, one.issue, one.department, stands, why_not)
