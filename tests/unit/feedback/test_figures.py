"""Figures show what they are a share of, and come out the same from states and from the log alone."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.feedback import bus as feedback_bus
from services.feedback.domain import Assignment, Issue, Round, State, rebuild
from services.feedback.figures import figures, figures_from_log, replay_figures
from services.supervision import bus as supervision_bus
from shared.bus.records import Record
from shared.calendar import base_calendar
from shared.clocks import default_policy, due_at
from shared.commands import DecideRework, RateReply
from shared.envelope import Envelope, open_envelope
from shared.events import Kind, Outcome, Satisfaction, Solved, Source
from tests.unit.supervision.street import (
    House,
    Neighbours,
    accepted,
    assigned,
    promised,
    registered,
    replied,
    returned,
    ruled,
    signed,
    transferred,
    withdrawn,
)

POLICY, CALENDAR = default_policy(), base_calendar()
START = datetime(2019, 4, 1, 1, 0, tzinfo=UTC)
DUE = START + timedelta(days=14)
LATER = START + timedelta(days=400)


def issue(replied_after: float | None = 3, rated: Satisfaction | None = None, **values: Any) -> Issue:
    rounds: tuple[Round, ...] = ()
    if replied_after is not None:
        rounds = (
            Round(
                round=1, assignment="a1", department="traffic", outcome=Outcome.SOLVED, satisfaction=rated,
                replied_at=START + timedelta(days=replied_after), open_until=LATER, solved=rated and Solved.YES,
            ),
        )  # fmt: skip
    part = Assignment(
        id="a1", department="traffic", assigned_at=START, signed_at=START,
        sign_due_at=START + timedelta(hours=4), holding_due_at=DUE,
    )  # fmt: skip
    known = {
        "state": State.CLOSED if rounds else State.KNOWN, "registered_at": START, "month": "2019-04",
        "original_due_at": DUE, "due_at": DUE, "assign_due_at": DUE, "rounds": rounds, "assignments": (part,),
    }  # fmt: skip
    return Issue(**(known | values))


def test_below_five_there_are_counts_only() -> None:
    rate = figures([issue()] * 4, LATER).total.rates["on_time_reply"]
    assert (rate.numerator, rate.denominator, rate.rate) == (4, 4, None)
    assert figures([issue()] * 5, LATER).total.rates["on_time_reply"].rate == 1.0
    assert figures([issue()] * 4, LATER).total.first_reply.mean is None


def test_what_is_not_yet_due_is_outside() -> None:
    some = [issue(), issue(None), issue(20)]
    before, then = figures(some, DUE - timedelta(seconds=1)).total, figures(some, DUE).total
    assert before.rates["on_time_reply"].denominator == 0
    assert (then.rates["on_time_reply"].numerator, then.rates["on_time_reply"].denominator) == (1, 3)


def test_what_ended_unanswered_before_it_was_due_is_outside_and_after_it_counts_as_missed() -> None:
    early = issue(None, state=State.WITHDRAWN, ended_at=DUE - timedelta(days=1))
    late = issue(None, state=State.WITHDRAWN, ended_at=DUE + timedelta(days=1))
    total = figures([early, late], LATER).total
    assert total.rates["on_time_reply"].denominator == 1
    assert total.open == 0


def test_not_rated_is_never_satisfied() -> None:
    good, fair, bad = Satisfaction
    some = [issue(rated=good)] * 3 + [issue(rated=fair)] * 2 + [issue(rated=bad)] + [issue()] * 4
    rates = figures(some, LATER).total.rates
    shown = {name: (rate.numerator, rate.denominator) for name, rate in rates.items()}
    assert shown["participation"] == (6, 10)
    assert shown["satisfied"] == (3, 6)
    assert shown["satisfied_or_basically"] == (5, 6)


def test_solved_counts_problems_only() -> None:
    some = [issue(rated=Satisfaction.SATISFIED), issue(rated=Satisfaction.SATISFIED, kind=Kind.SUGGESTION)]
    assert figures(some, LATER).total.rates["solved"].denominator == 1


def test_an_assignment_that_was_passed_on_is_not_one_that_was_left_unanswered() -> None:
    part = issue().assignments[0]
    passed = issue(assignments=(part.model_copy(update={"id": "a0", "passed_on": True}), part))
    rate = figures([passed, issue(None)], LATER).total.rates["answered"]
    assert (rate.numerator, rate.denominator, rate.unit) == (1, 2, "assignment")


def test_a_month_holds_the_issues_registered_in_it() -> None:
    some = [issue(), issue(month="2019-05")]
    chosen = figures(some, LATER, "2019-04")
    assert (chosen.period, chosen.total.registered, list(chosen.months)) == ("2019-04", 1, ["2019-04"])
    assert chosen.total.rates["on_time_reply"].period == "2019-04"


def test_a_mean_and_a_median_say_of_how_many() -> None:
    spans = figures([issue(day) for day in (1, 2, 3, 4, 10)], LATER).total.first_reply
    assert (spans.n, spans.median, spans.mean) == (5, 72.0, 96.0)


def test_an_issue_in_rework_has_no_total_time_yet() -> None:
    assert figures([issue(state=State.REWORK)], LATER).total.total_time.n == 0


def test_a_replay_counts_in_time_late_open_and_breaches() -> None:
    some = [
        issue(),
        issue(14),
        issue(15, breached=True),
        issue(None, breached=True),
        issue(3, month="2019-05"),
    ]
    counts = replay_figures(some)
    assert {name: counts[name] for name in ("registered", "replied", "replied_on_time", "replied_late")} == {
        "registered": 5, "replied": 4, "replied_on_time": 3, "replied_late": 1,
    }  # fmt: skip
    assert (counts["open"], counts["breaches"]) == (1, 2)
    assert counts["months"]["2019-04"]["registered"] == 4
    assert counts["departments"]["traffic"]["registered"] == 5


# ------------------------------------------------------------ the log alone


def raw(record: Record) -> Envelope:
    return open_envelope(record.value)


class Town:
    """Supervision and feedback side by side; what one tells, the other reads, sooner or later."""

    def __init__(self, subject: str, chance: random.Random) -> None:
        rules = {"jurisdiction": "huzhou", "history": True, "policy": POLICY, "calendar": CALENDAR}
        self.supervision = House(supervision_bus.room(**rules), subject)  # type: ignore[arg-type]
        self.feedback = House(feedback_bus.room(**rules), subject)  # type: ignore[arg-type]
        self.says, self.chance = Neighbours(subject), chance
        self.log: list[Envelope] = []
        self._waiting: dict[str, list[Record]] = {"supervision": [], "feedback": []}
        self._known = {"supervision": 0, "feedback": 0}

    async def tell(self, event: Any, at: datetime) -> None:
        record = self.says(event, at, seen="intake.events=3" if event.topic == "dispatch.events" else "")
        self.log.append(raw(record))
        for waiting in self._waiting.values():
            waiting.append(record)
        await self.settle(everything=False)

    async def settle(self, everything: bool) -> None:
        """Deliver some (or all) of what waits, in a random order across topics."""
        moved = True
        while moved:
            moved = False
            for house, name, other in (
                (self.supervision, "supervision", "feedback"), (self.feedback, "feedback", "supervision"),
            ):  # fmt: skip
                waiting = self._waiting[name]
                self.chance.shuffle(waiting)
                taken = len(waiting) if everything else self.chance.randint(0, len(waiting))
                batch, self._waiting[name] = waiting[:taken], waiting[taken:]
                if batch:
                    await house.take(*batch)
                    moved = everything
                fresh = list(house.envelopes.values())[self._known[name] :]
                self._known[name] += len(fresh)
                self.log += fresh
                self._waiting[other] += [_record(envelope, name) for envelope in fresh]
                moved = moved or (everything and bool(fresh))


def _record(envelope: Envelope, service: str) -> Record:
    value = envelope.model_dump_json(exclude_defaults=True).encode()
    return Record(f"{service}.events", 0, envelope.seq, 0, envelope.subject.encode(), value)


async def live(number: int, chance: random.Random) -> Town:
    """One issue with a life drawn by chance, played through both rooms."""
    start = START + timedelta(hours=chance.randint(0, 2000))
    town = Town(f"issue-{number}", chance)
    due = due_at(start, POLICY.limits["promise"], POLICY, CALENDAR).at
    department = chance.choice(["traffic", "water"])
    now = start
    origin = chance.choice([Source.ONLINE, Source.HOTLINE])
    for event in (registered(origin=origin), promised(start, due, calendar=CALENDAR.version), accepted()):
        await town.tell(event, start)
    parts = [assigned(department=department), signed(department=department)]
    if chance.random() < 0.3:
        parts += [returned(department=department), ruled(True, department=department), transferred()]
    if chance.random() < 0.8:
        parts.append(replied(outcome=chance.choice([Outcome.SOLVED, Outcome.PLANNED]), department=department))
    for event in parts:
        now += timedelta(hours=chance.randint(1, 80))
        await town.supervision.fire_until(now)
        await town.tell(event, now)
    if chance.random() < 0.2:
        await town.tell(withdrawn(), now + timedelta(hours=1))
    await town.settle(everything=True)
    now += timedelta(hours=2)
    if chance.random() < 0.7:
        satisfaction = chance.choice(list(Satisfaction))
        await town.feedback.ask(
            RateReply(round=1, satisfaction=satisfaction, solved=Solved.PARTLY, reason="如实"), now
        )
        await town.feedback.ask(
            DecideRework(round=1, granted=chance.random() < 0.5, reason="再办"), now, "office:chen"
        )
    if chance.random() < 0.5:
        await town.feedback.fire_until(now + timedelta(days=30))
    await town.settle(everything=True)
    await town.supervision.fire_until(now + timedelta(days=60))
    await town.settle(everything=True)
    return town


@pytest.mark.parametrize("seed", range(8))
async def test_figures_come_out_the_same_from_states_and_from_the_log_alone(seed: int) -> None:
    chance = random.Random(seed)
    towns = [await live(number, chance) for number in range(25)]
    states = {town.feedback.subject: town.feedback.state for town in towns}
    log = [envelope for town in towns for envelope in town.log]
    chance.shuffle(log)
    assert rebuild(log + log[:50]) == states
    for month in (None, "2019-04", "2019-05"):
        assert figures_from_log(log, LATER, month) == figures(states.values(), LATER, month)
    total = figures(states.values(), LATER).total
    late = sum(clock.breached for town in towns for clock in town.supervision.state.clocks
               if (clock.name, clock.round) == ("promise", 1))  # fmt: skip
    assert total.breaches == late


def test_an_event_of_an_unknown_type_counts_as_read() -> None:
    says = Neighbours()
    envelopes = [raw(says(event, START)) for event in (registered(), assigned(), replied())]
    unknown = envelopes[1].model_copy(update={"type": "issue.praised.v9"})
    found = rebuild([envelopes[0], unknown, envelopes[2]])
    assert found["issue-1"].first_replied_at == START
