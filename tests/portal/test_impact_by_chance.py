"""What a preview says would move is what recalculation then records, whatever is published and whatever runs."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
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
    CoHandlerAdded,
    EnterpriseAsked,
    ExtensionAsked,
    ExtensionGranted,
    PauseAsked,
    PauseEnded,
    PauseGranted,
    ReplyReleased,
)
from shared.contract.events.feedback import ReworkAsked, ReworkDecided
from shared.contract.events.supervision import CalendarPublished, ClockRecalculated, PolicyPublished
from shared.contract.words import Ended, Outcome, PauseGround
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
LIMITED = ["assign", "sign", "promise", "holding", "co_handler", "rework_decision", "rework"]
"""Of all clocks that a story below may start; ``rework`` is that of the promise of a second round."""
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
        name: Limit(f"{draw(st.integers(1, 25))}{draw(st.sampled_from(['wd', 'd', 'oh']))}")
        for name in draw(st.sets(st.sampled_from(LIMITED)))
    }
    ends = draw(st.sampled_from([POLICY.office_day_end, time(12), time(17), time(20, 15)]))
    changed = {"version": "two", "limits": {**POLICY.limits, **days}, "office_day_end": ends}
    policy = POLICY.model_copy(update=changed)
    return PublishPolicy(policy=policy, applies_to_running=draw(st.sampled_from([True, True, False])))


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


WHOSE: dict[str, Any] = {"assignment": "a1", "department": "housing"}
Told = tuple[datetime, Event]


def granted(at: datetime, due: datetime, days: int, round: int = 1) -> list[Told]:
    """Time that the holder asked for and was given."""
    about = {**WHOSE, "round": round, "request": round}
    dates = {"original_due_at": due, "old_due_at": due, "due_at": due}
    asked = ExtensionAsked(
        **about, reason="配件", due_at=due, until=date(2027, 1, 29), days=days, by="housing/li"
    )
    return [(at, asked), (at, ExtensionGranted(**about, **dates, days=days, by="chen"))]


def also_asked(at: datetime) -> CoHandlerAdded:
    """Another department is to give its opinion, by the policy of the day."""
    limit = POLICY.limits["co_handler"]
    counted = {"started_at": at, "due_at": due_at(at, limit, POLICY, CALENDAR).at, "limit": limit}
    versions = {"policy": POLICY.version, "calendar": CALENDAR.version}
    about = {"assignment": "a.c1", "department": "planning", "round": 1, "head": "方局", "wanted": "规划意见"}
    return CoHandlerAdded(**about, **counted, **versions, by="chen")


def second_round(until: str, at: datetime, days: int) -> list[Told]:
    """The reply and what follows it, no further than ``until``: another round is asked for, decided on, extended."""
    reply = {**WHOSE, "round": 1, "draft": 1, "sha256": "0" * 64, "text": "已办。", "by": "chen"}
    told: list[Told] = [
        (at, ReplyReleased(**reply, outcome=Outcome.SOLVED, outcome_class="A")),
        (at + timedelta(hours=30), ReworkAsked(round=1, reason="还是没有车位")),
        (at + timedelta(hours=50), ReworkDecided(round=2, by="chen")),
    ]
    if days:
        due = due_at(told[-1][0], POLICY.limits["rework"], POLICY, CALENDAR).at
        told += granted(at + timedelta(hours=55), due, days, round=2)
    return told[: AFTER_A_REPLY.index(until) or None]


AFTER_A_REPLY = ["extended", "replied", "asked", "decided"]


def waiting(what: str, at: datetime) -> list[Told]:
    """A pause that was granted, or a question to the raiser alone; "over" after some hours."""
    is_pause, ends_at = what.startswith("pause"), at + timedelta(days=7)
    about = {**WHOSE, "round": 1, "request": 1}
    said = {"ground": PauseGround.STATUTORY, "by": "housing/li"}
    if is_pause:
        began: list[Told] = [
            (at, PauseAsked(**about, **said, basis="规划条例", reason="报批")),
            (at, PauseGranted(**about, **{**said, "by": "chen"}, basis="规划条例")),
        ]
    else:
        began = [(at, EnterpriseAsked(**about, words="请补充位置图", ends_at=ends_at, by="housing/li"))]
    ended = PauseEnded(**about, because=Ended.PERSON, granted=is_pause, by="housing/li")
    return [*began, (at + timedelta(hours=20), ended)] if what.endswith("over") else began


@st.composite
def stories(draw: st.DrawFn, at: datetime, due: datetime) -> list[Told]:
    """What may happen to an issue that was promised at ``at``: from nothing at all to a second round."""
    reaches = draw(st.sampled_from(["office", "department", "handler", "reply", "reply"]))
    if reaches == "office":
        return []
    hours = timedelta(hours=1)
    told: list[Told] = [(at, assigned(department="housing"))]
    if draw(st.booleans()):
        told.append((at + 3 * hours, also_asked(at + 3 * hours)))
    if reaches == "department":
        return told  # nobody signs for it
    told.append((at, signed(department="housing")))
    if days := draw(st.integers(0, 10)):
        told += granted(at, due, days)
    after = at + draw(st.integers(1, 12 * 24)) * hours
    waits = ["", "pause over", "question over", *(["pause", "question"] if reaches == "handler" else [])]
    told += waiting(what, after) if (what := draw(st.sampled_from(waits))) else []
    if reaches == "reply":
        until, days = draw(st.sampled_from(AFTER_A_REPLY)), draw(st.integers(0, 10))
        told += second_round(until, after + 24 * hours, days)
    return sorted(told, key=lambda one: one[0])


@settings(max_examples=60, deadline=None)
@supposing(
    wanted=st.one_of(tables(), policies()),
    began=st.integers(0, 9 * 24),
    passed=st.one_of(st.integers(0, 3), st.integers(0, 8 * 24)),
    data=st.data(),
)
def test_a_preview_equals_what_then_happens(
    wanted: Wanted, began: int, passed: int, data: st.DataObject
) -> None:
    at = DECEMBER + timedelta(hours=began)
    reference = make_reference()
    issue, due = new_issue(reference), due_at(at, POLICY.limits["promise"], POLICY, CALENDAR)
    facts: list[Told] = [
        (at, registered()),
        (at, promised(at, due.at, provisional_because=due.because)),
        (at, accepted()),
    ]
    facts += data.draw(stories(at, due.at))
    now = data.draw(st.sampled_from(facts))[0] + timedelta(hours=passed)
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
    assert {(one.clock, one.round, one.old_due_at, one.due_at, one.provisional) for one in foreseen} == {
        (one.clock, one.round, ms(one.old_due_at), ms(one.due_at), one.provisional_because is not None)
        for one in moves
    }


def ms(at: datetime) -> int:
    """As rows keep it."""
    return int(at.timestamp() * 1000)
