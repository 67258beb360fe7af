"""Every figure with its numerator, denominator, unit and period, from the states of issues or from the log.

Issues belong to the month they were registered in. A rate is a sum over issues of (counted for it, counted
at all); the table RATES defines each. Below five, counts only. Source: loop.md, Figures.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from statistics import mean, median
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.feedback.domain import Issue, Round, State, rebuild
from shared.envelope import Envelope
from shared.events import Kind, Satisfaction, Solved

FEWEST = 5
"""Below this many, a rate or a mean says more about persons than about work."""

NOBODY = "unassigned"


class Rate(BaseModel):
    """A share that shows what it is a share of; ``rate`` is None below five."""

    model_config = ConfigDict(frozen=True)

    numerator: int
    denominator: int
    unit: str
    period: str
    rate: float | None


class Hours(BaseModel):
    """How long something took, in hours on the wall clock; None below five."""

    model_config = ConfigDict(frozen=True)

    n: int
    unit: str
    period: str
    median: float | None
    mean: float | None


class Numbers(BaseModel):
    """The figures of one group of issues; the keys of ``rates`` are those of RATES."""

    model_config = ConfigDict(frozen=True)

    registered: int
    replied: int
    open: int
    breaches: int
    provisional: int
    rates: dict[str, Rate]
    first_reply: Hours
    total_time: Hours


class Figures(BaseModel):
    """All figures of one period as of one instant, in all and by group."""

    model_config = ConfigDict(frozen=True)

    as_of: datetime
    period: str
    total: Numbers
    departments: dict[str, Numbers]
    months: dict[str, Numbers]
    sources: dict[str, Numbers]


def figures(issues: Iterable[Issue], as_of: datetime, month: str | None = None) -> Figures:
    """The figures of the issues registered in ``month`` ("2019-04"), or of all; ``as_of`` says what is due."""
    chosen = [issue for issue in issues if month is None or issue.month == month]
    period = month or "all"

    def by(key: Callable[[Issue], str]) -> dict[str, Numbers]:
        return {name: _numbers(group, as_of, period) for name, group in _grouped(chosen, key).items()}

    months = _grouped(chosen, lambda issue: issue.month)
    return Figures(
        as_of=as_of,
        period=period,
        total=_numbers(chosen, as_of, period),
        departments=by(lambda issue: issue.department or NOBODY),
        months={name: _numbers(group, as_of, name) for name, group in months.items()},
        sources=by(lambda issue: issue.source.value),
    )


def figures_from_log(events: Iterable[Envelope], as_of: datetime, month: str | None = None) -> Figures:
    """The same figures from nothing but the events of the four owners, in whatever order they are given."""
    return figures(rebuild(events).values(), as_of, month)


def replay_figures(issues: Iterable[Issue]) -> dict[str, Any]:
    """Counts for ``qinqing replay``: in time means the first reply against the original promise."""
    chosen = list(issues)

    def by(key: Callable[[Issue], str]) -> dict[str, dict[str, int]]:
        return {name: _counts(group) for name, group in _grouped(chosen, key).items()}

    return {
        **_counts(chosen),
        "months": by(lambda issue: issue.month),
        "departments": by(lambda issue: issue.department or NOBODY),
    }


# -------------------------------------------------- one issue's part in a rate


def _assigned(issue: Issue, as_of: datetime) -> tuple[int, int]:
    at = issue.assignments[0].assigned_at if issue.assignments else None
    return _in_time(issue, at, issue.assign_due_at, as_of)


def _signed(issue: Issue, as_of: datetime) -> tuple[int, int]:
    """Per assignment; one that was returned unsigned is outside: the department answered otherwise."""
    parts = [part for part in issue.assignments if part.signed_at or not part.returned]
    return _sum(_in_time(issue, part.signed_at, part.sign_due_at, as_of) for part in parts)


def _replied(issue: Issue, as_of: datetime) -> tuple[int, int]:
    return _in_time(issue, issue.first_replied_at, issue.original_due_at, as_of)


def _replied_extended(issue: Issue, as_of: datetime) -> tuple[int, int]:
    return _in_time(issue, issue.first_replied_at, issue.due_at, as_of)


def _answered(issue: Issue, as_of: datetime) -> tuple[int, int]:
    """Assignments answered / due (答复反馈率), however late; one that was passed on is outside."""
    replied = {round.assignment for round in issue.rounds}
    due = [
        part for part in issue.assignments if not part.passed_on and _due(issue, part.holding_due_at, as_of)
    ]
    return sum(part.id in replied for part in due), len(due)


def _participated(issue: Issue, as_of: datetime) -> tuple[int, int]:
    return int(_rating(issue) is not None), int(any(round.open_until for round in issue.rounds))


def _satisfied(issue: Issue, as_of: datetime) -> tuple[int, int]:
    return _rated_as(issue, Satisfaction.SATISFIED)


def _at_least_basically(issue: Issue, as_of: datetime) -> tuple[int, int]:
    return _rated_as(issue, Satisfaction.SATISFIED, Satisfaction.BASICALLY_SATISFIED)


def _solved(issue: Issue, as_of: datetime) -> tuple[int, int]:
    """Problems only, by the raiser's own answer."""
    rating = _rating(issue) if issue.kind is Kind.PROBLEM else None
    return (0, 0) if rating is None else (int(rating.solved is Solved.YES), 1)


