"""What is looked at again: how an issue comes onto the list, who is reminded, and what a look-back does."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.supervision.issue.life import State
from services.supervision.issue.tracking import is_in_sample
from shared.contract.commands.supervision import RecordLookBack
from shared.contract.event import Event
from shared.contract.events.feedback import IssueClosed, IssueTracked, ReworkAsked, ReworkDecided
from shared.contract.events.supervision import (
    ClockBreached,
    ClockStarted,
    ClockStopped,
    DepartmentAddressed,
    LookBackDone,
    PromiseBroken,
    PromiseKept,
    TrackingOpened,
    TrackingReviewed,
)
from shared.contract.words import ClockName, CloseReason, Finding, Listed, Outcome, Saying
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Reason
from shared.domain.reference import Reference
from tests.unit.one_aggregate import OneAggregate
from tests.unit.reference import make_reference
from tests.unit.supervision.documented import SUPERVISOR, staffed
from tests.unit.supervision.given import (
    DUE,
    GRACE,
    POLICY,
    after,
    assigned,
    corrected,
    fire_until,
    known,
    replied,
    withdrawn,
)

TRACKED_AT = after(days=5)
QUARTER = datetime(2026, 6, 5, 17, 30, tzinfo=SHANGHAI)  # ninety days after Saturday, 7 March
PROMISED = date(2026, 4, 18)  # a Saturday, so it is looked at on the Monday after it
MONDAY_AFTER = datetime(2026, 4, 20, 17, 30, tzinfo=SHANGHAI)
KEPT = RecordLookBack(round=1, finding=Finding.KEPT, words="现场查看，已建成")
BROKEN = RecordLookBack(round=1, finding=Finding.BROKEN, words="未动工")


def sampling(percent: int) -> Reference:
    return make_reference(POLICY.model_copy(update={"look_back_percent": percent}))


def answered(promised_on: date | None = None, reference: Reference | None = None) -> OneAggregate:
    """An issue with a reply that plans something, or just solves it."""
    issue = known(reference or staffed())
    issue.take(assigned(), after(hours=1))
    outcome = Outcome.PLANNED if promised_on else Outcome.SOLVED
    reply = replied(outcome=outcome).model_copy(update={"promised_on": promised_on, "handled_by": ("li",)})
    issue.take(reply, after(days=1))
    return issue


def tracked(promised_on: date | None = None, reference: Reference | None = None) -> OneAggregate:
    issue = answered(promised_on, reference)
    issue.take(IssueTracked(round=1, outcome=Outcome.PLANNED, promised_on=promised_on), TRACKED_AT)
    return issue


def closed(reference: Reference | None = None, promised_on: date | None = None) -> OneAggregate:
    issue = answered(promised_on, reference)
    issue.take(IssueClosed(round=1, reason=CloseReason.RATED), TRACKED_AT)
    return issue


def told(issue: OneAggregate, *shapes: type[Event]) -> list[Any]:
    return [event for event in issue.events if isinstance(event, shapes)]


def due(issue: OneAggregate) -> list[datetime]:
    """When the clocks of the list are due that run."""
    clocks = issue.state.clocks
    return [clock.due_at for clock in clocks if clock.name is ClockName.TRACKING and not clock.stopped_at]


def look(
    issue: OneAggregate, command: RecordLookBack, at: datetime, actor: str = SUPERVISOR
) -> dict[str, Any]:
    """Record what was found, twice under one id."""
    record = issue.command(command, at, actor)
    outcome = issue.answer(record)
    assert issue.answer(record) == outcome
    return outcome


def test_what_is_tracked_comes_onto_the_list_until_the_day_that_was_promised_at_most_for_a_quarter() -> None:
    assert due(tracked()) == [QUARTER]
    assert due(tracked(date(2026, 12, 31))) == [QUARTER]
    issue = tracked(PROMISED)
    assert due(issue) == [MONDAY_AFTER]
    (opened,) = told(issue, TrackingOpened)
    assert opened == TrackingOpened(
        round=1, because=Listed.TRACKED, department="traffic", promised_on=PROMISED
    )


def test_a_date_that_passed_before_it_was_tracked_is_looked_at_on_the_next_working_day() -> None:
    assert due(tracked(date(2026, 3, 5))) == [datetime(2026, 3, 9, 17, 30, tzinfo=SHANGHAI)]


def test_a_look_back_that_is_due_reminds_the_department_every_quarter_until_somebody_looks() -> None:
    issue = tracked(PROMISED)
    fire_until(issue, MONDAY_AFTER + GRACE + timedelta(days=100))
    said = told(issue, DepartmentAddressed)
    assert [one.saying for one in said] == [Saying.LOOK_BACK, Saying.LOOK_BACK]
    assert [one.due_at for one in said] == [
        MONDAY_AFTER,
        MONDAY_AFTER + timedelta(days=91),
    ]  # a Sunday lies between
    assert said[0].department == "traffic"
    assert due(issue)[:2] == [one.due_at for one in said]  # both stay due
    assert issue.state.lamp == 0


def test_a_standstill_changes_no_date_of_a_reminder() -> None:
    in_time, late = tracked(PROMISED), tracked(PROMISED)
    fire_until(in_time, after(days=400))
    fire_until(late, after(days=400), late_seconds=86_400 * 30)
    assert due(in_time) == due(late)
    breaches = [one for one in told(late, ClockBreached) if one.clock == ClockName.TRACKING]
    assert [one.due_at for one in breaches] == due(late)[:-1]


def test_a_corrected_reply_moves_the_day_of_the_look_and_nothing_else() -> None:
    issue = tracked(PROMISED)
    later = corrected().model_copy(update={"promised_on": date(2026, 5, 15)})
    issue.take(corrected().model_copy(update={"promised_on": PROMISED}), after(days=6))
    assert due(issue) == [MONDAY_AFTER]
    issue.take(later.model_copy(update={"version": 3}), after(days=7))
    assert due(issue) == [datetime(2026, 5, 15, 17, 30, tzinfo=SHANGHAI)]
    assert len(told(issue, TrackingOpened)) == 1


def test_a_correction_counts_the_same_whether_it_is_read_before_the_tracking_or_after_it() -> None:
    moved = corrected().model_copy(update={"promised_on": date(2026, 5, 15)})
    first, last = answered(PROMISED), tracked(PROMISED)
    first.take(moved, after(days=4))
    first.take(IssueTracked(round=1, outcome=Outcome.PLANNED, promised_on=PROMISED), TRACKED_AT)
    last.take(moved, after(days=4))
    running = [
        [
            clock.history
            for clock in one.state.clocks
            if clock.name is ClockName.TRACKING and not clock.stopped_at
        ]
        for one in (first, last)
    ]
    assert running[0] == running[1] != [[]]


def test_not_yet_is_looked_at_again_on_the_day_that_was_named() -> None:
    issue = tracked()
    not_yet = RecordLookBack(
        round=1, finding=Finding.NOT_YET, words="已招标，四月动工", next_on=date(2026, 4, 30)
    )
    assert look(issue, not_yet, after(days=10)) == {"status": "done", "next_on": "2026-04-30"}
    (reviewed,) = told(issue, TrackingReviewed)
    assert (reviewed.words, reviewed.by, reviewed.department) == ("已招标，四月动工", "gu", "traffic")
    assert due(issue) == [datetime(2026, 4, 30, 17, 30, tzinfo=SHANGHAI)]
    assert issue.state.state is State.TRACKED


def test_a_promise_of_a_tracked_issue_that_was_kept_is_told_to_feedback_and_is_a_reply() -> None:
    issue = tracked(PROMISED)
    assert look(issue, KEPT, after(days=20)) == {"status": "done", "finding": "kept"}
    assert told(issue, PromiseKept) == [PromiseKept(round=1, words="现场查看，已建成", by="gu")]
    (done,) = told(issue, LookBackDone)
    assert (done.finding, done.because, done.round) == (Finding.KEPT, Listed.TRACKED, 1)
    assert (issue.state.state, due(issue), issue.deadline) == (State.ANSWERED, [], None)
    assert look(issue, KEPT, after(days=21))["reason"] == Reason.ILLEGAL_MOVE
    issue.take(ReworkAsked(round=2, reason="没有建成"), after(days=22))
    assert issue.state.state is State.REWORK_ASKED
    assert issue.state.lamp == 0  # nobody was dissatisfied before
    issue.take(ReworkDecided(round=3, reason="再办", by="chen"), after(days=23))
    issue.take(ReworkAsked(round=3, reason="还是没有"), after(days=40))
    assert issue.state.lamp == 4


@pytest.mark.parametrize("ended", [False, True])
def test_a_broken_promise_begins_a_new_round_with_its_own_clocks_from_tracked_and_from_closed(
    ended: bool,
) -> None:
    issue = closed(sampling(0)) if ended else tracked(PROMISED)
    look(issue, BROKEN, after(days=20))
    assert told(issue, PromiseBroken) == [PromiseBroken(round=1, words="未动工", by="gu")]
    assert look(issue, KEPT, after(days=21))["reason"] == Reason.ILLEGAL_MOVE
    issue.take(ReworkDecided(round=2, reason="未动工", by="gu"), after(days=20))
    state = issue.state
    assert (state.state, state.ended_at, state.lamp) == (State.REWORK, None, 0)
    running = {clock.name for clock in state.clocks if clock.stopped_at is None}
    assert running == {ClockName.PROMISE, ClockName.HOLDING}
    fire_until(issue, after(days=60))
    assert issue.state.lamp > 0  # it climbs as any other
    issue.take(replied(round=2), after(days=61))
    issue.take(IssueClosed(round=2, reason=CloseReason.RATED), after(days=62))
    assert issue.state.state is State.CLOSED
    assert look(issue, BROKEN.model_copy(update={"round": 2}), after(days=63))["status"] == "done"


def test_what_closing_has_lifted_stays_lifted_when_a_look_back_opens_the_issue_again() -> None:
    issue = known(sampling(0))
    issue.take(assigned(), after(hours=1))
    fire_until(issue, DUE + GRACE)
    assert issue.state.lamp == 1
    issue.take(replied(), DUE + timedelta(days=1))
    issue.take(IssueClosed(round=1, reason=CloseReason.RATED), DUE + timedelta(days=2))
    look(issue, BROKEN, DUE + timedelta(days=3))
    issue.take(ReworkDecided(round=2, reason="未动工", by="gu"), DUE + timedelta(days=3))
    assert issue.state.lamp == 0


def test_closed_issues_of_the_sample_alone_have_a_deadline() -> None:
    for percent, listed in ((0, False), (100, True)):
        issue = closed(sampling(percent))
        assert (issue.deadline is not None) == listed
        assert issue.kind.finished(issue.state) != listed
        assert [one.because for one in told(issue, TrackingOpened)] == ([Listed.SAMPLE] if listed else [])
    fire_until(issue, after(days=200))
    assert told(issue, DepartmentAddressed) == []  # it is the supervision office's to look
    assert look(issue, KEPT, after(days=201))["status"] == "done"
    assert (issue.deadline, issue.kind.finished(issue.state)) == (None, True)
    assert told(issue, PromiseKept) == []  # it was rated before


def test_a_closed_issue_whose_date_is_still_to_come_is_looked_at_on_that_day() -> None:
    issue = closed(sampling(0), PROMISED)
    assert [one.because for one in told(issue, TrackingOpened)] == [Listed.PROMISED]
    assert due(issue) == [MONDAY_AFTER]
    assert due(closed(sampling(0), date(2026, 3, 6))) == []


def test_the_sample_is_a_share_of_all_and_each_issue_is_in_it_or_not() -> None:
    chosen = [id for id in map(str, range(10_000)) if is_in_sample(id, 5)]
    assert 400 < len(chosen) < 600
    assert chosen == [id for id in chosen if is_in_sample(id, 6)]
    assert not is_in_sample(chosen[0], 0)


def test_a_withdrawal_that_crossed_the_close_takes_it_off_no_list() -> None:
    reference = sampling(100)
    first, last = answered(reference=reference), closed(reference)
    first.take(withdrawn(), after(days=4))
    first.take(IssueClosed(round=1, reason=CloseReason.RATED), TRACKED_AT)
    last.take(withdrawn(), after(days=4))
    assert due(first) == due(last) != []


@pytest.mark.parametrize(
    ("command", "actor", "reason", "says"),
    [
        (KEPT.model_copy(update={"round": 2}), SUPERVISOR, Reason.STALE_ROUND, "round 1"),
        (KEPT.model_copy(update={"words": " "}), SUPERVISOR, Reason.REASON_MISSING, "words"),
        (KEPT, "supervisor:li", Reason.SAME_PERSON, "drafted or signed off"),
        (KEPT.model_copy(update={"next_on": PROMISED}), SUPERVISOR, Reason.MALFORMED, "not_yet"),
        (KEPT.model_copy(update={"finding": Finding.NOT_YET}), SUPERVISOR, Reason.DATE_MISSING, "next_on"),
        (
            RecordLookBack(round=1, finding=Finding.NOT_YET, words="再看", next_on=date(2026, 3, 12)),
            SUPERVISOR,
            Reason.DATE_TOO_EARLY,
            "2026-03-12",
        ),
        (
            RecordLookBack(round=1, finding=Finding.NOT_YET, words="再看", next_on=date(2026, 8, 1)),
            SUPERVISOR,
            Reason.DATE_TOO_FAR,
            "2026-06-10 at the latest",
        ),
        (KEPT, "leader:qian", Reason.WRONG_ROLE, "supervisor"),
    ],
)
def test_a_look_back_that_cannot_be_is_refused_with_what_is_wrong_and_changes_nothing(
    command: RecordLookBack, actor: str, reason: Reason, says: str
) -> None:
    issue = tracked()
    before = issue.state
    outcome = look(issue, command, after(days=10), actor)
    assert outcome["reason"] == reason
    assert says in outcome["detail"]
    assert issue.state == before


def test_nobody_of_the_department_that_answered_looks_back() -> None:
    issue = tracked(reference=staffed(department="traffic"))
    assert look(issue, KEPT, after(days=10))["reason"] == Reason.WRONG_ROLE


def test_what_is_neither_tracked_nor_closed_is_looked_at_by_nobody() -> None:
    issue = answered()
    assert look(issue, KEPT, after(days=3))["reason"] == Reason.ILLEGAL_MOVE
    assert look(known(), KEPT, after(days=3))["reason"] == Reason.ILLEGAL_MOVE


def test_every_record_of_the_list_delivered_twice_is_one() -> None:
    issue = answered(PROMISED)
    records = [
        issue.event(IssueTracked(round=1, outcome=Outcome.PLANNED, promised_on=PROMISED), TRACKED_AT),
        issue.event(corrected().model_copy(update={"promised_on": date(2026, 5, 15)}), after(days=7)),
        issue.command(BROKEN, after(days=20), SUPERVISOR, "look"),
        issue.event(ReworkDecided(round=2, reason="未动工", by="gu"), after(days=20)),
    ]
    for record in records:
        issue.deliver(record, record)
    assert [len(told(issue, shape)) for shape in (TrackingOpened, LookBackDone, PromiseBroken)] == [1, 1, 1]
    tracking = [one for one in told(issue, ClockStarted, ClockStopped) if one.clock == ClockName.TRACKING]
    assert [type(one) for one in tracking] == [ClockStarted, ClockStopped, ClockStarted, ClockStopped]
