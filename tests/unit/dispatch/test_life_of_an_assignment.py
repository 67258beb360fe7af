"""Assignments, returns and replies: what is told to whom, and each reason for a refusal."""

from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import pytest
from pydantic import ValidationError

from services.dispatch.issue.asking import department_of, person_of
from services.dispatch.issue.life import State, draft_hash
from shared.contract.command import Command
from shared.contract.commands.dispatch import AssignIssue, DraftReply, HandOver, RuleOnReturn
from shared.contract.events.dispatch import (
    AssignmentTransferred,
    IssueAssigned,
    ReplyChecked,
    ReplyDrafted,
    ReplyReleased,
    ReplySentBack,
    ReplySignedOff,
)
from shared.contract.events.feedback import IssueTracked
from shared.contract.words import Kind, Outcome, TransferCause
from shared.domain.decisions import FAN_OUT
from tests.unit.dispatch.given import (
    ASSIGN,
    CHECK,
    DRAFT,
    DUE,
    FIRST,
    GRANTED,
    HANDLER,
    KEEP,
    LEADER,
    OFFICE,
    RELEASE,
    RETURN,
    SECOND,
    SEND_BACK,
    SIGN,
    SIGN_OFF,
    UPHOLD,
    Dispatch,
)
from tests.unit.one_aggregate import after

TRANSPORT = "handler:transport/zhao"


def refused(outcome: dict[str, Any]) -> str:
    assert outcome["status"] == "refused"
    return str(outcome["reason"])


async def test_an_order_carries_the_words_in_full_and_the_promised_date() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    [(department, kind, order)] = dispatch.orders
    assert (department, kind) == ("housing", "order.assigned.v1")
    assert (order["title"], order["text"], order["number"]) == ("小区电梯坏了", "物业三个月不修电梯", "HZ-1")
    assert datetime.fromisoformat(order["due_at"]) == DUE
    assert (order["assignment"], order["round"]) == (FIRST, 1)


async def test_an_order_says_which_files_there_are_as_intake_told_it_also_to_the_next_department() -> None:
    dispatch = await Dispatch().bring(State.RETURNED)
    await dispatch.ask(UPHOLD, after(hours=3), OFFICE)
    orders = [
        (code, order["attachments"]) for code, kind, order in dispatch.orders if kind.endswith("assigned.v1")
    ]
    files = [{"hash": "a" * 64, "media_type": "image/a-later-kind", "bytes": 1_830_412}]
    assert orders == [("housing", files), ("transport", files)]


async def test_without_a_department_the_rules_choose_and_name_their_version_and_words() -> None:
    dispatch = await Dispatch().bring(State.WAITING)
    outcome = await dispatch.ask(AssignIssue(), after(), OFFICE)
    assert (outcome["department"], outcome["assignment"]) == ("housing", FIRST)
    assigned = dispatch.events[-1]
    assert isinstance(assigned, IssueAssigned)
    assert (assigned.chosen_by, assigned.rules, assigned.confidence) == ("rule", "1", None)
    assert "物业" in assigned.terms
    assert (outcome["chosen_by"], outcome["rules"]) == ("rule", "1")
    assert tuple(outcome["terms"]) == assigned.terms


async def test_a_person_who_names_a_department_has_chosen_it() -> None:
    dispatch = await Dispatch().bring(State.WAITING)
    outcome = await dispatch.want("assign")
    assigned = dispatch.events[-1]
    assert isinstance(assigned, IssueAssigned)
    assert (assigned.chosen_by, assigned.rules, assigned.terms) == ("person", "", ())
    assert outcome["chosen_by"] == "person"


async def test_an_upheld_return_goes_to_the_next_department_and_keeps_the_promise() -> None:
    dispatch = await Dispatch().bring(State.RETURNED)
    outcome = await dispatch.ask(UPHOLD, after(hours=3), OFFICE)
    assert (outcome["assignment"], outcome["department"]) == (SECOND, "transport")
    transferred = next(event for event in dispatch.events if isinstance(event, AssignmentTransferred))
    assert (transferred.previous_assignment, transferred.previous_department) == (FIRST, "housing")
    assert (transferred.why, transferred.transfers) == (TransferCause.RETURN, 1)
    assert dispatch.told_to("housing") == ["order.assigned.v1", "order.ruled.v1"]
    assert datetime.fromisoformat(dispatch.orders[-1][2]["due_at"]) == DUE


async def test_an_upheld_return_without_a_name_is_routed_past_those_who_returned_it() -> None:
    dispatch = await Dispatch().bring(State.RETURNED)
    outcome = await dispatch.ask(RuleOnReturn(assignment=FIRST, upheld=True), after(hours=3), OFFICE)
    assert outcome["department"] != "housing"
    assert refused(await dispatch.ask(SIGN, after(hours=4), HANDLER)) == "not_the_holder"


