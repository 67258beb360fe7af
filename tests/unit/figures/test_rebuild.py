"""The history of an issue comes from the event log alone, in whatever order and however often its events are given."""

import random
from datetime import datetime, timedelta

import pytest

from services.cli.figures.figures import figures, figures_from_log
from services.cli.figures.history import Issue, State
from services.cli.figures.rebuild import rebuild
from services.feedback.consumer import consumer as feedback_consumer
from services.supervision.consumer import consumer as supervision_consumer
from shared.bus.records import Record
from shared.contract.commands.feedback import DecideRework, RateReply
from shared.contract.envelope import Envelope
from shared.contract.event import DISPATCH, Event
from shared.contract.events.feedback import (
    IssueClosed,
    RatingInvited,
    RatingLapsed,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
)
from shared.contract.events.intake import AppealUpheld
from shared.contract.events.supervision import BreachAnnulled, ClockBreached
from shared.contract.words import ClockName, Outcome, Satisfaction, Solved, Source
from tests.unit.figures.given import (
    INTAKE_READ,
    LATER,
    POLICY,
    START,
    Log,
    accepted,
    appeal_dismissed,
    appeal_upheld,
    appealed,
    assigned,
    promised,
    recalled,
    referred,
    registered,
    rejected,
    replied,
    returned,
    signed,
    transferred,
    upheld,
    withdrawn,
)
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import JURISDICTION, make_reference

HISTORY = make_reference(POLICY.model_copy(update={"grace_seconds": 0}))


class Town:
    """Supervision and feedback side by side; each reads the others' events sooner or later, in a random order."""

    def __init__(self, subject: str, chance: random.Random) -> None:
        self.supervision = OneAggregate(supervision_consumer(JURISDICTION, history=True), subject, HISTORY)
        self.feedback = OneAggregate(feedback_consumer(JURISDICTION, history=True), subject, HISTORY)
        self.given, self.chance = Log(subject), chance
        self._waiting: dict[str, list[Record]] = {"supervision": [], "feedback": []}
        self._known = 0

    @property
    def log(self) -> list[Envelope]:
        """Everything that all four owners published."""
        told = (self.supervision.envelopes, self.feedback.envelopes)
        return [*self.given.envelopes, *(envelope for found in told for envelope in found.values())]

    def tell(self, event: Event, at: datetime) -> None:
        """An event of intake or dispatch, which both read; some of what waits is delivered."""
        record = self.given.add(event, at, seen=self.given.intake_read if event.topic == DISPATCH else "")
        for waiting in self._waiting.values():
            waiting.append(record)
        self.deliver(everything=False)

    def deliver(self, everything: bool) -> None:
        """Deliver some (or all) of what waits, and of feedback's events to supervision, in a random order."""
        moved = True
        while moved:
            moved = False
            for service, name in ((self.feedback, "feedback"), (self.supervision, "supervision")):
                waiting = self._waiting[name]
                self.chance.shuffle(waiting)
                taken = len(waiting) if everything else self.chance.randint(0, len(waiting))
                batch, self._waiting[name] = waiting[:taken], waiting[taken:]
                service.deliver(*batch)
                fresh = list(self.feedback.envelopes.values())[self._known :]
                self._known += len(fresh)
                self._waiting["supervision"] += [_record(envelope) for envelope in fresh]
                moved = everything and bool(batch or fresh)

    def fire_until(self, service: OneAggregate, at: datetime) -> None:
        """Fire everything of one service that is due up to ``at``, each at its own time."""
        while (deadline := service.deadline) is not None and deadline.fire_at <= at:
            before = service.state
            service.fire(deadline.fire_at)
            if service.state == before:
                break  # void for now: it holds events, and waits for their predecessor


def _record(envelope: Envelope) -> Record:
    value = envelope.model_dump_json(exclude_defaults=True).encode()
    return Record("feedback.events", 0, envelope.seq, 0, envelope.subject.encode(), value)


def live(number: int, chance: random.Random) -> Town:
    """One issue with a life drawn by chance, played through both consumers."""
    now = START + timedelta(hours=chance.randint(0, 2000))
    town = Town(f"issue-{number}", chance)
    department = chance.choice(["traffic", "water"])
    origin = chance.choice([Source.ONLINE, Source.HOTLINE])
    for event in (registered(origin=origin), promised(now)):
        town.tell(event, now)
    if chance.random() < 0.3 and not appeals(town, now, chance):
        return town
    now = max(town.given.envelopes[-1].time or now, now)
    town.tell(accepted(), now)
    parts: list[Event] = [assigned(department=department), signed(department=department)]
    way = chance.random()
    if way < 0.3:
        parts += [returned(department), upheld(department), transferred()]
    elif way < 0.5:
        parts += [recalled(department), assigned("a2", "police"), signed("a2", "police")]
    if chance.random() < 0.8:
        outcome = chance.choice([Outcome.SOLVED, Outcome.PLANNED])
        parts.append(replied(outcome=outcome, department=department))
    for event in parts:
        now += timedelta(hours=chance.randint(1, 80))
        town.fire_until(town.supervision, now)
        town.tell(event, now)
    if chance.random() < 0.3:
        town.tell(chance.choice([withdrawn(), referred()]), now + timedelta(hours=1))
    town.deliver(everything=True)
    now += timedelta(hours=2)
    if chance.random() < 0.7:
        satisfaction = chance.choice(list(Satisfaction))
        rating = RateReply(round=1, satisfaction=satisfaction, solved=Solved.PARTLY, reason="如实")
        town.feedback.ask(rating, now, "entrepreneur:li")
        ruling = DecideRework(round=1, granted=chance.random() < 0.5, reason="再办")
        town.feedback.ask(ruling, now, "office:chen")
    if chance.random() < 0.5:
        town.fire_until(town.feedback, now + timedelta(days=30))
    town.deliver(everything=True)
    town.fire_until(town.supervision, now + timedelta(days=60))
    town.deliver(everything=True)
    return town


