"""The monthly rating round: by level, whoever has not rated is reminded, in one mail each; and what came of it."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.counted import month_of
from services.portal.desks.talks.about import PATH, calls
from services.portal.desks.talks.results import LEVELS
from services.portal.forms import Form
from services.portal.pages import MOVED_ON, NotHere, Page, page_of
from services.portal.queries import rating_rounds
from services.portal.queries.rating_rounds import Round, Waiting
from shared.contract.subjects import subject_of
from shared.contract.words import Level
from shared.domain.rights import granted

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
RATINGS = f"{PATH}/ratings"
MONTHS = 6
"""So many months are looked back at."""


class Standing(NamedTuple):
    """A level this month: what waits for a rating, and the round if it was started."""

    level: Level
    waiting: Waiting
    round: Round | None


def may_start(page: Page) -> bool:
    """Whether who asks may start a rating round."""
    return page.visitor is not None and page.visitor.role in granted("rating_round", "start")


def to_begin(page: Page) -> list[Level]:
    """The levels whose round of this month waits to be started by who asks: nobody else is reminded of it."""
    if not may_start(page):
        return []
    place, month = page.portal.jurisdiction, month_of(page.now)
    return [one for one in LEVELS if rating_rounds.to_begin(page.reads, place, month, one, page.at)]


@router.get(RATINGS)
async def show(page: Asked, done: str = "") -> Response:
    """What waits for a rating, by level, and the rounds of the last months."""
    return _show(page, Form(), done=done)


@router.post(RATINGS)
async def start(page: Asked) -> Response:
    """This month's round of a level begins, with what waits now."""
    form = (await page.form()).form
    if not may_start(page):
        raise NotHere
    level = form.text("level")
    if level not in LEVELS:
        form.wrong("level", page.say("Choose the level whose round begins"))
        return _show(page, form, 422)
    month, place = month_of(page.now), page.portal.jurisdiction
    found = rating_rounds.waiting(page.reads, place, level, page.at)
    if not found.issues:
        form.wrong("level", page.say("No reply waits for a rating there"))
        return _show(page, form, 422)
    id = f"{place}-{month}-{level}"
    answer = await page.ask(
        "feedback",
        f"/rating-rounds/{id}/start",
        {"month": month, "level": level, "issues": found.issues},
        key=f"rating-round/{id}/{form.key}",
        subject=subject_of("rating_round", id),
    )
    if answer.is_done:
        return page.to(f"{RATINGS}?done={page.became(answer, 'start')}")
    status = page.explain(form, answer)
    if answer.reason in MOVED_ON:
        form.errors = {"level": page.say("This month's round of this level was started already")}
    return _show(page, form, status)


def _show(page: Page, form: Form, status: int = 200, done: str = "") -> Response:
    if not may_start(page):
        page.person()
        raise NotHere
    place, month = page.portal.jurisdiction, month_of(page.now)
    standings = [
        Standing(
            level,
            rating_rounds.waiting(page.reads, place, level, page.at),
            rating_rounds.one(page.reads, place, month, level),
        )
        for level in LEVELS
    ]
    past = [
        known
        for before in range(1, MONTHS + 1)
        for level in LEVELS
        if (known := rating_rounds.one(page.reads, place, _before(month, before), level)) is not None
    ]
    return page.show(
        "talks/ratings.html",
        status,
        form=form,
        month=month,
        standings=standings,
        past=past,
        done=done,
        **calls(page),
    )


def _before(month: str, many: int) -> str:
    """So many months before a month (2026-03)."""
    year, number = (int(part) for part in month.split("-"))
    months = year * 12 + number - 1 - many
    return f"{months // 12}-{months % 12 + 1:02}"
