"""A department is merged into another: its open work goes over, in chunks, outside the three-transfers count."""

from datetime import timedelta
from typing import Any

import pytest

from services.dispatch.department.decisions import CHUNK
from services.dispatch.department.life import MOVES, TIMERS
from services.dispatch.department.life import State as DepartmentState
from services.dispatch.issue.life import HELD, State
from shared.contract.commands.dispatch import (
    AssignIssue,
    ConfirmHandOver,
    HandOver,
    MergeDepartment,
    PublishDepartment,
    ReturnAssignment,
    RuleOnReturn,
    SignAssignment,
)
from shared.contract.events.dispatch import AssignmentTransferred, DepartmentPublished
from shared.contract.events.supervision import DepartmentAddressed
from shared.contract.words import Occurrence, Saying, TransferCause
from shared.domain.decisions import FAN_OUT
from tests.unit.dispatch.given import (
    ASSIGN,
    CLOSED,
    DUE,
    FIRST,
    GRANTED,
    HANDLER,
    ISSUE,
    OFFICE,
    SECOND,
    SIGN,
    UPHOLD,
    WAYS,
    Dispatch,
    department,
    published,
)
from tests.unit.dispatch.test_notices import told, with_people
from tests.unit.one_aggregate import after

MERGED_AT = after(days=3)
INTO_PLANNING = MergeDepartment(into="planning")


def refused(outcome: dict[str, Any]) -> str:
    assert outcome["status"] == "refused"
    return str(outcome["reason"])


async def merge(
    dispatch: Dispatch, code: str, into: str, *issues: str, actor: str = OFFICE
) -> dict[str, Any]:
    command = MergeDepartment(into=into, issues=issues)
    return await dispatch.ask(command, MERGED_AT, actor, subject=department(code))


async def with_issues(count: int) -> tuple[Dispatch, list[str]]:
    """The directory, and so many issues that housing has to do with."""
    dispatch = await published("housing", "planning", "transport")
    issues = [f"issue-{number}" for number in range(1, count + 1)]
    await dispatch.open_issues("housing", *issues)
    return dispatch, issues


def transfers(dispatch: Dispatch) -> list[AssignmentTransferred]:
    return [event for event in dispatch.events if isinstance(event, AssignmentTransferred)]


async def test_a_merger_is_published_and_every_open_issue_goes_over_with_one_transfer() -> None:
    dispatch, issues = await with_issues(3)
    outcome = await merge(dispatch, "housing", "planning", *issues)
    assert (outcome["version"], outcome["merging"]) == ("2", 3)
    entry = dispatch.events[-1]
    assert isinstance(entry, DepartmentPublished)
    assert (entry.merged_into, entry.in_force_from, entry.name_zh) == (
        "planning",
        MERGED_AT,
        "市住房和城乡建设局",
    )
    await dispatch.settle(MERGED_AT)
    told = transfers(dispatch)
    assert [(event.previous_assignment, event.assignment) for event in told] == [
        (f"{issue}.1", f"{issue}.2") for issue in issues
    ]
    assert {(event.department, event.why, event.transfers, event.by) for event in told} == {
        ("planning", TransferCause.MERGER, 0, "chen")
    }
    assert {dispatch.state_of(issue).department for issue in issues} == {"planning"}
    housing = dispatch.state_of("dept:housing")
    assert (housing.merging, housing.sent) == ((), 0)


async def test_each_department_is_told_what_it_lost_and_what_it_got() -> None:
    dispatch, [issue] = await with_issues(1)
    await merge(dispatch, "housing", "planning", issue)
    await dispatch.settle(MERGED_AT)
    stopped = {"assignment": FIRST, "department": "planning"}
    assert dispatch.orders[-2] == ("housing", "order.handed_over.v1", stopped)
    code, kind, order = dispatch.orders[-1]
    assert (code, kind, order["assignment"]) == ("planning", "order.assigned.v1", SECOND)
    assert order["head"] == "市自然资源和规划局局长"


