"""An issue climbs the ladder for a breach and for another dissatisfied round, and comes down for what ends that."""

from datetime import datetime, timedelta
from functools import lru_cache

import pytest

from services.supervision.issue.ladder import coming
from services.supervision.issue.life import Issue, State
from shared.contract.commands.supervision import ExplainBreach, LiftLadder
from shared.contract.event import Event
from shared.contract.events.dispatch import StaffPublished
from shared.contract.events.feedback import (
    IssueClosed,
    IssueTracked,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)
from shared.contract.events.supervision import (
    BreachAnnulled,
    ExplanationGiven,
    LadderEnded,
    LadderLifted,
    LadderRaised,
)
from shared.contract.words import CloseReason, LadderCause, LadderStep, Level, LiftCause, Outcome, Role
from shared.domain.clocks import due_at, threshold_at
from shared.domain.decisions import Reason
from shared.domain.ladder import rises
from shared.domain.reference import BEGINNING, Reference
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import builtin_reference, make_reference
from tests.unit.supervision.given import (
    CALENDAR,
    DUE,
    GRACE,
    LONG_AFTER,
    MOMENT,
    MONDAY,
    POLICY,
    after,
    appealed,
    assigned,
    dismissed,
    fire_until,
    known,
    new_issue,
    promised,
    referred,
    registered,
    rejected,
    replied,
    signed,
    withdrawn,
)

LADDER = (LadderRaised, LadderEnded, LadderLifted)
TABLE = {rise.step: rise.at for rise in rises(DUE, POLICY, CALENDAR)}
SUPERVISOR = "supervisor:gu"


@lru_cache(maxsize=1)
def overseen() -> Reference:
    """What is built in, and a supervisor of the city: nobody learns anything into it."""
    return overseen_by(Level.CITY)


def overseen_by(level: Level, department: str = "office") -> Reference:
    """The reference data with a supervisor of this level and department, and the department that holds the issue."""
    reference = make_reference()
    official = {"name": "顾", "roles": (Role.SUPERVISOR,), "department": department, "level": level}
    reference.learn("dept:traffic", reference.departments["housing"].at(MONDAY))
    reference.learn("staff:gu", StaffPublished(version="1", in_force_from=BEGINNING, by="wu", **official))
    return reference


def held(reference: Reference | None = None) -> OneAggregate:
    """An issue that a department has signed for."""
    issue = known(reference or overseen())
    issue.take(assigned(), MONDAY)
    issue.take(signed(), MONDAY)
    return issue


def at_step(step: int, reference: Reference | None = None) -> OneAggregate:
    """An issue whose promise was broken, at that step."""
    issue = held(reference)
    fire_until(issue, TABLE[step] + GRACE)
    assert issue.state.lamp == step
    return issue


def dissatisfied_twice(at: datetime) -> tuple[OneAggregate, list[Event]]:
    """An issue that was answered in time twice, and both times its raiser was dissatisfied; and what that brought."""
    issue = held()
    issue.take(replied(), after(days=1))
    issue.take(ReworkAsked(round=1, reason="未解决"), after(days=2))
    issue.take(ReworkDecided(round=2, by="chen"), after(days=2))
    issue.take(replied(2), after(days=3))
    return issue, issue.take(ReworkAsked(round=2, reason="仍未解决"), at)


def of_ladder(published: list[Event]) -> list[Event]:
    return [event for event in published if isinstance(event, LADDER)]


def steps(published: list[Event]) -> list[int]:
    return [event.step for event in published if isinstance(event, LadderRaised)]


def closed(round: int = 1) -> IssueClosed:
    return IssueClosed(round=round, reason=CloseReason.RATED)


def lifts(step: int, reason: str = "已当面道歉并落实整改") -> LiftLadder:
    return LiftLadder(step=step, reason=reason)


