"""What feedback decides when it is asked: ratings, rework, the end of tracking."""

from services.feedback.issue.life import LATER, MOVES, Issue, State, walk
from shared.contract.commands.feedback import DecideRework, FinishTracking, RateReply
from shared.contract.event import Event
from shared.contract.events.feedback import (
    IssueClosed,
    IssueTracked,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)
from shared.contract.words import CloseReason, Kind, Satisfaction, Solved
from shared.domain.decisions import Change, Context, Reason, Refusal, event, illegal


def rate(issue: Issue | None, command: RateReply, context: Context) -> Change[Issue] | Refusal:
    """Rate the reply round that is open, once; dissatisfied or not solved asks a person for a new round.

    "Is it solved?" counts for problems only: a suggestion is adopted or not, never unsolved.
    """
    known = _asked(issue, command.verb, command.round)
    if isinstance(known, Refusal):
        return known
    unsolved = known.kind == Kind.PROBLEM and command.solved is Solved.NO
    again = unsolved or command.satisfaction is Satisfaction.DISSATISFIED
    reason = command.reason.strip()
    if again and not reason:
        return Refusal(Reason.REASON_MISSING, "reason: say why you are dissatisfied, or what is not solved")
    rated = ReplyRated(
        round=command.round, satisfaction=command.satisfaction, solved=command.solved, reason=reason
    )
    if again:
        state = walk(known.state, "rate", "ask_rework")
        return changed(known, state, rated, ReworkAsked(round=command.round, reason=reason))
    return settled(known, "rate", rated, CloseReason.RATED)


def decide_rework(issue: Issue | None, command: DecideRework, context: Context) -> Change[Issue] | Refusal:
    """Grant the next round, or refuse it with a reason; then the rating stands and the issue is settled."""
    known = _asked(issue, command.verb, command.round)
    if isinstance(known, Refusal):
        return known
    if _handled_it(known, context):
        return Refusal(Reason.SAME_PERSON, "who drafted or signed off a reply does not decide on its rework")
    reason, by = command.reason.strip(), context.principal
    if command.granted:
        granted = ReworkDecided(round=command.round + 1, reason=reason, by=by)
        return changed(known, walk(known.state, command.verb), granted)
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the one who raised it is told why")
    refused = ReworkRefused(round=command.round, reason=reason, by=by)
    return settled(known, "refuse_rework", refused, CloseReason.REWORK_REFUSED, by)


def finish_tracking(
    issue: Issue | None, command: FinishTracking, context: Context
) -> Change[Issue] | Refusal:
    """Rule a tracked issue finished: only the level's leader, with a reason (销号)."""
    known = _asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if _handled_it(known, context):
        return Refusal(Reason.SAME_PERSON, "who drafted or signed off a reply does not rule it finished")
    closed = IssueClosed(
        round=known.round, reason=CloseReason.RULED_FINISHED, words=command.reason, by=context.principal
    )
    return changed(known, walk(known.state, command.verb), closed)


def settled(issue: Issue, step: str, first: Event, reason: CloseReason, by: str = "") -> Change[Issue]:
    """The issue after a step that ends its round: tracked for what was promised for later, else closed."""
    reply = issue.reply
    assert reply is not None  # by the table of moves: only an invitation leads here
    if reply.outcome in LATER:
        tracked = IssueTracked(round=reply.round, outcome=reply.outcome, promised_on=reply.promised_on)
        return changed(issue, walk(issue.state, step, "track"), first, tracked)
    closed = IssueClosed(round=reply.round, reason=reason, by=by)
    return changed(issue, walk(issue.state, step, "close"), first, closed)


def changed(issue: Issue, state: State, *events: Event) -> Change[Issue]:
    """The issue in its new state, and the events that say so."""
    outcome = {"state": state.value, "round": issue.round}
    return Change(
        issue.model_copy(update={"state": state}), tuple(event(happened) for happened in events), outcome
    )


def _handled_it(issue: Issue, context: Context) -> bool:
    """Whether this person drafted or signed off the reply: who handles closes nothing (loop.md)."""
    return issue.reply is not None and context.principal in issue.reply.handled_by


def _asked(issue: Issue | None, verb: str, round: int | None = None) -> Issue | Refusal:
    """The issue if this may be asked of it, and of this round, now; else why not."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")
    if (issue.state, verb) not in MOVES:
        return illegal(MOVES, issue.state, verb)
    if round not in (None, issue.round):
        return Refusal(Reason.STALE_ROUND, f"round {round} is not open; it is round {issue.round} now")
    return issue