def appeals(town: Town, started_at: datetime, chance: random.Random) -> bool:
    """It is rejected, perhaps appealed against, and that perhaps decided; whether it is open again."""
    hours = sorted(chance.randint(1, 400) for _ in range(3))
    rejected_at, appealed_at, decided_at = (started_at + timedelta(hours=each) for each in hours)
    life: list[tuple[Event, datetime]] = [
        (rejected(), rejected_at),
        (appealed(started_at, rejected_at, appealed_at), appealed_at),
        (chance.choice([appeal_upheld(), appeal_dismissed(), withdrawn()]), decided_at),
    ]
    told = life[: chance.randint(1, 9)]
    for event, at in told:
        town.fire_until(town.supervision, at)
        town.tell(event, at)
    open_again = isinstance(told[-1][0], AppealUpheld)
    if not open_again:
        town.deliver(everything=True)
        town.fire_until(town.supervision, started_at + timedelta(days=200))
    return open_again


def agrees_with_feedback(issue: Issue, feedback: OneAggregate) -> None:
    """What feedback stored and said of an issue is what its history says."""
    assert issue.state == feedback.state.state
    rounds = {round.round: round for round in issue.rounds}
    invited = {event.round: event.open_until for event in feedback.events if isinstance(event, RatingInvited)}
    assert {number: round.open_until for number, round in rounds.items() if round.open_until} == invited
    known = feedback.state.reply
    assert (known and (known.round, known.open_until)) == (max(invited.items()) if invited else None)
    rated = {event.round: event for event in feedback.events if isinstance(event, ReplyRated)}
    lapsed = {event.round for event in feedback.events if isinstance(event, RatingLapsed)}
    for number, round in rounds.items():
        given = rated.get(number)
        assert (round.satisfaction, round.solved) == (
            (given.satisfaction, given.solved) if given else (None, None)
        )
        assert round.lapsed == (number in lapsed)


def agrees_with_supervision(issue: Issue, supervision: OneAggregate) -> None:
    """The clocks that supervision stored are those of the history."""
    parts = {part.id: part for part in issue.assignments}
    for clock in supervision.state.clocks:
        match clock.name:
            case ClockName.ASSIGN if clock.generation == 1:
                assert issue.assign_due_at == clock.due_at
            case ClockName.PROMISE if clock.round == 1:
                assert (issue.due_at, issue.breached) == (clock.due_at, clock.breached)
            case ClockName.SIGN:
                assert parts[clock.assignment].sign_due_at == clock.due_at
            case ClockName.HOLDING if clock.round == 1:
                assert parts[clock.assignment].holding_due_at == clock.due_at


@pytest.mark.parametrize("seed", range(8))
def test_figures_come_out_the_same_from_states_and_from_the_log_alone(seed: int) -> None:
    chance = random.Random(seed)
    towns = [live(number, chance) for number in range(25)]
    log = [envelope for town in towns for envelope in town.log]
    in_order = rebuild(log)
    assert set(in_order) == {town.feedback.subject for town in towns}
    for town in towns:
        agrees_with_feedback(in_order[town.feedback.subject], town.feedback)
        agrees_with_supervision(in_order[town.feedback.subject], town.supervision)
    again = log + log[:50]
    chance.shuffle(again)
    assert rebuild(again) == in_order
    for month in (None, "2019-04", "2019-05"):
        assert figures_from_log(again, LATER, month) == figures(in_order.values(), LATER, month)
    late = sum(
        clock.breached
        for town in towns
        for clock in town.supervision.state.clocks
        if (clock.name, clock.round) == ("promise", 1)
    )
    assert figures(in_order.values(), LATER).total.breaches == late


def handled() -> Log:
    """An issue that was registered and answered."""
    log = Log()
    for event in (registered(), promised(START), accepted()):
        log.add(event, START)
    log.add(assigned(), START, seen=INTAKE_READ)
    log.add(replied(), START, seen=INTAKE_READ)
    return log


def read(intake: int) -> str:
    """What feedback says it had read: so many of intake's events, and both of dispatch's."""
    return f"/{JURISDICTION}/dispatch=2,/{JURISDICTION}/intake={intake}"