RATES: Mapping[str, tuple[str, Callable[[Issue, datetime], tuple[int, int]]]] = {
    "on_time_assignment": ("issue", _assigned),
    "sign_for": ("assignment", _signed),
    "on_time_reply": ("issue", _replied),
    "on_time_reply_extended": ("issue", _replied_extended),
    "answered": ("assignment", _answered),
    "participation": ("issue", _participated),
    "satisfied": ("issue", _satisfied),
    "satisfied_or_basically": ("issue", _at_least_basically),
    "solved": ("issue", _solved),
}
"""Name -> (unit, an issue's part of numerator and denominator)."""


def _in_time(
    issue: Issue, done_at: datetime | None, due_at: datetime | None, as_of: datetime
) -> tuple[int, int]:
    """Not yet due is outside, done or not; so is what ended undone before it was due."""
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


def _rated_as(issue: Issue, *values: Satisfaction) -> tuple[int, int]:
    rating = _rating(issue)
    return (0, 0) if rating is None else (int(rating.satisfaction in values), 1)


# ---------------------------------------------------------------- summing up


def _numbers(issues: list[Issue], as_of: datetime, period: str) -> Numbers:
    rates = {}
    for name, (unit, part) in RATES.items():
        top, bottom = _sum(part(issue, as_of) for issue in issues)
        share = round(top / bottom, 4) if bottom >= FEWEST else None
        rates[name] = Rate(numerator=top, denominator=bottom, unit=unit, period=period, rate=share)
    replied = [issue for issue in issues if issue.rounds]
    finished = [issue for issue in replied if issue.state not in (State.REWORK_ASKED, State.REWORK)]
    return Numbers(
        registered=len(issues),
        replied=len(replied),
        open=sum(map(_is_open, issues)),
        breaches=sum(issue.breached for issue in issues),
        provisional=sum(issue.provisional for issue in issues),
        rates=rates,
        first_reply=_hours([(issue, issue.rounds[0]) for issue in replied], period),
        total_time=_hours([(issue, issue.rounds[-1]) for issue in finished], period),
    )


def _counts(issues: list[Issue]) -> dict[str, int]:
    replied = [(issue.first_replied_at, issue.original_due_at) for issue in issues if issue.rounds]
    on_time = sum(at is not None and due is not None and at <= due for at, due in replied)
    return {
        "registered": len(issues),
        "replied": len(replied),
        "replied_on_time": on_time,
        "replied_late": len(replied) - on_time,
        "open": sum(map(_is_open, issues)),
        "breaches": sum(issue.breached for issue in issues),
    }


def _is_open(issue: Issue) -> bool:
    """No reply is out, and the issue has not ended without one."""
    return not issue.rounds and issue.ended_at is None


def _hours(spans: list[tuple[Issue, Round]], period: str) -> Hours:
    """From registration to a reply; days of rest and nights included."""
    took = sorted((last.replied_at - issue.registered_at).total_seconds() / 3600 for issue, last in spans)
    enough = len(took) >= FEWEST
    return Hours(
        n=len(took), unit="issue", period=period,
        median=round(median(took), 2) if enough else None, mean=round(mean(took), 2) if enough else None,
    )  # fmt: skip


def _sum(parts: Iterable[tuple[int, int]]) -> tuple[int, int]:
    top = bottom = 0
    for numerator, denominator in parts:
        top, bottom = top + numerator, bottom + denominator
    return top, bottom


def _grouped(issues: Iterable[Issue], key: Callable[[Issue], str]) -> dict[str, list[Issue]]:
    groups: dict[str, list[Issue]] = defaultdict(list)
    for issue in issues:
        groups[key(issue)].append(issue)
    return dict(sorted(groups.items()))
