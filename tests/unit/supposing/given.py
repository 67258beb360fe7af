"""What the tests of a history under other rules begin with: events of one issue, played by the rules they are given."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from services.cli.supposing.comparing import Compared, compare_one
from services.cli.supposing.log import Entry
from services.cli.supposing.rules import Rules
from shared.contract.envelope import write_seen
from shared.contract.event import Event
from shared.domain.calendar import Calendar, Day
from shared.domain.clocks import Policy
from shared.domain.reference import Reference
from tests.unit.reference import JURISDICTION, builtin_reference
from tests.unit.supervision.given import CALENDAR, POLICY, history_reference

__all__ = ["JURISDICTION", "builtin_reference", "history_reference"]

ISSUE = "issue-1"
WITHOUT_GRACE = POLICY.model_copy(update={"grace_seconds": 0})
Given = Sequence[tuple[datetime, Event]]
"""The events of one issue with their official times, each owner's in order."""


def sequences(events: Iterable[tuple[datetime, Event]]) -> dict[str, dict[int, Entry]]:
    """Each owner's events, numbered as they are given; each owner has read all that was given before."""
    numbers: Counter[str] = Counter()
    found: dict[str, dict[int, Entry]] = {}
    for at, event in events:
        source = f"/{JURISDICTION}/{event.topic.partition('.')[0]}"
        read = write_seen({other: number for other, number in numbers.items() if other != source})
        numbers[source] += 1
        found.setdefault(source, {})[numbers[source]] = Entry(at, event, read)
    return found


def limited(**limits: str) -> Policy:
    """The built-in policy with other limits, without grace."""
    changed = POLICY.model_dump() | {"version": "other-1", "grace_seconds": 0}
    return Policy.model_validate(changed | {"limits": {**POLICY.limits, **limits}})


def resting(*days: date) -> Calendar:
    """The built-in calendar with more rest days."""
    rest = {on: Day(on, False, "停工", "市政府通知") for on in days}
    return Calendar(CALENDAR.published_through, ({**CALENDAR.days} | rest).values())


def played(events: Given, rules: Rules, until: datetime) -> Compared:
    """This issue beside its record, which is empty unless supervision's events are among those given."""
    found = compare_one(ISSUE, sequences(events), rules, until)
    assert found is not None
    return found


def by(
    policy: Policy | None = None, calendar: Calendar | None = None, reference: Reference | None = None
) -> Rules:
    """These rules from the beginning on, in place of those of a replay."""
    return Rules.supposing(reference or history_reference(), policy, calendar)
