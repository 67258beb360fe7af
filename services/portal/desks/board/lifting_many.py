"""Lifting many chosen issues off the ladder with one reason: what will and what cannot, then each its own command."""

from asyncio import gather
from collections.abc import Iterable
from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.board.lifting import BY_ROLE, LIFT, why_not
from services.portal.doing import not_too_long
from services.portal.forms import KEY, Form
from services.portal.moves import OWNERS
from services.portal.pages import NotHere, Page, page_of
from services.portal.reach import everything
from services.portal.reading import Known, known
from shared.contract.event import MAX_REASON_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/board/lift"
STEP = "step-"
"""Before the id of an issue: the field with the step that was read of it."""
MOST = 50
"""As many as a page of the board shows."""


class Chosen(NamedTuple):
    """One of them: why it cannot be lifted, or ""."""

    about: Known
    why_not: str


@router.get(PATH)
async def choose(page: Asked, issue: Annotated[list[str] | None, Query()] = None) -> Response:
    """Those that were chosen: which will be lifted, which cannot and why; after a sign-in those of before."""
    _lifter(page)
    form = page.draft()
    ids = issue if issue else _ids(form)
    if issue:
        form = Form({"reason": form.text("reason")})
    return _show(page, form, _chosen(page, ids), [])


@router.post(PATH)
async def lift(page: Asked) -> Response:
    """Lift each from the step that was read; what was not done stays in the form, with why."""
    form = (await page.form()).form
    _lifter(page)
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why it is lifted: who handles it reads it"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    page.keep(form)
    asked = [one.about for one in _chosen(page, _ids(form))]
    if form.errors or not asked:
        return _show(page, form, _chosen(page, _ids(form)), [], 422)
    answers = list(zip(asked, await gather(*(_ask(page, about, form) for about in asked)), strict=True))
    done = [about for about, answer in answers if answer.is_done]
    status = _explain(page, form, [(about, answer) for about, answer in answers if not answer.is_done])
    for about in done:
        del form.values[f"{STEP}{about.id}"]
    if form.errors:
        page.keep(form)
    else:
        page.forget()
    return _show(page, form, _chosen(page, _ids(form)), done, status)


async def _ask(page: Page, about: Known, form: Form) -> Answer:
    """Under a key of its own, so that one which was done is not asked for again when the others are."""
    step = form.text(f"{STEP}{about.id}")
    body = {"step": int(step) if step.isascii() and step.isdecimal() else 0, "reason": form.text("reason")}
    key = Form({**body, KEY: f"{form.key}/{about.id}"}).sending()
    path = f"/issues/{about.id}/lift-ladder"
    return await page.ask(OWNERS[LIFT.verb], path, body, key=key, subject=about.id)


def _explain(page: Page, form: Form, answers: Iterable[tuple[Known, Answer]]) -> int:
    """Why which was not done, each beside its issue; the status to answer."""
    status = 200
    for about, answer in answers:
        one = Form()
        status = max(status, page.explain(one, answer))
        for sentence in one.errors.values():
            form.wrong(f"{STEP}{about.id}", f"{about.issue['number']}: {sentence}")
        if answer.kind not in ("away", "pending"):
            form.renew()
    return status


def _lifter(page: Page) -> None:
    """Raises NotHere for whoever lifts nothing."""
    everything(page.person())
    if page.person().role not in BY_ROLE:
        raise NotHere


def _ids(form: Form) -> list[str]:
    return [name.removeprefix(STEP) for name in form.values if name.startswith(STEP)]


def _chosen(page: Page, ids: Iterable[str]) -> list[Chosen]:
    """Each once, in their order; what is none of ours is left out."""
    found = []
    for id in list(dict.fromkeys(ids))[:MOST]:
        try:
            about = known(page, id)
        except NotHere:
            continue
        found.append(Chosen(about, why_not(page, about)))
    return found


def _show(page: Page, form: Form, chosen: list[Chosen], done: list[Known], status: int = 200) -> Response:
    return page.show(
        "board/lift_many.html",
        status,
        form=form,
        will=[one for one in chosen if not one.why_not],
        cannot=[one for one in chosen if one.why_not],
        done=done,
        most=MAX_REASON_CHARS,
    )
