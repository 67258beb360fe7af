"""Who shall come to a talk (点名): by their phone, or out of those who wait for an answer in the theme's trade."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import uuid4

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.addresses import with_query
from services.portal.asking import Answer
from services.portal.desks.entrepreneur.raising import id_of
from services.portal.desks.talks import proposing
from services.portal.desks.talks.about import PATH, TO_FIELDS, Asked, Row, ask, calls, left, to_do
from services.portal.doing import given, not_too_long
from services.portal.forms import Form
from services.portal.pages import Page
from services.portal.queries import themes
from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.words import Phase, Source
from shared.domain.rights import granted

router = APIRouter()
INVITED = "invited-"
"""Before the reference of somebody who is proposed: the box that says that they shall come."""
MOST_NAME, MOST_PHONE, MOST_CODE = 100, 40, 18


@router.get(f"{PATH}/{{id}}/name")
async def whom(id: str, page: Asked, trade: str = "", named: str = "") -> Response:
    """Who shall take part, by their phone, or whose question is read out; ``trade``: whose people are proposed.

    ``named``: those people by name, which is written down.
    """
    talk = to_do(page, id, "name")
    if isinstance(talk, Response):
        return talk
    return await _name(page, talk, page.draft(), trade=trade, by_name=bool(named))


@router.post(f"{PATH}/{{id}}/name")
async def name(id: str, page: Asked) -> Response:
    """Find or register them, write their question down in their name, and put them on the list; or keep what was
    typed, quietly while somebody types.
    """
    sent = await page.form()
    form, talk = sent.form, to_do(page, id, "name")
    if isinstance(talk, Response):
        return talk
    page.keep(form)
    if sent.pressed == "quietly":
        return Response(status_code=204)
    if invited := [field.removeprefix(INVITED) for field in form.values if field.startswith(INVITED)]:
        return await ask(page, talk, "name", _invited(page, talk, form, invited), form, _name)
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


def _invited(page: Page, talk: Row, form: Form, invited: Collection[str]) -> dict[str, Any]:
    """Those of the proposed who were ticked, all at once; what else was filled in asks for somebody else."""
    if any(form.text(field) for field in ("phone", "name", "title", "text")):
        said = page.say("Name those who are proposed, or somebody by their phone: one after the other")
        form.wrong("phone", said)
    if len(invited) > left(talk):
        said = page.say("%(left)d places are left: tick no more, or give the talk more places first")
        form.wrong("invited", said % {"left": left(talk)})
    found = {row["person"]: row for row in themes.people(page.reads, form.text("trade"), talk["id"])}
    if gone := [one for one in invited if one not in found]:
        said = page.say("%(num)d of them take part already, or wait for nothing any more: choose again")
        form.wrong("invited", said % {"num": len(gone)})
    rows = [found[one] for one in invited if one in found]
    return {
        "participants": [{"person": row["person"], "enterprise": row["enterprise"] or ""} for row in rows]
    }


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


async def _name(
    page: Page, talk: Row, form: Form, status: int = 200, *, trade: str = "", by_name: bool = False
) -> Response:
    found = [one.of for one in await proposing.trades(page)]
    asked = trade or form.text("trade")
    trade = asked if asked in found else _trade_of(talk, found)
    proposed = themes.people(page.reads, trade, talk["id"]) if trade else []
    address = f"{PATH}/{talk['id']}/name"
    why = page.say("Whom to name for the talk %(id)s") % {"id": talk["id"]}
    return page.show(
        "talks/name.html",
        status,
        talk=talk,
        form=form,
        trade=trade,
        trades=[(one, with_query(address, {"trade": one})) for one in found],
        by_name=with_query(address, {"trade": trade, "named": "1"}),
        proposed=proposed,
        invited=INVITED,
        known_as=await names_of(page, proposed, why) if by_name else {},
        may_name=page.person().role in granted("person", "contact"),
        most_title=MAX_TITLE_CHARS,
        most=MAX_TEXT_CHARS,
        **calls(page),
    )


def _trade_of(talk: Row, trades: Sequence[str]) -> str:
    """The trade that a theme names, the one with the most issues first; else that its questions name."""
    return next(
        (trade for field in ("theme", "questions") for trade in trades if trade in (talk[field] or "")), ""
    )


async def names_of(page: Page, people: Sequence[Row], why: str) -> Mapping[str, str]:
    """person -> name, as far as who asks may see it; intake writes down who looked, and why."""

    async def one(person: str) -> str:
        answer = await page.ask("intake", f"/people/{person}/contact", {"why": why}, key=uuid4().hex)
        return str(answer.body.get("name") or "") if answer.kind == "done" else ""

    references = [row["person"] for row in people]
    return dict(zip(references, await asyncio.gather(*map(one, references)), strict=True))
