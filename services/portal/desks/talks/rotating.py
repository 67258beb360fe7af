"""The rotation (轮值表): whose turn it is in which week and place; published from a table, two may change turns."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from pydantic import ValidationError

from services.portal.addresses import with_query
from services.portal.desks.talks import plans, tables
from services.portal.desks.talks.about import PATH as TALKS
from services.portal.desks.talks.about import Row, calls, official
from services.portal.desks.talks.plans import Difference
from services.portal.doing import given, not_too_long, number
from services.portal.forms import Form
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import talks
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.events.talks import WeekPlanned
from shared.contract.words import Role
from shared.domain.clocks import SHANGHAI
from shared.domain.rights import granted
from shared.domain.talks import gaps
from shared.handwritten import WrongFile
from shared.language import rule_text

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = f"{TALKS}/rotation"
PUBLISH, PREVIEW, SWAP = f"{PATH}/publish", f"{PATH}/preview", f"{PATH}/swap"
MOST_SHOWN = 60


def _may(page: Page) -> bool:
    return page.person().role in (Role(role) for role in granted("rotation", "publish"))


def _publisher(page: Page) -> None:
    if not _may(page):
        raise NotHere


def _years(page: Page) -> tuple[int, int]:
    this, _ = talks.week_of(page.now.astimezone(SHANGHAI).date())
    return this, this + 1


def _year(page: Page, text: str) -> int:
    years = _years(page)
    return next((year for year in years if str(year) == text), years[0])


@router.get(PATH)
async def show(page: Asked, year: str = "", done: str = "") -> Response:
    """The plan of a year: weeks by places, with the gaps that are still to come, and the swaps."""
    official(page)
    chosen = _year(page, year)
    plan = talks.plan(page.reads, page.portal.jurisdiction, chosen)
    weeks = plan.weeks if plan else ()
    this_year, this_week = talks.week_of(page.now.astimezone(SHANGHAI).date())
    places = _places(page, weeks)
    last = talks.weeks_in(chosen)
    from_now = range(this_week if chosen == this_year else 1, last + 1)
    return page.show(
        "talks/rotation.html",
        year=chosen,
        years=_years(page),
        plan=plan,
        turns={(one.week, one.jurisdiction): one.leaders for one in weeks},
        weeks=from_now if plan else (),
        past=range(1, from_now.start) if plan else (),
        mondays={week: page.times.day(talks.monday_of(chosen, week)) for week in range(1, last + 1)},
        this_week=this_week if chosen == this_year else 0,
        places=places,
        gaps=set(gaps(weeks, places, from_now)) if plan else set(),
        swaps=list(_swaps(page, chosen)),
        may_publish=_may(page),
        done=done,
        **calls(page),
    )


def _swaps(page: Page, year: int) -> Iterator[tuple[Row, list[Difference]]]:
    """The versions of a plan in which two changed their turns, the newest first, each with what it changed."""
    versions = talks.rotations(page.reads, _id(page, year))
    for one, before in pairwise(versions):
        if one["reason"]:
            old, new = (json.loads(version["data"])["weeks"] for version in (before, one))
            yield one, plans.differences(old, new)


def _id(page: Page, year: int) -> str:
    return f"{page.portal.jurisdiction}-{year}"


def _places(page: Page, weeks: tuple[WeekPlanned, ...]) -> list[str]:
    here = page.portal.jurisdiction
    return [here, *sorted({one.jurisdiction for one in weeks} - {here})]


# ---------------------------------------------------------------- publishing


@router.get(PUBLISH)
async def paste(page: Asked) -> Response:
    """Where the table is pasted or uploaded."""
    _publisher(page)
    return _form(page, page.draft())


@router.post(PUBLISH)
async def check(page: Asked) -> Response:
    """Read the table; what is wrong in it is said by row and column, and nothing is lost."""
    form = (await page.form()).form
    _publisher(page)
    await tables.take(page, form)
    page.keep(form)
    return _form(page, form, 422) if _read(page, form) is None else page.to(PREVIEW)


def _read(page: Page, form: Form) -> list[dict[str, Any]] | None:
    """The weeks of a draft; None where something is wrong, which then stands in the form."""
    content = form.text("content")
    if not content:
        form.wrong("content", page.say("Paste the table here, or choose a file"))
    not_too_long(page, form, "content", tables.MOST_CHARS)
    if form.errors:
        return None
    try:
        found = plans.read(page, tables.lines_of(page, content), _year(page, form.text("year")))
        if not found.faults:
            plans.command(found.weeks)
            return found.weeks
        form.wrong("content", "\n".join(found.faults))
    except WrongFile as error:
        form.wrong("content", tables.said(page, error))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        rule = rule_text(first["type"], first["msg"], first.get("ctx", {}), page.view.language)
        form.wrong("content", f"{'.'.join(map(str, first['loc']))}: {rule}")
    return None


@router.get(PREVIEW)
async def preview(page: Asked) -> Response:
    """What it would change, and where a place has no leader."""
    _publisher(page)
    form = Form(page.portal.own.draft(page.owner, PUBLISH))
    weeks = _read(page, form) if form.text("content") else None
    return page.to(PUBLISH) if weeks is None else _preview(page, form, weeks)


@router.post(PREVIEW)
async def publish(page: Asked) -> Response:
    """Publish what was read on the preview."""
    sent = (await page.form()).form
    _publisher(page)
    form = Form(page.portal.own.draft(page.owner, PUBLISH))
    weeks = _read(page, form) if form.text("content") else None
    if weeks is None:
        return page.to(PUBLISH)
    year = _year(page, form.text("year"))
    id = _id(page, year)
    answer = await page.ask(
        "intake", f"/rotations/{id}/publish", {"weeks": weeks}, key=sent.sending(), subject=f"rotation:{id}"
    )
    if answer.is_done:
        page.forget(PUBLISH)
        return page.to(with_query(PATH, {"year": str(year), "done": page.became(answer, "publish")}))
    status = page.explain(form, answer)
    return _form(page, form, status)


def _preview(page: Page, form: Form, weeks: list[dict[str, Any]]) -> Response:
    year = _year(page, form.text("year"))
    known = talks.plan(page.reads, page.portal.jurisdiction, year)
    planned = plans.command(weeks).weeks
    found = plans.differences(known.model_dump()["weeks"] if known else (), weeks)
    places = sorted({one.jurisdiction for one in planned} | {page.portal.jurisdiction})
    missing = list(gaps(planned, places, range(1, talks.weeks_in(year) + 1)))
    return page.show(
        "talks/rotation_preview.html",
        form=Form(),
        year=year,
        weeks=len(weeks),
        places=places,
        found=found[:MOST_SHOWN],
        many=len(found),
        missing=plans.by_place(missing),
        many_missing=len(missing),
        **calls(page),
    )


def _form(page: Page, form: Form, status: int = 200) -> Response:
    if not form.text("year"):
        form.values["year"] = str(_years(page)[0])
    years = [(str(year), str(year)) for year in _years(page)]
    return page.show("talks/rotation_publish.html", status, form=form, years=years, most=tables.MOST_CHARS)


# ------------------------------------------------------------------- swapping


@router.get(SWAP)
async def two(page: Asked, year: str = "") -> Response:
    """Which two weeks at which place, and why."""
    _publisher(page)
    form = page.draft()
    form.values.setdefault("year", str(_year(page, year)))
    return _swap(page, form)


@router.post(SWAP)
async def swap(page: Asked) -> Response:
    """Let the leaders of two weeks change their turns."""
    form = (await page.form()).form
    _publisher(page)
    page.keep(form)
    year = _year(page, form.text("year"))
    plan = talks.plan(page.reads, page.portal.jurisdiction, year)
    place = form.text("jurisdiction") or page.portal.jurisdiction
    turns = {one.week for one in plan.weeks if one.jurisdiction == place} if plan else set()
    week, other = number(form, "week"), number(form, "other_week")
    for name, value in (("week", week), ("other_week", other)):
        if value not in turns:
            form.wrong(name, page.say("Nobody has this week there: write a week of the plan"))
    if week == other:
        form.wrong("other_week", page.say("Write another week"))
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why they change their turns"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    if form.errors:
        return _swap(page, form, 422)
    id = _id(page, year)
    body = {"week": week, "other_week": other, "jurisdiction": place, **given(form, "reason")}
    answer = await page.ask(
        "intake", f"/rotations/{id}/swap", body, key=form.sending(), subject=f"rotation:{id}"
    )
    if answer.is_done:
        page.forget()
        return page.to(with_query(PATH, {"year": str(year), "done": page.became(answer, "swap")}))
    status = page.explain(form, answer)
    page.keep(form)
    return _swap(page, form, status)


def _swap(page: Page, form: Form, status: int = 200) -> Response:
    plan = talks.plan(page.reads, page.portal.jurisdiction, _year(page, form.text("year")))
    places = _places(page, plan.weeks if plan else ())
    years = [str(year) for year in _years(page)]
    return page.show(
        "talks/swap.html", status, form=form, places=places, years=years, most=MAX_REASON_CHARS, **calls(page)
    )
