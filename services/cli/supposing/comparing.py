"""The record beside what would have been: breaches, steps and rates of all issues, and the issues that differ."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import NamedTuple

from services.cli.figures.history import Issue
from services.cli.figures.rates import RATES, Part, total
from services.cli.figures.reading import read
from services.cli.supposing.log import Entry, Log, Sequences, happened, recorded
from services.cli.supposing.playing import play
from services.cli.supposing.rules import Rules
from services.cli.supposing.standing import Standing, by_then, standing
from shared.contract.events.intake import PromiseStarted
from shared.domain.reference import NotPublished

DATED = ("on_time_assignment", "sign_for", "on_time_reply", "on_time_reply_extended", "answered")
"""The rates that rest on due dates; the others are what people said."""


class Compared(NamedTuple):
    """One issue: as it was recorded, and as it would have been."""

    subject: str
    department: str
    before: Standing
    after: Standing
    rates: Mapping[str, tuple[Part, Part]]
    deadlines: int

    @property
    def differs(self) -> bool:
        """Whether other clocks were breached, other steps reached, or it counts otherwise in a rate."""
        before, after = self.before, self.after
        rates = any(part != other for part, other in self.rates.values())
        return rates or (before.breaches, before.steps) != (after.breaches, after.steps)

    @property
    def moved(self) -> bool:
        """Whether some clock of it has another due date."""
        both = self.before.due.keys() & self.after.due.keys()
        return any(self.before.due[which] != self.after.due[which] for which in both)


@dataclass
class Change:
    """A number before and after, and the issues in which it is another one: those that have more, and fewer."""

    before: int = 0
    after: int = 0
    more: list[str] = field(default_factory=list)
    fewer: list[str] = field(default_factory=list)

    def add(self, subject: str, before: int, after: int) -> None:
        """One issue's part of both."""
        self.before, self.after = self.before + before, self.after + after
        if before != after:
            (self.more if after > before else self.fewer).append(subject)

    def facts(self) -> dict[str, int | list[str]]:
        """All of it, as JSON."""
        return asdict(self)


@dataclass
class RateChange:
    """A rate's numerator and denominator before and after, and the issues whose part in it is another one."""

    unit: str
    before: Part = (0, 0)
    after: Part = (0, 0)
    changed: list[str] = field(default_factory=list)

    def add(self, subject: str, before: Part, after: Part) -> None:
        """One issue's part of both."""
        self.before, self.after = total((self.before, before)), total((self.after, after))
        if before != after:
            self.changed.append(subject)


@dataclass
class Comparison:
    """All issues: breaches by clock, steps by number, rates by name, and each issue that differs.

    ``unplayed``: those about which an event says what no arithmetic can count, or names an unknown version.
    """

    issues: int = 0
    deadlines: int = 0
    moved: int = 0
    breaches: dict[str, Change] = field(default_factory=dict)
    steps: dict[int, Change] = field(default_factory=dict)
    rates: dict[str, RateChange] = field(
        default_factory=lambda: {name: RateChange(RATES[name][0]) for name in DATED}
    )
    differing: list[Compared] = field(default_factory=list)
    unplayed: list[str] = field(default_factory=list)

    def add(self, one: Compared) -> None:
        """Count one issue."""
        self.issues += 1
        self.deadlines += one.deadlines
        self.moved += one.moved
        before, after = _by_clock(one.before), _by_clock(one.after)
        for clock in before | after:
            self.breaches.setdefault(clock, Change()).add(one.subject, before[clock], after[clock])
        was, would_be = Counter(one.before.steps), Counter(one.after.steps)
        for step in was | would_be:
            self.steps.setdefault(step, Change()).add(one.subject, was[step], would_be[step])
        for name, (part, other) in one.rates.items():
            self.rates[name].add(one.subject, part, other)
        if one.differs:
            self.differing.append(one)


def compare(
    log: Log, rules: Rules, until: datetime, progress: Callable[[int], None] = lambda issues: None
) -> Comparison:
    """Every issue of the log as of ``until``, its record beside what these rules would have made of it."""
    found = Comparison()
    for number, (subject, sequences) in enumerate(sorted(log.issues.items()), 1):
        try:
            if (one := compare_one(subject, sequences, rules, until)) is not None:
                found.add(one)
        except (NotPublished, ValueError):
            found.unplayed.append(subject)
        progress(number)
    return found


def compare_one(subject: str, sequences: Sequences, rules: Rules, until: datetime) -> Compared | None:
    """One issue; None for one that was not registered by then.

    Raises NotPublished for a version that is not in the log, and ValueError for an instant that no calendar has.
    """
    others = by_then(happened(sequences), until)
    known = _read(None, others)
    if known is None:
        return None
    played = play(subject, others, rules, until)
    promises = (entry for entry in others if isinstance(entry.event, PromiseStarted))
    record = [*promises, *by_then(recorded(sequences), until)]
    before, after = standing(record), standing(played.entries)
    was = _parts(_read(known, record), until)
    would_be = was if before == after else _parts(_read(known, played.entries), until)
    rates = {name: (was[name], would_be[name]) for name in DATED}
    return Compared(subject, known.department, before, after, rates, played.deadlines)


def _read(issue: Issue | None, entries: Iterable[Entry]) -> Issue | None:
    """The issue as figures know it, after these events too."""
    for entry in entries:
        issue = read(issue, entry.event, entry.at)
    return issue


def _parts(issue: Issue | None, as_of: datetime) -> dict[str, Part]:
    assert issue is not None
    return {name: RATES[name][1](issue, as_of) for name in DATED}


def _by_clock(one: Standing) -> Counter[str]:
    found: Counter[str] = Counter()
    for (clock, _, _), times in one.breaches.items():
        found[clock] += times
    return found
