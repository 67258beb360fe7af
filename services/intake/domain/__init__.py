"""An issue in intake: registered with a promise, then accepted, rejected or withdrawn; pure functions."""

from typing import NamedTuple

from services.intake.domain.life import LEARNED, MOVES, NOTHING, TERMINAL, TIMERS, Issue, State
from services.intake.domain.numbers import (
    CREDIT_CODE_RULE,
    is_credit_code,
    is_issue_id,
    issue_id,
    issue_number,
    pseudonym,
    read_number,
)
from shared.calendar import Calendar
from shared.clocks import SHANGHAI, Policy, due_at
from shared.commands import AcceptIssue, RegisterIssue, RejectIssue, WithdrawIssue
from shared.events import (
    Event,
    IssueAccepted,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    PromiseStarted,
    Source,
)
from shared.moves import Change, Context, Reason, Refusal, illegal, legal_verbs

__all__ = [
    "CREDIT_CODE_RULE", "LEARNED", "MOVES", "NOTHING", "TERMINAL", "TIMERS", "Issue", "Rules", "State",
    "accept", "is_credit_code", "is_issue_id", "issue_id", "issue_number", "learn", "pseudonym", "read_number",
    "register", "reject", "withdraw",
]  # fmt: skip

OFFICE = "office"
ALWAYS_ANSWERED = (Source.TALK, Source.OBSERVER, Source.VISIT, Source.DELIBERATION)
"""Issues from these sources are never rejected (loop.md, intake)."""


class Rules(NamedTuple):
    """What a decision needs beside state and request."""

    policy: Policy
    calendar: Calendar


def register(
    issue: Issue | None, command: RegisterIssue, context: Context, rules: Rules
) -> Change[Issue] | Refusal:
    """Write the words down and start the promise, which runs from now on (clocks.md, first paragraph)."""
    if issue is not None:
        legal = legal_verbs(MOVES, issue.state)
        return Refusal(Reason.ALREADY_REGISTERED, f"{issue_number(context.subject)} is registered", legal)
    if not is_issue_id(context.subject):
        return Refusal(Reason.MALFORMED, "subject: not an issue's id; it derives from who asks and the key")
    enterprise = command.enterprise.strip().upper()
    if enterprise and not is_credit_code(enterprise):
        return Refusal(Reason.WRONG_CREDIT_CODE, f"enterprise: {CREDIT_CODE_RULE}")
    limit = rules.policy.limits["promise"]
    due = due_at(context.now, limit, rules.policy, rules.calendar)
    number = issue_number(context.subject)
    words = command.model_dump(exclude={"enterprise"})
    registered = Issue(
        **words, enterprise=enterprise, raised_by=context.actor, registered_at=context.now, due_at=due.at,
        provisional=due.provisional,
    )  # fmt: skip
    names = {"pseudonym": pseudonym(context.subject)} if command.anonymous else {"enterprise": enterprise}
    told = (
        IssueRegistered(**words, number=number, raiser=context.pseudonym, **names),
        PromiseStarted(
            started_at=context.now, due_at=due.at, limit=str(limit), provisional=due.provisional,
            policy=rules.policy.version, calendar=rules.calendar.version,
        ),
    )  # fmt: skip
    outcome = {
        "state": registered.state.value, "number": number, "id": context.subject, "due_at": due.at.isoformat(),
        "due_on": due.at.astimezone(SHANGHAI).date().isoformat(), "provisional": due.provisional,
    }  # fmt: skip
    return Change(registered, told, outcome=outcome)


def accept(issue: Issue | None, command: AcceptIssue, context: Context) -> Change[Issue] | Refusal:
    """The office takes the issue on."""
    known = _asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if context.role != OFFICE:
        return Refusal(Reason.WRONG_ROLE, f"only the {OFFICE} accepts issues")
    return _moved(known, command.verb, IssueAccepted(by=context.principal))


def reject(issue: Issue | None, command: RejectIssue, context: Context) -> Change[Issue] | Refusal:
    """The office does not take it on, for one of the four grounds; some sources always get an answer."""
    known = _asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if context.role != OFFICE:
        return Refusal(Reason.WRONG_ROLE, f"only the {OFFICE} rejects issues")
    if known.origin in ALWAYS_ANSWERED:
        return Refusal(
            Reason.NOT_ELIGIBLE,
            f"an issue from {known.origin.value} is always answered",
            ("accept", "withdraw"),
        )
    explanation = command.explanation.strip()
    if not explanation:
        return Refusal(Reason.REASON_MISSING, "explanation: the raiser is told why")
    rejected = IssueRejected(ground=command.ground, explanation=explanation, by=context.principal)
    return _moved(known, command.verb, rejected, ground=command.ground, explanation=explanation)


def withdraw(issue: Issue | None, command: WithdrawIssue, context: Context) -> Change[Issue] | Refusal:
    """Who raised it takes it back; the office may record that on their behalf."""
    known = _asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if context.role != OFFICE and context.actor != known.raised_by:
        return Refusal(Reason.WRONG_ROLE, "only who raised an issue, or the office for them, takes it back")
    return _moved(known, command.verb, IssueWithdrawn(reason=command.reason.strip()))


def learn(issue: Issue | None, fact: Event) -> Issue | None:
    """What another owner's fact makes of the issue; where the table has no move, it stays as it is."""
    after = None if issue is None else LEARNED.get((issue.state, type(fact)))
    return issue if issue is None or after is None else issue.model_copy(update={"state": State(after)})


def _asked(issue: Issue | None, verb: str) -> Issue | Refusal:
    """The issue if this may be asked now, else why not."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is registered", legal_verbs(MOVES, NOTHING))
    return issue if (issue.state, verb) in MOVES else illegal(MOVES, issue.state, verb)


def _moved(issue: Issue, verb: str, told: Event, **values: object) -> Change[Issue]:
    state = State(MOVES[(issue.state, verb)])
    moved = issue.model_copy(update={"state": state, **values})
    return Change(moved, (told,), outcome={"state": state.value})
