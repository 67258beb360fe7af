"""Lifting many chosen issues off the ladder with one reason: what will and what cannot, then each its own command."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.board.choosing import Chosen, ask, chosen, do_all, ids, overseer
from services.portal.desks.board.lifting import LIFT, why_not
from services.portal.doing import not_too_long, number
from services.portal.forms import Form
from services.portal.pages import Page, page_of
from services.portal.reading import Known
from shared.contract.event import MAX_REASON_CHARS

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/board/lift"
STEP = "step-"
"""Before the id of an issue: the field with the step that was read of it."""


@router.get(PATH)
async def choose(page: Asked, issue: Annotated[list[str] | None, Query()] = None) -> Response:
    """Those that were chosen: which will be lifted, which cannot and why; after a sign-in those of before."""
    overseer(page)
    form = page.draft()
    asked = issue if issue else ids(form, STEP)
    if issue:
        form = Form({"reason": form.text("reason")})
    return _show(page, form, chosen(page, asked, why_not), [])


@router.post(PATH)
async def lift(page: Asked) -> Response:
    """Lift each from the step that was read; what was not done stays in the form, with why."""
    form = (await page.form()).form
    overseer(page)
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why it is lifted: who handles it reads it"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    page.keep(form)
    found = chosen(page, ids(form, STEP), why_not)
    if form.errors or not found:
        return _show(page, form, found, [], 422)

    async def command(about: Known) -> Answer:
        body = {"step": number(form, f"{STEP}{about.id}"), "reason": form.text("reason")}
        return await ask(page, form, about, LIFT.verb, body)

    done, status = await do_all(page, form, [one.about for one in found], STEP, command)
    remaining = chosen(page, ids(form, STEP), why_not)
    return _show(page, form, remaining, [about for about, _ in done], status)


def _show(page: Page, form: Form, found: list[Chosen], done: list[Known], status: int = 200) -> Response:
    return page.show(
        "board/lift_many.html",
        status,
        form=form,
        will=[one for one in found if not one.why_not],
        cannot=[one for one in found if one.why_not],
        done=done,
        most=MAX_REASON_CHARS,
    )