def test_a_promise_that_nobody_keeps_climbs_step_by_step_each_at_its_time() -> None:
    raised = of_ladder(fire_until(held(), LONG_AFTER))
    assert [(event.step, event.due_at) for event in raised] == list(TABLE.items())  # type: ignore[attr-defined]
    assert [event.called for event in raised] == list(LadderStep)  # type: ignore[attr-defined]
    first, *rest = raised
    assert first == LadderRaised(
        step=1,
        called=LadderStep.REMINDER,
        because=LadderCause.BREACH,
        clock="promise",
        department="traffic",
        due_at=DUE,
        policy=POLICY.version,
        calendar=CALENDAR.version,
    )
    assert {event.because for event in rest} == {LadderCause.NO_ANSWER}  # type: ignore[attr-defined]


def test_no_step_comes_a_moment_before_its_instant_and_grace_and_none_twice() -> None:
    issue = at_step(1)
    deadline = issue.deadline
    assert deadline is not None
    assert (deadline.name, deadline.fire_at) == ("ladder@promise/1/2/1", TABLE[2] + GRACE)
    assert issue.fire(deadline.fire_at - MOMENT) == []
    assert steps(issue.fire(deadline.fire_at)) == [2]
    assert issue.fire(deadline.fire_at, deadline.name) == []
    assert issue.fire(LONG_AFTER, "ladder@promise/1/3/2") == []  # of another generation


def test_after_a_stand_still_every_step_is_told_once_in_order_with_how_late_it_is() -> None:
    issue = held()
    fire_until(issue, DUE - MOMENT)
    published = of_ladder(fire_until(issue, LONG_AFTER, late_seconds=172_800))
    assert steps(published) == [1, 2, 3, 4, 5, 6]
    assert {event.late_seconds for event in published} == {172_800.0}  # type: ignore[attr-defined]
    assert [event.due_at for event in published] == list(TABLE.values())  # type: ignore[attr-defined]


def test_the_breach_of_a_holding_clock_reaches_the_first_step_alone() -> None:
    issue = new_issue()
    for event in (registered(), promised(due_at=after(days=300)), assigned(), signed()):
        issue.take(event, MONDAY)
    published = of_ladder(fire_until(issue, after(days=299)))
    assert [(event.step, event.clock, event.assignment) for event in published] == [  # type: ignore[attr-defined]
        (1, "holding", "a1")
    ]
    assert issue.state.lamp == 1


def test_promise_and_holding_clock_broken_in_one_instant_raise_it_once() -> None:
    assert steps(at_step(1).events) == [1]


def test_a_reply_ends_the_climb_and_the_step_stays_until_the_issue_is_closed() -> None:
    issue = at_step(2)
    replied_at = TABLE[2] + timedelta(hours=20)
    ended = of_ladder(issue.take(replied(), replied_at))
    assert ended == [LadderEnded(step=2, ended_at=replied_at)]
    assert steps(fire_until(issue, LONG_AFTER)) == []
    assert issue.state.lamp == 2
    assert of_ladder(issue.take(closed(), LONG_AFTER)) == [LadderLifted(step=2, because=LiftCause.ENDED)]
    assert issue.state.lamp == 0


@pytest.mark.parametrize("end", [withdrawn(), referred(), closed()], ids=lambda end: end.type)
def test_an_issue_that_ends_comes_down_and_climbs_no_further(end: Event) -> None:
    issue = at_step(3)
    told = of_ladder(issue.take(end, TABLE[3] + timedelta(hours=5)))
    assert told == [LadderLifted(step=3, because=LiftCause.ENDED)]
    assert issue.deadline is None


