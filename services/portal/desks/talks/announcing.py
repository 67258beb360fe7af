"""Announcing a talk, and saying anew what was announced: theme, time, place, leaders, departments."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.desks.talks import leaders, proposing
from services.portal.desks.talks.about import (
    PATH,
    TO_FIELDS,
    Asked,
    Read,
    Row,
    calls,
    day_of,
    departments_of,
    leaders_of,
    organiser,
    read_time,
    serve,
)
from services.portal.doing import given, not_too_long
from services.portal.forms import Form
from services.portal.pages import Page
from services.portal.queries import names, talks
from services.portal.times import instant
from services.portal.words import WORDS, phrase
from shared.contract.commands.talks import MOST_PLACES
from shared.contract.event import MAX_REASON_CHARS, MAX_TITLE_CHARS
from shared.contract.words import Level, Series
from shared.domain.clocks import SHANGHAI

router = APIRouter()
ANNOUNCE = f"{PATH}/announce"
DEPARTMENT = "department-"
"""Before the code of a department: the box that says that it will be there."""
DESCRIBED = ("theme", "questions", "place")
MOST_NUMBER = 999


@router.get(ANNOUNCE)
async def write(page: Asked, week: str = "", place: str = "") -> Response:
    """The form: as far as it was filled in, else with what the rotation says of the next Wednesday."""
    organiser(page)
    form = page.draft()
    if not form.values:
        form = _begun(page, place)
    return await _announce(page, form)


@router.post(ANNOUNCE)
async def announce(page: Asked) -> Response:
    """Announce it; the agenda refuses leaders who are engaged at that time."""
    form = (await page.form()).form
    organiser(page)
    page.keep(form)
    body = _described(page, form)
    body |= _of_the_series(page, form)
    at = read_time(page, form, "on", "begins", "ends")
    place = form.text("jurisdiction") or page.portal.jurisdiction
    found = leaders.read(page, form, "leaders", place)
    if not found and form.text("series") != Series.SERVICE_DAY:
        form.wrong("leaders", page.say("Name who leads it: only a service-centre day asks no leader"))
    if form.errors or at is None:
        return await _announce(page, form, 422)
    body |= {"starts_at": at[0].isoformat(), "ends_at": at[1].isoformat(), "leaders": found}
    path = f"/agendas/{page.portal.jurisdiction}/announce"
    answer = await page.ask("intake", path, body, key=form.sending())
    if answer.is_done:
        page.forget()
        talk = str(answer.body.get("talk") or "")
        return page.to(f"{PATH}/{talk}?done=announce" if talk else f"{PATH}?done=pending")
    status = page.explain(form, answer, TO_FIELDS)
    if answer.reason == "leader_busy":
        _engaged(page, form, found, *(int(one.timestamp() * 1000) for one in at))
    page.keep(form)
    return await _announce(page, form, status)


def _begun(page: Page, place: str) -> Form:
    """What stands in a form that nobody has filled in: the next Wednesday, and whose turn it is then."""
    here = page.now.astimezone(SHANGHAI).date()
    wednesday = here + timedelta(days=(2 - here.weekday()) % 7 or 7)
    year, week = talks.week_of(wednesday)
    plan = talks.plan(page.reads, page.portal.jurisdiction, year)
    where = place if place in WORDS["place"] else page.portal.jurisdiction
    turn = (
        next((one for one in plan.weeks if (one.week, one.jurisdiction) == (week, where)), None)
        if plan
        else None
    )
    last = next(iter(talks.past(page.reads, 1)), None)
    return Form(
        {
            "series": Series.WEEKLY.value,
            "jurisdiction": where,
            "on": wednesday.isoformat(),
            "begins": "14:00",
            "ends": "16:30",
            "capacity": "12",
            "place": last["place"] if last else "",
            "organiser": last["organiser"]
            if last
            else page.say("Huzhou federation of industry and commerce"),
            "leaders": leaders.written([one.model_dump(mode="json") for one in turn.leaders]) if turn else "",
        }
    )


async def _announce(page: Page, form: Form, status: int = 200) -> Response:
    more = {**_choices(page), "proposed": await proposing.proposals(page)}
    return page.show("talks/announce.html", status, form=form, **more, **calls(page))


def _choices(page: Page) -> dict[str, Any]:
    here = page.portal.jurisdiction
    return {
        "series": [(one.value, page.say(phrase("series", one))) for one in Series],
        "places": [here, *(code for code in WORDS["place"] if code != here)],
        "there": names.assignable(page.reads, page.at, page.view.language),
        "prefix": DEPARTMENT,
        "most_title": MAX_TITLE_CHARS,
        "most_reason": MAX_REASON_CHARS,
    }


def _of_the_series(page: Page, form: Form) -> dict[str, Any]:
    if form.text("series") not in set(Series):
        form.wrong("series", page.say("Say which kind of talk it is"))
    if not form.text("organiser"):
        form.wrong("organiser", page.say("Write who organises it"))
    place, here = form.text("jurisdiction"), page.portal.jurisdiction
    body: dict[str, Any] = {
        **given(form, "series", "organiser"),
        "number": _whole(page, form, "number", 1, MOST_NUMBER),
    }
    if place and place != here:
        body |= {"jurisdiction": place, "level": Level.COUNTY.value}
    return body


def _described(page: Page, form: Form) -> dict[str, Any]:
    """Theme, questions, place, number of places, departments; what is wrong stands in the form."""
    if not form.text("theme"):
        form.values["theme"] = form.text("proposed")
    if not form.text("theme"):
        form.wrong("theme", page.say("Say in one line what the talk is about"))
    if not form.text("place"):
        form.wrong("place", page.say("Write where it is held"))
    for name, most in (
        ("theme", MAX_TITLE_CHARS),
        ("place", MAX_TITLE_CHARS),
        ("questions", MAX_REASON_CHARS),
    ):
        not_too_long(page, form, name, most)
    chosen = [name.removeprefix(DEPARTMENT) for name in form.values if name.startswith(DEPARTMENT)]
    body: dict[str, Any] = {"capacity": _whole(page, form, "capacity", 0, MOST_PLACES)}
    return body | {name: form.text(name) for name in DESCRIBED} | {"departments": chosen}


def _whole(page: Page, form: Form, name: str, otherwise: int, most: int) -> int:
    """A whole number from 1 to ``most``; ``otherwise`` where nothing stands there, if that is one."""
    text = form.text(name)
    if not text and otherwise:
        return otherwise
    value = int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else 0
    if not 1 <= value <= most:
        form.wrong(name, page.say("Write a whole number from 1 to %(most)d") % {"most": most})
    return value


def _engaged(page: Page, form: Form, wanted: list[dict[str, str]], first: int, last: int) -> None:
    """Which leader is at which other talk within this time, in words."""
    accounts = {one["account"]: one["name"] for one in wanted}
    for talk in talks.between(page.reads, talks.Chosen(first - talks.DAY_MS, last)):
        if talk["state"] not in talks.COMING or talk["ends_at"] <= first:
            continue
        busy = [accounts[one["account"]] for one in leaders_of(talk) if one["account"] in accounts]
        if busy:
            said = page.say("%(names)s is at another talk then: %(theme)s, %(moment)s")
            moment = page.times.moment(instant(talk["starts_at"]))
            words = said % {"names": "、".join(busy), "theme": talk["theme"], "moment": moment}
            form.errors["leaders"] = words
            return


# ------------------------------------------------------- what was announced


def _known_as(talk: Row) -> dict[str, Any]:
    values: dict[str, Any] = {name: talk[name] or "" for name in DESCRIBED}
    values |= {"capacity": str(talk["capacity"] or "")}
    return values | {f"{DEPARTMENT}{code}": "1" for code in departments_of(talk)}


def _change(page: Page, talk: Row, form: Form) -> dict[str, Any]:
    body = _described(page, form)
    if not form.errors and body["capacity"] < (talk["taken"] or 0):
        said = page.say("%(taken)d places are taken already: write at least so many")
        form.wrong("capacity", said % {"taken": talk["taken"]})
    return body


def _planned_for(talk: Row) -> dict[str, Any]:
    """A week later, at the same hours."""
    first, last = (instant(talk[name]).astimezone(SHANGHAI) for name in ("starts_at", "ends_at"))
    later = day_of(talk) + timedelta(days=7)
    return {"on": later.isoformat(), "begins": f"{first:%H:%M}", "ends": f"{last:%H:%M}"}


def _postpone(page: Page, talk: Row, form: Form) -> dict[str, Any]:
    at = read_time(page, form, "on", "begins", "ends")
    _reason(page, form, page.say("Write why it moves: everybody who signed up reads it"))
    body: dict[str, Any] = {"talk": talk["id"], **given(form, "reason")}
    if at is not None:
        body |= {"starts_at": at[0].isoformat(), "ends_at": at[1].isoformat()}
    return body


def _led_by(talk: Row) -> dict[str, Any]:
    return {"leaders": leaders.written(leaders_of(talk))}


def _appoint(page: Page, talk: Row, form: Form) -> dict[str, Any]:
    found = leaders.read(page, form, "leaders", talk["jurisdiction"])
    if not found and talk["series"] != Series.SERVICE_DAY:
        form.wrong("leaders", page.say("Name who leads it: only a service-centre day asks no leader"))
    _reason(page, form, page.say("Write why others lead it"))
    return {"talk": talk["id"], "leaders": found, **given(form, "reason")}


def _reason(page: Page, form: Form, missing: str) -> None:
    if not form.text("reason"):
        form.wrong("reason", missing)
    not_too_long(page, form, "reason", MAX_REASON_CHARS)


async def _say_anew(page: Page, talk: Row, form: Form, status: int, *, verb: str) -> Response:
    if not form.values:
        form.values |= SAID_ANEW[verb][0](talk)
    more: Mapping[str, Any] = {"talk": talk, "form": form, "verb": verb}
    return page.show("talks/say_anew.html", status, **more, **_choices(page), **calls(page))


SAID_ANEW: Mapping[str, tuple[Callable[[Row], dict[str, Any]], Read]] = {
    "change": (_known_as, _change),
    "postpone": (_planned_for, _postpone),
    "appoint": (_led_by, _appoint),
}
"""What may be said anew: what stands in the form at first, and what is read from it."""
for _verb, (_, _read) in SAID_ANEW.items():
    serve(router, _verb, partial(_say_anew, verb=_verb), _read)
