"""Assignments, returns and replies: what is told to whom, and each reason for a refusal."""

from datetime import UTC, datetime
from typing import Any

import pytest

from services.dispatch.domain import State, department_of, person_of
from shared.commands import AssignIssue, Command, DraftReply, RuleOnReturn
from shared.events import AssignmentTransferred, IssueTracked, Kind, Outcome, ReplyReleased
from tests.unit.dispatch.desks import (
    ASSIGN,
    CHECK,
    DRAFT,
    DUE,
    FIRST,
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
    Desks,
    granted,
)
from tests.unit.supervision.street import after

TRANSPORT = "dept:transport/zhao"


def refused(outcome: dict[str, Any]) -> str:
    assert outcome["status"] == "refused"
    return str(outcome["reason"])


async def test_an_order_carries_the_words_in_full_and_the_promised_date() -> None:
    desks = await Desks().bring(State.ASSIGNED)
    [(department, kind, order)] = desks.orders
    assert (department, kind) == ("housing", "order.assigned.v1")
    assert (order["title"], order["text"], order["number"]) == ("小区电梯坏了", "物业三个月不修电梯", "HZ-1")
    assert datetime.fromisoformat(order["due_at"]) == DUE
    assert (order["assignment"], order["round"]) == (FIRST, 1)


async def test_without_a_department_the_rules_choose_and_say_why() -> None:
    desks = await Desks().bring(State.WAITING)
    outcome = await desks.ask(AssignIssue(), after(), OFFICE)
    assert (outcome["department"], outcome["assignment"]) == ("housing", FIRST)
    assert "物业" in outcome["reason"]
    assert desks.told[-2].reason == outcome["reason"]  # type: ignore[attr-defined]


async def test_an_upheld_return_goes_to_the_next_department_and_keeps_the_promise() -> None:
    desks = await Desks().bring(State.RETURNED)
    outcome = await desks.ask(UPHOLD, after(hours=3), OFFICE)
    assert (outcome["assignment"], outcome["department"]) == (SECOND, "transport")
    transferred = next(event for event in desks.told if isinstance(event, AssignmentTransferred))
    assert (transferred.previous_assignment, transferred.previous_department, transferred.transfers) == (
        FIRST, "housing", 1,
    )  # fmt: skip
    assert desks.told_to("housing") == ["order.assigned.v1", "order.ruled.v1"]
    assert datetime.fromisoformat(desks.orders[-1][2]["due_at"]) == DUE


async def test_an_upheld_return_without_a_name_is_routed_past_those_who_returned_it() -> None:
    desks = await Desks().bring(State.RETURNED)
    outcome = await desks.ask(RuleOnReturn(assignment=FIRST, upheld=True), after(hours=3), OFFICE)
    assert outcome["department"] != "housing"
    assert refused(await desks.ask(SIGN, after(hours=4), HANDLER)) == "stale_assignment"


async def test_an_upheld_return_does_not_go_back_to_who_returned_it() -> None:
    desks = await Desks().bring(State.RETURNED)
    again = RuleOnReturn(assignment=FIRST, upheld=True, department="housing")
    assert refused(await desks.ask(again, after(hours=3), OFFICE)) == "malformed"


async def test_a_ruling_is_final() -> None:
    desks = await Desks().bring(State.RETURNED)
    assert (await desks.ask(KEEP, after(hours=2), OFFICE))["assignment"] == FIRST
    outcome = await desks.ask(RETURN, after(hours=3), HANDLER)
    assert (refused(outcome), outcome["legal"]) == ("illegal_move", ["sign"])
    assert (await desks.ask(SIGN, after(hours=3), HANDLER))["status"] == "done"


@pytest.mark.parametrize(("day", "hour", "status"), [(3, 9, "done"), (3, 10, "refused")])
async def test_a_return_comes_within_one_working_day(day: int, hour: int, status: str) -> None:
    """Assigned on Monday 2026-03-02: until Tuesday 17:30 in Shanghai, 09:30 UTC."""
    desks = await Desks().bring(State.ASSIGNED)
    outcome = await desks.ask(RETURN, datetime(2026, 3, day, hour, tzinfo=UTC), HANDLER)
    assert outcome["status"] == status
    assert outcome.get("reason", "return_too_late") == "return_too_late"


