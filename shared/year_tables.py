"""A year's notice beside the published calendar: what is new, what is published otherwise, and the table of both."""

from collections.abc import Iterable
from datetime import date
from typing import Any, NamedTuple

from shared.contract.commands.supervision import PublishCalendar
from shared.contract.events.supervision import CalendarPublished
from shared.domain.calendar import Day, published_through
from shared.domain.faults import Fault
from shared.handwritten import WrongFile, fault_at
from shared.year_notices import DECEMBER, Notice


class Comparison(NamedTuple):
    """A notice and the published table: days that are new, (published, notice) where the two differ, and left out.

    ``otherwise``: work against rest. ``reworded``: only name or source. ``left_out``: published for that year, and not
    in the notice; December is not looked at, for its last days come with the notice of the next year.
    """

    new: tuple[Day, ...]
    otherwise: tuple[tuple[Day, Day], ...]
    reworded: tuple[tuple[Day, Day], ...]
    left_out: tuple[Day, ...]

    def as_json(self) -> dict[str, Any]:
        """The comparison as JSON."""
        return {
            "new": [day_as_json(day) for day in self.new],
            "otherwise": [_pair(*pair) for pair in self.otherwise],
            "reworded": [_pair(*pair) for pair in self.reworded],
            "left_out": [day_as_json(day) for day in self.left_out],
        }


def compare(table: CalendarPublished, notice: Notice) -> Comparison:
    """The notice beside the published table."""
    known = {day.on: day for day in table.days}
    pairs = [(known[day.on], day) for day in notice.days if day.on in known and known[day.on] != day]
    named = {day.on for day in notice.days}
    left_out = (day for day in table.days if _in_year(day.on, notice.year) and day.on not in named)
    return Comparison(
        new=tuple(day for day in notice.days if day.on not in known),
        otherwise=tuple(pair for pair in pairs if pair[0].is_work != pair[1].is_work),
        reworded=tuple(pair for pair in pairs if pair[0].is_work == pair[1].is_work),
        left_out=tuple(left_out),
    )


def check_replacing(path: object, comparison: Comparison) -> None:
    """Raise WrongFile where the notice contradicts what is published: that is replaced only when it is asked for."""
    faults = []
    for was, now in comparison.otherwise:
        rule = Fault(
            "%(day)s is published as %(was)s (%(name)s, %(source)s), and is %(now)s here; correct the file, or publish "
            "it with --replace",
            day=now.on,
            was=kind(was),
            name=was.name,
            source=was.source,
            now=kind(now),
        )
        faults.append(fault_at(str(path), rule, column="kind"))
    if faults:
        raise WrongFile(faults)


def combined(table: CalendarPublished, notice: Notice, leave_out: Iterable[Day] = ()) -> PublishCalendar:
    """The published table with the days of the notice, and without those that are to be left out."""
    days = {day.on: day for day in table.days} | {day.on: day for day in notice.days}
    for day in leave_out:
        del days[day.on]
    ordered = tuple(days[on] for on in sorted(days))
    through = published_through(ordered, table.published_through)
    return PublishCalendar(published_through=through, days=ordered)


def day_as_json(day: Day) -> dict[str, str]:
    """One day as a row of a notice."""
    return {"date": day.on.isoformat(), "kind": kind(day), "name": day.name, "source": day.source}


def kind(day: Day) -> str:
    """``work`` for a make-up day, ``rest`` for a day off."""
    return "work" if day.is_work else "rest"


def _pair(was: Day, now: Day) -> dict[str, Any]:
    return {"date": now.on.isoformat(), "published": day_as_json(was), "file": day_as_json(now)}


def _in_year(on: date, year: int) -> bool:
    return on.year == year and on.month != DECEMBER
