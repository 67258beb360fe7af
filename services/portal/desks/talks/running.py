"""What is done about a talk as its day comes: begin it, write down who came, close it."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from services.portal.desks.talks.about import Read, Row, calls, serve
from services.portal.doing import given, not_too_long
from services.portal.forms import Form
from services.portal.pages import Page
from services.portal.queries import talks
from services.portal.queries.published import reference
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import TakesPart
from shared.domain.clocks import due_at
from shared.domain.reference import NotPublished

router = APIRouter()
CAME = "came-"
"""Before the reference of a participant: the box that says that they came."""


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
