"""Announcing a talk: its series with its rules, theme, time, place, leaders, departments."""

from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.desks.talks import leaders, proposing
from services.portal.desks.talks.about import (
    PATH,
    TO_FIELDS,
    Asked,
    calls,
    leaders_of,
    organiser,
    read_time,
)
from services.portal.doing import given, not_too_long
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.pages import Page
from services.portal.queries import names, talks
from services.portal.times import instant
from services.portal.words import WORDS, phrase
from shared.contract.commands.talks import MOST_PLACES
from shared.contract.event import MAX_REASON_CHARS, MAX_TITLE_CHARS
from shared.contract.words import Level, Series
from shared.domain.clocks import SHANGHAI
from shared.domain.talks import SERIES, rules_of

router = APIRouter()
ANNOUNCE = f"{PATH}/announce"
DEPARTMENT = "department-"
"""Before the code of a department: the box that says that it will be there."""
DESCRIBED = ("theme", "questions", "place")
MOST_NUMBER = 999
_TIMES = {"week": N_("each place one a week"), "quarter": N_("each place one a quarter")}
"""How the rhythm of a series is said."""


@router.get(ANNOUNCE)
async def write(page: Asked, place: str = "", series: str = "") -> Response:
    """The form: as far as it was filled in, else with what the rotation says of the next Wednesday, and the series."""
    organiser(page)
    form = page.draft()
    if not form.values or series not in ("", form.text("series")):
        form = _begun(page, place, Series(series) if series in set(Series) else Series.WEEKLY)
    return await _announce(page, form)


@router.post(ANNOUNCE)
async def announce(page: Asked) -> Response:
    """Announce it; the agenda refuses leaders who are engaged at that time."""
    form = (await page.form()).form
    organiser(page)
    page.keep(form)
    body = described(page, form)
    body |= _of_the_series(page, form)
    at = read_time(page, form, "on", "begins", "ends")
    place = form.text("jurisdiction") or page.portal.jurisdiction
    found = leaders.read(page, form, "leaders", place)
    if not found and rules_of(form.text("series")).asks_leader:
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


def _begun(page: Page, place: str, series: Series) -> Form:
    """What stands in a form that nobody has filled in: the next Wednesday, and whose turn it is then."""
    rules = SERIES[series]
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
            "series": series.value,
            "jurisdiction": where,
            "on": wednesday.isoformat(),
            "begins": f"{rules.begins:%H:%M}",
            "ends": f"{rules.ends:%H:%M}",
            "capacity": str(rules.places),
            "place": last["place"] if last else "",
            "organiser": last["organiser"]
            if last
            else page.say("Huzhou federation of industry and commerce"),
            "leaders": leaders.written([one.model_dump(mode="json") for one in turn.leaders])
            if turn and rules.asks_leader
            else "",
        }
    )


async def _announce(page: Page, form: Form, status: int = 200) -> Response:
    more = {**choices(page), "proposed": await proposing.proposals(page)}
    return page.show("talks/announce.html", status, form=form, **more, **calls(page))


def choices(page: Page) -> dict[str, Any]:
    here = page.portal.jurisdiction
    return {
        "series": [(one.value, page.say(phrase("series", one)), _rules(page, one)) for one in Series],
        "places": [here, *(code for code in WORDS["place"] if code != here)],
        "there": names.assignable(page.reads, page.at, page.view.language),
        "prefix": DEPARTMENT,
        "most_title": MAX_TITLE_CHARS,
        "most_reason": MAX_REASON_CHARS,
    }


def _rules(page: Page, series: Series) -> str:
    """What is particular about a series, in words."""
    rules = SERIES[series]
    said = [page.say(_TIMES[rules.rhythm])] if rules.rhythm else []
    said += [] if rules.asks_leader else [page.say("asks no leader")]
    said += [page.say("by invitation alone")] if rules.by_invitation else []
    return "，".join([*said, page.say("%(num)d places") % {"num": rules.places}])


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


def described(page: Page, form: Form) -> dict[str, Any]:
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