@pytest.mark.parametrize("state", HELD)
async def test_from_each_state_in_which_a_department_has_work_the_successor_begins_anew(state: State) -> None:
    dispatch = await published("housing", "planning", "transport")
    await dispatch.register()
    await dispatch.walk(WAYS[state])
    drafts = dispatch.state.drafts
    await merge(dispatch, "housing", "planning", ISSUE)
    await dispatch.settle(MERGED_AT)
    issue = dispatch.state
    assert (issue.state, issue.assignment, issue.department) == (State.ASSIGNED, SECOND, "planning")
    assert (issue.passed_on, issue.drafts) == ((), drafts)
    # A pause ends with the assignment: the days that it held do not count.
    assert issue.due_at > DUE if state is State.SUSPENDED else issue.due_at == DUE
    signs = SignAssignment(assignment=SECOND)
    assert (await dispatch.ask(signs, MERGED_AT, "handler:planning/xu"))["status"] == "done"
    assert refused(await dispatch.ask(SIGN, MERGED_AT, HANDLER)) == "not_the_holder"


@pytest.mark.parametrize("state", [state for state in WAYS if state not in HELD])
async def test_where_there_is_nothing_to_hand_over_the_list_hears_so_and_nothing_changes(
    state: State,
) -> None:
    dispatch = await published("housing", "planning", "transport")
    await dispatch.register()
    await dispatch.walk(WAYS[state])
    before, orders = dispatch.state, len(dispatch.orders)
    await merge(dispatch, "housing", "planning", ISSUE, "never-heard-of")
    assert await dispatch.settle(MERGED_AT) == 4
    assert (dispatch.state, len(dispatch.orders), transfers(dispatch)) == (before, orders, [])
    assert dispatch.state_of("never-heard-of") is None
    assert dispatch.state_of("dept:housing").merging == ()


async def test_an_issue_that_another_department_holds_by_now_stays_there() -> None:
    dispatch, [issue] = await with_issues(1)
    await dispatch.ask(ReturnAssignment(assignment=FIRST, reason="不属"), after(hours=1), HANDLER)
    await dispatch.ask(UPHOLD, after(hours=2), OFFICE)
    await merge(dispatch, "housing", "planning", issue)
    await dispatch.settle(MERGED_AT)
    assert dispatch.state.department == "transport"
    assert dispatch.state_of("dept:housing").merging == ()


async def test_a_merger_stays_outside_the_count_of_transfers() -> None:
    dispatch, [issue] = await with_issues(1)
    await merge(dispatch, "housing", "planning", issue)
    await dispatch.settle(MERGED_AT)
    gives_back = ReturnAssignment(assignment=SECOND, reason="不属")
    await dispatch.ask(gives_back, MERGED_AT, "handler:planning/xu")
    upheld = RuleOnReturn(assignment=SECOND, upheld=True, department="transport")
    await dispatch.ask(upheld, MERGED_AT, OFFICE)
    assert [(event.why, event.transfers) for event in transfers(dispatch)] == [("merger", 0), ("return", 1)]


async def test_the_next_chunk_goes_out_when_the_answers_of_the_last_are_all_in() -> None:
    dispatch = await published("housing", "planning")
    issues = [f"issue-{number}" for number in range(2 * CHUNK + 7)]
    outcome = await merge(dispatch, "housing", "planning", *issues)
    assert outcome["merging"] == len(issues)
    for expected in (CHUNK, CHUNK, 7):
        chunk, dispatch.commands = dispatch.commands, []
        assert len(chunk) == expected
        await dispatch.deliver(*(dispatch.posted(out, MERGED_AT) for out in chunk))
        answers, dispatch.commands = dispatch.commands, []
        assert len(answers) == expected
        for answer in answers[:-1]:
            await dispatch.deliver(dispatch.posted(answer, MERGED_AT))
            assert dispatch.commands == []
        await dispatch.deliver(dispatch.posted(answers[-1], MERGED_AT))
    assert (dispatch.commands, dispatch.state_of("dept:housing").merging) == ([], ())


async def test_an_issue_added_later_is_asked_at_once_and_none_is_asked_twice() -> None:
    dispatch, issues = await with_issues(3)
    await merge(dispatch, "housing", "planning", *issues[:2])
    outcome = await merge(dispatch, "housing", "planning", *issues)
    assert (outcome["version"], outcome["merging"]) == ("2", 3)
    assert [out.key for out in dispatch.commands] == issues
    await dispatch.settle(MERGED_AT)
    assert len(transfers(dispatch)) == 3
    outcome = await merge(dispatch, "housing", "planning", issues[0])
    assert outcome["merging"] == 1
    await dispatch.settle(MERGED_AT)
    assert len(transfers(dispatch)) == 3


