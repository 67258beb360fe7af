"""What a department asks who raised an issue, and the answer, which names the question that was read (loop.md)."""

from dataclasses import replace

from services.intake.issue.life import EVENT_MOVES, Issue, Question, State
from services.intake.issue.material import receive
from services.intake.issue.moving import asked, moved
from services.intake.issue.numbers import issue_number
from shared.contract.attachments import OpenAttachment
from shared.contract.commands.intake import SupplyMaterial
from shared.contract.commands.notices import PrepareNotice
from shared.contract.events.dispatch import DatePutOff, QuestionClosed, QuestionPut
from shared.contract.events.intake import MaterialSupplied
from shared.contract.words import Occurrence, Role
from shared.domain.decisions import Change, Context, Message, Reason, Refusal
from shared.domain.notices import tell


def put(issue: Issue | None, event: QuestionPut, context: Context) -> Change[Issue] | None:
    """An answer is taken from now on; not where the issue has ended here meanwhile."""
    if issue is None or (issue.state, QuestionPut) not in EVENT_MOVES:
        return None
    question = Question(
        request=event.request, department=event.department, words=event.words, ends_at=event.ends_at
    )
    return Change(issue.model_copy(update={"question": question}))


def put_and_notified(issue: Issue | None, event: QuestionPut, context: Context) -> Change[Issue] | None:
    """The same, and who raised it is told by mail; not of an anonymous issue, as of its reply (reactions.py)."""
    change = put(issue, event, context)
    if change is None or change.state.anonymous:
        return change
    return replace(change, messages=(_tell(change.state, Occurrence.QUESTION, context),))


def put_off(issue: Issue | None, event: DatePutOff, context: Context) -> Change[Issue] | None:
    """More time was granted (clocks.md 5): it changes nothing here but what its raiser has to be told."""
    known = issue is not None and (issue.state, DatePutOff) in EVENT_MOVES
    return Change(issue) if issue is not None and known else None


def put_off_and_notified(issue: Issue | None, event: DatePutOff, context: Context) -> Change[Issue] | None:
    """The same, and who raised it is told by mail, unless it is anonymous."""
    change = put_off(issue, event, context)
    if change is None or change.state.anonymous:
        return change
    return replace(change, messages=(_tell(change.state, Occurrence.PUT_OFF, context),))


def _tell(issue: Issue, about: Occurrence, context: Context) -> Message:
    item = {"number": issue_number(context.subject), "about": about, "to": issue.person}
    return tell(PrepareNotice, context, item)


def closed(issue: Issue | None, event: QuestionClosed, context: Context) -> Change[Issue] | None:
    """The question ended without an answer: none is taken any more."""
    if issue is None or (issue.state, QuestionClosed) not in EVENT_MOVES:
        return None
    if issue.question is None or issue.question.request != event.request:
        return None
    return Change(issue.model_copy(update={"question": None}))


def supply(issue: Issue | None, command: SupplyMaterial, context: Context) -> Change[Issue] | Refusal:
    """Who raised it, or who wrote it down for them, answers what is asked now, once."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if known.state is State.AWAITING_MATERIAL:
        return receive(known, command, context)
    question = known.question
    if question is None:
        return Refusal(Reason.STALE_REQUEST, "nothing is asked now")
    if command.request != question.request:
        return Refusal(
            Reason.STALE_REQUEST, f"what is asked now is question {question.request}: {question.words}"
        )
    text = command.text.strip()
    if not text:
        return Refusal(Reason.MALFORMED, "text: must not be blank")
    files = tuple(OpenAttachment(**dict(file)) for file in command.attachments)
    # A file that the issue lists already is listed once.
    added = tuple(file for file in files if file.hash not in {one.hash for one in known.attachments})
    supplied = known.model_copy(update={"question": None, "attachments": (*known.attachments, *added)})
    happened = MaterialSupplied(
        request=question.request,
        department=question.department,
        question=question.words,
        text=text,
        attachments=files,
        person=known.person,
        by="" if context.role == Role.ENTREPRENEUR else context.principal,
    )
    change = moved(supplied, command.verb, happened)
    return Change(change.state, change.messages, {**change.outcome, "request": question.request})
