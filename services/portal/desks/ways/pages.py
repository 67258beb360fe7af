"""The page on which an official chooses in which ways they are told, and sees what could not be sent to them."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.forms import Form
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import notices

PATH, FIELD = "/ways", "way-"
MOST_SHOWN = 20
router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


@router.get(PATH)
async def ways(page: Asked, done: str = "") -> Response:
    """What there is to choose, what was chosen, and what was given up."""
    return await _show(page, _account(page), page.draft(), done=done)


@router.post(PATH)
async def choose(page: Asked) -> Response:
    """Be told in these ways from now on."""
    form, account = (await page.form()).form, _account(page)
    page.keep(form)
    chosen = [name.removeprefix(FIELD) for name in form.values if name.startswith(FIELD)]
    if not chosen:
        form.wrong("ways", page.say("Choose at least one: else nobody tells you that there is work"))
        return await _show(page, account, form, 422)
    path, subject = f"/staff/{quote(account, safe='')}/choose-ways", f"staff:{account}"
    answer = await page.ask("dispatch", path, {"ways": chosen}, key=form.sending(), subject=subject)
    if answer.is_done:
        page.forget()
        return page.to(f"{PATH}?done={page.became(answer, 'done')}")
    status = page.explain(form, answer, {"unknown_way": "ways"})
    page.keep(form)
    return await _show(page, account, form, status)


def _account(page: Page) -> str:
    """Whose page it is; raises NotHere for who is no official."""
    account = page.person().kept.account
    if not page.chooses_ways:
        raise NotHere
    return account


async def _show(page: Page, account: str, form: Form, status: int = 200, *, done: str = "") -> Response:
    said: Answer = await page.look("dispatch", f"/staff/{quote(account, safe='')}/ways")
    offered = [dict(one) for one in said.body.get("offered", ())] if said.kind == "done" else []
    if not form.values:
        form.values.update({f"{FIELD}{name}": "1" for name in said.body.get("chosen", ())})
    return page.show(
        "ways/ways.html",
        status,
        offered=offered,
        form=form,
        done=done,
        field=FIELD,
        unsent=notices.of_one(page.reads, account, MOST_SHOWN),
        most=MOST_SHOWN,
    )
