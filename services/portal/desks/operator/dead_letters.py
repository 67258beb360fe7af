"""Records that could not be used: browse them, look at one, hand it in again, or give it up with a reason."""

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import AWAY, Answer
from services.portal.desks.operator.asking import SHOWN, away, look, look_at_all, operator, rows
from services.portal.desks.operator.troubles import named
from services.portal.doing import not_too_long, number
from services.portal.forms import WHOLE, Form
from services.portal.pages import NotHere, Page, page_of
from shared.contract.event import MAX_REASON_CHARS

PATH = "/operator/dead-letters"
ONE = f"{PATH}/{{service}}/{{topic}}/{{partition}}/{{offset}}"
STATUSES = ("open", "replayed", "discarded", "all")
TIMER = "timer/"
router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


class DeadLetter(NamedTuple):
    """One dead letter as a service shows it, and what can be done with it."""

    row: Mapping[str, Any]

    @property
    def is_open(self) -> bool:
        """Whether nobody dealt with it yet."""
        return bool(self.row["status"] == "open")

    @property
    def is_from_department(self) -> bool:
        """A department's message: nobody hands that in again for it."""
        return str(self.row["origin"]).startswith("dept.") and not self.row["unpublished"]

    @property
    def says_nothing(self) -> bool:
        """It does not say what it is about, so nobody could take it."""
        return not self.row["subject"] and not self.row["unpublished"]

    @property
    def is_deadline(self) -> bool:
        """A deadline does not go away, so it is not given up."""
        return str(self.row["command"]).startswith(TIMER)

    @property
    def may_be_replayed(self) -> bool:
        """Whether it can be handed in again, as far as can be seen here; the service decides."""
        return self.is_open and not self.is_from_department and not self.says_nothing

    @property
    def may_be_discarded(self) -> bool:
        """Whether it can be given up, as far as can be seen here."""
        return self.is_open and not self.is_deadline

    @property
    def lacks_place(self) -> bool:
        """An event that does not say its place in its sequence; somebody may know it."""
        return (
            str(self.row["topic"]).endswith(".events") and not self.row["seq"] and not self.row["unpublished"]
        )

    @property
    def address(self) -> str:
        """Its own page."""
        return f"{PATH}/{self.row['group']}/{self.row['origin']}"


@router.get(PATH)
async def browse(
    page: Asked, service: str = "", status: str = "open", before: str = "", done: str = ""
) -> Response:
    """The newest first, of all services or of one; ``before``: where each service's next page begins."""
    operator(page)
    names = page.portal.services.names
    chosen = [service] if service in names else list(names)
    status = status if status in STATUSES else "open"
    begins = {name: place for name, place in _places(before).items() if name in chosen}
    answers = await look_at_all(
        page,
        {
            name: f"/dead-letters?status={status}&limit={SHOWN}"
            + (f"&before={begins[name]}" if name in begins else "")
            for name in chosen
        },
    )
    found = sorted(rows(answers.values(), "dead_letters"), key=_age, reverse=True)
    shown = found[:SHOWN]
    return page.show(
        "operator/dead_letters.html",
        dead_letters=[DeadLetter(row) for row in shown],
        form=Form(),
        service=service if service in names else "",
        services=names,
        chosen=status,
        statuses=STATUSES,
        away=away(answers),
        is_later=bool(begins),
        following=_following(answers, shown, found, begins),
        named=lambda name: named(page, name),
        done=done,
    )


def _age(row: Mapping[str, Any]) -> tuple[str, int]:
    return str(row["at"]), int(row["number"])


def _places(text: str) -> dict[str, int]:
    """``intake.12-dispatch.40``; what is none of that is left out."""
    pairs = (part.partition(".") for part in text.split("-"))
    return {name: int(at) for name, _, at in pairs if at.isascii() and at.isdecimal() and len(at) < 16}


def _following(
    answers: Mapping[str, Answer],
    shown: list[dict[str, Any]],
    found: list[dict[str, Any]],
    begins: Mapping[str, int],
) -> str:
    """Where each service's next page begins, in the form of ``before``; "" where there is none."""
    if len(found) == len(shown) and not any(answer.body.get("next") for answer in answers.values()):
        return ""
    last = dict(begins) | {str(row["group"]): int(row["number"]) for row in shown}
    return "-".join(f"{name}.{at}" for name, at in sorted(last.items()))


# ---------------------------------------------------------------- one of them


