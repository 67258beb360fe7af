"""Taking work on: sign for it, give it back with a reason, name who handles it and who stands in."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.desks.department.drafts import drafts_of
from services.portal.desks.department.permitted import name_of, why_not
from services.portal.desks.department.question import held, question
from services.portal.doing import ask_for, do, given, not_now, not_too_long
from services.portal.forms import Form
from services.portal.pages import Page, page_of
from services.portal.queries import handling, names
from services.portal.reading import Known
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.words import Role

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
DONE = 303


@router.get("/issues/{id}/sign")
async def sign(id: str, page: Asked) -> Response:
    """The question, and how long there is."""
    about = held(page, id, "sign")
    if elsewhere := not_now(page, about, "sign"):
        return elsewhere
    mine = {"mine": "1"} if page.person().role is Role.HANDLER else {}
    return await _sign(page, about, Form(mine))


@router.post("/issues/{id}/sign")
async def send_signature(id: str, page: Asked) -> Response:
    """Sign for it; who says so takes it on in the same click, if nobody has."""
    form, about = (await page.form()).form, held(page, id, "sign")
    assignment = form.text("assignment")
    response = await do(page, about, "sign", {"assignment": assignment}, form, _sign)
    if response.status_code == DONE and form.is_ticked("mine") and not about.issue["handler"]:
        body = {"assignment": assignment, "handler": page.person().kept.account}
        path = f"/issues/{id}/name-handler"
        await page.ask("dispatch", path, body, key=f"{form.sending()}mine", subject=id)
    return response


async def _sign(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return page.show("department/sign.html", status, **await question(page, about, form))


# ------------------------------------------------------------------- return


@router.get("/issues/{id}/return")
async def give_back(id: str, page: Asked) -> Response:
    """Until when it may be given back, and why."""
    return await ask_for(page, held(page, id, "return"), "return", _return)


@router.post("/issues/{id}/return")
async def send_return(id: str, page: Asked) -> Response:
    """Give it back with a reason."""
    form, about = (await page.form()).form, held(page, id, "return")
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why it is not your matter, and whose it is"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    return await do(page, about, "return", given(form, "assignment", "reason"), form, _return)


async def _return(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    drafts = await drafts_of(page, about)
    return page.show(
        "department/return.html",
        status,
        why_not=why_not(page, about, "return", drafts),
        until=drafts.return_until,
        most=MAX_REASON_CHARS,
        **await question(page, about, form),
    )


# ------------------------------------------------------------- who handles it


@router.get("/issues/{id}/name-handler")
async def name_handler(id: str, page: Asked) -> Response:
    """Who handles it and who stands in, among the department's people."""
    about = held(page, id, "name_handler")
    if elsewhere := not_now(page, about, "name_handler"):
        return elsewhere
    form = page.draft()
    now = {name: about.issue[name] or "" for name in ("handler", "substitute")}
    form.values = {**now, **form.values}
    return await _name(page, about, form)


@router.post("/issues/{id}/name-handler")
async def send_names(id: str, page: Asked) -> Response:
    """Name them; in place of somebody else with a reason."""
    form, about = (await page.form()).form, held(page, id, "name_handler")
    if not form.text("handler"):
        form.wrong("handler", page.say("Choose who handles it"))
    elif form.text("handler") == form.text("substitute"):
        form.wrong("substitute", page.say("The substitute is somebody else than who handles it, or nobody"))
    elif about.issue["handler"] and not form.text("reason"):
        said = page.say("Write why it changes hands: %(name)s has it now")
        form.wrong("reason", said % {"name": name_of(page, about.issue["handler"])})
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    body = given(form, "assignment", "handler", "substitute", "reason")
    return await do(page, about, "name_handler", body, form, _name)


async def _name(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return page.show(
        "department/name_handler.html",
        status,
        people=colleagues(page, about),
        why_not=why_not(page, about, "name_handler", await drafts_of(page, about)),
        most=MAX_REASON_CHARS,
        **await question(page, about, form),
    )


def colleagues(page: Page, about: Known) -> list[dict[str, Any]]:
    """Who may be named: account, name, how many issues they have in hand, and whether it is oneself.

    As the directory names them; where it names nobody, every official of the department.
    """
    code = str(about.issue["holder"])
    there = {one.account: one for one in names.officials(page.reads, page.at)}
    accounts = handling.entry(page.reads, code, page.at).people
    accounts = accounts or [one.account for one in there.values() if one.department == code]
    in_hand, me = handling.load(page.reads, code), page.person().kept.account
    return [
        {
            "account": account,
            "name": there[account].name if account in there else account,
            "in_hand": in_hand.get(account, 0),
            "is_me": account == me,
        }
        for account in accounts
    ]
