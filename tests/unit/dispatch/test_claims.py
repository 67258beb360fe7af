"""At a talk: a department that is there claims an issue or answers on the spot; the office still lets the reply out."""

import pytest

from services.dispatch.issue.life import State, draft_hash
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AnswerOnTheSpot,
    CheckReply,
    ClaimIssue,
    PublishStaff,
    RecallAssignment,
    ReleaseReply,
)
from shared.contract.events.dispatch import (
    AnsweredOnTheSpot,
    AssignmentSigned,
    IssueAssigned,
    IssueClaimed,
    ReplyDrafted,
    ReplyReleased,
    ReplySignedOff,
    StaffPublished,
)
from shared.contract.events.intake import IssueRegistered, PromiseStarted
from shared.contract.events.talks import PromiseExpected
from shared.contract.words import Outcome, Provisional, Role
from shared.domain.reference import BEGINNING
from tests.unit.dispatch.given import ACCEPTED, DUE, FIRST, HANDLER, LEADER, OFFICE, Dispatch
from tests.unit.one_aggregate import after

TALK = "huzhou-weekly-20260302-1"
VERSIONS = {"policy": builtin_policy().version, "calendar": builtin_calendar().version}
EXPECTED = PromiseExpected(
    talk=TALK,
    talk_ends_at=after(hours=8),
    due_at=DUE,
    limit="10wd",
    provisional_because=Provisional.TALK_NOT_HELD,
    departments=("housing", "transport"),
    **VERSIONS,
)
ANSWER = AnswerOnTheSpot(outcome=Outcome.SOLVED, text="路灯昨日已全部点亮")
HASH = draft_hash(ANSWER.outcome, ANSWER.text, None)


async def at_a_talk() -> Dispatch:
    """An issue of a talk that is under way, taken on: its promise does not run yet."""
    dispatch = Dispatch()
    await dispatch.take(IssueRegistered(number="HZ-1"), EXPECTED, ACCEPTED)
    assert (dispatch.state.state, dispatch.state.due_at, dispatch.state.promise) == (State.WAITING, DUE, None)
    return dispatch


async def test_a_claim_makes_the_department_lead_and_is_its_signature() -> None:
    dispatch = await at_a_talk()
    outcome = await dispatch.ask(ClaimIssue(), after(hours=7), HANDLER)
    assert outcome == {
        "status": "done",
        "state": "in_progress",
        "assignment": FIRST,
        "department": "housing",
    }
    assigned, claimed, signed = dispatch.events
    assert isinstance(assigned, IssueAssigned)
    assert (assigned.chosen_by, assigned.department, assigned.by) == ("claim", "housing", "housing/li")
    assert isinstance(claimed, IssueClaimed)
    assert (claimed.talk, claimed.assignment) == (TALK, FIRST)
    assert isinstance(signed, AssignmentSigned)
    assert [(to, type) for to, type, _ in dispatch.orders] == [("housing", "order.assigned.v1")]
    again = await dispatch.ask(ClaimIssue(), after(hours=7), "handler:transport/xu")
    assert again["reason"] == "not_the_holder"


async def test_a_department_that_is_not_there_claims_nothing_and_answers_nothing() -> None:
    dispatch = await at_a_talk()
    for command, actor in ((ClaimIssue(), "handler:planning/xu"), (ANSWER, "department_leader:planning/xu")):
        refused = await dispatch.ask(command, after(hours=7), actor)
        assert (refused["reason"], refused["detail"]) == (
            "not_at_the_talk",
            f"at {TALK} are housing, transport, and not planning",
        )
    assert dispatch.events == []
    of_no_talk = await Dispatch().bring(State.WAITING)
    refused = await of_no_talk.ask(ClaimIssue(), after(hours=7), HANDLER)
    assert refused["reason"] == "not_at_the_talk"


async def test_who_is_at_the_talk_changes_with_what_is_expected() -> None:
    dispatch = await at_a_talk()
    await dispatch.take(EXPECTED.model_copy(update={"departments": ("transport",)}))
    refused = await dispatch.ask(ClaimIssue(), after(hours=7), HANDLER)
    assert refused["reason"] == "not_at_the_talk"
    assert (await dispatch.ask(ClaimIssue(), after(hours=7), "handler:transport/xu"))["status"] == "done"


