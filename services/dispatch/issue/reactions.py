"""What other owners' events make of an issue here, and what its department is told. Never a refusal."""

from collections.abc import Mapping
from typing import Any

from services.dispatch.issue.asking import reader_of, refusal_for
from services.dispatch.issue.co_handling import all_ended, due_moved, waited_for
from services.dispatch.issue.life import EVENT_MOVES, HELD, Issue, Presence, Promise, State
from services.dispatch.issue.timing import begun, continued, due_changed, let_go, noted, read
from shared.contract.commands.dispatch import HandOver
from shared.contract.event import Event
from shared.contract.events.feedback import IssueClosed, IssueTracked, ReworkDecided
from shared.contract.events.intake import (
    AppealUpheld,
    CorrectedWords,
    IssueAccepted,
    IssueAppealed,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    MaterialReceived,
    PromiseStarted,
    WordsCorrected,
)
from shared.contract.events.supervision import DepartmentAddressed, DueRecalculated, MessageRefused
from shared.contract.events.talks import PromiseExpected
from shared.contract.orders import (
    Answer,
    OrderClosed,
    OrderDocumentIssued,
    OrderDocumentLifted,
    OrderDueChanged,
    OrderInstructed,
    OrderInstructionTakenBack,
    OrderOrdered,
    OrderReferred,
    OrderReminded,
    OrderRework,
    OrderWithdrawn,
    OrderWordsCorrected,
)
from shared.contract.words import ClockName, CoHandlingEnd, DocumentKind, Recalculation, Saying
from shared.domain.decisions import Change, Context, Message, order
from shared.domain.decisions import command as ask
from shared.domain.messages import Said
from shared.domain.renewing import RENEWED


def register(issue: Issue | None, event: IssueRegistered, context: Context) -> Change[Issue] | None:
    """An issue exists; its words come when it is accepted."""
    if issue is not None:
        return None
    files = event.attachments
    return Change(
        Issue(state=State.REGISTERED, number=event.number, kind=event.kind, round=1, attachments=files)
    )


def promised(
    issue: Issue | None, event: PromiseStarted | IssueAppealed, context: Context
) -> Change[Issue] | None:
    """The date the raiser was told, at the registration or when an appeal let the promise run on; orders show it."""
    if issue is None:
        return None
    promise, due_at, presence = issue.promise, event.due_at, issue.presence
    orders: tuple[Message, ...] = ()
    if isinstance(event, PromiseStarted):
        if event.departments:  # it was said at a talk, and came here only after its end
            presence = Presence(talk=event.talk, departments=event.departments)
        history = (("started", event.started_at, event.limit),)
        promise = Promise(policy=event.policy, calendar=event.calendar, history=history)
    elif promise is not None:
        promise = continued(promise, ("resumed", context.now, ""))
        due_at = read(promise, issue.round, context.reference).due_at
    after = issue.model_copy(update={"due_at": due_at, "promise": promise, "presence": presence})
    if isinstance(
        event, PromiseStarted
    ):  # a department may have claimed it in the talk's room, before the talk was over
        orders = due_changed(issue, after, Recalculation.TALK)
    return Change(after, orders)


def expected(issue: Issue | None, event: PromiseExpected, context: Context) -> Change[Issue] | None:
    """Its talk is to come: until then orders show the date that is expected; who will be there may claim it."""
    if issue is None or issue.promise is not None:
        return None
    presence = Presence(talk=event.talk, departments=event.departments)
    after = issue.model_copy(update={"due_at": event.due_at, "presence": presence})
    return Change(after, due_changed(issue, after, Recalculation.TALK))


def recalculated(issue: Issue | None, event: DueRecalculated, context: Context) -> Change[Issue] | None:
    """A calendar or policy has reached the promise: one fact more of it, for whoever holds the issue another date.

    Of the department's own time dispatch keeps nothing: it passes on what it is told, as long as it is still theirs.
    A co-handler has nothing but its date: until then its opinion is waited for.
    """
    if issue is None or event.round != issue.round or event.because not in RENEWED:
        return None
    changed = OrderDueChanged.model_validate(event.model_dump(include=set(OrderDueChanged.model_fields)))
    if event.clock == ClockName.CO_HANDLER:
        return due_moved(issue, changed)
    if event.clock == ClockName.PROMISE:
        moved = noted(issue, (event.because, event.in_force_from, event.version), context)
        return Change(moved, due_changed(issue, moved, event.because))
    if issue.state not in HELD or event.assignment != issue.assignment:
        return None
    return Change(issue, (order(issue.department, changed),))


def accept(issue: Issue | None, event: IssueAccepted, context: Context) -> Change[Issue] | None:
    """It waits for a department; its words are kept because every order carries them in full."""
    after = None if issue is None else EVENT_MOVES.get((issue.state, type(event)))
    if issue is None or after is None:
        return None
    words = {"title": event.title, "text": event.text, "corrected": event.corrected}
    answers = tuple(
        Answer(request=one.request, question=one.question, text=one.text) for one in event.supplied
    )
    return Change(issue.model_copy(update={"state": State(after), **words, "answers": answers}))


def received(issue: Issue | None, event: MaterialReceived, context: Context) -> Change[Issue] | None:
    """The office was supplied files before it took the issue on: they stand with the others; the words come then."""
    if issue is None or not event.attachments:
        return None
    listed = {file.hash for file in issue.attachments}
    added = (file for file in event.attachments if file.hash not in listed)
    return Change(issue.model_copy(update={"attachments": (*issue.attachments, *added)}))


