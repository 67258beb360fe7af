"""What was compared, as JSON and as tables: every number names the issues behind it, and how each is opened."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from rich.style import Style
from rich.table import Table
from rich.text import Text

from services.cli.asking import local
from services.cli.display import new_table, shown
from services.cli.figures.figures import FEWEST
from services.cli.figures.rates import Part
from services.cli.report import WORDS, share
from services.cli.supposing.comparing import Change, Compared, Comparison
from services.cli.supposing.standing import Which
from services.intake.issue.numbers import is_issue_id, issue_number
from services.portal.languages import words_in
from services.portal.words import phrase
from shared.contract.words import ClockName
from shared.domain.steps import NAMES

CLOCKS = tuple(ClockName)
PROMISE: Which = (ClockName.PROMISE, 1, "")
UNCHANGED = "没有差别：逾期、级别和比率都一样 / no difference: the same breaches, steps and rates"


class Opening(NamedTuple):
    """How an issue is opened: the address of the portal's pages ("" where it has none), and a command."""

    portal: str
    follow: str

    def address(self, subject: str) -> str:
        """Its page."""
        return f"{self.portal}/issues/{subject}" if self.portal else ""

    def command(self, subject: str) -> str:
        """What prints its whole history."""
        return self.follow.format(subject)


def facts(found: Comparison, listed: Iterable[Compared], opening: Opening) -> dict[str, Any]:
    """Everything, each number with the ids behind it, and the issues that are listed."""
    return {
        "issues": found.issues,
        "deadlines": found.deadlines,
        "due_dates_moved_in": found.moved,
        "not_played": found.unplayed,
        "breaches": {clock: change.facts() for clock, change in sorted(found.breaches.items())},
        "steps": {
            str(step): {"name": _step(step), **change.facts()} for step, change in sorted(found.steps.items())
        },
        "rates": {
            name: {
                "unit": rate.unit,
                "before": _rate(rate.before),
                "after": _rate(rate.after),
                "changed": rate.changed,
            }
            for name, rate in found.rates.items()
        },
        "differing": [_row(one, opening) for one in _worst_first(listed)],
    }


def numbers(found: Comparison) -> Iterator[Table]:
    """A table of breaches, one of steps and one of rates, before and after; those that would be the same too."""
    chinese = words_in("zh").gettext
    columns = ("", "记录 / was", "假设 / what if", "多 / more", "少 / fewer")
    breaches = new_table(*columns, whole=columns[1:], title="逾期 / breaches")
    for clock, change in sorted(found.breaches.items(), key=lambda one: _place(one[0])):
        breaches.add_row(f"{chinese(phrase('clock', clock))} {clock}", *_cells(change))
    steps = new_table(*columns, whole=columns[1:], title="督办升级 / steps of the ladder")
    for step, change in sorted(found.steps.items()):
        steps.add_row(f"{step} {chinese(phrase('step', step))} {_step(step)}", *_cells(change))
    rates = new_table(
        "", *columns[1:3], "变动 / issues", whole=("变动 / issues",), title="按时率 / on-time rates"
    )
    for name, rate in found.rates.items():
        shares = (share(_rate(part)) for part in (rate.before, rate.after))
        rates.add_row(WORDS[name], *shares, f"{len(rate.changed)}")
    for table in (breaches, steps, rates):
        for column in table.columns[1:]:
            column.justify = "right"
        if table.row_count:
            yield table


def behind(found: Comparison) -> dict[str, frozenset[str]]:
    """The issues behind each number, by its name: ``promise``, ``step-4``, ``on_time_reply``."""
    changes = {**found.breaches, **{f"step-{step}": change for step, change in sorted(found.steps.items())}}
    named = {name: frozenset(change.more + change.fewer) for name, change in changes.items()}
    return named | {name: frozenset(rate.changed) for name, rate in found.rates.items()}


def issues(differing: Iterable[Compared], opening: Opening, most: int) -> Table:
    """These issues, those whose step differs most first; a click on a number opens it."""
    table = new_table(
        "编号 / number", "部门", "逾期 / breaches", "级别 / step", "承诺 / promised", whole=("编号 / number",)
    )
    for one in _worst_first(differing)[:most]:
        address = opening.address(one.subject)
        number = Text(_number(one.subject), style=Style(link=address) if address else "")
        steps = f"{one.before.highest} → {one.after.highest}"
        table.add_row(number, one.department or "-", "\n".join(_changes(one)) or "-", steps, _promised(one))
    return table


def _place(clock: str) -> int:
    """Where a clock stands in the tables; one that only a newer version knows stands last."""
    return CLOCKS.index(clock) if clock in CLOCKS else len(CLOCKS)


def _step(number: int) -> str:
    """The name of a step; of one that only a newer version knows, nothing."""
    return NAMES[number - 1] if 1 <= number <= len(NAMES) else ""


def _worst_first(differing: Iterable[Compared]) -> list[Compared]:
    return sorted(differing, key=lambda one: (-abs(one.after.highest - one.before.highest), one.subject))


def _row(one: Compared, opening: Opening) -> dict[str, Any]:
    return {
        "id": one.subject,
        "number": _number(one.subject),
        "department": one.department,
        "breaches": {
            "/".join(map(str, which)).rstrip("/"): [
                one.before.breaches.get(which, 0),
                one.after.breaches.get(which, 0),
            ]
            for which in sorted({*one.before.breaches, *one.after.breaches})
        },
        "steps": [list(one.before.steps), list(one.after.steps)],
        "promised": [_instant(due.get(PROMISE)) for due in (one.before.due, one.after.due)],
        "open": opening.address(one.subject),
        "follow": opening.command(one.subject),
    }


def _changes(one: Compared) -> Iterator[str]:
    """``+ promise``: breached only by the other rules; ``− holding 2``: no longer, in the second round."""
    for which in sorted({*one.before.breaches, *one.after.breaches}):
        clock, round, _ = which
        more = one.after.breaches.get(which, 0) - one.before.breaches.get(which, 0)
        if more:
            yield f"{'+' if more > 0 else '−'} {clock}" + (f" {round}" if round > 1 else "")


def _promised(one: Compared) -> str:
    was, would_be = (due.get(PROMISE) for due in (one.before.due, one.after.due))
    dates = [local(at)[:10] if at is not None else "-" for at in (was, would_be)]
    return dates[0] if was == would_be else " → ".join(dates)


def _cells(change: Change) -> tuple[str, str, str, str]:
    return f"{change.before}", f"{change.after}", f"{len(change.more)}", f"{len(change.fewer)}"


def _rate(part: Part) -> dict[str, Any]:
    numerator, denominator = part
    rate = round(numerator / denominator, 4) if denominator >= FEWEST else None
    return {"numerator": numerator, "denominator": denominator, "rate": rate}


def _number(subject: str) -> str:
    return issue_number(subject) if is_issue_id(subject) else shown(subject)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
