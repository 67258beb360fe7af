"""Saying anew what was announced of a talk: theme, place, departments; another time; other leaders, with a reason."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.desks.talks import leaders
from services.portal.desks.talks.about import (
    Read,
    Row,
    calls,
    day_of,
    departments_of,
    leaders_of,
    read_time,
    serve,
)
from services.portal.desks.talks.announcing import DEPARTMENT, DESCRIBED, choices, described
from services.portal.doing import given, not_too_long
from services.portal.forms import Form
from services.portal.pages import Page
from services.portal.times import instant
from shared.contract.event import MAX_REASON_CHARS
from shared.domain.clocks import SHANGHAI
from shared.domain.talks import rules_of

router = APIRouter()


def _known_as(talk: Row) -> dict[str, Any]:
    values: dict[str, Any] = {name: talk[name] or "" for name in DESCRIBED}
    values |= {"capacity": str(talk["capacity"] or "")}
    return values | {f"{DEPARTMENT}{code}": "1" for code in departments_of(talk)}


def _change(page: Page, talk: Row, form: Form) -> dict[str, Any]:
    body = described(page, form)
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
    if not found and rules_of(talk["series"]).asks_leader:
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
    return page.show("talks/say_anew.html", status, **more, **choices(page), **calls(page))


SAID_ANEW: Mapping[str, tuple[Callable[[Row], dict[str, Any]], Read]] = {
    "change": (_known_as, _change),
    "postpone": (_planned_for, _postpone),
    "appoint": (_led_by, _appoint),
}
"""What may be said anew: what stands in the form at first, and what is read from it."""
for _verb, (_, _read) in SAID_ANEW.items():
    serve(router, _verb, partial(_say_anew, verb=_verb), _read)
