"""What others' events change in feedback, and what happens when nobody rates in time."""

from datetime import datetime

from services.feedback.issue.decisions import changed, settled
from services.feedback.issue.life import EVENT_MOVES, FOLLOWING, Issue, ReplyRound, State
from shared.contract.event import Event
from shared.contract.events.dispatch import ReplyCorrected, ReplyReleased
from shared.contract.events.feedback import RatingInvited, RatingLapsed, ReworkDecided
from shared.contract.events.intake import (
    AppealUpheld,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
)
from shared.contract.events.supervision import PromiseBroken, PromiseKept
from shared.contract.words import CloseReason, Outcome
from shared.domain.clocks import due_at
from shared.domain.decisions import Change, Context, Deadline


def register(issue: Issue | None, event: IssueRegistered, context: Context) -> Change[Issue] | None:
    """An issue exists from here on."""
    if issue is not None:
        return None
    return Change(Issue(state=State.KNOWN, kind=event.kind, person=event.person))


def invite(issue: Issue | None, event: ReplyReleased, context: Context) -> Change[Issue] | None:
    """A reply is out: ask for a rating of it. Nobody is asked about an issue that was taken back."""
    after = _after(issue, event)
    if issue is None or after is None:
        return None
    reply = ReplyRound(
        round=event.round,
        outcome=event.outcome,
        promised_on=event.promised_on,
        open_until=_open_until(context),
        handled_by=event.handled_by,
    )
    return _invited(issue, after, reply)


def keep(issue: Issue | None, event: PromiseKept, context: Context) -> Change[Issue] | None:
    """What was promised for later is done: that is the reply of the next round, and a rating of it is asked for."""
    after = _after(issue, event)
    if issue is None or after is None or issue.reply is None or issue.reply.round != event.round:
        return None
    reply = ReplyRound(
        round=event.round + 1,
        outcome=Outcome.SOLVED,
        open_until=_open_until(context),
        handled_by=(*issue.reply.handled_by, event.by),
    )
    return _invited(issue, after, reply)


def begin_again(issue: Issue | None, event: PromiseBroken, context: Context) -> Change[Issue] | None:
    """A look-back found the promise broken: a new round begins as after a granted rework, also of what was closed."""
    after = _after(issue, event)
    if issue is None or after is None or issue.round != event.round:
        return None
    return changed(issue, after, ReworkDecided(round=event.round + 1, reason=event.words, by=event.by))


def correct(issue: Issue | None, event: ReplyCorrected, context: Context) -> Change[Issue] | None:
    """A corrected version stands beside the reply: its date counts from now on, its rating stays that of the round."""
    after = _after(issue, event)
    if issue is None or after is None or issue.reply is None or issue.reply.round != event.round:
        return None
    newest = {"promised_on": event.promised_on, "corrections": event.version - 1}
    return changed(issue.model_copy(update={"reply": issue.reply.model_copy(update=newest)}), after)


def follow(
    issue: Issue | None, event: IssueRejected | AppealUpheld, context: Context
) -> Change[Issue] | None:
    """Intake did not take the issue on: nothing will be rated, unless an appeal against that is upheld."""
    after = _after(issue, event)
    return None if issue is None or after is None else changed(issue, after)


def end(issue: Issue | None, event: IssueWithdrawn | IssueReferred, context: Context) -> Change[Issue] | None:
    """Taken back, or another body's: no rating any more; but an invitation that ran out before has lapsed, however
    late that is read.
    """
    after = _after(issue, event)
    if issue is None or after is None:
        return None
    invitation = next_deadline(issue)
    if invitation is not None and invitation.at < context.now:
        return _lapsed(issue)
    return changed(issue, after)


def lapse(issue: Issue, deadline: Deadline, context: Context) -> Change[Issue]:
    """The invitation ran out: the reply counts as not rated, never as satisfied."""
    invitation = next_deadline(issue)
    if invitation is None or context.now < invitation.at:
        return Change(issue)
    return _lapsed(issue)


def next_deadline(issue: Issue) -> Deadline | None:
    """The lapse of the open invitation; it depends on feedback's own commands, so there is no grace."""
    if (issue.state, "lapse") not in FOLLOWING or issue.reply is None:
        return None
    open_until = issue.reply.open_until
    return Deadline(f"rating/{issue.round}/lapse/1", open_until, open_until)


def _lapsed(issue: Issue) -> Change[Issue]:
    return settled(issue, "lapse", RatingLapsed(round=issue.round), CloseReason.LAPSED)


def _open_until(context: Context) -> datetime:
    return due_at(context.now, context.policy.limits["rating"], context.policy, context.calendar).at


def _invited(issue: Issue, after: State, reply: ReplyRound) -> Change[Issue]:
    known = issue.model_copy(update={"reply": reply})
    return changed(known, after, RatingInvited(round=reply.round, open_until=reply.open_until))


def _after(issue: Issue | None, event: Event) -> State | None:
    """Where the table says that this event leads; None where it changes nothing."""
    after = None if issue is None else EVENT_MOVES.get((issue.state, type(event)))
    return None if after is None else State(after)