async def test_an_upheld_return_does_not_go_back_to_who_returned_it() -> None:
    dispatch = await Dispatch().bring(State.RETURNED)
    again = RuleOnReturn(assignment=FIRST, upheld=True, department="housing")
    assert refused(await dispatch.ask(again, after(hours=3), OFFICE)) == "malformed"


async def test_a_ruling_is_final() -> None:
    dispatch = await Dispatch().bring(State.RETURNED)
    assert (await dispatch.ask(KEEP, after(hours=2), OFFICE))["assignment"] == FIRST
    outcome = await dispatch.ask(RETURN, after(hours=3), HANDLER)
    assert (refused(outcome), outcome["legal"][:3]) == ("illegal_move", ["sign", "recall", "name_handler"])
    assert (await dispatch.ask(SIGN, after(hours=3), HANDLER))["status"] == "done"


@pytest.mark.parametrize("state", [State.ASSIGNED, State.IN_PROGRESS])
@pytest.mark.parametrize(("day", "hour", "status"), [(3, 9, "done"), (3, 10, "refused")])
async def test_a_return_comes_within_one_working_day_signed_for_or_not(
    day: int, hour: int, status: str, state: State
) -> None:
    """Assigned on Monday 2026-03-02: until Tuesday 17:30 in Shanghai, 09:30 UTC."""
    dispatch = await Dispatch().bring(state)
    outcome = await dispatch.ask(RETURN, datetime(2026, 3, day, hour, tzinfo=UTC), HANDLER)
    assert outcome["status"] == status
    assert outcome.get("reason", "return_too_late") == "return_too_late"


async def test_who_has_drafted_returns_no_more_also_when_the_draft_was_sent_back() -> None:
    drafted = await Dispatch().bring(State.DRAFTED)
    assert refused(await drafted.ask(RETURN, after(hours=2), HANDLER)) == "illegal_move"
    await drafted.walk(("send_back",))
    outcome = await drafted.ask(RETURN, after(hours=2), HANDLER, "again")
    assert (refused(outcome), "drafted" in outcome["detail"]) == ("illegal_move", True)
    assert "return" not in outcome["legal"]
    assert drafted.state.state is State.IN_PROGRESS


async def test_between_a_return_and_a_draft_the_one_that_is_decided_first_wins() -> None:
    drafted, returned = await Dispatch().bring(State.DRAFTED), await Dispatch().bring(State.IN_PROGRESS)
    assert refused(await drafted.ask(RETURN, after(hours=2), HANDLER)) == "illegal_move"
    await returned.walk(("return",))
    assert refused(await returned.ask(DRAFT, after(hours=2), HANDLER)) == "illegal_move"
    assert (drafted.state.state, returned.state.state) == (State.DRAFTED, State.RETURNED)


async def test_a_new_round_is_returned_by_nobody_who_answered_and_in_time_by_a_successor() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    await dispatch.take(GRANTED)
    assert refused(await dispatch.ask(RETURN, after(hours=2), HANDLER)) == "illegal_move"
    await dispatch.ask(HandOver(department="housing", to="planning", by="chen"), after(hours=3), FAN_OUT)
    returns = RETURN.model_copy(update={"assignment": SECOND})
    assert (await dispatch.ask(returns, after(hours=4), "handler:planning/sun"))["state"] == "returned"


async def test_what_was_returned_after_signing_and_kept_is_signed_for_again_and_returned_no_more() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await dispatch.walk(("return",))
    assert (await dispatch.ask(KEEP, after(hours=2), OFFICE))["state"] == "assigned"
    assert (await dispatch.ask(SIGN, after(hours=3), HANDLER))["state"] == "in_progress"
    outcome = await dispatch.ask(RETURN, after(hours=3), HANDLER)
    assert (refused(outcome), "final" in outcome["detail"]) == ("illegal_move", True)


async def test_the_released_reply_has_the_drafts_words_and_the_usual_class() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    reply = dispatch.events[-1]
    assert isinstance(reply, ReplyReleased)
    assert (reply.text, reply.outcome, reply.outcome_class, reply.round) == ("已经修好", "solved", "A", 1)


async def test_a_draft_stays_in_its_document_until_it_is_released() -> None:
    dispatch = await Dispatch().bring(State.CHECKED)
    assert not [envelope for envelope in dispatch.envelopes.values() if "已经修好" in str(envelope.data)]