def correct_words(issue: Issue | None, event: WordsCorrected, context: Context) -> Change[Issue] | None:
    """Corrected words stand beside the first; who has the issue reads them, also once a reply of it is out.

    Before the issue is taken on there are none on the event: they come with the acceptance.
    """
    if issue is None or not event.text or issue.state not in (State.WAITING, *HELD, State.REPLIED):
        return None
    newest = {"version": event.version, "title": event.title, "text": event.text}
    corrected = issue.model_copy(update={"corrected": CorrectedWords(**newest)})
    readers = [(one.department, one.assignment) for one in waited_for(issue)]
    if issue.department:
        readers.insert(0, (reader_of(issue.department, issue, context), issue.assignment))
    orders = (order(to, OrderWordsCorrected(assignment=part, **newest)) for to, part in readers)
    return Change(corrected, tuple(orders))


OVER: Mapping[type[Event], type[OrderWithdrawn | OrderReferred | OrderClosed]] = {
    IssueWithdrawn: OrderWithdrawn,
    IssueReferred: OrderReferred,
    IssueClosed: OrderClosed,
}
"""What whoever has an issue is told when it is over."""


def move(
    issue: Issue | None,
    event: IssueRejected | AppealUpheld | IssueReferred | IssueWithdrawn | IssueClosed,
    context: Context,
) -> Change[Issue] | None:
    """Rejected, referred, withdrawn or closed: the move of the table, with an order to who has the issue."""
    after = None if issue is None else EVENT_MOVES.get((issue.state, type(event)))
    if issue is None or after is None:
        return None
    free, ended = let_go(issue, context, over=True)
    free, unheard = all_ended(free, CoHandlingEnd.ENDED)
    ended += unheard
    moved = free.model_copy(update={"state": State(after)})
    if isinstance(event, IssueRejected) and moved.promise is not None:
        stopped = continued(moved.promise, ("paused", context.now, "rejected"))
        moved = moved.model_copy(update={"promise": stopped})
    ends = OVER.get(type(event))
    if not moved.department or ends is None:
        return Change(moved, ended)
    reader = reader_of(issue.department, issue, context)
    return Change(moved, (*ended, order(reader, ends(assignment=moved.assignment))))


def rework(issue: Issue | None, event: ReworkDecided, context: Context) -> Change[Issue] | None:
    """A new round begins at the department that answered; one merged since then hands it over at once."""
    after = None if issue is None else EVENT_MOVES.get((issue.state, type(event)))
    if issue is None or after is None:
        return None
    state = {"state": State(after), "tracked": False, "correction": None}
    again = issue.model_copy(update=state | begun(event.round, context))
    return Change(again, (_round_for(again, event, context),))


def tracked(issue: Issue | None, event: IssueTracked, context: Context) -> Change[Issue] | None:
    """What was promised for later is on supervision's list; noted while the reply stands."""
    if issue is None or issue.state is not State.REPLIED:
        return None
    return Change(issue.model_copy(update={"tracked": True}))


def address(issue: Issue | None, event: DepartmentAddressed, context: Context) -> Change[Issue] | None:
    """What supervision has for a department: it is told on its own topic, also when another one holds it by now.

    What it has for the office, and a draft, which no department sees, goes to people alone (noticing.py).
    """
    if issue is None:
        return None
    if not event.department or event.saying == Saying.DRAFTED:
        return Change(issue)
    return Change(issue, (order(reader_of(event.department, issue, context), _passed_on(issue, event)),))


def refuse(issue: Issue | None, event: MessageRefused, context: Context) -> Change[Any]:
    """Supervision refused what a department's own system said: the department is told as if it were refused here."""
    said = Said(event.department, event.message)
    orders = refusal_for(issue, said, event.reason, event.detail, event.legal, context)
    after: Any = issue  # of an issue that nobody has registered there is no state
    return Change(after, orders)


def _passed_on(issue: Issue, said: DepartmentAddressed) -> Event:
    whose = {"assignment": said.assignment or issue.assignment}
    instructed = whose | {"instruction": said.instruction}
    if said.saying == Saying.INSTRUCTED:
        return OrderInstructed(round=said.round, words=said.words, due_at=said.due_at, **instructed)
    if said.saying == Saying.TAKEN_BACK:
        return OrderInstructionTakenBack(reason=said.words, **instructed)
    about: dict[str, Any] = whose | {"document": said.document, "year": said.year, "number": said.number}
    if said.saying == Saying.LIFTED:
        return OrderDocumentLifted(kind=said.kind, **about)
    about["round"] = said.round
    if said.saying in (Saying.WARNING, Saying.LOOK_BACK) or said.kind == DocumentKind.REMINDER:
        about["instruction"] = said.instruction
        return OrderReminded(saying=said.saying, due_at=said.due_at, words=said.words, **about)
    about["words"] = said.words
    if said.kind == DocumentKind.SUPERVISION_ORDER:
        return OrderOrdered(answer_due_at=said.due_at, **about)
    return OrderDocumentIssued(kind=said.kind, praise=said.praise, **about)


def _round_for(issue: Issue, event: ReworkDecided, context: Context) -> Message:
    successor = context.reference.successor(issue.department)
    if successor == issue.department:
        notice = OrderRework(assignment=issue.assignment, round=issue.round, reason=event.reason)
        return order(issue.department, notice)
    moves = HandOver(department=issue.department, to=successor, by=event.by)
    return ask(context.subject, moves)
