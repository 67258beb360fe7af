"""The documents of an issue: what a step brings, what is issued by hand, and what becomes of each.

A document is made when its step is told, or when a person issues it; its register gives it a number, and then it goes
out, waits for a signature, or is void because it was overtaken meanwhile. So every number is some document's.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from services.supervision.issue.life import (
    REMIND,
    Climb,
    Clock,
    Document,
    DocumentState,
    Issue,
)
from shared.contract.commands.supervision import EnterDocument
from shared.contract.event import Event
from shared.contract.events.dispatch import ReplyReleased
from shared.contract.events.supervision import (
    ClockBreached,
    ClockWarned,
    DepartmentAddressed,
    DocumentAnswered,
    DocumentDrafted,
    DocumentIssued,
    DocumentLiftDrafted,
    DocumentLifted,
    DocumentVoided,
    LadderRaised,
)
from shared.contract.words import Addressee, ClockName, DocumentEnd, DocumentKind, LadderCause, Saying
from shared.domain.clocks import Limit, Started, read_clock
from shared.domain.decisions import Context, Message, event
from shared.domain.decisions import command as ask
from shared.domain.documents import LIFTED_WITH_THE_ISSUE, register_of, year_of
from shared.domain.reference import Reference
from shared.domain.steps import BY_ITSELF, ORDER, REMINDED_ALONE, WARNED, Step

Messages = tuple[Message, ...]


class Ended(NamedTuple):
    """Why a document is void or lifted, and who said so with which reason."""

    because: DocumentEnd
    reason: str = ""
    by: str = ""


def follow(
    issue: Issue,
    messages: Iterable[Message],
    context: Context,
    happened: Event | None = None,
    lifted: Ended | None = None,
) -> tuple[Issue, Messages]:
    """The issue with its documents, once its ladder has moved; and what goes out because of that.

    ``messages``: what its clocks and its ladder just published. ``lifted``: how a person lifted it just now.
    """
    found: list[Message] = []
    for message in messages:
        match message.body:
            case LadderRaised():
                issue, more = _made_for(issue, message.body, context)
                found += more
            case ClockBreached() if message.body.clock in REMIND:
                issue, more = _reminding(issue, message.body, context)
                found += more
            case ClockWarned():
                found += _warned(issue, message.body)
            case ClockBreached() if message.body.clock in REMINDED_ALONE:
                issue, more = _reminding_alone(issue, message.body, context)
                found += more
    if not issue.documents:
        return issue, tuple(found)
    documents: list[Document] = []
    for document in issue.documents:
        moved, more = _moved(document, issue, happened, lifted)
        documents.append(moved)
        found += more
    return issue.model_copy(update={"documents": tuple(documents)}), tuple(found)


def make(issue: Issue, document: Document, context: Context) -> tuple[Issue, Messages]:
    """One document more, which asks its register for a number."""
    made = issue.model_copy(update={"documents": (*issue.documents, document)})
    entering = EnterDocument(issue=context.subject, document=document.id)
    return made, (ask(register_of(context.jurisdiction, document.kind, document.year), entering),)


def next_id(issue: Issue) -> str:
    """What the next document of this issue is called among them: d1, d2, ..."""
    return f"d{len(issue.documents) + 1}"


def answer_due(days: int, at: datetime, reference: Reference, policy: str, calendar: str) -> datetime:
    """The end of the office day so many working days after ``at``; may raise NotPublished."""
    terms = reference.policies.named(policy), reference.calendars.named(calendar)
    return read_clock((Started(at, Limit(f"{days}wd")),), *terms).due_at


def find(issue: Issue, id: str) -> Document | None:
    """The document of this issue that is called so."""
    return next((document for document in issue.documents if document.id == id), None)


def put(issue: Issue, document: Document) -> Issue:
    """The issue with this version of one of its documents."""
    documents = tuple(document if one.id == document.id else one for one in issue.documents)
    return issue.model_copy(update={"documents": documents})


def numbered(document: Document, context: Context) -> tuple[Document, Messages]:
    """The document with its number: it goes out, waits for a signature, or is void."""
    if document.void_because is not None:
        return ended(document, Ended(document.void_because))
    step = _step_of(document, context)
    if document.by or (document.kind in BY_ITSELF and not step.signed):
        return issued(document, context)
    drafted = DocumentDrafted(
        **_named(document),
        step=document.step,
        clock=document.clock or "",
        round=document.round,
        department=document.department,
        head=_head(document, context),
        due_at=document.due_at,
    )
    # One word a step: whoever is told reads there what else it brought.
    first = step.addressees and document.kind == step.documents[0]
    said = (_said(document, Saying.DRAFTED, step.addressees),) if first else ()
    return document.model_copy(update={"state": DocumentState.DRAFTED}), (event(drafted), *said)


def issued(document: Document, context: Context) -> tuple[Document, Messages]:
    """The document as it goes out, and what its department is told."""
    body = DocumentIssued(
        **_named(document),
        step=document.step,
        clock=document.clock or "",
        round=document.round,
        department=document.department,
        head=_head(document, context),
        words=document.words,
        answer_due_at=document.answer_due_at,
        praise=document.praise,
        joint=document.joint or "",
        offices=document.offices,
        across=document.across,
        by=document.by,
        level=document.level,
    )
    after = document.model_copy(update={"state": DocumentState.ISSUED})
    step = _step_of(document, context)
    to = step.addressees_once_signed if step.signed else step.addressees
    return after, (event(body), _said(document, Saying.ISSUED, to))


def ended(document: Document, why: Ended) -> tuple[Document, Messages]:
    """The document after its end: void where it was not out yet, else lifted."""
    if document.state in (DocumentState.REQUESTED, DocumentState.DRAFTED):
        voided = DocumentVoided(**_named(document), **why._asdict())
        return document.model_copy(update={"state": DocumentState.VOID}), (event(voided),)
    after = document.model_copy(update={"state": DocumentState.LIFTED, "lift_drafted": False})
    body = event(DocumentLifted(document=document.id, **why._asdict()))
    return after, (body, _said(document, Saying.LIFTED))


def answered(document: Document, why: DocumentAnswered) -> tuple[Document, Messages]:
    """An order that was answered."""
    return document.model_copy(update={"state": DocumentState.ANSWERED}), (event(why),)


def _made_for(issue: Issue, raised: LadderRaised, context: Context) -> tuple[Issue, Messages]:
    """What the policy says that this step brings; a step that an appeal brought back has brought it before.

    A reminder that comes with every breach of its clock came with that.
    """
    if raised.because == LadderCause.APPEALED or raised.clock in REMIND:
        return issue, ()
    step = context.reference.policies.named(raised.policy).steps[raised.step - 1]
    answer = None
    if step.answer_days:
        answer = answer_due(
            step.answer_days, raised.due_at, context.reference, raised.policy, raised.calendar
        )
    about = {
        "round": raised.round,
        "assignment": raised.assignment,
        "department": raised.department,
        "clock": raised.clock or None,
        "due_at": raised.due_at,
        "answer_due_at": answer if step.step == ORDER else None,
    }
    return _bring(issue, step, raised.policy, context, about)


def _reminding(issue: Issue, breached: ClockBreached, context: Context) -> tuple[Issue, Messages]:
    """What the first step brings, for a breach that is told at whichever step the issue stands, and once it has ended.

    Nobody is reminded of what has come meanwhile, or was lifted before that was recorded.
    """
    climb = next(
        climb
        for climb in reversed(issue.climbs)
        if (climb.clock, climb.round, climb.assignment)
        == (breached.clock, breached.round, breached.assignment)
    )
    if climb.ended_at is not None or issue.is_lifted(climb):
        return issue, ()
    instruction = breached.round if breached.clock == ClockName.INSTRUCTION else 0
    about = {
        "round": issue.round if instruction else breached.round,
        "instruction": instruction,
        "assignment": breached.assignment,
        "department": breached.department,
        "clock": climb.clock,
        "due_at": breached.due_at,
    }
    return _bring(issue, _first_step(climb.policy, context), climb.policy, context, about)


def _reminding_alone(issue: Issue, breached: ClockBreached, context: Context) -> tuple[Issue, Messages]:
    """What the first step brings, for whoever a clock of its own reminds: the lamp of the issue is the lead's."""
    clock = next(clock for clock in reversed(issue.clocks) if _is_clock_of(clock, breached))
    about = {
        "round": clock.round,
        "assignment": clock.assignment,
        "department": clock.department,
        "clock": clock.name,
        "due_at": clock.due_at,
    }
    return _bring(issue, _first_step(clock.policy, context), clock.policy, context, about)


