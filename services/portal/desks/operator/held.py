"""Events that wait for one that has not come: let its owner publish it again, or go on without it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.asking import Answer
from services.portal.desks.operator.asking import SHOWN, away, look_at_all, operator, rows
from services.portal.desks.operator.troubles import named
from services.portal.doing import not_too_long
from services.portal.forms import WHOLE, Form
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import projected
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.subjects import KINDS, id_of, kind_of

PATH = "/operator/held"
SKIP = f"{PATH}/{{service}}/{{subject}}/{{topic}}/{{seq}}/skip"
AGAIN = "/operator/publish-again"
NUMBER_CHARS = 13
"""Of an issue's number without its last group, which is a check: what its id is."""
PORTAL = "portal"
router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]


class Gap(NamedTuple):
    """One event that is missing at a reader, a service or the portal."""

    reader: str
    row: Mapping[str, Any]

    @property
    def since(self) -> datetime | None:
        """Since when something waits for it; the portal does not remember."""
        return datetime.fromisoformat(self.row["since"]) if "since" in self.row else None

    @property
    def owner(self) -> str:
        """Whose event it is; "" for one of another jurisdiction, which nobody here can publish."""
        owner = str(self.row["topic"]).removesuffix(".events")
        return "" if "." in owner else owner

    @property
    def skipping(self) -> str:
        """Where it is recorded that it never comes; the portal itself waits for good."""
        subject, topic = (quote(str(self.row[name]), safe=":") for name in ("subject", "topic"))
        return f"{PATH}/{self.reader}/{subject}/{topic}/{self.row['seq']}/skip"


@router.get(PATH)
async def show(page: Asked, done: str = "", count: str = "") -> Response:
    """What is missing, at which reader, since when, and what can be done."""
    operator(page)
    answers = await look_at_all(page, dict.fromkeys(page.portal.services.names, f"/held?limit={SHOWN}"))
    gaps = [Gap(service, row) for service, answer in answers.items() for row in rows([answer], "missing")]
    gaps.sort(key=lambda gap: str(gap.row["since"]))
    mine = [Gap(PORTAL, one._asdict()) for one in projected.missing(page.reads, SHOWN)]
    return page.show(
        "operator/held.html",
        gaps=[*gaps, *mine],
        away=away(answers),
        done=done,
        count=int(count) if count.isascii() and count.isdecimal() and len(count) < 9 else 0,
        form=Form(),
        services=page.portal.services.names,
        named=lambda name: page.say("What pages show") if name == PORTAL else named(page, name),
        reads=PORTAL,
    )


@router.get(SKIP)
async def skipping(service: str, subject: str, topic: str, seq: str, page: Asked) -> Response:
    """What it means, and why."""
    operator(page)
    return _skipping(page, service, subject, topic, seq, page.draft())


@router.post(SKIP)
async def skip(service: str, subject: str, topic: str, seq: str, page: Asked) -> Response:
    """Record that an event never comes: what is held behind it goes on."""
    form = (await page.form()).form
    operator(page, verb="skip")
    if not form.text("reason"):
        form.wrong("reason", page.say("Write why: it is recorded with your name"))
    not_too_long(page, form, "reason", MAX_REASON_CHARS)
    page.keep(form)
    if form.errors:
        return _skipping(page, service, subject, topic, seq, form, 422)
    body = {"topic": topic, "seq": _count(seq), "reason": form.text("reason")}
    answer = await page.ask(_known(page, service), f"{_place(subject)}/skip", body, key=form.sending())
    if answer.is_done:
        page.forget()
        return page.to(f"{PATH}?done={page.became(answer, 'skipped')}")
    status = _explain(page, form, answer)
    page.keep(form)
    return _skipping(page, service, subject, topic, seq, form, status)


def _skipping(
    page: Page, service: str, subject: str, topic: str, seq: str, form: Form, status: int = 200
) -> Response:
    _known(page, service)
    gap = Gap(service, {"subject": subject, "topic": topic, "seq": _count(seq)})
    return page.show(
        "operator/skip.html",
        status,
        gap=gap,
        form=form,
        most=MAX_REASON_CHARS,
        place=page.portal.jurisdiction,
        named=lambda name: named(page, name),
    )


# ------------------------------------------------------------- publish again


@router.get(AGAIN)
async def publishing(page: Asked) -> Response:
    """Which service, and of what."""
    operator(page)
    return _publishing(page, page.draft())


@router.post(AGAIN)
async def publish_again(page: Asked) -> Response:
    """Let a service publish every event of one aggregate again, as it was."""
    form = (await page.form()).form
    operator(page, verb="publish_again")
    page.keep(form)
    service, place = form.text("service"), _place(_subject(form.text("subject")), otherwise="")
    if service not in page.portal.services.names:
        form.wrong("service", page.say("Choose whose events they are"))
    if not place:
        form.wrong("subject", page.say("An issue's number, or such as dept:housing"))
    if form.errors:
        return _publishing(page, form, 422)
    answer = await page.ask(service, f"{place}/publish-again", {}, key=form.sending())
    if answer.is_done:
        page.forget()
        done, count = ("published", answer.body.get("events", 0)) if answer.kind == "done" else ("pending", 0)
        return page.to(f"{PATH}?done={done}&count={count}")
    status = _explain(page, form, answer)
    if answer.kind == "missing":
        form.errors = {"subject": page.say("That service knows of no such thing")}
    page.keep(form)
    return _publishing(page, form, status)


def _publishing(page: Page, form: Form, status: int = 200) -> Response:
    services = [(name, named(page, name)) for name in page.portal.services.names]
    return page.show("operator/publish_again.html", status, form=form, services=services)


def _explain(page: Page, form: Form, answer: Answer) -> int:
    """As every page, with what the service says of the matter: which event is the next one."""
    status = page.explain(form, answer)
    if answer.kind == "refused" and (detail := str(answer.body.get("detail", ""))):
        form.errors[WHOLE] = f"{answer.title} ({detail})"
    return status


def _known(page: Page, service: str) -> str:
    """A service that there is; raises NotHere."""
    if service not in page.portal.services.names:
        raise NotHere
    return service


def _count(text: str) -> int:
    """A place in a sequence; raises NotHere for what is none."""
    if not (text.isascii() and text.isdecimal() and 0 < len(text) < 16 and int(text)):
        raise NotHere
    return int(text)


def _subject(text: str) -> str:
    """What somebody typed as a subject: a number of an issue becomes its id, as it stands on the topics."""
    bare = text.replace("-", "").replace(" ", "").upper()
    return bare[:NUMBER_CHARS] if ":" not in text and bare.isalnum() else text


def _place(subject: str, otherwise: str | None = None) -> str:
    """Where a service's routes about a subject begin; raises NotHere for no subject, or gives ``otherwise``."""
    kind = kind_of(subject)
    if not kind or not id_of(subject):
        if otherwise is None:
            raise NotHere
        return otherwise
    return f"/{KINDS[kind].path}/{quote(id_of(subject), safe='')}"
