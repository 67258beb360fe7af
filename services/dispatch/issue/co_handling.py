"""Decisions on co-handlers (协办、会签): the office adds and releases them, they are heard, and what ends them besides.

A co-handler is asked about the issue in one round, not by one lead: whoever leads reads what was said by then. It is
waited for until it is heard, released, or overdue (docs/decisions/0053).
"""

from collections.abc import Collection

from services.dispatch.issue.asking import asked, department_of
from services.dispatch.issue.life import MOVES, CoHandler, Issue
from shared.contract.commands.dispatch import AddCoHandler, AssignIssue, GiveOpinion, ReleaseCoHandler
from shared.contract.envelope import time_text
from shared.contract.events.dispatch import CoHandlerAdded, CoHandlerHeard, CoHandlerReleased
from shared.contract.orders import (
    Opinion,
    OrderCoHandle,
    OrderCoHandlerHeard,
    OrderCoHandlerReleased,
    OrderDueChanged,
    OrderObjectionAnswered,
)
from shared.contract.words import ClockName, CoHandlingEnd
from shared.domain.clocks import Limit, due_at
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event, illegal, order
from shared.domain.reference import NotPublished

LIMIT = Limit("3wd")
"""How long an opinion may take by a policy that was published before there were co-handlers (clocks.md)."""
MOST = 10
"""How many co-handlers an issue may have in one round: each is an answer that the lead waits for."""

Messages = tuple[Message, ...]


