"""Internal notes on an issue: what a department and the office write for themselves, and what never leaves the two.

They stand in the portal's own database alone (services/portal/inside.py): on no topic, in no projection, in no log.
"""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.doing import not_too_long
from services.portal.forms import Form
from services.portal.inside import InternalNote, milliseconds
from services.portal.pages import NotHere, Page, page_of
from services.portal.reading import Known, known
from shared.contract.event import MAX_REASON_CHARS
from shared.domain.rights import Belongs, may

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


class Written(NamedTuple):
    """One internal note as a page shows it."""

    name: str
    role: str
    text: str
    written_at: int


def may_write(page: Page, about: Known) -> bool:
    """Whether this reader of an issue may write notes on it: for whoever holds it now."""
    return _may(page, about, "write", _department(about))


def readable(page: Page, about: Known) -> list[Written]:
    """Those that this reader may read, the newest first."""
    found = page.portal.own.inside.internal_notes(about.id)
    return [
        Written(page.officials.get(one.account, one.account), one.role, one.text, one.written_at)
        for one in found
        if _may(page, about, "read", one.department)
    ]


@router.get("/issues/{id}/notes")
async def show(id: str, page: Asked) -> Response:
    """All of them, and a form for another one."""
    return _show(page, _writable(page, id), page.draft())


@router.post("/issues/{id}/notes")
async def write(id: str, page: Asked) -> Response:
    """Write another one; sent twice it is one."""
    form, about = (await page.form()).form, _writable(page, id)
    if not form.text("text"):
        form.wrong("text", page.say("Write what your colleagues should know"))
    not_too_long(page, form, "text", MAX_REASON_CHARS)
    if form.errors:
        page.keep(form)
        return _show(page, about, form, 422)
    person = page.person().kept
    written = InternalNote(
        _department(about), person.account, person.role, form.text("text"), milliseconds(page.now)
    )
    page.portal.own.inside.write(about.id, written, f"{page.owner}/{form.sending()}")
    page.forget()
    return page.to(page.address)


def _writable(page: Page, id: str) -> Known:
    """An issue on which who asks may write for whoever holds it; raises NotHere."""
    about = known(page, id)
    if not may_write(page, about):
        raise NotHere
    return about


def _department(about: Known) -> str:
    """Inside of which department a note is: the one that holds it now; "" where none does, so of the office alone."""
    return str(about.issue["holder"] or "")


def _may(page: Page, about: Known, verb: str, department: str) -> bool:
    belongs = Belongs(departments=(department,) if department else ()).followed(page.successor)
    return may(about.sight.asker, "internal_note", verb, belongs)


def _show(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    holder = page.departments.get(_department(about), "")
    found = readable(page, about)
    title = about.issue["corrected_title"] or about.issue["title"] or about.issue["number"]
    return page.show(
        "issue/internal_notes.html",
        status,
        about=about,
        form=form,
        internal_notes=found,
        department=holder,
        title=title,
        most=MAX_REASON_CHARS,
    )
