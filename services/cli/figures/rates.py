"""Each rate as one issue's part in it: how often it counts for the rate, and how often it counts at all."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from services.cli.figures.history import Issue, Round
from shared.contract.words import Finding, Kind, Outcome, Satisfaction, Solved

Part = tuple[int, int]
"""One issue's part of numerator and denominator."""


def assigned(issue: Issue, as_of: datetime) -> Part:
    """On-time assignment: the first department was named by the due date."""
    at = issue.assignments[0].assigned_at if issue.assignments else None
    return _in_time(issue, at, issue.assign_due_at, as_of)


def signed(issue: Issue, as_of: datetime) -> Part:
    """Per assignment; one that was returned or recalled unsigned is outside: it had not to be signed for."""
    parts = [part for part in issue.assignments if part.signed_at or not (part.returned or part.recalled)]
    return total(_in_time(issue, part.signed_at, part.sign_due_at, as_of) for part in parts)


def replied(issue: Issue, as_of: datetime) -> Part:
    """On-time reply against the original due date."""
    return _in_time(issue, issue.first_replied_at, issue.original_due_at, as_of)


def replied_extended(issue: Issue, as_of: datetime) -> Part:
    """On-time reply against the extended due date; of what is paused nothing is due."""
    if issue.is_paused and issue.first_replied_at is None:
        return 0, 0
    return _in_time(issue, issue.first_replied_at, issue.due_at, as_of)


def answered(issue: Issue, as_of: datetime) -> Part:
    """Assignments answered / due (答复反馈率), however late; one that was passed on or recalled is outside."""
    with_reply = {round.assignment for round in issue.rounds}
    waits = (issue.is_paused or issue.is_asked) and not issue.rounds
    paused = issue.assignments[-1:] if waits else ()
    due = [
        part for part in issue.assignments if part not in paused and _due(issue, part.holding_due_at, as_of)
    ]
    held = [part for part in due if not (part.passed_on or part.recalled)]
    return sum(part.id in with_reply for part in held), len(held)


def participated(issue: Issue, as_of: datetime) -> Part:
    """Rated of those invited."""
    return int(_rating(issue) is not None), int(any(round.open_until for round in issue.rounds))


def satisfied(issue: Issue, as_of: datetime) -> Part:
    """满意 of those rated."""
    return _rated_as(issue, Satisfaction.SATISFIED)


def at_least_basically(issue: Issue, as_of: datetime) -> Part:
    """满意 or 基本满意 of those rated."""
    return _rated_as(issue, Satisfaction.SATISFIED, Satisfaction.BASICALLY_SATISFIED)


def solved(issue: Issue, as_of: datetime) -> Part:
    """Problems only, by the raiser's own answer."""
    rating = _rating(issue) if issue.kind == Kind.PROBLEM else None
    return (0, 0) if rating is None else (int(rating.solved == Solved.YES), 1)


def claimed(issue: Issue, as_of: datetime) -> Part:
    """Problems that were answered, by what the department says: the newest reply."""
    if issue.claims is None or issue.kind != Kind.PROBLEM:
        return 0, 0
    return int(issue.claims == Outcome.SOLVED), 1


def kept(issue: Issue, as_of: datetime) -> Part:
    """Promises kept of those that a look-back found kept or broken, by the last word."""
    return (0, 0) if issue.look_back is None else (int(issue.look_back == Finding.KEPT), 1)


RATES: Mapping[str, tuple[str, Callable[[Issue, datetime], Part]]] = {
    "on_time_assignment": ("issue", assigned),
    "sign_for": ("assignment", signed),
    "on_time_reply": ("issue", replied),
    "on_time_reply_extended": ("issue", replied_extended),
    "answered": ("assignment", answered),
    "participation": ("issue", participated),
    "satisfied": ("issue", satisfied),
    "satisfied_or_basically": ("issue", at_least_basically),
    "solved": ("issue", solved),
    "solved_claimed": ("issue", claimed),
    "promises_kept": ("issue", kept),
}
"""Name -> (unit, an issue's part of numerator and denominator). Source: loop.md, Figures."""


def total(parts: Iterable[Part]) -> Part:
    """The sum of parts: numerator and denominator."""
    top = bottom = 0
    for numerator, denominator in parts:
        top, bottom = top + numerator, bottom + denominator
    return top, bottom


def _in_time(issue: Issue, done_at: datetime | None, due_at: datetime | None, as_of: datetime) -> Part:
    """Excluded: what is not due at ``as_of``, and what ended undone before its due date."""
    if due_at is None or due_at > as_of:
        return 0, 0
    if done_at is not None:
        return int(done_at <= due_at), 1
    return 0, int(_due(issue, due_at, as_of))


def _due(issue: Issue, due_at: datetime | None, as_of: datetime) -> bool:
    """Whether it fell due while the issue was alive."""
    if due_at is None or due_at > as_of:
        return False
    ended_unanswered = issue.ended_at if not issue.rounds else None
    return ended_unanswered is None or ended_unanswered > due_at


def _rating(issue: Issue) -> Round | None:
    """The latest round that was rated: an issue counts once, with its last word."""
    return next((round for round in reversed(issue.rounds) if round.satisfaction is not None), None)


def _rated_as(issue: Issue, *values: Satisfaction) -> Part:
    rating = _rating(issue)
    return (0, 0) if rating is None else (int(rating.satisfaction in values), 1)
