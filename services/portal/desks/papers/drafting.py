"""Drafting a paper: who and what is proposed, what a person chooses and writes, what it would say, and publishing it.

Nothing is counted in the form: what was read on the preview is counted again when it is published, and where a number
has moved meanwhile the preview is shown once more.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from services.portal.counted import once_a_minute
from services.portal.desks.papers.about import PATH, asked_for, called, publisher
from services.portal.desks.papers.shown import honoured_of, list_name, of_draft
from services.portal.doing import not_too_long, number
from services.portal.figures.honours import CASES_EN, CASES_ZH, RULES
from services.portal.figures.papers import Draft, draft
from services.portal.forms import WHOLE, Form
from services.portal.pages import Page, page_of
from services.portal.queries import papers
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS
from shared.domain.papers import Period

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
CASE, WHY, ON = "case-", "why-", "on-"
"""Before the id of an issue: the box that it is a case, and why; before list and who: the box that they stand there."""
FRESH = timedelta(hours=1)
"""So long what was counted for a preview may be published."""


@router.get(f"{PATH}/{{id}}/draft")
async def write(id: str, page: Asked) -> Response:
    """The form: as far as it was filled in."""
    publisher(page)
    return await _form(page, id, asked_for(page, id), page.draft())


@router.post(f"{PATH}/{{id}}/draft")
async def choose(id: str, page: Asked) -> Response:
    """What was chosen and written, kept; then what the paper would say."""
    form = (await page.form()).form
    publisher(page)
    period = asked_for(page, id)
    page.keep(form)
    _check(page, form)
    return await _form(page, id, period, form, 422) if form.errors else page.to(f"{PATH}/{id}/preview")


@router.get(f"{PATH}/{{id}}/preview")
async def preview(id: str, page: Asked) -> Response:
    """What it would say, with the figures as they are now."""
    publisher(page)
    period = asked_for(page, id)
    chosen = _chosen(page, id)
    _check(page, chosen)
    if chosen.errors:
        return page.to(f"{PATH}/{id}/draft")
    return _preview(page, id, period, await _counted(page, period), chosen, Form())


@router.post(f"{PATH}/{{id}}/preview")
async def publish(id: str, page: Asked) -> Response:
    """Publish what was read."""
    form = (await page.form()).form
    publisher(page)
    period = asked_for(page, id)
    chosen = _chosen(page, id)
    _check(page, chosen)
    if chosen.errors:
        return page.to(f"{PATH}/{id}/draft")
    as_of = _read_as_of(page, form.text("as_of"))
    now = await run_in_threadpool(lambda: draft(page.portal.projection.reader(), period, as_of or page.now))
    if as_of is None or now.sha256 != form.text("sha256"):
        form.wrong(WHOLE, page.say("The figures have moved since you read them: please read them again"))
        form.renew()
        return _preview(page, id, period, now, chosen, form, 409)
    body = {**_said(now, chosen), "supersedes": number(form, "supersedes")}
    body |= {"as_of": now.as_of.isoformat(), "positions": now.positions}
    answer = await page.ask(
        "feedback", f"/papers/{id}/publish", body, key=form.sending(), subject=f"paper:{id}"
    )
    if answer.is_done:
        page.forget(f"{PATH}/{id}/draft")
        became = page.became(answer, "publish")
        place = f"{PATH}/{id}" if became == "publish" else PATH  # it may have no page yet
        return page.to(f"{place}?done={became}")
    status = page.explain(form, answer)
    return _preview(page, id, period, now, chosen, form, status)


def _chosen(page: Page, id: str) -> Form:
    return Form(page.portal.own.draft(page.owner, f"{PATH}/{id}/draft"))


def _check(page: Page, form: Form) -> None:
    not_too_long(page, form, "preface", MAX_TEXT_CHARS)
    for name in [one for one in form.values if one.startswith(CASE) and form.is_ticked(one)]:
        why = f"{WHY}{name.removeprefix(CASE)}"
        if not form.text(why):
            form.wrong(why, page.say("Write in a sentence why it is a typical case"))
        not_too_long(page, form, why, MAX_REASON_CHARS)


def _read_as_of(page: Page, text: str) -> datetime | None:
    """The instant that was read on the preview; None where that is too long ago, or is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    fine = found.tzinfo is not None and page.now - FRESH <= found <= page.now
    return found if fine else None


async def _counted(page: Page, period: Period) -> Draft:
    portal, now = page.portal, page.now
    return await once_a_minute(
        page, ("paper", period), lambda: draft(portal.projection.reader(), period, now)
    )


def _said(now: Draft, chosen: Form) -> dict[str, Any]:
    """What the paper holds: all figures, and of what is proposed what was chosen."""
    cases = [
        {"issue": one["id"], "title": one["title"], "words": chosen.text(f"{WHY}{one['id']}")}
        for one in now.cases
        if chosen.is_ticked(f"{CASE}{one['id']}")
    ]
    honours = [
        {"list": rule.list.value, "rule_zh": rule.zh, "rule_en": rule.en, "honoured": on}
        for rule in RULES
        if (on := [one for one in now.honours[rule.list] if chosen.is_ticked(box(rule.list, one))])
    ]
    preface = chosen.text("preface")
    return {"figures": now.figures, "cases": cases, "honours": honours, "preface": preface}


def box(name: str, one: Mapping[str, Any]) -> str:
    """The name of the box that puts somebody on a list."""
    return f"{ON}{name}-{one['who']}"


async def _form(page: Page, id: str, period: Period, form: Form, status: int = 200) -> Response:
    now = await _counted(page, period)
    zh = page.view.language == "zh"
    found = papers.editions(page.reads, id)
    return page.show(
        "papers/draft.html",
        status,
        id=id,
        form=form,
        title=called(page, period.kind, period.name),
        newest=found[0]["edition"] if found else 0,
        cases=now.cases,
        cases_rule=CASES_ZH if zh else CASES_EN,
        lists=list(_lists(page, now)),
        case=CASE,
        why=WHY,
        most=MAX_TEXT_CHARS,
        most_why=MAX_REASON_CHARS,
    )


def _lists(page: Page, now: Draft) -> Iterator[tuple[str, str, str, list[tuple[str, Any]]]]:
    """Of each list its name, how it is called, its rule, and who is proposed with the box of each."""
    for rule in RULES:
        proposed = [
            (box(rule.list, one), honoured_of(page, rule.list, one)) for one in now.honours[rule.list]
        ]
        said = rule.zh if page.view.language == "zh" else rule.en
        yield rule.list, list_name(page, rule.list), said, proposed


def _preview(
    page: Page, id: str, period: Period, now: Draft, chosen: Form, form: Form, status: int = 200
) -> Response:
    found = papers.editions(page.reads, id)
    newest = found[0]["edition"] if found else 0
    about = {"kind": period.kind, "period": period.name, "edition": newest + 1}
    return page.show(
        "papers/preview.html",
        status,
        id=id,
        form=form,
        paper=of_draft(page, now, {**_said(now, chosen), **about}),
        as_of=now.as_of.isoformat(),
        sha256=now.sha256,
        newest=newest,
    )