def test_a_second_round_that_is_broken_climbs_again_and_tells_only_what_is_higher() -> None:
    issue = at_step(2)
    issue.take(replied(), TABLE[2] + timedelta(hours=1))
    issue.take(ReworkAsked(round=1, reason="未解决"), after(days=20))
    issue.take(ReworkDecided(round=2, by="chen"), after(days=21))
    again = due_at(after(days=21), POLICY.limits["rework"], POLICY, CALENDAR).at
    expected = [rise for rise in rises(again, POLICY, CALENDAR) if rise.step > 2]
    raised = of_ladder(fire_until(issue, LONG_AFTER))
    assert [(event.step, event.due_at) for event in raised] == [  # type: ignore[attr-defined]
        (rise.step, rise.at) for rise in expected
    ]
    assert {event.round for event in raised} == {2}  # type: ignore[attr-defined]


def test_a_second_dissatisfied_round_lights_red_at_once_and_the_next_step_counts_from_it() -> None:
    at = after(days=4)
    issue, published = dissatisfied_twice(at)
    (raised,) = of_ladder(published)
    assert isinstance(raised, LadderRaised)
    assert (raised.step, raised.because, raised.clock, raised.round) == (
        4,
        LadderCause.DISSATISFIED_AGAIN,
        "",
        2,
    )
    assert (raised.due_at, raised.late_seconds) == (at, 0.0)
    later = of_ladder(fire_until(issue, LONG_AFTER))
    assert (
        [(event.step, event.due_at) for event in later]
        == [  # type: ignore[attr-defined]
            (rise.step, rise.at) for rise in rises(at, POLICY, CALENDAR, first=4)[1:]
        ]
    )


def test_a_first_dissatisfied_round_raises_nothing() -> None:
    issue = held()
    issue.take(replied(), after(days=1))
    assert of_ladder(issue.take(ReworkAsked(round=1, reason="未解决"), after(days=2))) == []


def test_the_reply_of_the_next_round_ends_the_climb_of_the_dissatisfied_one_and_so_does_a_refusal() -> None:
    for events in (
        [ReworkDecided(round=3, by="chen"), replied(3)],
        [ReworkRefused(round=2, reason="已解决", by="chen"), IssueTracked(round=2, outcome=Outcome.PLANNED)],
    ):
        issue, _ = dissatisfied_twice(after(days=4))
        told = [event for each in events for event in of_ladder(issue.take(each, after(days=5)))]
        assert told == [LadderEnded(step=4, ended_at=after(days=5))]
        assert steps(fire_until(issue, LONG_AFTER)) == []
        assert issue.state.lamp == 4


def test_an_annulled_breach_lifts_what_it_had_raised() -> None:
    issue = at_step(2)
    published = issue.take(replied(), DUE - MOMENT)
    assert any(isinstance(event, BreachAnnulled) for event in published)
    assert of_ladder(published) == [LadderLifted(step=2, because=LiftCause.ANNULLED)]
    assert (issue.state.lamp, issue.state.climbs) == (0, ())


def test_a_reply_from_after_the_breach_that_is_read_late_takes_back_the_steps_from_after_it_alone() -> None:
    issue = at_step(3)
    replied_at = TABLE[2] + timedelta(hours=1)
    published = of_ladder(issue.take(replied(), replied_at))
    assert published == [
        LadderLifted(step=3, to=2, because=LiftCause.ANNULLED),
        LadderEnded(step=2, ended_at=replied_at),
    ]
    assert issue.state.lamp == 2


def test_a_rejection_brings_it_down_and_an_appeal_up_again_and_the_days_between_do_not_count() -> None:
    issue = known()
    fire_until(issue, TABLE[2] + GRACE)
    rejected_at, appealed_at = TABLE[2] + timedelta(days=1), TABLE[2] + timedelta(days=9)
    assert of_ladder(issue.take(rejected(), rejected_at)) == [LadderLifted(step=2, because=LiftCause.ENDED)]
    assert issue.deadline is None
    (again,) = of_ladder(issue.take(appealed(rejected_at, appealed_at), appealed_at))
    assert isinstance(again, LadderRaised)
    assert (again.step, again.because, again.due_at) == (2, LadderCause.APPEALED, TABLE[2])
    (yellow, *_) = of_ladder(fire_until(issue, LONG_AFTER))
    assert isinstance(yellow, LadderRaised)
    assert yellow.step == 3
    assert yellow.due_at > TABLE[3] + timedelta(days=6)
    assert of_ladder(issue.take(dismissed(), LONG_AFTER))[-1].step == 6  # type: ignore[attr-defined]


