"""At a talk: a department claims an issue or answers it, itself on its own phone, or by who keeps the record.

Whoever keeps the record chooses among the people of the departments that are there. Who answers sees the words of the
issue: they were said to everybody there.
"""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.department.drafting import check_date
from services.portal.desks.talks.about import PATH, Row, calls, departments_of, known, organises
from services.portal.desks.talks.device import FROM_DEVICE, taken
from services.portal.desks.talks.recording import PHASES, until_its_talk_has_answered
from services.portal.desks.talks.room import outcomes
from services.portal.doing import given, not_too_long
from services.portal.forms import WHOLE, Form
from services.portal.moves import is_legal
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import issues, rooms
from services.portal.queries.names import Official
from services.portal.reading import words_of
from shared.contract.event import MAX_TEXT_CHARS
from shared.contract.words import Outcome, Phase
from shared.domain.rights import IN_DEPARTMENTS, granted

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
CLAIM, ANSWER = "claim", "answer_on_the_spot"
FIELDS = {
    "outcome_not_for_kind": "outcome",
    "date_missing": "promised_on",
    "date_past": "promised_on",
    "wrong_role": "official",
}
"""What dispatch complains of -> our field."""


NAMES = {CLAIM: "claim", ANSWER: "answer"}
"""How a verb stands in an address."""


class There(NamedTuple):
    """An issue of a talk, and those in whose name it may be claimed or answered; nobody: in one's own."""

    talk: Row
    issue: Row
    verb: str
    people: Sequence[Official]

    @property
    def is_offered(self) -> bool:
        """Whether it may be asked as talk and issue stand now."""
        said_there = self.issue["phase"] != Phase.AFTER and self.talk["state"] in PHASES
        return said_there and is_legal(self.issue, self.verb)


def open_to(page: Page, talk: Row) -> list[str]:
    """What somebody of a department that is there may do about issues of this talk, on its page."""
    return [] if organises(page) else [verb for verb in NAMES if may(page, talk, verb)]


def offered(page: Page, talk: Row, issue: Row, verbs: Sequence[str]) -> Iterator[str]:
    """Those of the verbs that are possible now, as they stand in addresses: of what nobody else has."""
    for verb in verbs:
        if issue["holder"] in (None, "", *page.work) and There(talk, issue, verb, ()).is_offered:
            yield NAMES[verb]


def may(page: Page, talk: Row, verb: str) -> bool:
    """Whether who asks may claim or answer at this talk: who keeps its record, or somebody of a department there."""
    role = page.person().role
    if role not in granted("issue", verb):
        return False
    return role not in IN_DEPARTMENTS or bool({*page.work} & {*departments_of(talk)})


def _there(page: Page, id: str, issue: str, verb: str) -> There:
    """Raises NotHere."""
    page.person()
    talk, row = known(page, id), issues.issue(page.reads, issue)
    if row is None or row["talk"] != id or row["registered_at"] is None or not may(page, talk, verb):
        raise NotHere
    people: Sequence[Official] = ()
    if organises(page):
        found = rooms.people if verb == CLAIM else rooms.leaders
        people = list(found(page.reads, page.at, departments_of(talk)))
    return There(talk, row, verb, people)


@router.get(f"{PATH}/{{id}}/claim/{{issue}}")
async def to_claim(id: str, issue: str, page: Asked) -> Response:
    """Who claims it."""
    return await _open(page, _there(page, id, issue, CLAIM))


@router.post(f"{PATH}/{{id}}/claim/{{issue}}")
async def claim(id: str, issue: str, page: Asked) -> Response:
    """It is theirs from now on, and signed for."""
    return await _send(page, id, issue, CLAIM)


@router.get(f"{PATH}/{{id}}/answer/{{issue}}")
async def to_answer(id: str, issue: str, page: Asked) -> Response:
    """What came of it, and the words."""
    return await _open(page, _there(page, id, issue, ANSWER))


@router.post(f"{PATH}/{{id}}/answer/{{issue}}")
async def answer(id: str, issue: str, page: Asked) -> Response:
    """These words wait for the office, which lets them out."""
    return await _send(page, id, issue, ANSWER)


async def _open(page: Page, there: There) -> Response:
    if not there.is_offered:
        return page.to(_back(page, there, "not_now"))
    return await _form(page, there, page.draft())


async def _send(page: Page, id: str, issue: str, verb: str) -> Response:
    sent = await page.sent()
    if sent.pressed == FROM_DEVICE:
        return await taken(page, sent.form, lambda: _from_device(page, id, issue, verb, sent.form))
    form = (await page.form()).form
    there = _there(page, id, issue, verb)
    if not there.is_offered:
        return page.to(_back(page, there, "not_now"))
    page.keep(form)
    _check(page, there, form)
    if form.errors:
        return await _form(page, there, form, 422)
    answer = await ask(page, there, form, form.sending())
    if answer.is_done:
        page.forget()
        return page.to(_back(page, there, page.became(answer, verb)))
    status = page.explain(form, answer, FIELDS)
    page.keep(form)
    return await _form(page, there, form, status)


async def _from_device(page: Page, id: str, issue: str, verb: str, form: Form) -> Answer | None:
    key = form.sending()
    try:
        there = _there(page, id, issue, verb)
    except NotHere:
        form.wrong(WHOLE, page.say("There is nothing here, or it is not for you to read"))
        return None
    _check(page, there, form)
    return None if form.errors else await ask(page, there, form, key)


def _check(page: Page, there: There, form: Form) -> None:
    if organises(page) and form.text("official") not in {one.account for one in there.people}:
        form.wrong("official", page.say("Choose who of a department that is there says it"))
    if there.verb == CLAIM:
        return
    if form.text("outcome") not in dict(outcomes(page, there.issue["kind"])):
        form.wrong("outcome", page.say("Say what came of it"))
    if form.text("outcome") == Outcome.PLANNED:
        check_date(page, form)
    if not form.text("text"):
        form.wrong("text", page.say("Write what the enterprise is to read"))
    not_too_long(page, form, "text", MAX_TEXT_CHARS)


async def ask(page: Page, there: There, form: Form, key: str) -> Answer:
    """Ask dispatch, once it can know who is there."""
    await until_its_talk_has_answered(page, there.issue["id"])
    body: dict[str, Any] = given(form, "official")
    if there.verb == ANSWER:
        planned = form.text("outcome") == Outcome.PLANNED
        body |= given(form, "outcome", "text", *(("promised_on",) if planned else ()))
    path = f"/issues/{there.issue['id']}/{there.verb.replace('_', '-')}"
    return await page.ask("dispatch", path, body, key=key, subject=there.issue["id"])


def _back(page: Page, there: There, done: str) -> str:
    place = f"{PATH}/{there.talk['id']}"
    return f"{place}/room?done={done}" if organises(page) else f"{place}?done={done}"


async def _form(page: Page, there: There, form: Form, status: int = 200) -> Response:
    return page.show(
        "talks/on_the_spot.html",
        status,
        talk=there.talk,
        issue=there.issue,
        words=await words_of(page, there.issue),
        form=form,
        verb=there.verb,
        name=NAMES[there.verb],
        people=there.people,
        in_a_name=organises(page),
        outcomes=outcomes(page, there.issue["kind"]),
        most=MAX_TEXT_CHARS,
        **calls(page),
    )