async def test_what_a_leader_answers_on_the_spot_goes_out_with_these_words_by_the_office_alone() -> None:
    dispatch = await at_a_talk()
    by_a_handler = await dispatch.ask(ANSWER, after(hours=7), HANDLER)
    assert by_a_handler["reason"] == "wrong_role"
    outcome = await dispatch.ask(ANSWER, after(hours=7), LEADER)
    assert (outcome["state"], outcome["draft"], outcome["sha256"]) == ("signed_off", 1, HASH)
    assert [type(event) for event in dispatch.events] == [
        IssueAssigned,
        IssueClaimed,
        AssignmentSigned,
        AnsweredOnTheSpot,
        ReplyDrafted,
        ReplySignedOff,
    ]
    names = {"assignment": FIRST, "draft": 1, "sha256": HASH}
    her_own = await dispatch.ask(CheckReply(**names), after(hours=8), "office:wang")
    assert her_own["reason"] == "same_person"
    assert (await dispatch.ask(CheckReply(**names), after(hours=8), OFFICE))["status"] == "done"
    release = ReleaseReply(**names)
    assert (await dispatch.ask(release, after(hours=8), OFFICE))["reason"] == "talk_not_over"
    await dispatch.take(PromiseStarted(started_at=after(hours=8), due_at=DUE, limit="10wd", **VERSIONS))
    assert (await dispatch.ask(release, after(hours=9), OFFICE))["status"] == "done"
    released = dispatch.events[-1]
    assert isinstance(released, ReplyReleased)
    assert (released.text, released.handled_by) == (ANSWER.text, ("wang",))


async def test_who_claimed_answers_and_nobody_else_does() -> None:
    dispatch = await at_a_talk()
    assert (await dispatch.ask(ClaimIssue(), after(hours=7), HANDLER))["status"] == "done"
    recall = RecallAssignment(assignment=FIRST, reason="误领")
    assert (await dispatch.ask(recall, after(hours=7), OFFICE))["reason"] == "talk_not_over"
    other = await dispatch.ask(ANSWER, after(hours=7), "department_leader:transport/sun")
    assert other["reason"] == "not_the_holder"
    assert (await dispatch.ask(ANSWER, after(hours=7), LEADER))["state"] == "signed_off"
    assert sum(isinstance(event, IssueAssigned) for event in dispatch.events) == 1


async def test_an_answer_that_does_not_fit_is_refused_and_claims_nothing() -> None:
    dispatch = await at_a_talk()
    for command, reason in (
        (ANSWER.model_copy(update={"outcome": Outcome.ADOPTED}), "outcome_not_for_kind"),
        (ANSWER.model_copy(update={"outcome": Outcome.PLANNED}), "date_missing"),
        (ANSWER.model_copy(update={"text": " "}), "malformed"),
    ):
        assert (await dispatch.ask(command, after(hours=7), LEADER))["reason"] == reason
    assert (dispatch.state.state, dispatch.events) == (State.WAITING, [])


async def test_who_claimed_before_the_end_hears_the_date_once_the_promise_runs() -> None:
    dispatch = await at_a_talk()
    assert (await dispatch.ask(ClaimIssue(), after(hours=7), HANDLER))["status"] == "done"
    later = DUE.replace(day=DUE.day + 1)
    promise = PromiseStarted(started_at=after(days=1), due_at=later, limit="10wd", **VERSIONS)
    await dispatch.take(promise)
    to, type, order = dispatch.orders[-1]
    assert (to, type, order["because"]) == ("housing", "order.due_changed.v1", "talk")
    assert dispatch.state.due_at == later
    await dispatch.take(EXPECTED)
    assert (dispatch.state.due_at, dispatch.orders[-1]) == (later, (to, type, order))


