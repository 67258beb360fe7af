"""What is done about a talk as its day comes: name who shall come, begin it, write down who came, close it."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.entrepreneur.raising import id_of
from services.portal.desks.talks.about import (
    PATH,
    TO_FIELDS,
    Asked,
    Read,
    Row,
    ask,
    calls,
    left,
    serve,
    to_do,
)
from services.portal.doing import given, not_too_long
from services.portal.forms import Form
from services.portal.pages import Page
from services.portal.queries import talks
from services.portal.queries.published import reference
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.words import Phase, Source, TakesPart
from shared.domain.clocks import due_at
from shared.domain.reference import NotPublished

router = APIRouter()
CAME = "came-"
"""Before the reference of a participant: the box that says that they came."""
MOST_NAME, MOST_PHONE, MOST_CODE = 100, 40, 18


# ------------------------------------------------------------------- naming


@router.get(f"{PATH}/{{id}}/name")
async def whom(id: str, page: Asked) -> Response:
    """Who shall take part, by their phone, or whose question is read out."""
    talk = to_do(page, id, "name")
    return talk if isinstance(talk, Response) else await _name(page, talk, page.draft())


@router.post(f"{PATH}/{{id}}/name")
async def name(id: str, page: Asked) -> Response:
    """Find or register them, write their question down in their name, and put them on the list."""
    form = (await page.form()).form
    talk = to_do(page, id, "name")
    if isinstance(talk, Response):
        return talk
    page.keep(form)
    _check_person(page, form, talk)
    if form.errors:
        return await _name(page, talk, form, 422)
    key = form.sending()
    person = await person_of(page, form, key)
    if not isinstance(person, str):
        return await _again(page, talk, form, person)
    one: dict[str, Any] = {"person": person, **given(form, "enterprise")}
    if form.is_ticked("written"):
        one["written"] = True
    if form.text("title"):
        answer = await page.ask("intake", "/issues", _question(form, talk, person), key=f"{key}-issue")
        if not answer.is_done:
            return await _again(page, talk, form, answer)
        one["issue"] = id_of(answer)
    return await ask(page, talk, "name", {"participants": [one]}, form, _name)


def _check_person(page: Page, form: Form, talk: Row) -> None:
    if not form.text("phone"):
        form.wrong("phone", page.say("Write the phone of who shall come: they are known by it"))
    if form.text("enterprise") and len(form.text("enterprise")) != MOST_CODE:
        said = page.say("The unified social credit code has 18 characters; it may be left out")
        form.wrong("enterprise", said)
    for field, most in (
        ("name", MOST_NAME),
        ("phone", MOST_PHONE),
        ("title", MAX_TITLE_CHARS),
        ("text", MAX_TEXT_CHARS),
    ):
        not_too_long(page, form, field, most)
    if bool(form.text("title")) != bool(form.text("text")):
        missing = "text" if form.text("title") else "title"
        form.wrong(
            missing,
            page.say("A question has a line that says what it is about, and a text: write both, or neither"),
        )
    if form.is_ticked("written") and not form.text("title"):
        form.wrong("title", page.say("Write the question that they have sent"))
    if not form.is_ticked("written") and not left(talk):
        form.wrong("phone", page.say("No place is left: give the talk more places first"))


async def person_of(page: Page, form: Form, key: str) -> str | Answer:
    """The reference of who has this phone, or of who is registered with it now; else why not."""
    answer = await page.ask("intake", "/people/find", given(form, "phone"), key=f"{key}-find")
    if answer.kind != "done" or answer.body.get("person"):
        return str(answer.body["person"]) if answer.kind == "done" else answer
    if not form.text("name"):
        form.wrong("name", page.say("Nobody is known by this phone yet: write their name too"))
        return answer
    answer = await page.ask(
        "intake", "/people", given(form, "name", "phone", "enterprise"), key=f"{key}-person"
    )
    return str(answer.body["person"]) if answer.kind == "done" else answer


def _question(form: Form, talk: Row, person: str) -> dict[str, Any]:
    said = given(form, "title", "text", "enterprise")
    return {**said, "person": person, **of_talk(talk)}


def of_talk(talk: Row) -> dict[str, Any]:
    """What a question that is collected for a talk says of its origin."""
    return {"origin": Source.TALK.value, "phase": Phase.BEFORE.value, "occasion": {"id": talk["id"]}}


async def _again(page: Page, talk: Row, form: Form, answer: Answer) -> Response:
    status = 422 if form.errors else page.explain(form, answer, TO_FIELDS)
    page.keep(form)
    return await _name(page, talk, form, status)


async def _name(page: Page, talk: Row, form: Form, status: int = 200) -> Response:
    return page.show(
        "talks/name.html",
        status,
        talk=talk,
        form=form,
        most_title=MAX_TITLE_CHARS,
        most=MAX_TEXT_CHARS,
        **calls(page),
    )


# --------------------------------------------------------- the talk's course


def _nothing(page: Page, talk: Row, form: Form) -> dict[str, Any]:
    return {}


def _why(page: Page, talk: Row, form: Form) -> dict[str, Any]:
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why it is called off: everybody who signed up reads it"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    return given(form, "reason")


def _who_came(page: Page, talk: Row, form: Form) -> dict[str, Any]:
    expected = talks.participants(page.reads, talk["id"])
    came = [one for one in expected if form.is_ticked(f"{CAME}{one['person']}")]
    if not came:
        form.wrong("came", page.say("Tick who has come"))
    return {"attendees": [{"person": one["person"], "enterprise": one["enterprise"] or ""} for one in came]}


async def _confirm(page: Page, talk: Row, form: Form, status: int, *, verb: str) -> Response:
    waiting = [
        one
        for one in talks.members(page.reads, talk["id"])
        if one["promised_at"] is None and one["ended_at"] is None
    ]
    return page.show(
        "talks/confirm.html",
        status,
        talk=talk,
        form=form,
        verb=verb,
        waiting=waiting,
        due=_due(page) if verb in ("hold", "cancel") and waiting else None,
        participants=[
            one for one in talks.participants(page.reads, talk["id"]) if one["how"] != TakesPart.WRITTEN
        ],
        came=CAME,
        most=MAX_REASON_CHARS,
        **calls(page),
    )


def _due(page: Page) -> datetime | None:
    """By when a promise falls due that begins now; None where no policy or calendar was read here."""
    published = reference(page.reads, page.portal.jurisdiction)
    try:
        policy, calendar = published.policies.at(page.now), published.calendars.at(page.now)
    except NotPublished:
        return None
    return due_at(page.now, policy.limits["promise"], policy, calendar).at


COURSE: Mapping[str, Read] = {"open": _nothing, "hold": _nothing, "cancel": _why, "attend": _who_came}
"""What is confirmed as the talk goes on, and what is read from the form of each."""
for _verb, _read in COURSE.items():
    serve(router, _verb, partial(_confirm, verb=_verb), _read)