def test_an_event_of_an_unknown_type_counts_as_read() -> None:
    log = handled().envelopes
    unknown = log[3].model_copy(update={"type": "issue.praised.v9"})
    found = rebuild([*log[:3], unknown, log[4]])
    assert found["issue-1"].first_replied_at == START
    assert found["issue-1"].assignments == ()


def test_a_withdrawal_that_feedback_read_after_the_lapse_changes_nothing() -> None:
    log, until, later = handled(), START + timedelta(days=14), START + timedelta(days=20)
    log.add(withdrawn(), START + timedelta(days=1))
    log.add(RatingInvited(round=1, open_until=until), START, seen=read(intake=3))
    log.add(RatingLapsed(round=1), later, seen=read(intake=3))
    log.add(IssueClosed(round=1, reason="lapsed"), later, seen=read(intake=3))
    found = rebuild(log.envelopes)["issue-1"]
    assert (found.state, found.ended_at, found.rounds[0].lapsed) == (State.CLOSED, later, True)


def test_a_withdrawal_that_feedback_read_before_it_rated_ends_the_issue() -> None:
    log, at = handled(), START + timedelta(days=1)
    log.add(withdrawn(), at)
    log.add(RatingInvited(round=1, open_until=LATER), START, seen=read(intake=3))
    found = rebuild(log.envelopes)["issue-1"]
    assert (found.state, found.ended_at) == (State.WITHDRAWN, at)


def test_a_withdrawal_after_the_invitation_ran_out_leaves_the_lapse_to_say_how_it_ended() -> None:
    log, until, at = handled(), START + timedelta(days=14), START + timedelta(days=15)
    log.add(withdrawn(), at)
    log.add(RatingInvited(round=1, open_until=until), START, seen=read(intake=3))
    log.add(RatingLapsed(round=1), at, seen=read(intake=4))
    log.add(IssueClosed(round=1, reason="lapsed"), at, seen=read(intake=4))
    found = rebuild(log.envelopes)["issue-1"]
    assert (found.state, found.rounds[0].lapsed) == (State.CLOSED, True)


def test_a_rating_belongs_to_the_round_it_names() -> None:
    log = handled()
    for number, satisfaction in ((1, Satisfaction.DISSATISFIED), (2, Satisfaction.SATISFIED)):
        if number == 2:
            log.add(replied(round=2), START + timedelta(days=5), seen=INTAKE_READ)
        seen = f"/{JURISDICTION}/dispatch={number + 1},{INTAKE_READ}"
        log.add(RatingInvited(round=number, open_until=LATER), START, seen=seen)
        log.add(ReplyRated(round=number, satisfaction=satisfaction, solved=Solved.YES), START, seen=seen)
        if number == 1:
            log.add(ReworkAsked(round=1, reason="未办好"), START, seen=seen)
            log.add(ReworkDecided(round=2, by="chen"), START, seen=seen)
    found = rebuild(log.envelopes)["issue-1"]
    assert [round.satisfaction for round in found.rounds] == ["dissatisfied", "satisfied"]
    assert figures([found] * 5, LATER).total.rates["satisfied"].rate == 1.0


def test_a_breach_that_was_annulled_is_none() -> None:
    log = handled()
    due = START + timedelta(days=14)
    log.add(ClockBreached(clock=ClockName.PROMISE, due_at=due), due)
    assert rebuild(log.envelopes)["issue-1"].breached
    log.add(BreachAnnulled(clock=ClockName.PROMISE, due_at=due, stopped_at=START), due)
    assert not rebuild(log.envelopes)["issue-1"].breached


def test_values_that_this_version_does_not_know_are_read_as_text() -> None:
    log = Log()
    log.add(registered(kind="praise", origin="radio"), START)
    log.add(promised(START, provisional_because="talk_not_held"), START)
    log.add(assigned(), START, seen=INTAKE_READ)
    log.add(ClockBreached(clock="echo", due_at=LATER), LATER)
    found = rebuild(log.envelopes)["issue-1"]
    assert (found.kind, found.source, found.provisional_because) == ("praise", "radio", "talk_not_held")
    assert not found.breached


def test_what_is_about_no_issue_is_left_out() -> None:
    log = handled().envelopes
    other = [envelope.model_copy(update={"subject": "dept:housing"}) for envelope in log]
    assert list(rebuild([*log, *other])) == ["issue-1"]


def test_what_another_jurisdiction_says_of_an_issue_moves_nothing() -> None:
    log = handled()
    before = rebuild(log.envelopes)
    log.add(RatingInvited(round=1, open_until=LATER), START, seen=read(intake=3))
    log.add(ReplyRated(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES), START)
    ours = len(handled().envelopes)
    theirs = [
        envelope.model_copy(update={"source": "/deqing/feedback", "id": f"deqing/{envelope.id}"})
        for envelope in log.envelopes[ours:]
    ]
    assert len(theirs) == 2
    assert rebuild([*handled().envelopes, *theirs]) == before
