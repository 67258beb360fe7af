"""What may be asked of an issue of one's own: rate the reply, supply or confirm words, withdraw it, appeal."""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.entrepreneur.raising import check_words
from services.portal.doing import ask_for, do, given, not_now, not_too_long, number
from services.portal.forms import Form
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import issues
from services.portal.reading import Known, known, words_of
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.words import Satisfaction, Solved

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


def own_issue(page: Page, id: str) -> Known:
    """An issue that this entrepreneur raised; raises NotHere for every other one."""
    found = known(page, id)
    if not found.sight.is_own:
        raise NotHere
    return found


@router.get("/issues/{id}/rate")
async def rate(id: str, page: Asked) -> Response:
    """The reply and three questions."""
    return await ask_for(page, own_issue(page, id), "rate", _rate)


@router.post("/issues/{id}/rate")
async def send_rating(id: str, page: Asked) -> Response:
    """Rate this round, once; who is dissatisfied, or whose problem is not solved, asks for another round by that."""
    form, own = (await page.form()).form, own_issue(page, id)
    again = form.text("satisfaction") == Satisfaction.DISSATISFIED
    again = again or (form.text("solved") == Solved.NO and own.issue["kind"] == "problem")
    if form.text("satisfaction") not in set(Satisfaction):
        form.wrong("satisfaction", page.say("Say whether you are satisfied"))
    if form.text("solved") not in set(Solved):
        form.wrong("solved", page.say("Say whether it is solved"))
    if again and not form.text("reason"):
        form.wrong("reason", page.say("Write what is not right: without it nobody can do better"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    body = {"round": number(form, "round"), **given(form, "satisfaction", "solved", "reason")}
    return await do(page, own, "rate", body, form, _rate)


async def _rate(page: Page, own: Known, form: Form, status: int = 200) -> Response:
    newest = next(iter(issues.replies(page.reads, own.id)), None)
    if newest is None:
        raise NotHere
    # What a look-back found kept is rated as the reply of a round of its own.
    round = max(newest["round"], own.issue["feedback_round"] or 0)
    asked = issues.rating(page.reads, own.id, round)
    return page.show(
        "entrepreneur/rate.html", status, own=own, form=form, reply=newest, asked=asked, round=round
    )


# ------------------------------------------------- words, withdrawal, appeal


@router.get("/issues/{id}/correct-words")
async def correct(id: str, page: Asked) -> Response:
    """One's words as they are known, to be supplied or corrected."""
    own = own_issue(page, id)
    if elsewhere := not_now(page, own, "correct_words"):
        return elsewhere
    form = page.draft()
    said = await words_of(page, own.issue)
    form.values = {"title": said.newest_title, "text": said.newest_text, **form.values}
    return await _correct(page, own, form)


@router.post("/issues/{id}/correct-words")
async def send_correction(id: str, page: Asked) -> Response:
    """Set corrected words beside the first."""
    form, own = (await page.form()).form, own_issue(page, id)
    check_words(page, form)
    body = given(form, "title", "text")
    return await do(page, own, "correct_words", body, form, _correct)


async def _correct(page: Page, own: Known, form: Form, status: int = 200) -> Response:
    return page.show(
        "entrepreneur/correct.html",
        status,
        own=own,
        form=form,
        title_most=MAX_TITLE_CHARS,
        most=MAX_TEXT_CHARS,
    )


@router.get("/issues/{id}/confirm-words")
async def confirm(id: str, page: Asked) -> Response:
    """One's words as an official wrote them down."""
    return await ask_for(page, own_issue(page, id), "confirm_words", _confirm)


@router.post("/issues/{id}/confirm-words")
async def send_confirmation(id: str, page: Asked) -> Response:
    """Confirm the version that was shown."""
    form, own = (await page.form()).form, own_issue(page, id)
    body = {"version": number(form, "version")}
    return await do(page, own, "confirm_words", body, form, _confirm)


async def _confirm(page: Page, own: Known, form: Form, status: int = 200) -> Response:
    said = await words_of(page, own.issue)
    return page.show("entrepreneur/confirm.html", status, own=own, form=form, said=said)


@router.get("/issues/{id}/withdraw")
async def withdraw(id: str, page: Asked) -> Response:
    """Whether one is sure."""
    return await ask_for(page, own_issue(page, id), "withdraw", _withdraw)


@router.post("/issues/{id}/withdraw")
async def send_withdrawal(id: str, page: Asked) -> Response:
    """Take it back."""
    form, own = (await page.form()).form, own_issue(page, id)
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    return await do(page, own, "withdraw", given(form, "reason"), form, _withdraw)


async def _withdraw(page: Page, own: Known, form: Form, status: int = 200) -> Response:
    return page.show("entrepreneur/withdraw.html", status, own=own, form=form)


@router.get("/issues/{id}/appeal")
async def appeal(id: str, page: Asked) -> Response:
    """Why it was not accepted, and what one says to that."""
    return await ask_for(page, own_issue(page, id), "appeal", _appeal)


@router.post("/issues/{id}/appeal")
async def send_appeal(id: str, page: Asked) -> Response:
    """Appeal, once."""
    form, own = (await page.form()).form, own_issue(page, id)
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why it should be accepted"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    return await do(page, own, "appeal", given(form, "reason"), form, _appeal)


async def _appeal(page: Page, own: Known, form: Form, status: int = 200) -> Response:
    return page.show("entrepreneur/appeal.html", status, own=own, form=form)