async def test_the_released_reply_has_the_drafts_words_and_the_usual_class() -> None:
    desks = await Desks().bring(State.REPLIED)
    reply = desks.told[-1]
    assert isinstance(reply, ReplyReleased)
    assert (reply.text, reply.outcome, reply.outcome_class, reply.round) == ("已经修好", "solved", "A", 1)


async def test_a_draft_stays_in_the_house_until_it_is_released() -> None:
    desks = await Desks().bring(State.CHECKED)
    assert not [envelope for envelope in desks.envelopes.values() if "已经修好" in str(envelope.data)]


async def test_a_draft_that_is_sent_back_is_gone_and_its_department_is_told_why() -> None:
    desks = await Desks().bring(State.CHECKED)
    await desks.ask(SEND_BACK, after(hours=2), OFFICE)
    assert (desks.state.state, desks.state.draft) == (State.IN_PROGRESS, None)
    assert desks.orders[-1][:2] == ("housing", "order.sent_back.v1")
    assert desks.orders[-1][2]["reason"] == "请写明时限"


async def test_a_department_sends_back_only_what_is_not_signed_off() -> None:
    drafted, signed = await Desks().bring(State.DRAFTED), await Desks().bring(State.SIGNED_OFF)
    assert (await drafted.ask(SEND_BACK, after(hours=2), LEADER))["status"] == "done"
    assert refused(await signed.ask(SEND_BACK, after(hours=2), LEADER)) == "wrong_role"


async def test_a_new_round_goes_to_the_same_lead_and_its_reply_carries_the_round() -> None:
    desks = await Desks().bring(State.REPLIED)
    await desks.hear(granted())
    assert desks.orders[-1][:2] == ("housing", "order.rework.v1")
    assert desks.orders[-1][2] | {"reason": ""} == {"assignment": FIRST, "round": 2, "reason": ""}
    await desks.walk(("draft", "sign_off", "check", "release"))
    assert desks.told[-1].round == 2  # type: ignore[attr-defined]


async def test_a_tracked_issue_is_noted_until_a_new_round() -> None:
    desks = await Desks().bring(State.REPLIED)
    await desks.hear(IssueTracked(round=1, outcome=Outcome.PLANNED, promised_on="2026-09-01"))
    assert desks.state.tracked
    await desks.hear(granted())
    assert not desks.state.tracked


@pytest.mark.parametrize(
    ("state", "command", "actor", "reason"),
    [
        (State.WAITING, ASSIGN, HANDLER, "wrong_role"),
        (State.WAITING, AssignIssue(department="nobody"), OFFICE, "unknown_department"),
        (State.ASSIGNED, SIGN, TRANSPORT, "not_the_holder"),
        (State.ASSIGNED, SIGN, OFFICE, "not_the_holder"),
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
        (State.DRAFTED, SIGN_OFF, HANDLER, "same_person"),
        (State.DRAFTED, SIGN_OFF, TRANSPORT, "not_the_holder"),
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
    desks = await Desks().bring(state)
    before, told, orders = desks.state, len(desks.told), len(desks.orders)
    assert refused(await desks.ask(command, after(hours=2), actor)) == reason
    assert (desks.state, len(desks.told), len(desks.orders)) == (before, told, orders)


@pytest.mark.parametrize("promised_on", ["2026-02-30", "2026-03-01"])
async def test_a_promise_needs_a_real_date_that_is_not_past(promised_on: str) -> None:
    desks = await Desks().bring(State.IN_PROGRESS)
    planned = DraftReply(assignment=FIRST, outcome=Outcome.PLANNED, text="年内办", promised_on=promised_on)
    assert refused(await desks.ask(planned, after(hours=2), HANDLER)) == "malformed"


async def test_a_suggestion_is_answered_with_what_fits_a_suggestion() -> None:
    desks = await Desks().bring(State.IN_PROGRESS, Kind.SUGGESTION)
    assert refused(await desks.ask(DRAFT, after(hours=2), HANDLER)) == "outcome_not_for_kind"
    adopted = DRAFT.model_copy(update={"outcome": Outcome.ADOPTED})
    assert (await desks.ask(adopted, after(hours=2), HANDLER))["status"] == "done"


def test_an_actor_names_department_and_person() -> None:
    assert (department_of("dept:housing/li"), person_of("dept:housing/li")) == ("housing", "li")
    assert (department_of("dept:housing"), person_of("dept:housing")) == ("housing", "")
    assert (department_of("office:chen"), person_of("office:chen")) == ("", "chen")