async def test_a_draft_that_is_sent_back_is_kept_and_its_department_is_told_why() -> None:
    dispatch = await Dispatch().bring(State.CHECKED)
    await dispatch.ask(SEND_BACK, after(hours=2), OFFICE)
    assert (dispatch.state.state, dispatch.state.current_draft) == (State.IN_PROGRESS, None)
    [kept] = dispatch.state.drafts
    assert (kept.number, kept.text, kept.sent_back_reason) == (1, "已经修好", "请写明时限")
    assert (kept.drafted_by, kept.signed_off_by) == (HANDLER, LEADER)
    assert dispatch.orders[-1][:2] == ("housing", "order.sent_back.v1")
    assert (dispatch.orders[-1][2]["reason"], dispatch.orders[-1][2]["draft"]) == ("请写明时限", 1)


async def test_drafts_are_numbered_for_life_and_everything_about_one_names_its_number_and_hash() -> None:
    dispatch = await Dispatch().bring(State.DRAFTED)
    await dispatch.want("send_back")
    better = DRAFT.model_copy(update={"text": "已经修好，附照片"})
    hashes = [draft_hash(Outcome.SOLVED, text, None) for text in ("已经修好", "已经修好，附照片")]
    outcome = await dispatch.ask(better, after(hours=2), HANDLER)
    assert (outcome["draft"], outcome["sha256"]) == (2, hashes[1])
    for verb in ("sign_off", "check", "release"):
        outcome = await dispatch.want(verb)
        assert (outcome["draft"], outcome["sha256"]) == (2, hashes[1])
    kinds = (ReplyDrafted, ReplySignedOff, ReplyChecked, ReplySentBack, ReplyReleased)
    about = [(event.draft, event.sha256) for event in dispatch.events if isinstance(event, kinds)]
    assert about == [(1, hashes[0])] * 2 + [(2, hashes[1])] * 4
    await dispatch.take(GRANTED)
    assert (await dispatch.want("draft"))["draft"] == 3
    assert [draft.number for draft in dispatch.state.drafts] == [1, 2, 3]


def test_a_drafts_hash_is_over_its_canonical_json() -> None:
    canonical = '{"outcome":"planned","promised_on":"2026-09-01","text":"年内办"}'
    assert draft_hash(Outcome.PLANNED, "年内办", date(2026, 9, 1)) == sha256(canonical.encode()).hexdigest()
    canonical = '{"outcome":"solved","promised_on":null,"text":"已经修好"}'
    assert draft_hash(Outcome.SOLVED, "已经修好", None) == sha256(canonical.encode()).hexdigest()


async def test_a_department_sends_back_only_what_is_not_signed_off() -> None:
    drafted, signed = await Dispatch().bring(State.DRAFTED), await Dispatch().bring(State.SIGNED_OFF)
    assert (await drafted.ask(SEND_BACK, after(hours=2), LEADER))["status"] == "done"
    assert refused(await signed.ask(SEND_BACK, after(hours=2), LEADER)) == "wrong_role"


async def test_a_new_round_goes_to_the_same_lead_and_its_reply_carries_the_round() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    await dispatch.take(GRANTED)
    assert dispatch.orders[-1][:2] == ("housing", "order.rework.v1")
    assert dispatch.orders[-1][2] | {"reason": ""} == {"assignment": FIRST, "round": 2, "reason": ""}
    await dispatch.walk(("draft", "sign_off", "check", "release"))
    assert dispatch.events[-1].round == 2  # type: ignore[attr-defined]


async def test_a_look_back_opens_a_closed_issue_again_at_who_answered_and_names_its_round() -> None:
    dispatch = await Dispatch().bring(State.CLOSED)
    record = dispatch.event(GRANTED.model_copy(update={"round": 3}), after(days=90))
    await dispatch.deliver(record)
    await dispatch.deliver(record)
    assert [one[1] for one in dispatch.orders].count("order.rework.v1") == 1
    assert (dispatch.state.state, dispatch.state.round) == (State.IN_PROGRESS, 3)
    await dispatch.walk(("draft", "sign_off", "check", "release"))
    assert dispatch.events[-1].round == 3  # type: ignore[attr-defined]


async def test_a_tracked_issue_is_noted_until_a_new_round() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    await dispatch.take(IssueTracked(round=1, outcome=Outcome.PLANNED, promised_on=date(2026, 9, 1)))
    assert dispatch.state.tracked
    await dispatch.take(GRANTED)
    assert not dispatch.state.tracked


