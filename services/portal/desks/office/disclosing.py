"""A reply is made public in words that name nobody (脱敏公开), seen first as everybody will read it; and taken back.

What is proposed is masked, and without the enterprise. The raiser's name intake alone knows: it refuses what has it.
"""

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.desks.office.beside import PLACE, beside, office_issue
from services.portal.doing import ask_for, do, given, not_now, not_too_long
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import disclosures, issues, names
from services.portal.reading import Known, words_of
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.domain.masking import mask

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
DISCLOSE = Action("disclose", N_("Make the reply public"), "eye", under=PLACE)
RESTORE = Action(
    "restore",
    N_("Take the public reply back"),
    "eye-off",
    only=lambda issue: issue["disclosed"] is not None,
    under=PLACE,
)
FIELDS = {"title": MAX_TITLE_CHARS, "text": MAX_TEXT_CHARS, "reply": MAX_TEXT_CHARS}
CONFIRMED, AGAIN = "confirmed", "again"


@router.get(f"{PLACE}/issues/{{id}}/disclose")
async def disclose(id: str, page: Asked) -> Response:
    """The words as they are proposed, or as they are public now, to be edited."""
    about = office_issue(page, id)
    if elsewhere := not_now(page, about, "disclose"):
        return elsewhere
    form = page.draft()
    form.values = await _proposed(page, about) | form.values
    return await _disclose(page, about, form)


@router.post(f"{PLACE}/issues/{{id}}/disclose")
async def send_disclosure(id: str, page: Asked) -> Response:
    """Show it as everybody will read it; once that was confirmed, make it public."""
    sent = await page.form()
    form, about = sent.form, office_issue(page, id)
    for field, most in FIELDS.items():
        if not form.text(field):
            form.wrong(field, page.say("Write something here: everybody may read it"))
        not_too_long(page, form, field, most)
    page.keep(form)
    if form.errors:
        return await _disclose(page, about, form, 422)
    if sent.pressed != CONFIRMED:
        return await _disclose(page, about, form, is_preview=sent.pressed != AGAIN)
    round = _newest(page, about)["round"]
    body = {**given(form, *FIELDS), "round": round}
    return await do(page, about, "disclose", body, form, _disclose, {"names_somebody": "text"})


def _newest(page: Page, about: Known) -> dict[str, object]:
    found = next(iter(issues.replies(page.reads, about.id)), None)
    if found is None:
        raise NotHere
    return dict(found)


async def _proposed(page: Page, about: Known) -> dict[str, str]:
    """What is public already; else question and reply, without numbers and without the enterprise."""
    known = disclosures.one(page.reads, about.id)
    if known is not None and known["restored_at"] is None:
        return {name: known[name] for name in FIELDS}
    words = await words_of(page, about.issue)
    said = {
        "title": words.newest_title,
        "text": words.newest_text,
        "reply": str(_newest(page, about)["text"]),
    }
    code = about.issue["enterprise"]
    hidden = {name for name in (code, names.enterprise(page.reads, code)) if name} if code else set()
    return {name: _without(page, mask(text).text, hidden) for name, text in said.items()}


def _without(page: Page, text: str, hidden: set[str]) -> str:
    for name in hidden:
        text = text.replace(name, page.say("an enterprise"))
    return text


async def _disclose(
    page: Page, about: Known, form: Form, status: int = 200, *, is_preview: bool = False
) -> Response:
    newest = next(iter(issues.replies(page.reads, about.id)), None)
    if newest is None:
        raise NotHere
    return await beside(
        page,
        "office/disclose.html",
        about,
        form,
        status,
        newest=newest,
        fields=FIELDS,
        is_preview=is_preview,
        masked={name: mask(form.text(name)).text for name in FIELDS},
        is_public=about.issue["disclosed"] is not None,
    )


@router.get(f"{PLACE}/issues/{{id}}/restore")
async def restore(id: str, page: Asked) -> Response:
    """Why it is taken back."""
    about = office_issue(page, id)
    if about.issue["disclosed"] is None:
        return page.to(f"/issues/{id}?done=not_now")
    return await ask_for(page, about, "restore", _restore)


@router.post(f"{PLACE}/issues/{{id}}/restore")
async def send_restoration(id: str, page: Asked) -> Response:
    """Nobody reads it without a sign-in any more."""
    form, about = (await page.form()).form, office_issue(page, id)
    if not form.text("reason"):
        form.wrong("reason", page.say("Say why it is taken back"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    return await do(page, about, "restore", given(form, "reason"), form, _restore)


async def _restore(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    known = disclosures.one(page.reads, about.id)
    return await beside(page, "office/restore.html", about, form, status, known=known, most=MAX_REASON_CHARS)
