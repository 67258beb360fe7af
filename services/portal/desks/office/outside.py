"""What leaves the usual way: another body's matter handed on with its receipt, and a withdrawal that is recorded."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.office.beside import PLACE, beside, office_issue
from services.portal.desks.office.replying import check_date
from services.portal.doing import ask_for, do, given, not_too_long
from services.portal.forms import Form
from services.portal.pages import Page, page_of
from services.portal.reading import Known
from services.portal.words import WORDS
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import ALWAYS_ANSWERED, Body, Confirmation
from shared.domain.clocks import SHANGHAI

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
MOST_NAME = 100


@router.get(f"{PLACE}/issues/{{id}}/refer")
async def refer(id: str, page: Asked) -> Response:
    """To which body, and why."""
    return await ask_for(page, office_issue(page, id), "refer", _refer)


@router.post(f"{PLACE}/issues/{{id}}/refer")
async def send_referral(id: str, page: Asked) -> Response:
    """Hand it on, which ends it here; with the body's receipt, where there is one already."""
    form, about = (await page.form()).form, office_issue(page, id)
    if form.text("body") not in set(Body):
        form.wrong("body", page.say("Choose to whom it goes"))
    if not form.text("addressee"):
        form.wrong("addressee", page.say("Name the authority itself"))
    if form.text("body") == Body.DISCIPLINE_INSPECTION and form.text("reason"):
        form.wrong(
            "reason",
            page.say("Of a complaint about an official nothing is written down here: leave it empty"),
        )
    not_too_long(page, form, "addressee", MOST_NAME)
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    _receipt(page, form, is_needed=about.issue["origin"] in ALWAYS_ANSWERED)
    body: dict[str, Any] = given(form, "body", "addressee", "reason")
    if form.text("number"):
        body["receipt"] = given(form, "number", "on")
    return await do(page, about, "refer", body, form, _refer)


def _receipt(page: Page, form: Form, *, is_needed: bool) -> None:
    """A receipt is its number and its date, or nothing."""
    if (is_needed or form.text("on")) and not form.text("number"):
        form.wrong("number", page.say("Write the number of the receipt"))
    if (is_needed or form.text("number")) and not form.text("on"):
        form.wrong("on", page.say("Write the date of the receipt"))
    not_too_long(page, form, "number", MOST_NAME)
    check_date(page, form, "on")


async def _refer(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    more = {"bodies": WORDS["body"], "receipt_needed": about.issue["origin"] in ALWAYS_ANSWERED}
    return await beside(page, "office/refer.html", about, form, status, **more)


@router.get(f"{PLACE}/issues/{{id}}/record-receipt")
async def receipt(id: str, page: Asked) -> Response:
    """The number and date of the other body's paper."""
    return await ask_for(page, office_issue(page, id), "record_receipt", _record)


@router.post(f"{PLACE}/issues/{{id}}/record-receipt")
async def send_receipt(id: str, page: Asked) -> Response:
    """Write it down; a later one stands for an earlier one."""
    form, about = (await page.form()).form, office_issue(page, id)
    _receipt(page, form, is_needed=True)
    return await do(page, about, "record_receipt", given(form, "number", "on"), form, _record)


async def _record(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return await beside(page, "office/receipt.html", about, form, status)


# -------------------------------------------------- withdrawn for somebody


@router.get(f"{PLACE}/issues/{{id}}/withdraw")
async def withdraw(id: str, page: Asked) -> Response:
    """How and when who raised it confirmed that."""
    return await ask_for(page, office_issue(page, id), "withdraw", _withdraw)


@router.post(f"{PLACE}/issues/{{id}}/withdraw")
async def send_withdrawal(id: str, page: Asked) -> Response:
    """Record it; of a call with who spoke with them."""
    form, about = (await page.form()).form, office_issue(page, id)
    if form.text("confirmed_by") not in set(Confirmation):
        form.wrong("confirmed_by", page.say("Say how they confirmed it: without that nothing is withdrawn"))
    at = _instant(page, form)
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    if form.errors or at is None:
        page.keep(form)
        return await _withdraw(page, about, form, 422)
    body: dict[str, Any] = {**given(form, "confirmed_by", "reason"), "confirmed_at": at.isoformat()}
    if form.text("confirmed_by") == Confirmation.CALL:
        body["called_by"] = form.text("called_by") or page.person().kept.account
    return await do(page, about, "withdraw", body, form, _withdraw)


def _instant(page: Page, form: Form) -> datetime | None:
    """Day and time of the confirmation, as clocks here show them; says what is wrong with it."""
    try:
        typed = datetime.fromisoformat(f"{form.text('day')}T{form.text('time')}")
    except ValueError:
        form.wrong("day", page.say("Write day and time as 2026-11-25 and 14:30"))
        return None
    return typed.replace(tzinfo=SHANGHAI)


async def _withdraw(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    here = page.now.astimezone(SHANGHAI)
    form.values = {"day": f"{here:%Y-%m-%d}", "time": f"{here:%H:%M}", **form.values}
    return await beside(page, "office/withdraw.html", about, form, status)
