"""What every page about one action does with its form: ask the service, then show the issue again, or say why not."""

from collections.abc import Awaitable, Callable, Container, Mapping
from typing import Any

from fastapi.responses import Response

from services.portal import links
from services.portal.asking import Answer
from services.portal.forms import Form
from services.portal.moves import OWNERS, is_legal, may_ask
from services.portal.pages import NotHere, Page
from services.portal.reading import Known, known
from shared.contract.words import Role

Again = Callable[[Page, Known, Form, int], Awaitable[Response]]
"""Shows the form again, with what is wrong in it, under this status."""


def not_now(page: Page, about: Known, verb: str) -> Response | None:
    """Back to the issue, which says so, where this is not possible as it stands; None where it is."""
    return None if is_legal(about.issue, verb) else page.to(f"/issues/{about.id}?done=not_now")


def asked_of(page: Page, id: str, verb: str, roles: Container[Role] = tuple(Role)) -> Known:
    """An issue that this person may read and ask this of, in one of these roles; raises NotHere for everybody else."""
    about = known(page, id)
    if page.person().role not in roles or not may_ask(about.sight.asker, verb, about.sight.belongs):
        raise NotHere
    return about


async def opened(page: Page, about: Known, is_offered: bool, form_of: Again) -> Response:
    """The form as far as it was filled in, or back to the issue, which says so, where it is not offered now."""
    if not is_offered:
        return page.to(f"/issues/{about.id}?done=not_now")
    return await form_of(page, about, page.draft(), 200)


async def ask_for(page: Page, about: Known, verb: str, form_of: Again) -> Response:
    """The form for one verb as far as it was filled in, or back to the issue where it is not possible as it stands."""
    return not_now(page, about, verb) or await form_of(page, about, page.draft(), 200)


async def link_to(page: Page, id: str, key: str) -> str | Answer:
    """Make a private link to an issue: its address, which nothing shows a second time; else why there is none."""
    answer = await page.ask("intake", f"/issues/{id}/links", {}, key=key, subject=id)
    link = str(answer.body.get("link") or "")
    return links.address_of(link, str(page.request.base_url)) if link else answer


async def do(
    page: Page,
    about: Known,
    verb: str,
    body: Mapping[str, Any],
    form: Form,
    again: Again,
    fields: Mapping[str, str] | None = None,
) -> Response:
    """Ask for one verb on one issue, unless something is wrong in the form already.

    What was typed is kept until it was done. ``fields``: as for ``explain``.
    """
    page.keep(form)
    if form.errors:
        return await again(page, about, form, 422)
    path = f"/issues/{about.id}/{verb.replace('_', '-')}"
    answer = await page.ask(OWNERS[verb], path, body, key=form.sending(), subject=about.id)
    if answer.is_done:
        page.forget()
        return page.to(f"/issues/{about.id}?done={page.became(answer, verb)}")
    status = page.explain(form, answer, fields)
    page.keep(form)
    return await again(page, about, form, status)


def given(form: Form, *names: str) -> dict[str, str]:
    """Those of the fields in which something stands."""
    return {name: value for name in names if (value := form.text(name))}


def not_too_long(page: Page, form: Form, name: str, most: int) -> None:
    """Say so where somebody wrote more than fits."""
    if (length := len(form.text(name))) > most:
        said = page.say("At most %(most)d characters; here are %(length)d") % {"most": most, "length": length}
        form.wrong(name, said)


def number(form: Form, name: str) -> int:
    """A whole number of a hidden field; 0 for anything else."""
    text = form.text(name)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
