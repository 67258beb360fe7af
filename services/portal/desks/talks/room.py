"""The clerk's desk in a talk's room: who is there, what they say word for word, and what has been recorded so far.

It is worked by keyboard alone, also while the line is cut; without scripts it is a plain form, sent once an issue.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.talks.about import (
    PATH,
    TO_FIELDS,
    Row,
    calls,
    departments_of,
    known,
    may_open,
    organiser,
    organises,
)
from services.portal.desks.talks.device import FROM_DEVICE, taken
from services.portal.desks.talks.naming import names_of
from services.portal.desks.talks.recording import OTHER, PHASES, check, record
from services.portal.forms import WHOLE, Form
from services.portal.listing import LIVE, listed
from services.portal.moves import is_legal
from services.portal.pages import Page, page_of
from services.portal.queries import names, rooms, talks
from services.portal.queries.rooms import Mark
from services.portal.words import phrase
from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.words import OUTCOMES, Kind, Outcome, Phase
from shared.domain.rights import granted

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
FIELDS = {**TO_FIELDS, "occasion.id": WHOLE}


class Recorded(NamedTuple):
    """An issue of the talk as it is shown here."""

    issue: Row
    enterprise: str
    mark: Mark | None
    may_open: bool
    may_claim: bool
    may_answer: bool


class Speaker(NamedTuple):
    """Somebody who may be chosen as speaker, and the keys that do it."""

    keys: str
    person: str
    said: str
    how: str
    has_come: bool


@router.get(f"{PATH}/{{id}}/room")
async def show(id: str, page: Asked, speaker: str = "", done: str = "", named: str = "") -> Response:
    """The talk's room; of one that is over what is added. ``named``: people by name, which is written down."""
    organiser(page)
    talk = known(page, id)
    if talk["state"] == "announced":
        return page.to(f"{PATH}/{id}?done=not_now")
    form = page.draft()
    form.values.setdefault("speaker", speaker)
    return await _show(page, talk, form, done=done, by_name=bool(named))


@router.post(f"{PATH}/{{id}}/room")
async def write_down(id: str, page: Asked) -> Response:
    """Record one issue; whoever spoke stays chosen."""
    sent = await page.sent()
    if sent.pressed == FROM_DEVICE:
        return await taken(page, sent.form, lambda: _from_device(page, id, sent.form))
    form = (await page.form()).form
    organiser(page)
    talk = known(page, id)
    if talk["state"] not in PHASES:
        return page.to(f"{PATH}/{id}/room" if talk["state"] == "cancelled" else f"{PATH}/{id}?done=not_now")
    page.keep(form)
    there = talks.participants(page.reads, id)
    check(page, form, talk, there)
    if form.errors:
        return await _show(page, talk, form, 422)
    answer = await record(page, form, talk, there, form.sending())
    if answer.kind == "done":
        page.forget()
        chosen = form.text("speaker")
        return page.to(
            f"{PATH}/{id}/room?done={page.became(answer, 'record')}{f'&speaker={chosen}' if chosen != OTHER else ''}"
        )
    status = 422 if form.errors else page.explain(form, answer, FIELDS)
    page.keep(form)
    return await _show(page, talk, form, status)


async def _from_device(page: Page, id: str, form: Form) -> Answer | None:
    key, talk = form.sending(), talks.one(page.reads, id)
    if not organises(page) or talk is None:
        form.wrong(WHOLE, page.say("There is nothing here, or it is not for you to read"))
    elif talk["state"] == "cancelled":
        form.wrong(
            WHOLE, page.say("The talk was called off: nothing is recorded of it. Write it down otherwise.")
        )
    elif talk["state"] not in PHASES:
        form.wrong(WHOLE, page.say("The talk has not begun: begin it first"))
    if form.errors or talk is None:
        return None
    there = talks.participants(page.reads, id)
    check(page, form, talk, there)
    if form.errors:
        return None
    return await record(page, form, talk, there, key)


async def _show(
    page: Page, talk: Row, form: Form, status: int = 200, *, done: str = "", by_name: bool = False
) -> Response:
    there, is_stream = talks.participants(page.reads, talk["id"]), LIVE in page.request.query_params
    why = page.say("In the room of the talk %(id)s") % {"id": talk["id"]}
    known_as = await names_of(page, there, why) if by_name and not is_stream else {}
    departments = departments_of(talk)

    async def draw(page: Page) -> str:
        rows = list(_recorded(page, talk))
        return page.draw("talks/recorded.html", rows=rows, talk=talk, **calls(page))

    response = await listed(
        page,
        "talks/room.html",
        draw,
        talk=talk,
        form=form,
        nothing=Form(),
        done=done,
        speakers=_speakers(page, there, known_as),
        other=OTHER,
        are_named=bool(known_as),
        may_name=page.person().role in granted("person", "contact"),
        phase=form.text("phase") or PHASES.get(talk["state"], ("",))[0],
        kinds=[(kind.value, page.say(phrase("kind", kind))) for kind in Kind],
        claimers=list(rooms.people(page.reads, page.at, departments)),
        leaders=list(rooms.leaders(page.reads, page.at, departments)),
        outcomes=outcomes(page),
        from_device=FROM_DEVICE,
        most=MAX_TEXT_CHARS,
        most_title=MAX_TITLE_CHARS,
        **calls(page),
    )
    response.status_code = status
    return response


def outcomes(page: Page, kind: str = "") -> list[tuple[str, str]]:
    """What can come of an issue, in words; of one whose kind is not known here anything."""
    some = OUTCOMES.get(kind, tuple(Outcome)) if kind else tuple(Outcome)
    return [(one.value, page.say(phrase("outcome", one))) for one in some]


def _speakers(page: Page, there: Sequence[Row], known_as: Mapping[str, str]) -> list[Speaker]:
    """In the order in which they were first spoken of, which does not change while they sit there."""
    width = len(str(len(there)))
    nobody = page.say("Somebody without an enterprise")
    return [
        Speaker(
            f"{number:0{width}}",
            one["person"],
            "　".join(
                part
                for part in (
                    known_as.get(one["person"], ""),
                    one["enterprise_name"] or one["enterprise"] or nobody,
                )
                if part
            ),
            str(one["how"]),
            bool(one["attended"]),
        )
        for number, one in enumerate(there, start=1)
    ]


def _recorded(page: Page, talk: Row) -> Sequence[Recorded]:
    """Everything that was said or brought, the newest first."""
    there = talks.members(page.reads, talk["id"])
    done = rooms.marks(page.reads, [row["id"] for row in there])
    codes = [row["enterprise"] for row in there if row["enterprise"]]
    called = names.enterprises(page.reads, codes)
    departments = departments_of(talk)
    found = []
    for row in reversed(there):
        mark = done.get(row["id"])
        if mark is not None and mark.department != (row["holder"] or ""):
            mark = None  # it was taken back
        open_there = bool(departments) and row["phase"] != Phase.AFTER and talk["state"] in PHASES
        found.append(
            Recorded(
                row,
                called.get(row["enterprise"], "") if not row["anonymous"] else "",
                mark,
                may_open(page, row),
                open_there and is_legal(row, "claim"),
                open_there
                and is_legal(row, "answer_on_the_spot")
                and (not row["holder"] or mark is not None),
            )
        )
    return found
