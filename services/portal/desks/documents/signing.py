"""What people do about documents: issue one by hand, sign a draft, answer an order, lift one.

The rules are supervision's (docs/loop.md): here they only spare people buttons that would be refused.
"""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from services.portal.actions import Action
from services.portal.desks.board.lifting import may_not
from services.portal.doing import asked_of, do, given, not_too_long, number, opened
from services.portal.forms import Form
from services.portal.languages import N_
from services.portal.moves import may_ask
from services.portal.pages import NotHere, Page, page_of
from services.portal.queries import documents, talks
from services.portal.queries.documents import Row
from services.portal.reading import Known, known, words_of
from services.portal.times import instant
from services.portal.words import phrase
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS
from shared.contract.words import Across, DocumentKind, Joint, JointOffice, Role
from shared.domain.clocks import SHANGHAI
from shared.domain.documents import NEEDS_WORDS, number_text

router = APIRouter()
Asked = Annotated[Page, Depends(page_of)]

ISSUE = Action("issue_document", N_("Issue an order or a circular"), "flag")
ANSWER = Action("answer_order", N_("Answer the supervision order"), "message-circle", True)
BY_HAND = (
    DocumentKind.SUPERVISION_ORDER,
    DocumentKind.REMINDER,
    DocumentKind.INTERVIEW,
    DocumentKind.CIRCULAR,
)
PRAISE = "praise"
"""In place of a kind: a circular that praises."""
BY_ROLE = {
    Role.HANDLER: (ANSWER,),
    Role.DEPARTMENT_LEADER: (ANSWER,),
    Role.SUPERVISOR: (ISSUE,),
    Role.LEADER: (ISSUE,),
}
OVERSEEING = (Role.SUPERVISOR, Role.LEADER)


class About(NamedTuple):
    """One form about one document: its verb, heading, button, and the field in which something is written."""

    verb: str
    phrase: str
    button: str
    field: str
    label: str
    most: int
    signed: bool = False


SIGN = About(
    "sign_document", N_("Sign it"), N_("Sign and issue it"), "words", N_("What it says"), MAX_TEXT_CHARS, True
)
LIFT = About(
    "lift_document", N_("Lift it"), N_("Lift it"), "reason", N_("Why is it lifted?"), MAX_REASON_CHARS
)
GIVE_UP = LIFT._replace(
    phrase=N_("Do not sign it"), button=N_("Give it up"), label=N_("Why is it not signed?")
)
ANSWERING = About(
    "answer_order",
    N_("Answer the supervision order"),
    N_("Send the answer"),
    "words",
    N_("What was done about it?"),
    MAX_REASON_CHARS,
)
FORMS = {"sign": SIGN, "lift": LIFT, "answer": ANSWERING}
"""By the last part of the address."""


def possible(page: Page, about: Known, document: Row) -> list[tuple[str, str]]:
    """(last part of the address, phrase) of what who asks can do about this document, the main one first."""
    return [(name, form.phrase) for name, form in _possible(page, about, document)]


def _possible(page: Page, about: Known, document: Row) -> Iterator[tuple[str, About]]:
    state, role = document["state"], page.person().role
    oversees = role in OVERSEEING and not may_not(page, about, (document,))
    if oversees and state == "drafted":
        yield "sign", SIGN
        yield "lift", GIVE_UP
    if oversees and state in documents.IN_FORCE:
        yield "lift", LIFT
    its_own = page.person().asker.department == document["department"]
    may_answer = its_own and may_ask(about.sight.asker, ANSWER.verb, about.sight.belongs)
    if state == "issued" and document["answer_due_at"] and may_answer:
        yield "answer", ANSWERING


def offered(page: Page, about: Known) -> tuple[Action, ...]:
    """What a supervisor or a leader can do about an issue that somebody holds."""
    return (ISSUE,) if about.issue["holder"] and not may_not(page, about) else ()


def answering(page: Page, about: Known) -> tuple[Action, ...]:
    """What a department can do about the order that it has to answer first."""
    order = documents.open_order(page.reads, about.id, page.person().asker.department)
    return () if order is None else (ANSWER._replace(at=f"documents/{order['id']}/answer"),)


# ------------------------------------------------------------ one document


def _found(page: Page, id: str, document: str, name: str) -> tuple[Known, Row, About | None]:
    """The document and its form; None where that is not possible as it stands; raises NotHere."""
    about, found = known(page, id), documents.one(page.reads, id, document)
    if found is None or found["number"] is None or not about.sight.handling or name not in FORMS:
        raise NotHere
    if not may_ask(about.sight.asker, FORMS[name].verb, about.sight.belongs):
        raise NotHere
    return about, found, dict(_possible(page, about, found)).get(name)


@router.get("/issues/{id}/documents/{document}/{name}")
async def ask(id: str, document: str, name: str, page: Asked) -> Response:
    """The form to sign, lift or answer it."""
    about, found, form = _found(page, id, document, name)
    if form is None:
        return page.to(f"/issues/{id}/documents/{document}?done=not_now")
    return await _about(page, about, found, form, page.draft(), 200)


