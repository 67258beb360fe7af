"""Supervision orders or reminders by hand to many issues: one text and one signature, a document and a number for each.

What will go out is shown first, with who cannot be ordered and why; nothing is sent before that was confirmed.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.board.choosing import Chosen, Done, ask, chosen, do_all, ids, overseer
from services.portal.desks.board.lifting import may_not
from services.portal.doing import given, not_too_long, number
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.pages import Page, page_of
from services.portal.queries import documents, names
from services.portal.reading import Known
from services.portal.words import phrase
from shared.contract.event import MAX_TEXT_CHARS
from shared.contract.words import DocumentKind

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]
PATH = "/board/order"
ISSUE, VERB = "issue-", "issue_document"
"""Before the id of an issue: the field that says that it was chosen."""
CONFIRMED, AGAIN = "confirmed", "again"
"""The buttons of the preview."""
KINDS = (DocumentKind.SUPERVISION_ORDER, DocumentKind.REMINDER)
MOST_DAYS = 250
MOST_BY_HAND = 20
"""How many documents of one issue may be issued by hand."""
_NOBODY = N_("No department holds it: there is nobody to order.")
_ENDED = N_("It has ended.")
_TOO_MANY = N_("As many documents as there may be were issued on it by hand.")


@router.get(PATH)
async def choose(page: Asked, issue: Annotated[list[str] | None, Query()] = None) -> Response:
    """Those that were chosen, and what is to be written for all of them; after a sign-in those of before."""
    overseer(page)
    form = page.draft()
    if issue:
        kept = {name: form.text(name) for name in ("kind", "words", "answer_days", "signature")}
        form = Form(kept | {f"{ISSUE}{id}": "1" for id in issue})
    return _show(page, form, chosen(page, ids(form, ISSUE), why_not))


@router.post(PATH)
async def order(page: Asked) -> Response:
    """Show what would go out; once that was confirmed, issue each. What was not done stays, with why."""
    sent = await page.form()
    form = sent.form
    overseer(page)
    _judge(page, form)
    page.keep(form)
    found = chosen(page, ids(form, ISSUE), why_not)
    can = [one.about for one in found if not one.why_not]
    if form.errors or not can:
        return _show(page, form, found, status=422)
    if sent.pressed != CONFIRMED:
        return _show(page, form, found, is_preview=sent.pressed != AGAIN)
    body: dict[str, object] = {
        "kind": _kind(form),
        **given(form, "words", "signature"),
    }
    if (days := number(form, "answer_days")) and _kind(form) is DocumentKind.SUPERVISION_ORDER:
        body["answer_days"] = days

    async def command(about: Known) -> Answer:
        return await ask(page, form, about, VERB, body)

    done = await do_all(page, form, can, ISSUE, command, {"signature_missing": "signature"})
    remaining = chosen(page, ids(form, ISSUE), why_not)
    return _show(page, form, remaining, done=done, status=done.status)


def _kind(form: Form) -> DocumentKind:
    """What goes out: an order, unless a reminder was chosen."""
    is_reminder = form.text("kind") == DocumentKind.REMINDER
    return DocumentKind.REMINDER if is_reminder else DocumentKind.SUPERVISION_ORDER


def _judge(page: Page, form: Form) -> None:
    """What is wrong in what was written, each beside its field."""
    if not form.text("words"):
        form.wrong("words", page.say("Write something here: who gets it reads it"))
    not_too_long(page, form, "words", MAX_TEXT_CHARS)
    if form.text("answer_days") and not 1 <= number(form, "answer_days") <= MOST_DAYS:
        said = page.say("A whole number of working days from 1 to %(most)d") % {"most": MOST_DAYS}
        form.wrong("answer_days", said)
    official = names.official(page.reads, page.person().kept.account, page.at)
    if not form.text("signature"):
        form.wrong("signature", page.say("Write your name: nothing goes out unsigned"))
    elif official is not None and form.text("signature") != official.name:
        form.wrong("signature", page.say("Write your own name as the directory has it"))


def why_not(page: Page, about: Known) -> str:
    """Why who asks cannot order this one, in one sentence; "" where they can."""
    if about.issue["ended_at"] is not None:
        return page.say(_ENDED)
    if not about.issue["holder"]:
        return page.say(_NOBODY)
    if documents.by_hand(page.reads, about.id) >= MOST_BY_HAND:
        return page.say(_TOO_MANY)
    return may_not(page, about)


def _show(
    page: Page,
    form: Form,
    found: list[Chosen],
    *,
    is_preview: bool = False,
    done: Done | None = None,
    status: int = 200,
) -> Response:
    form.values.setdefault("kind", _kind(form))
    return page.show(
        "board/order_many.html",
        status,
        form=form,
        is_preview=is_preview,
        will=[one for one in found if not one.why_not],
        cannot=[one for one in found if one.why_not],
        done=[(about, answer.body.get("document", "")) for about, answer in done.done] if done else [],
        most=MAX_TEXT_CHARS,
        kind=_kind(form),
        kinds=[(one, page.say(phrase("document", one))) for one in KINDS],
    )