def _first_step(policy: str, context: Context) -> Step:
    return context.reference.policies.named(policy).steps[0]


def _bring(
    issue: Issue, step: Step, policy: str, context: Context, about: Mapping[str, Any]
) -> tuple[Issue, Messages]:
    """The documents of one step, each of which asks for its number."""
    messages: list[Message] = []
    for kind in step.documents:
        document = Document(
            id=next_id(issue),
            kind=kind,
            state=DocumentState.REQUESTED,
            step=step.step,
            policy=policy,
            year=year_of(about["due_at"]),
            **about,
        )
        issue, more = make(issue, document, context)
        messages += more
    return issue, tuple(messages)


def _step_of(document: Document, context: Context) -> Step:
    """The step that brought it; of one by hand the step that brings its kind, else the first."""
    steps = context.reference.policies.named(document.policy).steps
    if document.step:
        return steps[document.step - 1]
    return next((step for step in steps if document.kind in step.documents), steps[0])


def _moved(
    document: Document, issue: Issue, happened: Event | None, lifted: Ended | None
) -> tuple[Document, Messages]:
    """The document after what happened to its issue and its climb."""
    why = _overtaken(document, issue, lifted)
    if why is None:
        is_answer = isinstance(happened, ReplyReleased) and document.round <= happened.round
        if not is_answer or document.kind is not DocumentKind.SUPERVISION_ORDER:
            return document, ()
        if document.state is DocumentState.REQUESTED:
            return document.model_copy(update={"void_because": DocumentEnd.REPLY}), ()
        if document.state is not DocumentState.ISSUED:
            return document, ()
        return answered(document, DocumentAnswered(document=document.id, because=DocumentEnd.REPLY))
    match document.state:
        case DocumentState.REQUESTED:
            return document.model_copy(update={"void_because": document.void_because or why.because}), ()
        case DocumentState.DRAFTED:
            return ended(document, why)
        case DocumentState.ISSUED | DocumentState.ANSWERED:
            return _recalled(document, why)
    return document, ()


