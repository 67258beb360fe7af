"""Raising on behalf: what somebody said on the phone, in a letter, at a visit or a talk, written down in their name."""

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.attaching import files_in, take
from services.portal.desks.entrepreneur.raising import check_words, id_of
from services.portal.desks.office.beside import PLACE, office, office_issue
from services.portal.doing import given, link_to, not_too_long
from services.portal.forms import WHOLE, Form
from services.portal.pages import Page, page_of
from services.portal.queries import issues, names, talks
from services.portal.words import WORDS, phrase
from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.words import Kind, Phase, Source
from shared.domain.clocks import SHANGHAI

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = f"{PLACE}/raise"
SOURCES = [source for source in Source if source is not Source.ONLINE]
"""Whoever raises something online does it themselves."""
OCCASION = {
    Source.HOTLINE: ("called_from",),
    Source.WRITTEN: ("on",),
    Source.VISIT: ("on", "visited_by", "id"),
    Source.TALK: ("on", "id"),
    Source.MONITORING_POINT: ("on", "id"),
    Source.DELIBERATION: ("on", "id"),
}
"""What is asked of the occasion, by source; intake says what it cannot do without."""
PHASES = {"announced": Phase.BEFORE, "open": Phase.AT}
"""By the state of a talk what is said of an issue that is written down then; it came after any other."""
TO_FIELDS = {
    "wrong_credit_code": "enterprise",
    "attachments": "files",
    "occasion.called_from": "occasion_called_from",
}
MOST_NAME, MOST_PHONE, MOST_MAIL = 100, 40, 254


@router.get(PATH)
async def write(page: Asked, talk: str = "") -> Response:
    """The form, as far as it was filled in before; ``talk``: what was said at that one, or for it."""
    office(page)
    form = Form(page.portal.own.draft(page.owner, PATH))
    if "sent" in form.values:
        form = Form()
    if (found := talks.one(page.reads, talk)) is not None:
        phase = PHASES.get(found["state"], Phase.AFTER)
        form.values |= {"source": Source.TALK.value, "phase": phase.value, "occasion_id": found["id"]}
        form.values.pop("occasion_on", None)  # the talk knows its day
    return _write(page, form)


@router.post(PATH)
async def keep(page: Asked) -> Response:
    """Keep what was written and the files, quietly while somebody types; go on to the answers when all is there."""
    sent = await page.form()  # first: what was typed is kept where the sign-in is over
    office(page)
    form, draft = sent.form, Form(page.portal.own.draft(page.owner, PATH))
    if files := files_in(draft):
        form.values["files"] = files
    if sent.pressed == "quietly":
        page.keep(form)
        return Response(status_code=204)
    for file in sent.form.uploads:
        await take(page, form, file)
    if sent.pressed.startswith("remove:"):
        form.values["files"] = [one for one in files_in(form) if one["sha256"] != sent.pressed[7:]]
        page.keep(form)
        return _write(page, form)
    _check(page, form)
    if not form.errors and form.text("phone"):
        await _find(page, form)
    page.keep(form)
    return _write(page, form, 422) if form.errors else page.to(f"{PATH}/check")


@router.get(f"{PATH}/check")
async def check(page: Asked) -> Response:
    """Everything once more, as it is read back to who says it."""
    office(page)
    form = Form(page.portal.own.draft(page.owner, PATH))
    return _checked(page, form) if form.text("title") else page.to(PATH)


@router.post(f"{PATH}/check")
async def send(page: Asked) -> Response:
    """Register the person where they are new, raise the issue in their name, and make their link, shown here alone."""
    await page.form()
    office(page)
    form = Form(page.portal.own.draft(page.owner, PATH))
    if sent := form.text("sent"):
        return page.to(f"{PLACE}/issues/{sent}/recorded")
    _check(page, form)
    if form.errors:
        return _write(page, form, 422)
    key = form.sending()
    found = await _person(page, form, key)
    if not isinstance(found, str):
        return _again(page, form, found)
    answer = await page.ask("intake", "/issues", _body(form, found), key=key)
    if not answer.is_done:
        return _again(page, form, answer)
    id = id_of(answer)
    page.portal.own.keep_draft(page.owner, PATH, {"sent": id}, page.now)
    return await _link(page, id, f"{key}-link", is_new=True)


def _again(page: Page, form: Form, answer: Answer) -> Response:
    """Why it was not taken, or not yet: at the field where it is one's, else above all answers."""
    status = page.explain(form, answer, TO_FIELDS)
    page.portal.own.keep_draft(page.owner, PATH, form.kept(), page.now)
    return _checked(page, form, status) if WHOLE in form.errors else _write(page, form, status)


# ------------------------------------------------------------ the person


async def _find(page: Page, form: Form) -> None:
    """Whose this very phone is; what intake cannot read as a phone is said at its field."""
    answer = await page.ask("intake", "/people/find", {"phone": form.text("phone")}, key=form.key)
    form.values["person"] = str(answer.body.get("person") or "")
    if answer.kind == "wrong":
        page.explain(form, answer)


