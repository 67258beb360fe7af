"""The article's table, counted from the events of a namespace alone: talks, who came, what was raised and became."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.cli.figures.history import Issue
from services.cli.figures.rates import Part, replied, satisfied, total
from services.cli.figures.rebuild import rebuild
from services.cli.scenario.huzhou.article import ROUNDS_REPORTED
from shared.contract.envelope import Envelope
from shared.contract.events.intake import IssueRegistered
from shared.contract.events.talks import TalkAnnounced, TalkAttended, TalkHeld
from shared.contract.subjects import id_of
from shared.contract.words import Level

LEVELS = (Level.CITY, Level.COUNTY)


@dataclass
class HeldTalk:
    """One talk that was held: whose, on which day, who came by reference, which issues came from it."""

    level: str
    on: date
    people: set[str] = field(default_factory=set)
    issues: list[Issue] = field(default_factory=list)


@dataclass(frozen=True)
class Counted:
    """The talks that were held, in the order of their days; rates are as of one instant."""

    talks: Sequence[HeldTalk]
    as_of: datetime

    @property
    def days(self) -> list[date]:
        """The day of each round."""
        return sorted({talk.on for talk in self.talks})

    def people(self, level: str, *on: date) -> int:
        """How many different entrepreneurs came; of all days where none is named."""
        return len({person for talk in self._of(level, on) for person in talk.people})

    def count(self, level: str, *on: date) -> tuple[int, int]:
        """(talks, issues)."""
        talks = list(self._of(level, on))
        return len(talks), sum(len(talk.issues) for talk in talks)

    def part(self, rate: Callable[[Issue, datetime], Part], levels: Iterable[str], *on: date) -> Part:
        """Numerator and denominator of a rate."""
        issues = (issue for level in levels for talk in self._of(level, on) for issue in talk.issues)
        return total(rate(issue, self.as_of) for issue in issues)

    def as_json(self) -> dict[str, Any]:
        """The article's numbers: all six rounds, and of the first three what came of them."""
        first = self.days[:ROUNDS_REPORTED]
        return {
            "talks": {level.value: self.count(level)[0] for level in LEVELS},
            "entrepreneurs": {level.value: self.people(level) for level in LEVELS},
            "issues": {level.value: self.count(level)[1] for level in LEVELS},
            "on_time": {"rounds_1_3": list(self.part(replied, LEVELS, *first))},
            "satisfied": {level.value: list(self.part(satisfied, [level], *first)) for level in LEVELS},
        }

    def _of(self, level: str, on: Sequence[date]) -> Iterable[HeldTalk]:
        return (talk for talk in self.talks if talk.level == level and (not on or talk.on in on))


def count(events: Iterable[Envelope], as_of: datetime) -> Counted:
    """Read each event once; a talk that was not held, and what belongs to none, is no part of the table."""
    log = list(events)
    announced: dict[str, TalkAnnounced] = {}
    held, people, of_talk = set[str](), defaultdict[str, set[str]](set), dict[str, str]()
    for event in log:
        match event.type:
            case TalkAnnounced.type:
                announced[id_of(event.subject)] = TalkAnnounced.model_validate(event.data)
            case TalkHeld.type:
                held.add(id_of(event.subject))
            case TalkAttended.type:
                came = TalkAttended.model_validate(event.data).attendees
                people[id_of(event.subject)] |= {one.person for one in came}
            case IssueRegistered.type:
                occasion = IssueRegistered.model_validate(event.data).occasion
                of_talk[event.subject] = occasion.id if occasion is not None else ""
    talks = {id: HeldTalk(one.level, one.on, people[id]) for id, one in announced.items() if id in held}
    for subject, issue in rebuild(log).items():
        if (talk := talks.get(of_talk.get(subject, ""))) is not None:
            talk.issues.append(issue)
    return Counted(sorted(talks.values(), key=lambda talk: (talk.on, talk.level)), as_of)
