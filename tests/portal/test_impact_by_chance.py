"""What a preview says would move is what recalculation then records, whatever is published and whatever runs."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import given as supposing
from hypothesis import settings
from hypothesis import strategies as st

from services.portal.queries.impact import Wanted, impact
from services.supervision.issue.renewing import request_of
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    EnterpriseAsked,
    ExtensionAsked,
    ExtensionGranted,
    PauseAsked,
    PauseEnded,
    PauseGranted,
)
from shared.contract.events.supervision import CalendarPublished, ClockRecalculated, PolicyPublished
from shared.contract.words import Ended, PauseGround
from shared.domain.calendar import Calendar, Day
from shared.domain.clocks import Limit, due_at
from tests.portal.given import Shown
from tests.portal.projection.given import ISSUE, JURISDICTION
from tests.unit.reference import builtin_events, make_reference
from tests.unit.supervision.given import (
    CALENDAR,
    POLICY,
    accepted,
    assigned,
    new_issue,
    promised,
    registered,
    signed,
)
from tests.unit.supervision.renewed import DECEMBER

NOTICE = [date(2027, 1, 1), date(2027, 5, 1), date(2027, 10, 1)]
AROUND = [date(2026, 12, 21) + timedelta(days=day) for day in range(40)]
"""From the day on which the first of these clocks may start."""


@st.composite
def tables(draw: st.DrawFn) -> Wanted:
    """The built-in table with other days: rest on days that are worked, work on days that are not."""
    changed = draw(st.sets(st.sampled_from(AROUND), max_size=8))
    through = draw(st.sampled_from([2026, 2027]))
    found = {**CALENDAR.days}
    for on in sorted(changed):
        found[on] = Day(on, not CALENDAR.is_working_day(on), "虚构", "虚构的通知")
    if through == 2027:
        found |= {on: Day(on, False, "放假", "虚构的通知") for on in NOTICE}
    return PublishCalendar(published_through=through, days=tuple(found.values()))


@st.composite
def policies(draw: st.DrawFn) -> Wanted:
    """Other limits for the clocks that run, and another end of the office day, which reach them or do not."""
    days = {
        name: Limit(f"{draw(st.integers(1, 25))}{draw(st.sampled_from(['wd', 'd']))}")
        for name in draw(st.sets(st.sampled_from(["promise", "holding", "assign"])))
    }
    policy = POLICY.model_copy(update={"version": "two", "limits": {**POLICY.limits, **days}})
    return PublishPolicy(policy=policy, applies_to_running=draw(st.booleans()))


def published(wanted: Wanted, at: datetime) -> CalendarPublished | PolicyPublished:
    """As supervision tells it."""
    if isinstance(wanted, PublishPolicy):
        values = {"policy": wanted.policy, "applies_to_running": wanted.applies_to_running}
        return PolicyPublished(version=wanted.policy.version, in_force_from=at, by="gu", **values)
    table = Calendar(wanted.published_through, wanted.days)
    return CalendarPublished(
        version=table.version,
        in_force_from=at,
        published_through=table.published_through,
        days=wanted.days,
        by="gu",
    )


@contextmanager
def shown() -> Iterator[Shown]:
    """A projection that knows the built-in policy and calendar."""
    with tempfile.TemporaryDirectory() as folder:
        rows = Shown(Path(folder))
        for subject, event in builtin_events():
            if subject.startswith(("policy:", "calendar:")):
                rows.topics.version("supervision", event.type, subject, event.model_dump(mode="json"))
        yield rows


ABOUT: dict[str, Any] = {"assignment": "a1", "department": "housing", "round": 1, "request": 1}
Told = tuple[datetime, Event]


def granted(at: datetime, due: datetime, days: int) -> list[Told]:
    """Time that the holder asked for and was given."""
    dates = {"original_due_at": due, "old_due_at": due, "due_at": due}
    asked = ExtensionAsked(
        **ABOUT, reason="配件", due_at=due, until=date(2027, 1, 29), days=days, by="housing/li"
    )
    return [(at, asked), (at, ExtensionGranted(**ABOUT, **dates, days=days, by="chen"))]


def waiting(what: str, at: datetime) -> list[Told]:
    """A pause that was granted, or a question to the raiser alone; "over" after some hours."""
    is_pause, ends_at = what.startswith("pause"), at + timedelta(days=7)
    said = {"ground": PauseGround.STATUTORY, "by": "housing/li"}
    if is_pause:
        began: list[Told] = [
            (at, PauseAsked(**ABOUT, **said, basis="规划条例", reason="报批")),
            (at, PauseGranted(**ABOUT, **{**said, "by": "chen"}, basis="规划条例")),
        ]
    else:
        began = [(at, EnterpriseAsked(**ABOUT, words="请补充位置图", ends_at=ends_at, by="housing/li"))]
    ended = PauseEnded(**ABOUT, because=Ended.PERSON, granted=is_pause, by="housing/li")
    return [*began, (at + timedelta(hours=20), ended)] if what.endswith("over") else began


@settings(max_examples=20, deadline=None)
@supposing(
    wanted=st.one_of(tables(), tables(), policies()),
    began=st.integers(0, 9 * 24),
    passed=st.integers(0, 30 * 24),
    handled=st.booleans(),
    extended=st.integers(0, 10),
    waits=st.sampled_from(["", "pause", "pause over", "question", "question over"]),
    after=st.integers(1, 12 * 24),
)
def test_a_preview_equals_what_then_happens(
    wanted: Wanted, began: int, passed: int, handled: bool, extended: int, waits: str, after: int
) -> None:
    at = DECEMBER + timedelta(hours=began)
    now, reference = at + timedelta(hours=passed), make_reference()
    issue, due = new_issue(reference), due_at(at, POLICY.limits["promise"], POLICY, CALENDAR)
    facts: list[Told] = [
        (at, registered()),
        (at, promised(at, due.at, provisional_because=due.because)),
        (at, accepted()),
    ]
    if handled:
        facts += [(at, assigned(department="housing")), (at, signed(department="housing"))]
        facts += granted(at, due.at, extended) if extended else []
        facts += waiting(waits, at + timedelta(hours=after)) if waits else []
    with shown() as rows:

        def tell(told: Iterable[Event], when: datetime) -> None:
            for one in told:
                owner = one.topic.partition(".")[0]
                rows.topics.tell(owner, one.type, one.model_dump(mode="json"), ISSUE, at=when)

        def fire_until(until: datetime) -> None:
            while (deadline := issue.deadline) is not None and deadline.fire_at <= until:
                tell(issue.fire(deadline.fire_at), deadline.fire_at)

        for when, event in facts:
            if when <= now:
                fire_until(when)
                tell([event, *issue.take(event, when)], when)
        fire_until(now)
        rows.apply()
        foreseen = impact(rows.reader(), JURISDICTION, wanted, now).moves
    reference.learn("", published(wanted, now))
    moves = [
        event
        for renewal in reference.renewals[-1:]
        if renewal.version == published(wanted, now).version and renewal.at == now
        for event in issue.deliver(issue.command(request_of(renewal), now, "system:renewing"))
        if isinstance(event, ClockRecalculated)
    ]
    assert {(one.clock, one.old_due_at, one.due_at, one.provisional) for one in foreseen} == {
        (one.clock, ms(one.old_due_at), ms(one.due_at), one.provisional_because is not None) for one in moves
    }


def ms(at: datetime) -> int:
    """As rows keep it."""
    return int(at.timestamp() * 1000)
