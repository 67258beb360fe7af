"""The registers of documents with what waits for somebody, and one document as a page and as a file."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.addresses import Place, read_place, with_query
from services.portal.desks.documents.papers import as_file, paper
from services.portal.desks.documents.signing import possible
from services.portal.languages import N_
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import documents
from services.portal.queries.documents import Chosen, Row
from services.portal.reach import everything
from services.portal.reading import Known, known
from services.portal.words import WORDS
from shared.contract.words import MediaType
from shared.domain.documents import number_text

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/documents"
WAITING = {
    documents.TO_SIGN: (N_("To sign"), N_("drafted, and not out yet")),
    documents.TO_ANSWER: (N_("Orders not answered"), N_("departments owe an answer")),
    documents.TO_LIFT: (N_("To lift"), N_("what they rest on was annulled")),
}
"""What waits: how it is called, and why it does."""


def document_of(page: Page, id: str, document: str) -> tuple[Known, Row]:
    """A document of an issue that this official may read; raises NotHere."""
    about = known(page, id)
    found = documents.one(page.reads, id, document)
    if not about.sight.handling or found is None or found["number"] is None:
        raise NotHere
    return about, found


@router.get(PATH)
async def register(
    page: Asked, waiting: str = "", kind: str = "", department: str = "", year: str = "", after: str = ""
) -> Response:
    """Every document with a number, narrowed as the address says; voids too."""
    everything(page.person())
    chosen = Chosen(
        waiting if waiting in WAITING else "",
        kind if kind in WORDS["document"] else "",
        department if department in page.departments else "",
        int(year) if year.isascii() and year.isdecimal() and len(year) == 4 else 0,
    )
    rows = documents.page(page.reads, chosen, read_place(after))
    shown = rows[: documents.PAGE]
    address = {"waiting": chosen.waiting, "kind": chosen.kind, "department": chosen.department}
    address |= {"year": str(chosen.year or "")}
    last = shown[-1] if len(rows) > documents.PAGE else None
    following = Place(last["at"], last["place"]).written if last else ""
    return page.show(
        "documents/list.html",
        rows=shown,
        chosen=chosen,
        waiting=[
            (name, page.say(said), page.say(why), documents.count(page.reads, name))
            for name, (said, why) in WAITING.items()
        ],
        kinds=list(WORDS["document"]),
        number_text=number_text,
        following=with_query(PATH, address | {"after": following}) if following else "",
        beginning=with_query(PATH, address) if after else "",
    )


@router.get("/issues/{id}/documents/{document}")
async def show(id: str, document: str, page: Asked, done: str = "") -> Response:
    """One document as it is read, and what one can do about it."""
    about, found = document_of(page, id, document)
    return page.show(
        "documents/one.html",
        about=about,
        document=found,
        paper=paper(page, found, about.issue),
        actions=possible(page, about, found),
        done=done,
    )


@router.get("/issues/{id}/documents/{document}/files/document.docx")
async def file(id: str, document: str, page: Asked) -> Response:
    """The same as an editable file."""
    about, found = document_of(page, id, document)
    read = paper(page, found, about.issue)
    name = quote(f"{read.title}{read.number}.docx")
    headers = {"content-disposition": f"attachment; filename*=UTF-8''{name}"}
    return Response(as_file(read, page), media_type=MediaType.DOCX, headers=headers)
