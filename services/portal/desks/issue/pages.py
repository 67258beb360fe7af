"""The page of one issue: where it stands, who has it, until when; what was said; its whole history; what one can do."""

from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import Annotated, Any, NamedTuple

import httpx
from fastapi import APIRouter, Depends
from fastapi.responses import Response, StreamingResponse

from services.portal.actions import choice
from services.portal.desks import acting
from services.portal.desks.department.drafts import drafts_of
from services.portal.desks.instructions import pages as instructing
from services.portal.desks.issue import internal_notes, linked
from services.portal.desks.issue.picture import pictures
from services.portal.live import Watched, stream
from services.portal.opinions import clocks_of, opinions_of
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import documents, instructions, issues, names, questions
from services.portal.reading import Known, files_of, known, ladder_of, words_of
from services.portal.sentences import Sentence, Teller
from services.portal.times import instant
from shared.contract.envelope import write_seen
from shared.domain.documents import number_text

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
STATES = ("registered", "assigned", "in_progress", "reviewing", "replied")
"""The first state of each of the five steps."""
_AT_STEP = {
    "registered": 1,
    "awaiting_material": 1,
    "accepted": 1,
    "appealed": 1,
    "assigned": 2,
    "returned": 2,
    "in_progress": 2,
    "suspended": 2,
    "rework": 2,
    "reviewing": 3,
    "replied": 4,
    "rework_asked": 4,
    "tracked": 4,
    "closed": 5,
}
SENT_ON = ("content-type", "content-length", "content-disposition")


class Step(NamedTuple):
    """One of the five steps: ``done``, ``now`` or "", and what is to be said of it."""

    name: str
    state: str
    small: str


@router.get("/issues/{id}")
async def show(id: str, page: Asked, done: str = "") -> Response:
    """The issue, for whoever may read it."""
    seen = write_seen(issues.reached(page.reads, id))
    return page.show("issue/issue.html", done=done, seen=seen, **await _parts(page, id))


@router.get("/issues/{id}/live")
async def live(id: str, page: Asked, seen: str = "") -> Response:
    """The same again whenever something happens to it, as long as it is looked at."""
    known(page, id)
    watched = Watched(
        lambda changed: id in changed.subjects, lambda: issues.reached(page.portal.projection.reader(), id)
    )

    async def draw() -> str:
        again = Page(page.portal, page.request)
        return again.draw("issue/body.html", **await _parts(again, id))

    return stream(page, seen, watched, draw)


async def _parts(page: Page, id: str) -> dict[str, Any]:
    about = known(page, id)
    page.unread.opened(about.issue)
    return {
        "about": about,
        "issue": about.issue,
        "words": await words_of(page, about.issue) if about.sight.words else None,
        "files": files_of(about.issue) if about.sight.words else [],
        "questions": questions.of_issue(page.reads, id) if about.sight.words else (),
        "materials": questions.before_acceptance(page.reads, id) if about.sight.words else (),
        "answered_with": questions.files_of,
        "steps": list(steps(page, about)),
        "replies": issues.replies(page.reads, id),
        "clocks": clocks_of(page, about),
        "opinions": await opinions_of(page, about),
        "ladder": ladder_of(page, about.issue),
        "documents": documents.of_issue(page.reads, id) if about.sight.handling else (),
        "instructed": [
            (one, instructing.possible(page, about, one)) for one in instructions.of_issue(page.reads, id)
        ]
        if about.sight.handling
        else (),
        "number_text": number_text,
        "picture": next(pictures(page, [about.issue])) if about.sight.handling else None,
        "history": await page.drawn_once(
            "issue/history.html",
            (page.as_of, issues.reached(page.reads, id)),
            *(id, about.sight),
            context=lambda: {"history": list(history(page, about))},
        ),
        "enterprise": _enterprise(page, about),
        "drafts": await drafts_of(page, about) if about.sight.drafts and about.issue["draft"] else None,
        "internal_notes": internal_notes.readable(page, about)
        if internal_notes.may_write(page, about)
        else None,
        "may_revoke_link": linked.may_revoke(about),
        "choice": choice(iter(await acting.actions(page, about)), about.issue, about.sight, page.say),
    }


@router.get("/issues/{id}/files/{hash}")
async def file(id: str, hash: str, page: Asked) -> Response:
    """One file of the issue, as intake gives it to this person: to be saved, not shown in place."""
    about = known(page, id)
    every = (*questions.of_issue(page.reads, id), *questions.before_acceptance(page.reads, id))
    answers = (questions.files_of(one) for one in every)
    listed = {one["hash"] for one in chain(files_of(about.issue), *answers)}
    if not about.sight.words or hash not in listed:
        raise NotHere
    path, visitor = f"/issues/{id}/attachments/{hash}", page.person()
    found = await page.portal.services.download(path, visitor=visitor, language=page.view.language)
    if found is None:
        return page.show("problem.html", 503, title=page.say("The file cannot be fetched right now"))
    if found.status_code != 200:
        await found.aclose()
        raise NotHere
    headers = {name: found.headers[name] for name in SENT_ON if name in found.headers}
    return StreamingResponse(_chunks(found), headers=headers)


async def _chunks(found: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for chunk in found.aiter_raw():
            yield chunk
    finally:
        await found.aclose()  # also where nobody waits for the rest


def steps(page: Page, about: Known) -> Iterator[Step]:
    """The five steps with when each was taken, and on the one that is now who has it."""
    issue, say = about.issue, page.say
    at = _AT_STEP.get(issue["state"], -1)
    dates = ("registered_at", "assigned_first_at", None, "last_replied_at", "rated_at")
    titles = (say("Register"), say("Assign"), say("Handle"), say("Reply"), say("Rating"))
    for place, (title, column) in enumerate(zip(titles, dates, strict=True)):
        when = instant(issue[column]) if column and issue[column] else None
        state = "done" if place < at or (at < 0 and when) else "now" if place == at else ""
        yield Step(title, state, _small(page, about, place, state, page.times.moment(when) if when else ""))


def _small(page: Page, about: Known, place: int, state: str, when: str) -> str:
    issue = about.issue
    due = instant(issue["due_at"]) if issue["due_at"] else None
    if place == 2 and state == "now":
        return page.departments.get(issue["holder"] or "", issue["holder"] or "")
    if place == 3 and not when and due is not None and state != "done" and issue["ended_at"] is None:
        return page.say("promised %(day)s") % {"day": page.times.day_of(due)}
    if place == 3 and state == "now":
        return ""
    return when if state != "" or place == 0 else ""


def history(page: Page, about: Known) -> Iterator[Sentence]:
    """What happened, the newest first, in sentences for this reader."""
    teller = Teller(page.say, page.times, about.sight, page.departments, page.officials)
    for entry in issues.timeline(page.reads, about.id):
        if sentence := teller.sentence(entry):
            yield sentence


def _enterprise(page: Page, about: Known) -> str:
    code = about.issue["enterprise"]
    return names.enterprise(page.reads, code) if code and about.sight.raiser else ""