@router.post("/issues/{id}/documents/{document}/{name}")
async def send(id: str, document: str, name: str, page: Asked) -> Response:
    """Sign, lift or answer it."""
    sent = (await page.form()).form
    about, found, form = _found(page, id, document, name)
    form = form or FORMS[name]  # the service says why it is not possible any more
    if not sent.text(form.field) and (not form.signed or found["kind"] in NEEDS_WORDS):
        sent.wrong(form.field, page.say("Write something here: who gets it reads it"))
    not_too_long(page, sent, form.field, form.most)
    if form.signed and not sent.text("signature"):
        sent.wrong("signature", page.say("Write your name: nothing goes out unsigned"))
    body = {"document": document, **given(sent, form.field, *(("signature",) if form.signed else ()))}

    async def again(page: Page, about: Known, sent: Form, status: int = 200) -> Response:
        return await _about(page, about, found, form, sent, status)

    answer = await do(page, about, form.verb, body, sent, again, {"signature_missing": "signature"})
    done = answer.headers.get("location", "").partition("?done=")[2]
    return page.to(f"/issues/{id}/documents/{document}?done={done}") if done else answer


async def _about(page: Page, about: Known, document: Row, form: About, sent: Form, status: int) -> Response:
    return page.show(
        "documents/form.html",
        status,
        about=about,
        issue=about.issue,
        document=document,
        number=number_text(document["kind"], document["year"], document["number"]),
        asked=form,
        form=sent,
        words=await words_of(page, about.issue) if about.sight.words else None,
        needs_words=not form.signed or document["kind"] in NEEDS_WORDS,
    )


# ----------------------------------------------------------------- by hand


@router.get("/issues/{id}/issue-document")
async def by_hand(id: str, page: Asked) -> Response:
    """The form of an order, an interview's record, a circular of criticism or of praise."""
    about = asked_of(page, id, ISSUE.verb, OVERSEEING)
    if (talk := talks.one(page.reads, page.request.query_params.get("talk", ""))) is not None:
        return (
            await _by_hand(page, about, _praising(page, talk))
            if offered(page, about)
            else page.to(f"/issues/{id}")
        )
    return await opened(page, about, bool(offered(page, about)), _by_hand)


@router.post("/issues/{id}/issue-document")
async def send_by_hand(id: str, page: Asked) -> Response:
    """Issue it."""
    form, about = (await page.form()).form, asked_of(page, id, ISSUE.verb, OVERSEEING)
    if form.text("kind") not in (*BY_HAND, PRAISE):
        form.wrong("kind", page.say("Choose what it is"))
    if not form.text("words"):
        form.wrong("words", page.say("Write something here: who gets it reads it"))
    not_too_long(page, form, "words", MAX_TEXT_CHARS)
    if not form.text("signature"):
        form.wrong("signature", page.say("Write your name: nothing goes out unsigned"))
    offices = [one for one in JointOffice if form.is_ticked(f"office-{one}")]
    if bool(form.text("joint")) != (len(offices) > 1):
        said = page.say("Tick two or more offices where they act together, and none where they do not")
        form.wrong("joint", said)
    fields = {"signature_missing": "signature", "answer_days": "answer_days"}
    return await do(page, about, ISSUE.verb, _body(form, offices), form, _by_hand, fields)


def _body(form: Form, offices: list[JointOffice]) -> dict[str, Any]:
    praise, days = form.text("kind") == PRAISE, number(form, "answer_days")
    body: dict[str, Any] = {
        "kind": DocumentKind.CIRCULAR if praise else form.text("kind"),
        **given(form, "words", "signature", "joint"),
        "across": [one for one in Across if form.is_ticked(f"across-{one}")],
        "offices": offices,
    }
    if praise:
        body["praise"] = True
    if days:
        body["answer_days"] = days
    return body


def _praising(page: Page, talk: Row) -> Form:
    """The form as it begins from the list of a talk: a circular of praise that names it; what was typed counts more."""
    on = page.times.with_year(instant(talk["starts_at"]).astimezone(SHANGHAI).date())
    words = page.say("At the talk of %(day)s, “%(theme)s”:") % {"day": on, "theme": talk["theme"]}
    form = page.draft()
    form.values = {"kind": PRAISE, "words": words} | form.values
    return form


async def _by_hand(page: Page, about: Known, form: Form, status: int = 200) -> Response:
    return page.show(
        "documents/issue.html",
        status,
        about=about,
        issue=about.issue,
        form=form,
        words=await words_of(page, about.issue) if about.sight.words else None,
        kinds=[(one, page.say(phrase("document", one))) for one in BY_HAND]
        + [(PRAISE, page.say(N_("Circular of praise")))],
        joints=list(Joint),
        offices=list(JointOffice),
        across=list(Across),
        most=MAX_TEXT_CHARS,
    )
