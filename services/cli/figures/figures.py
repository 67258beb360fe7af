"""Every figure with its numerator, denominator, unit and period, summed over the histories of issues.

Issues belong to the month they were registered in. Below five, counts only. Source: loop.md, Figures.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from statistics import mean, median

from pydantic import BaseModel, ConfigDict

from services.cli.figures.history import Issue, Round, State
from services.cli.figures.rates import RATES, total
from services.cli.figures.rebuild import rebuild
from shared.contract.envelope import Envelope

FEWEST = 5
"""Below this many, a rate or a mean says more about persons than about work."""

NOBODY = "unassigned"


class Rate(BaseModel):
    """A share that shows what it is a share of; ``rate`` is None below five.

    ``withdrawn`` stands beside it: issues that were taken back and so are no part of it.
    """

    model_config = ConfigDict(frozen=True)

    numerator: int
    denominator: int
    unit: str
    period: str
    rate: float | None
    withdrawn: int


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
    rejected: int
    referred: int
    withdrawn: int
    tracked: int
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
        sources=by(lambda issue: str(issue.source)),
    )


def figures_from_log(events: Iterable[Envelope], as_of: datetime, month: str | None = None) -> Figures:
    """The same figures from nothing but the events of the four owners, in whatever order they are given."""
    return figures(rebuild(events).values(), as_of, month)


def replay_figures(issues: Iterable[Issue]) -> dict[str, int | dict[str, dict[str, int]]]:
    """Counts for ``qinqing replay``: in time means the first reply against the original promise."""
    chosen = list(issues)

    def by(key: Callable[[Issue], str]) -> dict[str, dict[str, int]]:
        return {name: _counts(group) for name, group in _grouped(chosen, key).items()}

    return {
        **_counts(chosen),
        "months": by(lambda issue: issue.month),
        "departments": by(lambda issue: issue.department or NOBODY),
    }


def _numbers(issues: list[Issue], as_of: datetime, period: str) -> Numbers:
    rates = {}
    for name, (unit, part) in RATES.items():
        parts = [part(issue, as_of) for issue in issues]
        top, bottom = total(parts)
        rates[name] = Rate(
            numerator=top,
            denominator=bottom,
            unit=unit,
            period=period,
            rate=round(top / bottom, 4) if bottom >= FEWEST else None,
            withdrawn=sum(
                issue.state is State.WITHDRAWN and not counted
                for issue, (_, counted) in zip(issues, parts, strict=True)
            ),
        )
    replied = [issue for issue in issues if issue.rounds]
    finished = [issue for issue in replied if issue.state not in (State.REWORK_ASKED, State.REWORK)]
    ended = Counter(issue.state for issue in issues if issue.ended_at is not None)
    return Numbers(
        registered=len(issues),
        replied=len(replied),
        open=sum(map(_is_open, issues)),
        rejected=ended[State.REJECTED],
        referred=ended[State.REFERRED],
        withdrawn=ended[State.WITHDRAWN],
        tracked=sum(issue.state is State.TRACKED for issue in issues),
        breaches=sum(issue.breached for issue in issues),
        provisional=sum(issue.provisional_because is not None for issue in issues),
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
        n=len(took),
        unit="issue",
        period=period,
        median=round(median(took), 2) if enough else None,
        mean=round(mean(took), 2) if enough else None,
    )


def _grouped(issues: Iterable[Issue], key: Callable[[Issue], str]) -> dict[str, list[Issue]]:
    groups: dict[str, list[Issue]] = defaultdict(list)
    for issue in issues:
        groups[key(issue)].append(issue)
    return dict(sorted(groups.items()))