@router.get(ONE)
async def show(
    service: str, topic: str, partition: str, offset: str, page: Asked, done: str = ""
) -> Response:
    """One dead letter with its value as text, and what can be done with it."""
    operator(page)
    origin = f"{topic}/{partition}/{offset}"
    return _show(page, service, origin, await _dead_letter(page, service, origin), Form(), done=done)


@router.get(f"{ONE}/replay")
async def back(service: str, topic: str, partition: str, offset: str, page: Asked) -> Response:
    """Where somebody comes out who had to sign in before handing it in again."""
    operator(page)
    return page.to(f"{PATH}/{service}/{topic}/{partition}/{offset}")


@router.post(f"{ONE}/replay")
async def replay(service: str, topic: str, partition: str, offset: str, page: Asked) -> Response:
    """Hand it in again, to the service that set it aside."""
    form, origin = (await page.form()).form, f"{topic}/{partition}/{offset}"
    operator(page, verb="replay")
    await _dead_letter(page, service, origin)
    answer = await page.ask(service, f"/dead-letters/{origin}/replay", {}, key=form.sending())
    if answer.is_done:
        return page.to(f"{PATH}/{service}/{origin}?done={_done(answer)}")
    status = _explain(page, form, answer)
    return _show(page, service, origin, await _dead_letter(page, service, origin), form, status)


@router.get(f"{ONE}/discard")
async def giving_up(service: str, topic: str, partition: str, offset: str, page: Asked) -> Response:
    """What it means, and why."""
    operator(page)
    origin = f"{topic}/{partition}/{offset}"
    return _giving_up(page, service, origin, await _dead_letter(page, service, origin), page.draft())


@router.post(f"{ONE}/discard")
async def discard(service: str, topic: str, partition: str, offset: str, page: Asked) -> Response:
    """Give it up: what waits for it goes on without it."""
    form, origin = (await page.form()).form, f"{topic}/{partition}/{offset}"
    operator(page, verb="discard")
    dead_letter = await _dead_letter(page, service, origin)
    page.keep(form)
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why: it is recorded with your name"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    if form.text("seq") and not number(form, "seq"):
        form.wrong("seq", page.say("A whole number from 1, or nothing"))
    if form.errors:
        return _giving_up(page, service, origin, dead_letter, form, 422)
    body = {"reason": form.text("reason"), "seq": number(form, "seq")}
    answer = await page.ask(service, f"/dead-letters/{origin}/discard", body, key=form.sending())
    if answer.is_done:
        page.forget()
        return page.to(f"{PATH}/{service}/{origin}?done={_done(answer)}")
    status = _explain(page, form, answer)
    page.keep(form)
    return _giving_up(page, service, origin, await _dead_letter(page, service, origin), form, status)


def _done(answer: Answer) -> str:
    """What became of it, for the page that says so."""
    if answer.kind == "pending":
        return "pending"
    outcome = answer.body.get("outcome") or {}
    if outcome.get("reason") == "failed":
        return "failed_again"
    if outcome.get("status") == "refused" and answer.body.get("status") == "replayed":
        return "refused"
    return str(answer.body.get("status", ""))


def _explain(page: Page, form: Form, answer: Answer) -> int:
    """As every page; why a dead letter cannot be handed in or given up stands in the detail."""
    status = page.explain(form, answer)
    if answer.kind == "refused" and (detail := str(answer.body.get("detail", ""))):
        form.errors[WHOLE] = f"{answer.title} ({detail})"
    return status


async def _dead_letter(page: Page, service: str, origin: str) -> DeadLetter | None:
    """One of them; None where its service does not answer. Raises NotHere where there is none."""
    if service not in page.portal.services.names:
        raise NotHere
    answer = await look(page, service, f"/dead-letters/{quote(origin)}")
    if answer.kind == "done" and "origin" in answer.body:
        return DeadLetter(answer.body)
    if answer.kind != "away":
        raise NotHere
    return None


def _show(
    page: Page,
    service: str,
    origin: str,
    dead_letter: DeadLetter | None,
    form: Form,
    status: int = 200,
    done: str = "",
) -> Response:
    return page.show(
        "operator/dead_letter.html",
        AWAY if dead_letter is None else status,
        dead_letter=dead_letter,
        service=service,
        origin=origin,
        form=form,
        done=done,
        named=lambda name: named(page, name),
    )


def _giving_up(
    page: Page, service: str, origin: str, dead_letter: DeadLetter | None, form: Form, status: int = 200
) -> Response:
    return page.show(
        "operator/discard.html",
        status,
        dead_letter=dead_letter,
        address=f"{PATH}/{service}/{origin}",
        form=form,
        most=MAX_REASON_CHARS,
    )