async def written_down(*people: tuple[str, str, Role]) -> Dispatch:
    """The same, where the directory names people of departments."""
    dispatch = Dispatch(own_directory=True)
    for account, department, role in people:
        official = PublishStaff(name=account, roles=(role,), department=department)
        dispatch.reference.learn(
            f"staff:{account}",
            StaffPublished(
                **official.model_dump(exclude={"in_force_from"}), version="1", in_force_from=BEGINNING, by="x"
            ),
        )
    await dispatch.take(IssueRegistered(number="HZ-1"), EXPECTED, ACCEPTED)
    return dispatch


PEOPLE = (
    ("li", "housing", Role.HANDLER),
    ("wang", "housing", Role.DEPARTMENT_LEADER),
    ("xu", "planning", Role.HANDLER),
)


async def test_who_keeps_the_record_writes_a_claim_down_in_the_name_of_who_is_there() -> None:
    dispatch = await written_down(*PEOPLE)
    claim = dispatch.command(ClaimIssue(official="li"), after(hours=7), "clerk:lu")
    await dispatch.deliver(claim)
    assigned, claimed, signed = dispatch.events
    assert isinstance(assigned, IssueAssigned)
    assert isinstance(claimed, IssueClaimed)
    assert isinstance(signed, AssignmentSigned)
    assert {one.by for one in (assigned, claimed, signed)} == {"housing/li"}
    assert (claimed.recorded_by, claimed.department) == ("lu", "housing")
    reached, events = dispatch.state, list(dispatch.events)
    await dispatch.deliver(claim)
    assert (dispatch.state, dispatch.events) == (reached, events)


@pytest.mark.parametrize(
    ("command", "actor", "reason"),
    [
        (ClaimIssue(), "clerk:lu", "malformed"),
        (ClaimIssue(official="nobody"), "clerk:lu", "wrong_role"),
        (ClaimIssue(official="xu"), "federation:feng", "not_at_the_talk"),
        (ClaimIssue(official="wang"), HANDLER, "malformed"),
        (ANSWER.model_copy(update={"official": "li"}), "clerk:lu", "wrong_role"),
    ],
)
async def test_a_record_of_a_claim_names_somebody_who_may_claim_and_is_there(
    command: Command, actor: str, reason: str
) -> None:
    dispatch = await written_down(*PEOPLE)
    assert (await dispatch.ask(command, after(hours=7), actor))["reason"] == reason
    assert dispatch.events == []


async def test_who_wrote_an_answer_down_lets_it_out_as_little_as_who_gave_it() -> None:
    dispatch = await written_down(*PEOPLE)
    written = ANSWER.model_copy(update={"official": "wang"})
    assert (await dispatch.ask(written, after(hours=7), "office:chen"))["state"] == "signed_off"
    (answered,) = (one for one in dispatch.events if isinstance(one, AnsweredOnTheSpot))
    assert (answered.by, answered.recorded_by) == ("housing/wang", "chen")
    names = {"assignment": FIRST, "draft": 1, "sha256": HASH}
    for same in ("office:chen", "office:wang"):
        assert (await dispatch.ask(CheckReply(**names), after(hours=8), same))["reason"] == "same_person"
    assert (await dispatch.ask(CheckReply(**names), after(hours=8), "office:zhou"))["status"] == "done"


async def test_what_reached_its_talk_after_the_end_is_claimed_by_who_was_there_and_nobody_else() -> None:
    dispatch = Dispatch()
    late = PromiseStarted(
        started_at=after(), due_at=DUE, limit="10wd", talk=TALK, departments=("housing",), **VERSIONS
    )
    await dispatch.take(IssueRegistered(number="HZ-1"), late, ACCEPTED)
    refused = await dispatch.ask(ClaimIssue(), after(hours=1), "handler:transport/xu")
    assert refused["reason"] == "not_at_the_talk"
    assert (await dispatch.ask(ClaimIssue(), after(hours=1), HANDLER))["status"] == "done"


async def test_a_promise_that_is_expected_is_heard_once_however_often_it_comes() -> None:
    dispatch = await at_a_talk()
    record = dispatch.event(EXPECTED.model_copy(update={"due_at": after(days=20)}), after())
    await dispatch.deliver(record)
    reached, orders = dispatch.state, list(dispatch.orders)
    await dispatch.deliver(record)
    assert (dispatch.state, dispatch.orders) == (reached, orders)