def _recalled(document: Document, why: Ended) -> tuple[Document, Messages]:
    """A document that is out, and overtaken: what a person signed only a person lifts while its issue lives."""
    if why.because is DocumentEnd.ANNULLED:
        if not document.by:
            return ended(document, why)
        if document.lift_drafted:
            return document, ()
        drafted = event(DocumentLiftDrafted(document=document.id))
        return document.model_copy(update={"lift_drafted": True}), (drafted,)
    open_order = document.state is DocumentState.ISSUED
    if document.kind in LIFTED_WITH_THE_ISSUE and (open_order or why.because is DocumentEnd.PERSON):
        return ended(document, why)
    return document, ()


def _overtaken(document: Document, issue: Issue, lifted: Ended | None) -> Ended | None:
    """Why a document is overtaken by now; None for one that stands."""
    climbs = [climb for climb in issue.climbs if _is_of(document, climb)]
    if document.clock in REMINDED_ALONE:
        stands = any(clock.breached and _is_clock_of(clock, document) for clock in issue.clocks)
    else:
        stands = not document.step or any(climb.reached >= document.step for climb in climbs)
    if not stands:
        return Ended(DocumentEnd.ANNULLED)
    if issue.ended_at is not None and not document.praise and not document.instruction:
        return Ended(DocumentEnd.ENDED)
    if lifted is not None and climbs and all(issue.is_lifted(climb) for climb in climbs):
        return lifted
    return None


def _is_of(document: Document, climb: Climb) -> bool:
    return (document.clock, document.instruction or document.round, document.assignment) == (
        climb.clock,
        climb.round,
        climb.assignment,
    )


def _is_clock_of(clock: Clock, named: ClockBreached | Document) -> bool:
    name = named.clock
    return (clock.name, clock.round, clock.assignment) == (name, named.round, named.assignment)


def _warned(issue: Issue, warning: ClockWarned) -> Messages:
    """A warning is said to whoever holds the issue; while nobody does, to the office."""
    if warning.clock not in WARNED:
        return ()
    instruction = warning.round if warning.clock == ClockName.INSTRUCTION else 0
    said = DepartmentAddressed(
        saying=Saying.WARNING,
        round=issue.round if instruction else warning.round,
        instruction=instruction,
        department=warning.department or issue.department,
        assignment=warning.assignment or issue.assignment,
        clock=warning.clock,
        due_at=warning.due_at,
    )
    return (event(said),)


def _said(document: Document, saying: Saying, to: tuple[Addressee, ...] = ()) -> Message:
    """What its department is told of a document, and whom else its step names; the office of what nobody holds."""
    said = DepartmentAddressed(
        saying=saying,
        to=to,
        **_named(document),
        round=document.round,
        department=document.department,
        assignment=document.assignment,
        clock=document.clock or "",
        instruction=document.instruction,
        words=document.words,
        due_at=document.answer_due_at,
        praise=document.praise,
        by=document.by,
    )
    return event(said)


def _named(document: Document) -> dict[str, object]:
    return {
        "document": document.id,
        "kind": document.kind,
        "year": document.year,
        "number": document.number,
    }


def _head(document: Document, context: Context) -> str:
    entry = context.directory.department(document.department)
    return "" if entry is None else entry.head