def add(issue: Issue | None, command: AddCoHandler, context: Context) -> Change[Issue] | Refusal:
    """The office asks one more department for its opinion, which is due to whoever leads."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if refusal := _cannot_be_asked(known, command.department, command.wanted, "department", context):
        return refusal
    after, messages = _added(known, command.department, command.wanted.strip(), context.principal, context)
    co_handler = after.co_handlers[-1]
    outcome = {
        "state": after.state.value,
        "assignment": co_handler.assignment,
        "department": co_handler.department,
        "due_at": time_text(co_handler.due_at),
    }
    return Change(after, messages, outcome)


def add_all(issue: Issue, command: AssignIssue, context: Context) -> tuple[Issue, Messages] | Refusal:
    """The issue, which was assigned just now, with every co-handler that the office named in the same step."""
    if command.wanted.strip() and not command.co_handlers:
        return Refusal(Reason.MALFORMED, "wanted: name the departments under co_handlers, or leave it out")
    messages: Messages = ()
    for department in command.co_handlers:
        if refusal := _cannot_be_asked(issue, department, command.wanted, "co_handlers", context):
            return refusal
        issue, more = _added(issue, department, command.wanted.strip(), context.principal, context)
        messages += more
    return issue, messages


def give_opinion(issue: Issue | None, command: GiveOpinion, context: Context) -> Change[Issue] | Refusal:
    """Somebody of the co-handling department, or its own system, agrees or objects: once, and to whoever leads."""
    found = _wanted(issue, command)
    if isinstance(found, Refusal):
        return found
    known, co_handler = found
    if department_of(context.actor) != co_handler.department:
        return Refusal(
            Reason.NOT_THE_HOLDER, f"{co_handler.assignment} is the part of {co_handler.department}"
        )
    words = command.words.strip()
    if not command.agrees and not words:
        return Refusal(Reason.REASON_MISSING, "words: an objection says why")
    heard = co_handler.model_copy(
        update={"agrees": command.agrees, "words": words, "heard_by": context.actor}
    )
    after = _with(known, heard)
    happened = CoHandlerHeard(**_named(heard), agrees=command.agrees, by=context.principal)
    ordered: Messages = ()
    if known.department:  # as long as nobody leads, the next order carries it
        opinion = OrderCoHandlerHeard(
            assignment=known.assignment, round=known.round, opinion=_opinion(heard), by=context.principal
        )
        ordered = (order(known.department, opinion),)
    return Change(after, (event(happened), *ordered), {"state": after.state.value})


def release(issue: Issue | None, command: ReleaseCoHandler, context: Context) -> Change[Issue] | Refusal:
    """The office wants the opinion no more, and says why."""
    found = _wanted(issue, command)
    if isinstance(found, Refusal):
        return found
    known, co_handler = found
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the department is told why")
    after, messages = _ended(known, (co_handler,), CoHandlingEnd.PERSON, reason, context.principal)
    return Change(after, messages, {"state": after.state.value})


def may_not_sign_off(issue: Issue, answer: str, context: Context) -> Refusal | None:
    """Why nobody may sign off yet: a co-handler is to be heard still, or an objection has no answer; else None."""
    waits = [one for one in waited_for(issue) if context.now <= one.due_at]
    if waits:
        until = "; ".join(f"{one.department} has until {time_text(one.due_at)}" for one in waits)
        return Refusal(
            Reason.CO_HANDLER_NOT_HEARD, f"{until}: wait for its opinion, or the office releases it"
        )
    objecting = [one.department for one in objections(issue)]
    if objecting and not answer:
        return Refusal(
            Reason.ANSWER_MISSING, f"answer: {', '.join(objecting)} objects; say what is answered to that"
        )
    return None


def answered(issue: Issue, answer: str) -> tuple[Issue, Messages]:
    """The issue once the reply is signed off, and what the co-handlers that object are told, and read here."""
    messages: Messages = ()
    for one in objections(issue):
        issue = _with(issue, one.model_copy(update={"answer": answer}))
        ordered = OrderObjectionAnswered(assignment=one.assignment, round=issue.round, answer=answer)
        messages = (*messages, order(one.department, ordered))
    return issue, messages


def waited_for(issue: Issue) -> tuple[CoHandler, ...]:
    """Who was asked and has not been heard."""
    return tuple(one for one in issue.co_handlers if one.agrees is None)


def objections(issue: Issue) -> tuple[CoHandler, ...]:
    """Who objects in this round."""
    return tuple(one for one in issue.co_handlers if one.round == issue.round and one.agrees is False)


def opinions(issue: Issue) -> tuple[Opinion, ...]:
    """What was said in this round, for whoever leads from now on."""
    heard = (one for one in issue.co_handlers if one.round == issue.round and one.agrees is not None)
    return tuple(map(_opinion, heard))


def due_moved(issue: Issue, changed: OrderDueChanged) -> Change[Issue] | None:
    """The issue once an opinion is due at another instant, of which its department is told; None where nobody waits.

    Supervision counts that one clock alone, by the versions that were named when it was asked.
    """
    for one in waited_for(issue):
        if one.assignment == changed.assignment and one.due_at != changed.due_at:
            after = _with(issue, one.model_copy(update={"due_at": changed.due_at}))
            return Change(after, (order(one.department, changed),))
    return None


def all_ended(issue: Issue, because: CoHandlingEnd) -> tuple[Issue, Messages]:
    """The issue once nobody is waited for any more: a reply is out, or it has ended."""
    return _ended(issue, waited_for(issue), because)


def led(issue: Issue) -> tuple[Issue, Messages]:
    """The issue once a department leads: it gives itself no opinion."""
    own = [one for one in waited_for(issue) if one.department == issue.department]
    return _ended(issue, own, CoHandlingEnd.LEADS)


def handed_over(issue: Issue, department: str, to: str, by: str, context: Context) -> tuple[Issue, Messages]:
    """The issue once a co-handling department was merged: its successor is asked the same, with all the time for it.

    Unless that one leads, or is asked already.
    """
    own = [one for one in waited_for(issue) if one.department == department]
    after, messages = _ended(issue, own, CoHandlingEnd.MERGED)
    asked_already = {after.department, *(one.department for one in waited_for(after))}
    for one in own:
        if to not in asked_already:
            after, more = _added(after, to, one.wanted, by, context)
            messages += more
    return after, messages


def _cannot_be_asked(issue: Issue, code: str, wanted: str, field: str, context: Context) -> Refusal | None:
    """Why this department cannot be asked; ``field``: where it was named."""
    entry = context.directory.department(code)
    if entry is None:
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"{field}: {code!r} is not in the directory")
    if entry.merged_into:
        successor = context.directory.successor(code)
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"{field}: {code!r} was merged; name {successor!r}")
    if not wanted.strip():
        return Refusal(Reason.REASON_MISSING, "wanted: say what the opinion is to be on")
    if code == issue.department:
        return Refusal(Reason.MALFORMED, f"{field}: {code} leads it already")
    if any(one.department == code for one in waited_for(issue)):
        return Refusal(Reason.MALFORMED, f"{field}: {code} was asked already, and is waited for")
    if sum(one.round == issue.round for one in issue.co_handlers) >= MOST:
        return Refusal(Reason.ILLEGAL_MOVE, f"it has {MOST} co-handlers in this round: that is the most")
    return None


def _wanted(
    issue: Issue | None, command: GiveOpinion | ReleaseCoHandler
) -> tuple[Issue, CoHandler] | Refusal:
    """The issue and the co-handler that is meant, if its opinion is waited for; else why not."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")
    if (issue.state, command.verb) not in MOVES:
        return illegal(MOVES, issue.state, command.verb)
    for one in waited_for(issue):
        if one.assignment == command.assignment:
            return issue, one
    waits = ", ".join(f"{one.assignment} ({one.department})" for one in waited_for(issue))
    detail = f"waited for are {waits}" if waits else "no opinion is waited for"
    return Refusal(Reason.STALE_ASSIGNMENT, f"assignment: nobody waits for that one; {detail}")