async def test_an_issue_added_behind_a_full_chunk_waits_for_its_answers() -> None:
    dispatch = await published("housing", "planning")
    issues = [f"issue-{number}" for number in range(CHUNK + 3)]
    await merge(dispatch, "housing", "planning", *issues)
    await merge(dispatch, "housing", "planning", "late")
    assert len(dispatch.commands) == CHUNK
    assert await dispatch.settle(MERGED_AT) == 2 * (len(issues) + 1)
    assert dispatch.state_of("dept:housing").merging == ()


async def test_an_answer_that_comes_twice_counts_once() -> None:
    dispatch = await published("housing", "planning")
    await merge(dispatch, "housing", "planning", "a", "b")
    answer = ConfirmHandOver(issue="a")
    for _ in range(2):
        outcome = await dispatch.ask(answer, MERGED_AT, FAN_OUT, subject="dept:housing")
        assert (outcome["status"], outcome["merging"]) == ("done", 1)
    housing = dispatch.state_of("dept:housing")
    assert (housing.merging, housing.sent) == (("b",), 1)


async def test_what_is_asked_and_answered_twice_has_one_effect() -> None:
    dispatch, [issue] = await with_issues(1)
    await merge(dispatch, "housing", "planning", issue)
    [asked] = dispatch.commands
    for _ in range(2):
        await dispatch.deliver(dispatch.posted(asked, MERGED_AT))
    await dispatch.settle(MERGED_AT)
    again = HandOver(department="housing", to="planning", by="chen")
    assert (await dispatch.ask(again, MERGED_AT, FAN_OUT))["status"] == "done"
    await dispatch.settle(MERGED_AT)
    assert len(transfers(dispatch)) == 1


async def test_a_merged_department_is_given_nothing_and_its_successor_is_named() -> None:
    dispatch = await published("housing", "planning", "transport")
    await dispatch.register()
    await dispatch.walk(WAYS[State.WAITING])
    await merge(dispatch, "housing", "planning")
    outcome = await dispatch.ask(ASSIGN, MERGED_AT, OFFICE)
    assert refused(outcome) == "unknown_department"
    assert "'planning'" in outcome["detail"]
    outcome = await dispatch.ask(AssignIssue(), MERGED_AT, OFFICE)
    assert (outcome["department"], outcome["chosen_by"]) == ("planning", "rule")
    await dispatch.ask(ReturnAssignment(assignment=FIRST, reason="不属"), MERGED_AT, "handler:planning/xu")
    upheld = RuleOnReturn(assignment=FIRST, upheld=True)
    named = await dispatch.ask(upheld.model_copy(update={"department": "housing"}), MERGED_AT, OFFICE)
    assert refused(named) == "unknown_department"
    routed = await dispatch.ask(upheld, MERGED_AT, OFFICE)
    assert routed["department"] not in ("housing", "planning")


async def test_a_successor_that_is_merged_itself_passes_everything_on() -> None:
    dispatch, issues = await with_issues(2)
    await merge(dispatch, "housing", "planning", *issues)
    later = MERGED_AT + timedelta(hours=1)
    into_transport = MergeDepartment(into="transport")
    assert (await dispatch.ask(into_transport, later, OFFICE, subject="dept:planning"))["status"] == "done"
    await dispatch.settle(later)
    assert {dispatch.state_of(issue).department for issue in issues} == {"transport"}


async def test_a_new_round_of_an_answered_issue_goes_to_the_successor() -> None:
    dispatch = await published("housing", "planning", "transport")
    await dispatch.register()
    await dispatch.walk(WAYS[State.REPLIED])
    await merge(dispatch, "housing", "planning", ISSUE)
    await dispatch.settle(MERGED_AT)
    assert (dispatch.state.state, dispatch.state.department) == (State.REPLIED, "housing")
    await dispatch.take(GRANTED, at=MERGED_AT)
    await dispatch.settle(MERGED_AT)
    issue = dispatch.state
    assert (issue.state, issue.department, issue.round) == (State.ASSIGNED, "planning", 2)
    assert "order.rework.v1" not in dispatch.told_to("housing")
    assert (dispatch.orders[-1][0], dispatch.orders[-1][2]["round"]) == ("planning", 2)


