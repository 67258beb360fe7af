"""The papers that were published and those that are due, and one paper as it was frozen: as a page and as a file."""

from typing import Annotated, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from services.portal.desks.papers import drafting, meeting
from services.portal.desks.papers.about import PATH, called, editions, id_of, period_words, publishes, reader
from services.portal.desks.papers.files import as_file
from services.portal.desks.papers.shown import of_row
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import papers
from services.portal.queries.selecting import Row
from services.portal.reach import reach_of
from shared.contract.words import MediaType, PaperKind
from shared.domain.papers import newest_over

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


class Due(NamedTuple):
    """A paper of a period that is over, in which something was raised, and that nobody has published yet."""

    id: str
    title: str


@router.get(PATH)
async def listed(page: Asked, done: str = "") -> Response:
    """The newest edition of each, the newest period first; and what is due, for who publishes."""
    reader(page)
    rows = papers.listed(page.reads)
    return page.show(
        "papers/list.html",
        rows=rows,
        titles={row["id"]: called(page, row["kind"], row["period"]) for row in rows},
        due=_due(page) if publishes(page) else [],
        done=done,
    )


def _due(page: Page) -> list[Due]:
    periods = (newest_over(kind, page.now) for kind in PaperKind)
    return [
        Due(id, called(page, period.kind, period.name))
        for period in periods
        if papers.has_issues(page.reads, period.months)
        and not papers.editions(page.reads, id := id_of(page, period))
    ]


@router.get(f"{PATH}/{{id}}")
async def show(id: str, page: Asked, edition: str = "", done: str = "") -> Response:
    """One edition, the newest unless the address names another; with the meeting that heard it."""
    reader(page)
    every = editions(page, id)
    row = _edition(every, edition)
    reach = reach_of(page.person(), page.work)
    return page.show(
        "papers/one.html",
        id=id,
        row=row,
        newest=every[0],
        editions=every,
        paper=of_row(page, row),
        decisions=papers.decisions(page.reads, id, row["edition"]),
        opens=reach is not None and reach.is_everything,
        may_publish=publishes(page),
        done=done,
    )


@router.get(f"{PATH}/{{id}}/files/paper.docx")
async def file(id: str, page: Asked, edition: str = "") -> Response:
    """The same as an editable file."""
    reader(page)
    row = _edition(editions(page, id), edition)
    paper = of_row(page, row)
    signed_by = page.officials.get(row["published_by"], row["published_by"])
    made = await run_in_threadpool(as_file, paper, page, row["published_at"], signed_by)
    name = quote(f"{period_words(page, row['kind'], row['period']).replace('/', '-')} {row['id']}.docx")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(made, media_type=MediaType.DOCX, headers=headers)


def _edition(every: list[Row], asked: str) -> Row:
    if not asked:
        return every[0]
    found = next((row for row in every if str(row["edition"]) == asked), None)
    if found is None:
        raise NotHere
    return found


router.include_router(drafting.router)
router.include_router(meeting.router)