async def _person(page: Page, form: Form, key: str) -> str | Answer:
    """The reference of who raises it: known by their phone, or registered now; else why not."""
    if known := form.text("person"):
        return known
    body = given(form, "name", "phone", "mail", "enterprise")
    answer = await page.ask("intake", "/people", body, key=f"{key}-person")
    return str(answer.body["person"]) if answer.kind == "done" else answer


def _body(form: Form, person: str) -> dict[str, Any]:
    body: dict[str, Any] = given(form, "kind", "title", "text", "enterprise")
    body |= {"origin": form.text("source"), "person": person}
    body |= {name: True for name in ("urgent", "anonymous") if form.is_ticked(name)}
    said = OCCASION.get(Source(form.text("source")), ())
    if occasion := {name: value for name in said if (value := form.text(f"occasion_{name}"))}:
        body["occasion"] = occasion
    if form.text("source") == Source.TALK and form.text("phase"):
        body["phase"] = form.text("phase")
    if files := files_in(form):
        body["attachments"] = [one["receipt"] for one in files]
    return body


def _check(page: Page, form: Form) -> None:
    source = form.text("source")
    if source not in SOURCES:
        form.wrong("source", page.say("Say how it came to you"))
    check_words(page, form)
    if not form.text("name"):
        form.wrong("name", page.say("Write the name of who says it: only that person can rate the reply"))
    for name, most in (("name", MOST_NAME), ("phone", MOST_PHONE), ("mail", MOST_MAIL)):
        not_too_long(page, form, name, most)
    if form.text("kind") not in set(Kind):
        form.values["kind"] = Kind.PROBLEM
    if form.text("phase") not in set(Phase):
        form.values.pop("phase", None)
    if form.text("enterprise") and len(form.text("enterprise")) != 18:
        said = page.say("The unified social credit code has 18 characters; it may be left out")
        form.wrong("enterprise", said)
    _check_occasion(page, form, source)


def _check_occasion(page: Page, form: Form, source: str) -> None:
    if source == Source.HOTLINE and not form.text("occasion_called_from"):
        form.wrong("occasion_called_from", page.say("Write the number that was called from"))
    if source in (Source.WRITTEN, Source.VISIT) and not form.text("occasion_on"):
        form.wrong("occasion_on", page.say("Write the date of the letter or the visit"))
    if source == Source.VISIT and not form.text("occasion_visited_by"):
        form.values["occasion_visited_by"] = page.person().kept.account
    try:
        if (
            date.fromisoformat(form.text("occasion_on") or "2026-01-01")
            > page.now.astimezone(SHANGHAI).date()
        ):
            form.wrong("occasion_on", page.say("That day is still to come"))
    except ValueError:
        form.wrong("occasion_on", page.say("Write the date as year, month and day: 2026-11-25"))


# -------------------------------------------------------- what is handed over


@router.get(f"{PLACE}/issues/{{id}}/recorded")
async def recorded(id: str, page: Asked) -> Response:
    """Its number and promised date, to be told; a link only when one is asked for anew."""
    office(page)
    return _recorded(page, id, is_new=True)


@router.post(f"{PLACE}/issues/{{id}}/make-link")
async def make_link(id: str, page: Asked) -> Response:
    """Another link, shown once; the one before is good no more."""
    form = (await page.form()).form
    office_issue(page, id)
    return await _link(page, id, form.sending())


@router.get(f"{PLACE}/issues/{{id}}/make-link")
async def link(id: str, page: Asked) -> Response:
    """What a link is for, and that a new one ends the one before."""
    office_issue(page, id)
    return _recorded(page, id)


async def _link(page: Page, id: str, key: str, *, is_new: bool = False) -> Response:
    link = await link_to(page, id, key)
    if isinstance(link, str):
        return _recorded(page, id, link, is_new=is_new)
    return _recorded(page, id, is_new=is_new, is_refused=not link.is_done)


def _recorded(
    page: Page, id: str, link: str = "", *, is_new: bool = False, is_refused: bool = False
) -> Response:
    """``is_new``: the issue was written down this moment, and its number is told with the link."""
    known = issues.issue(page.reads, id)  # None: the event is still on its way here
    more = {"link": link, "is_new": is_new, "is_refused": is_refused, "form": Form()}
    return page.show("office/recorded.html", 200, issue=known, id=id, **more)


def _write(page: Page, form: Form, status: int = 200) -> Response:
    form.values.setdefault("kind", Kind.PROBLEM)
    officials = list(names.officials(page.reads, page.at))
    return page.show(
        "office/raise.html",
        status,
        form=form,
        files=files_in(form),
        sources=[(source.value, page.say(phrase("source", source))) for source in SOURCES],
        phases=WORDS["phase"],
        officials=officials,
        title_most=MAX_TITLE_CHARS,
        most=MAX_TEXT_CHARS,
    )


def _checked(page: Page, form: Form, status: int = 200) -> Response:
    return page.show("office/check_words.html", status, form=form, files=files_in(form))