@pytest.mark.parametrize("state", State)
def test_an_issue_that_has_ended_or_never_broke_a_promise_has_nothing_to_come(state: State) -> None:
    assert coming(Issue(state=state), builtin_reference()) == ()


def test_what_is_to_come_is_known_from_the_day_of_the_promise() -> None:
    foreseen = coming(held().state, builtin_reference())
    assert [(rise.step, rise.at) for rise in foreseen if rise.step] == list(TABLE.items())
    limit = POLICY.limits["promise"]
    warnings = [threshold_at(MONDAY, limit, each, POLICY, CALENDAR) for each in ("70%", "1wd")]
    assert [rise.at for rise in foreseen if not rise.step] == warnings
    assert [rise.step for rise in foreseen[:3]] == [0, 0, 1]


def test_a_later_policy_leaves_the_steps_of_a_promise_as_they_were() -> None:
    reference = make_reference()
    issue = held(reference)
    order = POLICY.ladder[1].model_copy(update={"after_days": 9})
    slower = POLICY.model_copy(
        update={"version": "slower", "ladder": (POLICY.ladder[0], order, *POLICY.ladder[2:])}
    )
    reference.policies.add("slower", after(days=1), slower)
    raised = of_ladder(fire_until(issue, LONG_AFTER))
    assert [event.due_at for event in raised] == list(TABLE.values())  # type: ignore[attr-defined]


def test_a_policy_that_was_published_before_there_was_a_ladder_has_the_built_in_one() -> None:
    issue = held(make_reference(POLICY.model_copy(update={"ladder": ()})))
    assert steps(fire_until(issue, LONG_AFTER)) == [1, 2, 3, 4, 5, 6]


def test_whatever_moves_the_ladder_moves_it_once_when_it_is_delivered_twice() -> None:
    issue = at_step(2)
    events = (replied(), ReworkAsked(round=1, reason="未解决"), ReworkDecided(round=2, by="chen"), replied(2))
    events += (
        ReworkAsked(round=2, reason="仍未解决"),
        ReworkRefused(round=2, reason="已解决", by="chen"),
        closed(2),
    )
    for day, event in enumerate(events, start=30):
        record = issue.event(event, after(days=day))
        issue.deliver(record)
        before = issue.state
        assert issue.deliver(record) == []
        assert issue.state == before


def test_who_lifts_it_says_why_and_it_climbs_no_further() -> None:
    issue = at_step(3)
    outcome = issue.ask(lifts(3), TABLE[3] + timedelta(hours=1), SUPERVISOR)
    assert outcome == {"status": "done", "step": 0}
    assert issue.events[-1] == LadderLifted(
        step=3, because=LiftCause.PERSON, reason="已当面道歉并落实整改", by="gu"
    )
    assert issue.state.lamp == 0
    assert coming(issue.state, builtin_reference()) == ()
    assert of_ladder(fire_until(issue, LONG_AFTER)) == []


def test_a_lift_delivered_twice_lifts_once() -> None:
    issue = at_step(1)
    record = issue.command(lifts(1), after(days=15), SUPERVISOR, "lift-1")
    assert issue.answer(record) == issue.answer(record)
    assert len([event for event in issue.events if isinstance(event, LadderLifted)]) == 1