async def test_what_is_said_of_an_answered_issue_is_said_to_the_successor_alone() -> None:
    dispatch = await published("housing", "planning", "transport")
    await with_people(dispatch, "planning", leaders=("fang",))
    await dispatch.register()
    await dispatch.walk(WAYS[State.REPLIED])
    await merge(dispatch, "housing", "planning", ISSUE)
    await dispatch.settle(MERGED_AT)
    before = len(dispatch.orders)
    owed = DepartmentAddressed(
        saying=Saying.INSTRUCTED,
        round=1,
        department="housing",
        assignment=FIRST,
        instruction=1,
        words="请核实",
    )
    for event in (owed, CLOSED):
        record = dispatch.event(event, MERGED_AT)
        await dispatch.deliver(record)
        await dispatch.deliver(record)
    said = [(code, type, data["assignment"]) for code, type, data in dispatch.orders[before:]]
    assert said == [
        ("planning", "order.instructed.v1", FIRST),
        ("planning", "order.closed.v1", FIRST),
    ]
    assert (Occurrence.INSTRUCTED, "fang") in told(dispatch)
    assert dispatch.state.department == "housing"  # who answered stays on record


@pytest.mark.parametrize(
    ("code", "into", "actor", "reason"),
    [
        ("housing", "planning", "handler:housing/li", "wrong_role"),
        ("housing", "planning", "supervisor:sun", "wrong_role"),
        ("nobody", "planning", OFFICE, "unknown_department"),
        ("housing", "nobody", OFFICE, "unknown_department"),
        ("housing", "housing", OFFICE, "unknown_department"),
    ],
)
async def test_a_merger_needs_two_departments_of_the_directory_and_the_right_role(
    code: str, into: str, actor: str, reason: str
) -> None:
    dispatch = await published("housing", "planning")
    before = dispatch.state_of(department(code))
    assert refused(await merge(dispatch, code, into, "a", actor=actor)) == reason
    assert (dispatch.state_of(department(code)), dispatch.commands) == (before, [])


async def test_a_merger_is_final_and_makes_no_circle() -> None:
    dispatch = await published("housing", "planning", "transport")
    await merge(dispatch, "housing", "planning")
    assert refused(await merge(dispatch, "housing", "transport")) == "illegal_move"
    circle = await merge(dispatch, "planning", "housing")
    assert refused(circle) == "unknown_department"
    assert "'planning'" in circle["detail"]


async def test_a_merger_that_does_not_count_because_another_crossed_it_hands_nothing_over() -> None:
    dispatch, [issue] = await with_issues(1)
    for code, into in (("planning", "housing"), ("housing", "planning")):
        entry = dispatch.state_of(department(code)).entry
        merged = {"version": "2", "in_force_from": MERGED_AT, "merged_into": into}
        dispatch.reference.learn(department(code), entry.model_copy(update=merged))
    hand_over = HandOver(department="housing", to="planning", by="chen")
    await dispatch.ask(hand_over, MERGED_AT, FAN_OUT, subject=issue)
    assert transfers(dispatch) == []
    assert dispatch.state_of(issue).assignment == f"{issue}.1"


async def test_a_department_with_a_version_still_to_come_is_not_merged_before_it() -> None:
    dispatch = await published("housing", "planning")
    entry = dispatch.state_of("dept:housing").entry
    names = {name: getattr(entry, name) for name in ("name_en", "head")}
    renamed = PublishDepartment(name_zh="市住建局", in_force_from=after(days=30), **names)
    await dispatch.ask(renamed, after(days=1), OFFICE, subject="dept:housing")
    at_once = PublishDepartment(name_zh="市住房局", **names)
    await dispatch.ask(at_once, after(days=2), OFFICE, subject="dept:housing")
    assert refused(await merge(dispatch, "housing", "planning")) == "illegal_move"
    outcome = await dispatch.ask(INTO_PLANNING, after(days=31), OFFICE, subject="dept:housing")
    assert outcome["version"] == "4"
    assert dispatch.reference.directory(after(days=31)).successor("housing") == "planning"


async def test_only_the_merger_itself_asks_and_only_issues_answer() -> None:
    dispatch, [issue] = await with_issues(1)
    moves = HandOver(department="housing", to="planning", by="chen")
    assert refused(await dispatch.ask(moves, MERGED_AT, OFFICE)) == "wrong_role"
    answer = ConfirmHandOver(issue=issue)
    assert refused(await dispatch.ask(answer, MERGED_AT, OFFICE, subject="dept:housing")) == "wrong_role"
    nobody = await dispatch.ask(answer, MERGED_AT, FAN_OUT, subject="dept:nobody")
    assert refused(nobody) == "unknown_department"


def test_nothing_of_a_department_is_ever_due() -> None:
    assert set(TIMERS) == set(DepartmentState)
    assert {state for state, _ in MOVES} | set(MOVES.values()) == set(DepartmentState)
