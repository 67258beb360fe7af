"""What every page about one action does with its form: ask the service, then show the issue again, or say why not."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from fastapi.responses import Response

from services.portal.forms import Form
from services.portal.moves import OWNERS
from services.portal.pages import Page
from services.portal.reading import Known

Again = Callable[[Page, Known, Form, int], Awaitable[Response]]
"""Shows the form again, with what is wrong in it, under this status."""


async def do(
    page: Page,
    about: Known,
    verb: str,
    body: Mapping[str, Any],
    form: Form,
    again: Again,
    fields: Mapping[str, str] | None = None,
) -> Response:
    """Ask for one verb on one issue; what was typed is kept until it was done. ``fields``: as for ``explain``."""
    page.keep(form)
    path = f"/issues/{about.id}/{verb.replace('_', '-')}"
    answer = await page.ask(OWNERS[verb], path, body, key=form.sending(), subject=about.id)
    if answer.is_done:
        page.forget()
        return page.to(f"/issues/{about.id}?done={verb if answer.kind == 'done' else 'pending'}")
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