@pytest.mark.parametrize(
    ("state", "command", "actor", "reason"),
    [
        (State.WAITING, ASSIGN, HANDLER, "wrong_role"),
        (State.WAITING, AssignIssue(department="nobody"), OFFICE, "unknown_department"),
        (State.ASSIGNED, SIGN, TRANSPORT, "not_the_holder"),
        (State.ASSIGNED, SIGN, OFFICE, "wrong_role"),
        (State.ASSIGNED, SIGN.model_copy(update={"assignment": SECOND}), HANDLER, "stale_assignment"),
        (State.ASSIGNED, RETURN.model_copy(update={"reason": "  "}), HANDLER, "reason_missing"),
        (State.RETURNED, UPHOLD, HANDLER, "wrong_role"),
        (State.RETURNED, UPHOLD.model_copy(update={"department": "nobody"}), OFFICE, "unknown_department"),
        (State.IN_PROGRESS, DRAFT, TRANSPORT, "not_the_holder"),
        (
            State.IN_PROGRESS,
            DRAFT.model_copy(update={"outcome": Outcome.ADOPTED}),
            HANDLER,
            "outcome_not_for_kind",
        ),
        (State.IN_PROGRESS, DRAFT.model_copy(update={"outcome": Outcome.PLANNED}), HANDLER, "date_missing"),
        (State.IN_PROGRESS, DRAFT.model_copy(update={"text": " "}), HANDLER, "malformed"),
        (State.DRAFTED, SIGN_OFF, "department_leader:housing/li", "same_person"),
        (State.DRAFTED, SIGN_OFF, HANDLER, "wrong_role"),
        (State.DRAFTED, SIGN_OFF, "department_leader:transport/zhao", "not_the_holder"),
        (State.DRAFTED, SEND_BACK.model_copy(update={"reason": " "}), OFFICE, "reason_missing"),
        (State.SIGNED_OFF, CHECK, LEADER, "wrong_role"),
        (State.SIGNED_OFF, CHECK, "office:wang", "same_person"),
        (State.CHECKED, RELEASE, HANDLER, "wrong_role"),
        (State.CHECKED, RELEASE, "office:li", "same_person"),
        (State.CHECKED, RELEASE, "office:wang", "same_person"),
    ],
)
async def test_a_refusal_names_its_reason_and_changes_nothing(
    state: State, command: Command, actor: str, reason: str
) -> None:
    dispatch = await Dispatch().bring(state)
    before, told, orders = dispatch.state, len(dispatch.events), len(dispatch.orders)
    assert refused(await dispatch.ask(command, after(hours=2), actor)) == reason
    assert (dispatch.state, len(dispatch.events), len(dispatch.orders)) == (before, told, orders)


async def test_a_promise_needs_a_date_that_is_not_past() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    late = DraftReply(assignment=FIRST, outcome=Outcome.PLANNED, text="年内办", promised_on=date(2026, 3, 1))
    assert refused(await dispatch.ask(late, after(hours=2), HANDLER)) == "date_past"
    today = late.model_copy(update={"promised_on": date(2026, 3, 2)})
    assert (await dispatch.ask(today, after(hours=2), HANDLER))["status"] == "done"
    assert dispatch.state.current_draft.promised_on == date(2026, 3, 2)


def test_a_date_that_does_not_exist_is_no_promise() -> None:
    with pytest.raises(ValidationError, match="promised_on"):
        DraftReply(assignment=FIRST, outcome=Outcome.PLANNED, text="年内办", promised_on="2026-02-30")  # type: ignore[arg-type]


async def test_only_a_planned_outcome_carries_its_date_to_the_raiser() -> None:
    dated = DRAFT.model_copy(update={"promised_on": date(2026, 9, 1)})
    planned = dated.model_copy(update={"outcome": Outcome.PLANNED})
    for draft, promised_on in ((dated, None), (planned, date(2026, 9, 1))):
        dispatch = await Dispatch().bring(State.IN_PROGRESS)
        await dispatch.ask(draft, after(hours=1), HANDLER)
        await dispatch.walk(("sign_off", "check", "release"))
        reply = dispatch.events[-1]
        assert isinstance(reply, ReplyReleased)
        assert reply.promised_on == promised_on


async def test_a_draft_of_an_earlier_round_comes_too_late() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    await dispatch.take(GRANTED)
    late = DRAFT.model_copy(update={"round": 1})
    assert refused(await dispatch.ask(late, after(hours=2), HANDLER)) == "stale_round"


async def test_a_suggestion_is_answered_with_what_fits_a_suggestion() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS, Kind.SUGGESTION)
    assert refused(await dispatch.ask(DRAFT, after(hours=2), HANDLER)) == "outcome_not_for_kind"
    adopted = DRAFT.model_copy(update={"outcome": Outcome.ADOPTED})
    assert (await dispatch.ask(adopted, after(hours=2), HANDLER))["status"] == "done"


def test_an_actor_names_department_and_person() -> None:
    assert (department_of("handler:housing/li"), person_of("handler:housing/li")) == ("housing", "li")
    assert (department_of("dept:housing"), person_of("dept:housing")) == ("housing", "")
    assert (department_of("office:chen"), person_of("office:chen")) == ("", "chen")