def test_what_is_broken_after_a_lift_climbs_anew() -> None:
    issue = at_step(1)
    issue.ask(lifts(1), TABLE[1] + timedelta(hours=1), SUPERVISOR)
    issue.take(replied(), after(days=16))
    issue.take(ReworkAsked(round=1, reason="未解决"), after(days=17))
    issue.take(ReworkDecided(round=2, by="chen"), after(days=17))
    assert steps(fire_until(issue, LONG_AFTER)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("actor", "command", "reason"),
    [
        ("office:chen", lifts(2), Reason.WRONG_ROLE),
        ("handler:traffic/zhou", lifts(2), Reason.WRONG_ROLE),
        ("dept:traffic", lifts(2), Reason.WRONG_ROLE),
        (SUPERVISOR, lifts(3), Reason.STALE_STEP),
        (SUPERVISOR, lifts(1), Reason.STALE_STEP),
        (SUPERVISOR, lifts(2, "  "), Reason.REASON_MISSING),
    ],
)
def test_nobody_else_lifts_it_nor_without_having_read_the_step_nor_without_a_reason(
    actor: str, command: LiftLadder, reason: Reason
) -> None:
    issue = at_step(2)
    before = issue.state
    outcome = issue.ask(command, after(days=16), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", reason)
    assert issue.state == before


@pytest.mark.parametrize(
    ("department", "level", "said"),
    [
        ("traffic", Level.CITY, "nobody of traffic"),
        ("office", Level.COUNTY, "city"),
        ("office", Level.CITY, ""),
    ],
)
def test_who_lifts_it_is_of_the_level_that_issued_it_and_not_of_the_department_that_holds_it(
    department: str, level: Level, said: str
) -> None:
    outcome = at_step(2, overseen_by(level, department)).ask(lifts(2), after(days=16), SUPERVISOR)
    assert outcome["status"] == ("refused" if said else "done")
    assert said in outcome.get("detail", "")
    assert outcome.get("reason", Reason.WRONG_ROLE) == Reason.WRONG_ROLE


@pytest.mark.parametrize(("level", "status"), [(Level.COUNTY, "refused"), (Level.CITY, "done")])
def test_what_nobody_holds_is_with_the_office_and_lifted_at_its_level(level: Level, status: str) -> None:
    issue = known(overseen_by(level))
    fire_until(issue, TABLE[2] + GRACE)
    assert issue.state.department == ""
    outcome = issue.ask(lifts(2), after(days=16), SUPERVISOR)
    assert (outcome["status"], outcome.get("detail", "").count("nobody holds it")) == (
        status,
        int(status == "refused"),
    )


def test_whom_the_directory_does_not_name_lifts_nothing() -> None:
    outcome = at_step(2).ask(lifts(2), after(days=16), "supervisor:nobody")
    assert (outcome["reason"], "directory" in outcome["detail"]) == (Reason.WRONG_ROLE, True)


def test_what_stands_at_no_step_and_what_is_not_known_is_not_lifted() -> None:
    assert held().ask(lifts(1), after(days=1), SUPERVISOR)["reason"] == Reason.ILLEGAL_MOVE
    assert new_issue().ask(lifts(1), after(days=1), SUPERVISOR)["reason"] == Reason.UNKNOWN_ISSUE


def test_a_breach_from_before_a_lift_that_is_heard_of_later_raises_nothing() -> None:
    issue = at_step(1)
    holding = next(clock for clock in issue.state.clocks if clock.name == "holding")
    issue.ask(lifts(1), TABLE[1] + timedelta(hours=1), SUPERVISOR)
    assert holding.breached
    promise = promised(started_at=MONDAY, due_at=DUE - timedelta(days=1))
    assert of_ladder(issue.take(promise, TABLE[1] + timedelta(hours=2))) == []
    assert of_ladder(fire_until(issue, LONG_AFTER)) == []


def test_an_issue_at_no_step_is_told_nothing_of_the_ladder_when_it_ends() -> None:
    issue = held()
    assert of_ladder(issue.take(replied(), after(days=1))) == []
    assert of_ladder(issue.take(closed(), after(days=2))) == []


EXPLAINED = ExplainBreach(words="图纸在复核，周五出具意见")
HANDLER = "handler:traffic/zhou"


def test_an_explanation_puts_the_order_off_by_two_working_days_and_what_follows_with_it() -> None:
    issue = at_step(1)
    deadline = issue.deadline
    assert deadline is not None
    outcome = issue.ask(EXPLAINED, TABLE[1] + timedelta(hours=16), HANDLER)
    later = {rise.step: rise.at for rise in rises(DUE, POLICY, CALENDAR, explained_at=DUE)}
    assert outcome == {"status": "done", "order_at": "2026-03-19T09:30:00.000Z"}
    given = issue.events[-1]
    assert isinstance(given, ExplanationGiven)
    assert (given.due_at, given.department, given.by) == (later[2], "traffic", "zhou")
    assert issue.fire(deadline.fire_at, deadline.name) == []
    raised = of_ladder(fire_until(issue, LONG_AFTER))
    assert [(event.step, event.due_at) for event in raised] == list(later.items())[1:]  # type: ignore[attr-defined]


def test_an_explanation_delivered_twice_counts_once_and_a_second_one_is_refused() -> None:
    issue = at_step(1)
    record = issue.command(EXPLAINED, TABLE[1] + timedelta(hours=16), HANDLER, "explained-1")
    assert issue.answer(record) == issue.answer(record)
    assert len([event for event in issue.events if isinstance(event, ExplanationGiven)]) == 1
    again = issue.ask(EXPLAINED, TABLE[1] + timedelta(hours=17), HANDLER)
    assert (again["status"], again["reason"]) == ("refused", Reason.ILLEGAL_MOVE)


@pytest.mark.parametrize(
    ("step", "command", "hours", "actor", "reason"),
    [
        (1, EXPLAINED, 16, "handler:police/zhou", Reason.NOT_THE_HOLDER),
        (1, EXPLAINED, 16, "office:chen", Reason.WRONG_ROLE),
        (1, EXPLAINED.model_copy(update={"words": " "}), 16, HANDLER, Reason.REASON_MISSING),
        (1, EXPLAINED.model_copy(update={"round": 2}), 16, HANDLER, Reason.STALE_ROUND),
        (1, EXPLAINED, 25, HANDLER, Reason.ILLEGAL_MOVE),
        (2, EXPLAINED, 1, HANDLER, Reason.ILLEGAL_MOVE),
    ],
)
def test_nobody_else_explains_nor_too_late_nor_another_round_nor_without_words(
    step: int, command: ExplainBreach, hours: int, actor: str, reason: Reason
) -> None:
    issue = at_step(step)
    before = issue.state
    outcome = issue.ask(command, TABLE[step] + timedelta(hours=hours), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", reason)
    assert issue.state == before


def test_what_was_never_broken_and_what_is_not_known_is_not_explained() -> None:
    assert held().ask(EXPLAINED, after(days=1), HANDLER)["reason"] == Reason.ILLEGAL_MOVE
    assert new_issue().ask(EXPLAINED, after(days=1), HANDLER)["reason"] == Reason.UNKNOWN_ISSUE


def test_what_was_explained_before_a_rejection_stays_so_after_the_appeal() -> None:
    issue = known()
    issue.take(assigned(), MONDAY)
    fire_until(issue, TABLE[1] + GRACE)
    issue.ask(EXPLAINED, TABLE[1] + timedelta(hours=2), HANDLER)
    issue.take(rejected(), TABLE[1] + timedelta(hours=3))
    issue.take(
        appealed(TABLE[1] + timedelta(hours=3), TABLE[1] + timedelta(hours=4)), TABLE[1] + timedelta(hours=4)
    )
    foreseen = coming(issue.state, builtin_reference())
    assert [rise.step for rise in foreseen] == [2, 3, 4, 5, 6]
    assert foreseen[0].at == rises(DUE, POLICY, CALENDAR, explained_at=DUE)[1].at
