"""Leaders' instructions: given, reported on, taken back, overdue, and on their way with the issue; and late rulings."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest

from services.supervision.issue.instructions import MOST, MOST_OPEN
from services.supervision.issue.life import finished
from services.supervision.issue.renewing import recalculate, request_of
from services.supervision.issue.signing import MOST_BY_HAND
from shared.contract.commands.supervision import (
    AnswerOrder,
    GiveInstruction,
    LiftLadder,
    ReportInstruction,
    TakeBackInstruction,
)
from shared.contract.event import Event
from shared.contract.events.dispatch import StaffPublished
from shared.contract.events.feedback import ReworkDecided
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockStarted,
    ClockStopped,
    DepartmentAddressed,
    DocumentIssued,
    DocumentVoided,
    InstructionGiven,
    InstructionReported,
    InstructionTakenBack,
    LadderLifted,
    LadderRaised,
    PolicyPublished,
)
from shared.contract.words import ClockName, DocumentKind, Level, Role, Saying
from shared.domain.clocks import Limit, due_at
from shared.domain.decisions import Reason
from shared.domain.reference import BEGINNING, Reference
from tests.unit.supervision.documented import Town, orders, staffed
from tests.unit.supervision.given import (
    CALENDAR,
    DUE,
    GRACE,
    POLICY,
    after,
    assigned,
    context,
    known,
    recalled,
    replied,
    returned,
    ruled,
    signed,
    transferred,
)
from tests.unit.supervision.test_ladder_of_an_issue import TABLE, closed

LEADER, OTHER, HANDLER = "leader:qian", "leader:sun", "handler:traffic/zhou"
AT = after(hours=2)
REPORT_DUE = due_at(AT, Limit("5wd"), POLICY, CALENDAR).at
ORDERED_AT = TABLE[2] + GRACE
RULING_DUE = due_at(AT, Limit("1wd"), POLICY, CALENDAR).at


def led(level: Level = Level.CITY, department: str = "office") -> Reference:
    """The reference data with a leader in it, beside who signs documents."""
    reference = staffed()
    entry = {"name": "钱江", "roles": (Role.LEADER,), "level": level, "department": department}
    reference.learn("staff:qian", StaffPublished(version="1", in_force_from=BEGINNING, by="wu", **entry))
    return reference


def instructs(**values: Any) -> GiveInstruction:
    return GiveInstruction(**{"words": "请三日内现场核实，并报结果", **values})


def reports(number: int = 1, words: str = "已现场核实，月底前完工") -> ReportInstruction:
    return ReportInstruction(instruction=number, words=words)


def takes_back(number: int = 1, reason: str = "已当面听取汇报") -> TakeBackInstruction:
    return TakeBackInstruction(instruction=number, reason=reason)


def instructed(**values: Any) -> Town:
    """An issue that is held, with one instruction on it."""
    town = Town(led())
    outcome = town.ask(instructs(**values), LEADER, AT)
    assert (outcome["status"], outcome["instruction"]) == ("done", 1), outcome
    return town


def of_instructions(town: Town, *shapes: type[Event]) -> list[Any]:
    """What was told of the clocks of instructions."""
    return [event for shape in shapes for event in town.told(shape) if event.clock == ClockName.INSTRUCTION]


def said(town: Town, saying: Saying) -> list[DepartmentAddressed]:
    return [event for event in town.told(DepartmentAddressed) if event.saying == saying]


def test_an_instruction_starts_a_clock_of_its_own_and_its_department_hears_of_it() -> None:
    town = instructed()
    (given,), (started,) = town.told(InstructionGiven), of_instructions(town, ClockStarted)
    assert (given.department, given.assignment, given.by) == ("traffic", "a1", "qian")
    assert given.due_at == started.due_at == REPORT_DUE
    assert (started.round, started.limit, started.department) == (1, "5wd", "")
    (addressed,) = said(town, Saying.INSTRUCTED)
    assert (addressed.department, addressed.assignment, addressed.instruction) == ("traffic", "a1", 1)
    assert (addressed.words, addressed.due_at, addressed.round) == (given.words, REPORT_DUE, 1)


def test_a_date_that_the_leader_names_is_the_end_of_that_office_day() -> None:
    town = instructed(due_on=date(2026, 3, 20), department="traffic")
    assert town.told(InstructionGiven)[0].due_at == datetime.fromisoformat("2026-03-20T17:30:00+08:00")
    assert town.told(InstructionGiven)[0].limit == "18d"


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (instructs(words=" "), Reason.REASON_MISSING),
        (instructs(department="police"), Reason.STALE_ASSIGNMENT),
        (instructs(due_on=AT.date()), Reason.DATE_TOO_EARLY),
        (instructs(due_on=date(2026, 3, 21)), Reason.NO_WORKING_DAY),
        (instructs(due_on=date(2028, 3, 21)), Reason.DATE_TOO_FAR),
    ],
)
def test_what_cannot_stand_in_an_instruction_is_refused_with_its_place(
    command: GiveInstruction, reason: Reason
) -> None:
    town = Town(led())
    outcome = town.ask(command, LEADER, AT)
    assert outcome["reason"] == reason and ":" in outcome["detail"]
    assert town.issue.state.instructed == 0


def test_nobody_is_instructed_where_nobody_holds_it_or_it_has_ended() -> None:
    town = Town(led())
    town.issue.take(recalled(), AT)
    assert town.ask(instructs(), LEADER, AT)["reason"] == Reason.ILLEGAL_MOVE
    town = Town(led())
    town.issue.take(replied(), AT)
    town.issue.take(closed(), AT)
    assert town.ask(instructs(), LEADER, after(days=1))["reason"] == Reason.ILLEGAL_MOVE


@pytest.mark.parametrize("reference", [led(Level.TOWNSHIP), led(department="traffic")])
def test_a_leader_of_a_lower_level_or_of_the_holder_gives_none(reference: Reference) -> None:
    assert Town(reference).ask(instructs(), LEADER, AT)["reason"] == Reason.WRONG_ROLE


def test_a_report_stops_the_clock_and_a_second_one_is_refused() -> None:
    town = instructed()
    assert town.ask(reports(), HANDLER, after(days=1))["status"] == "done"
    (reported,), (stopped,) = town.told(InstructionReported), of_instructions(town, ClockStopped)
    assert (reported.instruction, reported.by, stopped.breached) == (1, "zhou", False)
    assert town.issue.state.instructions == ()
    assert town.ask(reports(words="再报"), HANDLER, after(days=2))["reason"] == Reason.ILLEGAL_MOVE
    assert town.ask(reports(7), HANDLER, after(days=2))["reason"] == Reason.UNKNOWN_INSTRUCTION
    town.fire_until(REPORT_DUE + GRACE)
    assert not of_instructions(town, ClockBreached)


def test_a_report_without_words_is_refused() -> None:
    assert instructed().ask(reports(words="  "), HANDLER, after(days=1))["reason"] == Reason.REASON_MISSING


def test_while_nobody_holds_it_nobody_reports_and_nobody_answers_an_order() -> None:
    town = instructed()
    assert town.ask(orders(), at=after(hours=3))["document"] == "d1"
    town.issue.take(recalled(), after(days=1))
    answer = AnswerOrder(document="d1", words="已派员")
    for command in (reports(), answer):
        outcome = town.ask(command, "handler:police/lu", after(days=2))
        assert outcome["reason"] == Reason.ILLEGAL_MOVE and "holds it" in outcome["detail"]
    town.issue.take(assigned("a2", "police"), after(days=3))
    assert town.ask(reports(), "handler:police/lu", after(days=3))["status"] == "done"


def test_only_who_gave_it_takes_it_back_and_the_department_hears_why() -> None:
    town = instructed()
    assert town.ask(takes_back(), OTHER, after(days=1))["reason"] == Reason.WRONG_ROLE
    assert town.ask(takes_back(reason=" "), LEADER, after(days=1))["reason"] == Reason.REASON_MISSING
    assert town.ask(takes_back(), LEADER, after(days=1))["status"] == "done"
    (taken,), (told,) = town.told(InstructionTakenBack), said(town, Saying.TAKEN_BACK)
    assert (taken.by, told.words, told.instruction) == ("qian", taken.reason, 1)
    assert of_instructions(town, ClockStopped)


def test_what_is_overdue_reaches_the_first_step_and_reminds_the_department() -> None:
    town = instructed()
    town.fire_until(REPORT_DUE + GRACE)
    (breached,) = of_instructions(town, ClockBreached)
    (raised,) = of_instructions(town, LadderRaised)
    (reminder,) = town.told(DocumentIssued)
    assert (breached.department, raised.step, town.issue.state.lamp) == ("traffic", 1, 1)
    assert (reminder.kind, reminder.department, reminder.step) == (DocumentKind.REMINDER, "traffic", 1)
    (told,) = said(town, Saying.ISSUED)
    assert (told.instruction, told.round, told.department) == (1, 1, "traffic")


def test_what_is_overdue_is_reminded_of_also_where_the_issue_stands_higher() -> None:
    town = Town(led())
    town.fire_until(DUE + GRACE)
    at = DUE + timedelta(hours=1)
    assert town.ask(instructs(due_on=date(2026, 3, 18)), LEADER, at)["status"] == "done"
    town.fire_until(datetime.fromisoformat("2026-03-18T17:30:00+08:00") + GRACE)
    assert town.issue.state.lamp > 1
    assert not of_instructions(town, LadderRaised)
    assert [one.instruction for one in said(town, Saying.ISSUED) if one.instruction] == [1]


def test_an_instruction_outlives_its_issue_and_reminds_without_a_lamp() -> None:
    town = instructed()
    town.issue.take(replied(), after(days=1))
    town.issue.take(closed(), after(days=2))
    assert not finished(town.issue.state)
    town.fire_until(REPORT_DUE + GRACE)
    assert [told.instruction for told in said(town, Saying.ISSUED)] == [1]
    assert not of_instructions(town, LadderRaised) and not town.told(LadderLifted)
    assert town.issue.state.lamp == 0
    assert town.ask(reports(), HANDLER, REPORT_DUE + timedelta(days=1))["status"] == "done"
    (stopped,) = of_instructions(town, ClockStopped)
    assert stopped.breached and finished(town.issue.state)


def test_once_a_department_that_answered_is_merged_its_successor_reports_and_answers_for_it() -> None:
    town = Town(led())
    town.fire_until(ORDERED_AT)
    assert town.ask(instructs(), LEADER, ORDERED_AT)["status"] == "done"
    order = next(one for one in town.issue.state.documents if one.kind is DocumentKind.SUPERVISION_ORDER)
    merged = ORDERED_AT + timedelta(minutes=30)
    entry = town.reference.departments["traffic"].at(ORDERED_AT)
    into = {"version": "2", "in_force_from": merged, "merged_into": "housing"}
    town.reference.learn("dept:traffic", entry.model_copy(update=into))
    answers = AnswerOrder(document=order.id, words="已派员办理")
    for command in (reports(), answers):
        early = town.ask(command, "handler:housing/li", ORDERED_AT + timedelta(minutes=10))
        assert early["reason"] == Reason.NOT_THE_HOLDER
        assert town.ask(command, "handler:police/qian", after(days=30))["reason"] == Reason.NOT_THE_HOLDER
        assert town.ask(command, "dept:housing", after(days=30))["status"] == "done"
    (reported,) = town.told(InstructionReported)
    assert (reported.department, reported.by) == ("traffic", "housing")


def test_nobody_of_the_successor_lifts_what_the_merged_department_has() -> None:
    town = Town(staffed(department="housing"))
    town.fire_until(DUE + GRACE)
    lifts, at = LiftLadder(step=1, reason="已约谈"), DUE + timedelta(hours=1)
    merged = (
        town.reference.departments["traffic"]
        .at(DUE)
        .model_copy(update={"version": "2", "in_force_from": at, "merged_into": "housing"})
    )
    town.reference.learn("dept:traffic", merged)
    assert town.ask(lifts, at=at)["reason"] == Reason.WRONG_ROLE
    assert town.issue.state.lamp == 1


@pytest.mark.parametrize("late", [False, True], ids=["in order", "the new round is read first"])
def test_a_breach_from_before_a_look_back_reminds_and_lights_no_lamp_of_the_new_round(late: bool) -> None:
    town = instructed()
    town.issue.take(replied(), after(days=1))
    town.issue.take(closed(), after(days=2))
    if not late:
        town.fire_until(REPORT_DUE + GRACE)
    town.issue.take(ReworkDecided(round=2, reason="未动工", by="gu"), REPORT_DUE + timedelta(hours=1))
    town.fire_until(REPORT_DUE + timedelta(hours=2))
    (reminder,) = town.told(DocumentIssued)
    assert (reminder.kind, reminder.department) == (DocumentKind.REMINDER, "traffic")
    assert not town.told(DocumentVoided) and not of_instructions(town, LadderRaised)
    (climb,) = (climb for climb in town.issue.state.climbs if climb.clock is ClockName.INSTRUCTION)
    assert (climb.reached, town.issue.state.lamp) == (1, 0)
    assert not town.issue.state.is_lifted(climb)


def test_what_a_person_lifted_before_its_breach_is_recorded_reminds_nobody() -> None:
    town = Town(led())
    town.fire_until(DUE + GRACE)
    assert town.ask(instructs(due_on=date(2026, 3, 18)), LEADER, DUE + timedelta(hours=1))["status"] == "done"
    due = datetime.fromisoformat("2026-03-18T17:30:00+08:00")
    lifts = LiftLadder(step=town.issue.state.lamp, reason="已约谈")
    assert town.ask(lifts, at=due + timedelta(seconds=1))["status"] == "done"
    town.fire_until(due + GRACE)
    assert of_instructions(town, ClockBreached)
    assert not [one for one in said(town, Saying.ISSUED) if one.instruction]


def test_a_late_report_that_comes_before_the_timer_is_recorded_as_late_and_reminds_nobody() -> None:
    town = instructed()
    assert town.ask(reports(), HANDLER, REPORT_DUE + timedelta(seconds=1))["status"] == "done"
    assert len(of_instructions(town, ClockBreached)) == 1
    assert not said(town, Saying.ISSUED)


def test_an_open_instruction_goes_with_the_issue_to_whoever_takes_it_over() -> None:
    town = instructed()
    town.issue.take(transferred(), after(days=1))
    told = said(town, Saying.INSTRUCTED)[-1]
    assert (told.department, told.assignment, told.due_at) == ("police", "a2", REPORT_DUE)
    town.fire_until(REPORT_DUE + GRACE)
    assert of_instructions(town, ClockBreached)[0].department == "police"
    town = instructed()
    town.issue.take(recalled(), after(days=1))
    town.issue.take(assigned("a2", "police"), after(days=2))
    assert [one.department for one in said(town, Saying.INSTRUCTED)] == ["traffic", "police"]


def test_several_may_be_open_and_each_is_reported_on_alone_but_not_without_end() -> None:
    town = Town(led())
    given = [town.ask(instructs(), LEADER, AT) for _ in range(MOST_OPEN + 1)]
    assert [outcome["status"] for outcome in given] == ["done"] * MOST_OPEN + ["refused"]
    assert given[-1]["reason"] == Reason.TOO_MANY
    assert town.ask(reports(2), HANDLER, after(days=1))["status"] == "done"
    running = [clock.round for clock in town.issue.state.clocks if clock.name == ClockName.INSTRUCTION]
    assert running == [1, 2, 3, 4, 5]
    assert [one.number for one in town.issue.state.instructions] == [1, 3, 4, 5]
    for number in range(6, MOST + 1):
        assert town.ask(instructs(), LEADER, after(days=1))["status"] == "done"
        assert town.ask(reports(number), HANDLER, after(days=1))["status"] == "done"
    assert town.ask(reports(1), HANDLER, after(days=1))["status"] == "done"
    assert town.ask(instructs(), LEADER, after(days=1))["reason"] == Reason.TOO_MANY


def test_documents_by_hand_are_bounded_and_those_of_the_ladder_do_not_count() -> None:
    town = Town()
    town.fire_until(DUE + GRACE)
    at = DUE + timedelta(hours=1)
    assert town.issue.state.documents
    for _ in range(MOST_BY_HAND):
        assert town.ask(orders(), at=at)["status"] == "done"
    outcome = town.ask(orders(), at=at)
    assert (outcome["reason"], str(MOST_BY_HAND) in outcome["detail"]) == (Reason.TOO_MANY, True)


def test_the_date_of_an_instruction_is_moved_by_no_policy() -> None:
    reference = led()
    town = Town(reference)
    town.ask(instructs(), LEADER, AT)
    stricter = POLICY.model_copy(
        update={"version": "stricter", "limits": {**POLICY.limits, "instruction": Limit("1wd")}}
    )
    published = PolicyPublished(
        version="stricter",
        in_force_from=after(hours=3),
        policy=stricter,
        applies_to_running=True,
        by="gu",
    )
    reference.learn("policy:huzhou", published)
    (renewal,) = reference.renewals
    change = recalculate(town.issue.state, request_of(renewal), context(after(hours=4), reference))
    dates = {clock.name: clock.due_at for clock in change.state.clocks}  # type: ignore[union-attr]
    assert dates[ClockName.INSTRUCTION] == REPORT_DUE


# ----------------------------------------------------------------- rulings


def given_back(reference: Reference | None = None) -> Town:
    """An issue that its department has returned."""
    town = Town(reference)
    town.issue.take(returned(), AT)
    return town


def rulings(town: Town, *shapes: type[Event]) -> list[Any]:
    return [event for shape in shapes for event in town.told(shape) if event.clock == ClockName.RULING]


@pytest.mark.parametrize("ends", [ruled(False), ruled(True), transferred(), closed()])
def test_a_return_starts_the_offices_clock_and_its_ruling_or_whatever_ends_it_stops_it(ends: Event) -> None:
    town = given_back()
    (started,) = rulings(town, ClockStarted)
    assert (started.due_at, started.limit, started.assignment, started.department) == (
        RULING_DUE,
        "1wd",
        "a1",
        "",
    )
    town.issue.take(ends, AT + timedelta(hours=1))
    (stopped,) = rulings(town, ClockStopped)
    assert not stopped.breached


def test_a_ruling_that_is_late_reminds_the_office_and_never_the_department() -> None:
    town = given_back()
    town.fire_until(RULING_DUE + GRACE)
    (breached,), (raised,) = rulings(town, ClockBreached), rulings(town, LadderRaised)
    assert (breached.department, raised.department, raised.step) == ("", "", 1)
    (told,) = said(town, Saying.ISSUED)
    assert (told.department, told.kind, told.assignment) == ("", DocumentKind.REMINDER, "a1")
    assert [step for climb in town.issue.state.climbs for step, _ in climb.steps] == [1]


def test_a_ruling_from_in_time_that_is_read_late_annuls_the_breach_and_lifts_the_reminder() -> None:
    town = given_back()
    town.fire_until(RULING_DUE + GRACE)
    town.issue.take(ruled(False), RULING_DUE - timedelta(minutes=1))
    assert rulings(town, BreachAnnulled)
    assert [told.department for told in said(town, Saying.LIFTED)] == [""]
    assert town.issue.state.lamp == 0


def test_a_second_return_of_the_next_department_starts_a_clock_of_its_own() -> None:
    issue = known()
    issue.take(assigned(), after(hours=1))
    issue.take(signed(), after(hours=1))
    issue.take(returned(), after(hours=2))
    issue.take(ruled(True), after(hours=3))
    issue.take(transferred(), after(hours=3))
    issue.take(returned("a2", "police"), after(hours=4))
    clocks = [clock for clock in issue.state.clocks if clock.name == ClockName.RULING]
    assert [(clock.assignment, clock.stopped_at is None) for clock in clocks] == [("a1", False), ("a2", True)]