def _added(issue: Issue, department: str, wanted: str, by: str, context: Context) -> tuple[Issue, Messages]:
    """The issue with one co-handler more, and its order, enough by itself to act on; may raise NotPublished."""
    entry = context.directory.department(department)
    if entry is None:
        raise NotPublished(f"department {department!r} is not known here yet")
    policy, calendar, number = context.policy, context.calendar, issue.co_handlers_added + 1
    limit = policy.limits.get(ClockName.CO_HANDLER) or LIMIT
    due = due_at(context.now, limit, policy, calendar).at
    co_handler = CoHandler(
        assignment=f"{context.subject}.c{number}",
        department=department,
        round=issue.round,
        wanted=wanted,
        due_at=due,
    )
    happened = CoHandlerAdded(
        **_named(co_handler),
        head=entry.head,
        wanted=wanted,
        started_at=context.now,
        due_at=due,
        limit=str(limit),
        policy=policy.version,
        calendar=calendar.version,
        by=by,
    )
    ordered = OrderCoHandle(
        assignment=co_handler.assignment,
        round=issue.round,
        number=issue.number,
        kind=issue.kind,
        title=issue.title,
        text=issue.text,
        corrected=issue.corrected,
        head=entry.head,
        lead=issue.department,
        wanted=wanted,
        due_at=due,
        attachments=issue.attachments,
    )
    after = issue.model_copy(
        update={"co_handlers": (*issue.co_handlers, co_handler), "co_handlers_added": number}
    )
    return after, (event(happened), order(department, ordered))


def _ended(
    issue: Issue, which: Collection[CoHandler], because: CoHandlingEnd, reason: str = "", by: str = ""
) -> tuple[Issue, Messages]:
    """The issue without these co-handlers, and what everybody and each of them is told."""
    if not which:
        return issue, ()
    messages: list[Message] = []
    for one in which:
        happened = CoHandlerReleased(**_named(one), because=because, reason=reason, by=by)
        ordered = OrderCoHandlerReleased(
            assignment=one.assignment, round=one.round, because=because, reason=reason
        )
        messages += [event(happened), order(one.department, ordered)]
    left = tuple(one for one in issue.co_handlers if one not in which)
    return issue.model_copy(update={"co_handlers": left}), tuple(messages)


def _with(issue: Issue, co_handler: CoHandler) -> Issue:
    co_handlers = tuple(
        co_handler if one.assignment == co_handler.assignment else one for one in issue.co_handlers
    )
    return issue.model_copy(update={"co_handlers": co_handlers})


def _named(co_handler: CoHandler) -> dict[str, object]:
    return {
        "assignment": co_handler.assignment,
        "department": co_handler.department,
        "round": co_handler.round,
    }


def _opinion(co_handler: CoHandler) -> Opinion:
    return Opinion(
        co_handler=co_handler.assignment,
        department=co_handler.department,
        agrees=bool(co_handler.agrees),
        words=co_handler.words,
    )
