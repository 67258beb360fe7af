"""One appeal against a rejection: asked by who raised the issue, decided by somebody else than who rejected it."""

from datetime import datetime

from services.intake.issue.life import Appeal, Issue, Rejection
from services.intake.issue.moving import asked, moved
from shared.contract.commands.intake import AppealRejection, DecideAppeal
from shared.contract.events.intake import AppealDismissed, AppealUpheld, IssueAppealed
from shared.contract.words import ClockName
from shared.domain.clocks import SHANGHAI, Due, Limit, due_at
from shared.domain.decisions import Change, Context, Reason, Refusal
from shared.domain.renewing import caught_up, running

LIMIT = Limit("30d")
"""How long an appeal may take under a policy that was published before it named that."""
REJECTED = "rejected"
"""Why a promise does not run between a rejection and its appeal (docs/decisions/0031)."""


def rejection(context: Context) -> Rejection:
    """Who rejects an issue now, and until when that can be appealed against."""
    limit = context.policy.limits.get("appeal", LIMIT)
    until = due_at(context.now, limit, context.policy, context.calendar).at
    return Rejection(by=context.principal, at=context.now, appeal_until=until)


def appeal(issue: Issue | None, command: AppealRejection, context: Context) -> Change[Issue] | Refusal:
    """Who raised it asks for the rejection to be looked at again: once, and in time. The promise runs on."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if known.appeal is not None:
        return Refusal(Reason.ILLEGAL_MOVE, "it was appealed against once, and that decision is final")
    rejected = known.rejection
    if rejected is None or context.now > rejected.appeal_until:
        until = rejected and rejected.appeal_until.astimezone(SHANGHAI).date()
        return Refusal(Reason.APPEAL_TOO_LATE, f"an appeal was possible until {until}")
    due = _promised_again(known, rejected.at, context)
    appealed = known.model_copy(
        update={
            "appeal": Appeal(reason=command.reason),
            "due_at": due.at,
            "provisional_because": due.because,
        }
    )
    happened = IssueAppealed(person=known.person, due_at=due.at, provisional_because=due.because)
    change = moved(appealed, command.verb, happened)
    shown = {"due_at": due.at.isoformat(), "due_on": due.at.astimezone(SHANGHAI).date().isoformat()}
    return Change(change.state, change.messages, {**change.outcome, **shown})


def decide_appeal(issue: Issue | None, command: DecideAppeal, context: Context) -> Change[Issue] | Refusal:
    """The office decides, but not the person who rejected it: open again, or rejected for good."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    assert known.appeal is not None and known.rejection is not None  # by the table of moves
    if context.principal == known.rejection.by:
        return Refusal(Reason.SAME_PERSON, "who rejected an issue does not decide on the appeal")
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the one who appealed reads why")
    decided = known.model_copy(update={"appeal": known.appeal.model_copy(update={"upheld": command.upheld})})
    if command.upheld:
        return moved(decided, command.verb, AppealUpheld(reason=reason, by=context.principal))
    return moved(decided, "dismiss_appeal", AppealDismissed(reason=reason, by=context.principal))


def _promised_again(issue: Issue, rejected_at: datetime, context: Context) -> Due:
    """The promised instant, without the time for which it stood rejected, by every version that reaches the promise.

    Supervision counts by the same function, so the raiser is told the date that its clock comes to.
    """
    limit = context.reference.policies.named(issue.policy).limits["promise"]
    history = (
        ("started", issue.registered_at, limit),
        ("paused", rejected_at, REJECTED),
        ("resumed", context.now, ""),
    )
    promise = running(ClockName.PROMISE, 1, history, issue.policy, issue.calendar)
    reading = caught_up(promise, context.now, context.reference)
    return Due(reading.due_at, reading.provisional)
