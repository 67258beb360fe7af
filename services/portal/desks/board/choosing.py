"""Many chosen issues and one thing done about each: which of them can be, and what became of each command."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Iterable
from typing import NamedTuple

from services.portal.asking import Answer
from services.portal.forms import KEY, Form
from services.portal.moves import OWNERS
from services.portal.pages import NotHere, Page
from services.portal.reach import everything
from services.portal.reading import Known, known
from shared.contract.words import Role

OVERSEEING = (Role.SUPERVISOR, Role.LEADER)
MOST = 50
"""As many as a page of the board shows."""


class Chosen(NamedTuple):
    """One of them: why it cannot be done about it, or ""."""

    about: Known
    why_not: str


class Done(NamedTuple):
    """What became of the commands: those that were done, each with its answer, and the status of the page."""

    done: list[tuple[Known, Answer]]
    status: int


def overseer(page: Page) -> None:
    """Raises NotHere for whoever does nothing about many."""
    everything(page.person())
    if page.person().role not in OVERSEEING:
        raise NotHere


def ids(form: Form, prefix: str) -> list[str]:
    """The issues of a form: the fields whose names begin so."""
    return [name.removeprefix(prefix) for name in form.values if name.startswith(prefix)]


def chosen(page: Page, ids: Iterable[str], why_not: Callable[[Page, Known], str]) -> list[Chosen]:
    """Each once, in their order; what is none of ours is left out."""
    found = []
    for id in list(dict.fromkeys(ids))[:MOST]:
        try:
            about = known(page, id)
        except NotHere:
            continue
        found.append(Chosen(about, why_not(page, about)))
    return found


async def ask(page: Page, form: Form, about: Known, verb: str, body: dict[str, object]) -> Answer:
    """One of the commands, under a key of its own: one that was done is not asked for again with the others."""
    key = Form({**body, KEY: f"{form.key}/{about.id}"}).sending()
    path = f"/issues/{about.id}/{verb.replace('_', '-')}"
    return await page.ask(OWNERS[verb], path, body, key=key, subject=about.id)


async def do_all(
    page: Page,
    form: Form,
    asked: list[Known],
    prefix: str,
    command: Callable[[Known], Awaitable[Answer]],
    fields: dict[str, str] | None = None,
) -> Done:
    """Ask for all of them at once; what was done leaves the form, what was not stays, with why beside it."""
    answers = list(zip(asked, await gather(*map(command, asked)), strict=True))
    status = 200
    for about, answer in answers:
        if answer.is_done:
            del form.values[f"{prefix}{about.id}"]
            continue
        one = Form()
        status = max(status, page.explain(one, answer, fields or {}))
        for sentence in one.errors.values():
            form.wrong(f"{prefix}{about.id}", f"{about.issue['number']}: {sentence}")
        if answer.kind not in ("away", "pending"):
            form.renew()
    if form.errors:
        page.keep(form)
    else:
        page.forget()
    return Done([(about, answer) for about, answer in answers if answer.is_done], status)
