"""What supervision decides of an issue when a person asks: a breach is explained, the ladder is lifted."""

from collections.abc import Iterable
from datetime import datetime

from services.supervision.issue import documents
from services.supervision.issue.ladder import explained, steps_ahead
from services.supervision.issue.life import Document, DocumentState, Issue
from shared.contract.command import Command
from shared.contract.commands.supervision import AnswerOrder, ExplainBreach, LiftLadder
from shared.contract.envelope import time_text
from shared.contract.events.supervision import ExplanationGiven, LadderLifted, MessageRefused
from shared.contract.words import ClockName, DocumentEnd, LiftCause
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event
from shared.domain.levels import is_as_high
from shared.domain.messages import said_in
from shared.domain.rights import Asker
from shared.domain.steps import ORDER

UNKNOWN = Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")


def explain(issue: Issue | None, command: ExplainBreach, context: Context) -> Change[Issue] | Refusal:
    """Put the supervision order off, once, as long as the promise of this round waits for it."""
    if issue is None:
        return UNKNOWN
    if refusal := stale(issue, command):
        return refusal
    waiting = [
        (place, climb, dict(climb.steps)[ORDER])
        for place, step, _ in steps_ahead(issue)
        if step == ORDER and (climb := issue.climbs[place]).clock is ClockName.PROMISE
    ]
    if not waiting:
        return Refusal(Reason.ILLEGAL_MOVE, "no broken promise of it waits for a supervision order")
    place, climb, order_at = waiting[-1]
    if command.round != climb.round:
        return Refusal(Reason.STALE_ROUND, f"it is the promise of round {climb.round} that was broken")
    if climb.explained_at is not None:
        return Refusal(Reason.ILLEGAL_MOVE, "it was explained before: once only")
    if context.now > datetime.fromisoformat(order_at):
        return Refusal(Reason.ILLEGAL_MOVE, f"the supervision order was due at {order_at}")
    words = command.words.strip()
    if not words:
        return Refusal(Reason.REASON_MISSING, "words: say why the promise was broken")
    # By a clock that runs behind ours it may be from before the breach, which has been told.
    after = explained(issue, place, max(context.now, climb.began_at), context.reference)
    put_off_to = datetime.fromisoformat(dict(after.climbs[place].steps)[ORDER])
    by = answerer(context)
    about = {"round": climb.round, "department": issue.department, "words": words, "by": by}
    given = ExplanationGiven(due_at=put_off_to, **about)
    return Change(after, (event(given),), {"order_at": time_text(put_off_to)})


def lift(issue: Issue | None, command: LiftLadder, context: Context) -> Change[Issue] | Refusal:
    """Lift what stands, and what climbs: only another breach or dissatisfied round begins again.

    Who lifts names the step they have read, so that nobody lifts a card they know nothing of.
    """
    if issue is None:
        return UNKNOWN
    if not issue.lamp:
        return Refusal(Reason.ILLEGAL_MOVE, "it stands at no step of the ladder")
    if command.step != issue.lamp:
        return Refusal(Reason.STALE_STEP, f"it stands at step {issue.lamp} now: read it first")
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: everybody reads why it was lifted")
    standing = (DocumentState.ISSUED, DocumentState.ANSWERED)
    reached = tuple(document for document in issue.documents if document.step and document.state in standing)
    if why := may_not_lift(issue, reached, context):
        return Refusal(Reason.WRONG_ROLE, why)
    # What it has heard of from a clock that runs ahead of ours is lifted too.
    lifted_at = max((context.now, *(climb.began_at for climb in issue.climbs)))
    lifted = LadderLifted(step=issue.lamp, because=LiftCause.PERSON, reason=reason, by=context.principal)
    ended = documents.Ended(DocumentEnd.PERSON, reason, context.principal)
    after = issue.model_copy(update={"lifted_at": lifted_at})
    after, more = documents.follow(after, (), context, lifted=ended)
    return Change(after, (event(lifted), *more), {"step": 0})


def may_not(issue: Issue, context: Context, reached: Iterable[Document] = ()) -> str:
    """Why this official may not act on it, and on what it ``reached``; "" where they may.

    They are of no department that holds it or one of these documents, and of no lower level than that or than who
    signed. What nobody holds is with the office of the jurisdiction, and of its level.
    """
    directory = context.directory
    official = directory.official(context.principal)
    if official is None:
        return ""
    for code in dict.fromkeys((issue.department, *(document.department for document in reached))):
        if code and official.department in (code, directory.successor(code)):
            return f"nobody of {code}, which holds it, may do that"
        if not is_as_high(official.level, level := directory.level(code)):
            whose = f"{code} is" if code else "nobody holds it: its office is"
            return f"{whose} of the level {level}: nobody of a lower one may do that"
    for document in reached:
        if not is_as_high(official.level, document.level):
            signed = f"{document.by} signed {document.kind} {document.id}"
            return f"{signed} at the level {document.level}: nobody of a lower one lifts it"
    return ""


def may_not_lift(issue: Issue, reached: tuple[Document, ...], context: Context) -> str:
    """The same of who lifts: nobody knows the level of whom the directory does not name."""
    if context.directory.official(context.principal) is None:
        return f"{context.principal} is not in the directory: a named official lifts"
    return may_not(issue, context, reached)


def stale(issue: Issue, command: ExplainBreach | AnswerOrder) -> Refusal | None:
    """Why it is of another assignment than the present one; None where it is of that, or names none."""
    if command.assignment in ("", issue.assignment):
        return None
    held = f"the current assignment is {issue.assignment}" if issue.assignment else "nobody holds it now"
    return Refusal(Reason.STALE_ASSIGNMENT, held)


def answerer(context: Context) -> str:
    """Who answers for a department: the person, or the department itself where its own system does."""
    asker = Asker.of(context.actor)
    return asker.account or asker.department


def refused(issue: Issue | None, command: Command, context: Context, refusal: Refusal) -> tuple[Message, ...]:
    """What dispatch has to tell a department of its message that was refused here; nothing of anybody else's."""
    said = said_in(context)
    if said is None:
        return ()
    why = {"reason": refusal.reason, "detail": refusal.detail, "legal": refusal.legal}
    return (event(MessageRefused(**said._asdict(), **why)),)
