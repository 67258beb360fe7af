"""A released reply is corrected by a new version beside it: by whom, of which version, and what it leaves alone."""

from datetime import date
from typing import Any

import pytest

from services.dispatch.issue.life import State, draft_hash
from shared.contract.events.dispatch import ReplyCorrected
from shared.contract.words import Outcome
from tests.unit.dispatch.given import (
    CLOSED,
    CORRECT,
    DRAFT,
    FIRST,
    GRANTED,
    HASH,
    LEADER,
    OFFICE,
    WITHDRAWN,
    Dispatch,
)
from tests.unit.one_aggregate import after

NEXT = draft_hash(Outcome.SOLVED, CORRECT.text, None)
AGAIN = CORRECT.model_copy(update={"version": 2, "sha256": NEXT, "text": "已于四月修好"})
PLANNED = DRAFT.model_copy(
    update={"outcome": Outcome.PLANNED, "text": "年内办", "promised_on": date(2026, 9, 30)}
)


def refused(outcome: dict[str, Any]) -> str:
    assert outcome["status"] == "refused"
    return str(outcome["reason"])


@pytest.mark.parametrize("state", [State.REPLIED, State.CLOSED])
async def test_a_correction_is_told_beside_the_reply_with_its_reason_and_moves_nothing(state: State) -> None:
    dispatch = await Dispatch().bring(state)
    before = dispatch.state
    outcome = await dispatch.ask(CORRECT, after(days=9), OFFICE)
    assert outcome == {"status": "done", "state": state, "round": 1, "version": 2, "sha256": NEXT}
    assert dispatch.events[-1] == ReplyCorrected(
        assignment=FIRST,
        department="housing",
        round=1,
        version=2,
        sha256=NEXT,
        outcome=Outcome.SOLVED,
        text="已于三月修好",
        reason="写漏了日期",
        by="chen",
    )
    told = {"assignment": FIRST, "round": 1, "version": 2, "text": "已于三月修好", "reason": "写漏了日期"}
    assert dispatch.orders[-1] == ("housing", "order.corrected.v1", {**told, "promised_on": None})
    assert dispatch.state.model_copy(update={"correction": None}) == before


async def test_each_version_counts_on_and_who_corrects_names_the_newest_that_was_read() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    await dispatch.walk(("correct",))
    stale = await dispatch.ask(CORRECT, after(hours=2), OFFICE)
    assert refused(stale) == "stale_version"
    assert f"version 2 with sha256 {NEXT}" in stale["detail"]
    for wrong in ({"version": 1}, {"version": 3}, {"sha256": HASH}):
        assert (
            refused(await dispatch.ask(AGAIN.model_copy(update=wrong), after(hours=2), OFFICE))
            == "stale_version"
        )
    assert (await dispatch.ask(AGAIN, after(hours=3), OFFICE))["version"] == 3


@pytest.mark.parametrize(
    ("wrong", "actor", "reason"),
    [
        ({}, LEADER, "wrong_role"),
        ({}, "office:li", "same_person"),
        ({}, "office:wang", "same_person"),
        ({"assignment": "another"}, OFFICE, "stale_assignment"),
        ({"round": 2}, OFFICE, "stale_round"),
        ({"reason": " "}, OFFICE, "reason_missing"),
        ({"text": " "}, OFFICE, "malformed"),
        ({"text": DRAFT.text}, OFFICE, "malformed"),
    ],
)
async def test_a_correction_that_is_refused_says_why_and_changes_nothing(
    wrong: dict[str, Any], actor: str, reason: str
) -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    before, events, orders = dispatch.state, len(dispatch.events), len(dispatch.orders)
    assert refused(await dispatch.ask(CORRECT.model_copy(update=wrong), after(hours=2), actor)) == reason
    assert (dispatch.state, len(dispatch.events), len(dispatch.orders)) == (before, events, orders)


async def test_of_a_planned_outcome_the_date_is_corrected_too_and_never_to_one_that_is_past() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    drafted = await dispatch.ask(PLANNED, after(hours=1), "handler:housing/li")
    await dispatch.walk(("sign_off", "check", "release"))
    corrects = CORRECT.model_copy(update={"sha256": drafted["sha256"], "text": PLANNED.text})
    past = corrects.model_copy(update={"promised_on": date(2026, 3, 1)})
    assert refused(await dispatch.ask(past, after(hours=2), OFFICE)) == "date_past"
    later = corrects.model_copy(update={"promised_on": date(2026, 10, 31)})
    assert (await dispatch.ask(later, after(hours=2), OFFICE))["status"] == "done"
    assert dispatch.events[-1].promised_on == date(2026, 10, 31)  # type: ignore[attr-defined]
    assert dispatch.state.correction.promised_on == date(2026, 10, 31)


async def test_words_are_corrected_after_the_promised_date_has_passed_and_the_date_stays() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    drafted = await dispatch.ask(PLANNED, after(hours=1), "handler:housing/li")
    await dispatch.walk(("sign_off", "check", "release"))
    corrects = CORRECT.model_copy(update={"sha256": drafted["sha256"]})
    assert (await dispatch.ask(corrects, after(days=300), OFFICE))["status"] == "done"
    assert dispatch.events[-1].promised_on == date(2026, 9, 30)  # type: ignore[attr-defined]


async def test_a_date_beside_another_outcome_than_a_planned_one_is_no_promise() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    dated = CORRECT.model_copy(update={"promised_on": date(2026, 9, 30)})
    await dispatch.ask(dated, after(hours=2), OFFICE)
    assert dispatch.events[-1].promised_on is None  # type: ignore[attr-defined]


async def test_the_next_rounds_reply_begins_with_its_first_version() -> None:
    dispatch = await Dispatch().bring(State.REPLIED)
    await dispatch.walk(("correct", GRANTED, "draft", "sign_off", "check", "release"))
    assert refused(await dispatch.ask(AGAIN, after(hours=3), OFFICE)) == "stale_round"
    next_round = CORRECT.model_copy(update={"round": 2})
    assert (await dispatch.ask(next_round, after(hours=4), OFFICE))["version"] == 2


# ------------------------------------------------------------------ crossings


async def test_a_correction_and_a_close_both_hold_in_both_orders() -> None:
    early, late = await Dispatch().bring(State.REPLIED), await Dispatch().bring(State.REPLIED)
    await early.walk(("correct", CLOSED))
    await late.walk((CLOSED, "correct"))
    assert early.state == late.state
    assert early.state.state is State.CLOSED


async def test_a_correction_and_a_granted_round_the_one_that_is_first_holds_and_the_round_begins() -> None:
    early, late = await Dispatch().bring(State.REPLIED), await Dispatch().bring(State.REPLIED)
    await early.walk(("correct", GRANTED))
    await late.take(GRANTED)
    assert refused(await late.want("correct")) == "illegal_move"
    assert early.state == late.state
    assert (early.state.state, early.state.round) == (State.IN_PROGRESS, 2)


async def test_a_correction_of_what_was_withdrawn_is_refused() -> None:
    early, late = await Dispatch().bring(State.REPLIED), await Dispatch().bring(State.REPLIED)
    await early.walk(("correct", WITHDRAWN))
    await late.take(WITHDRAWN)
    assert refused(await late.want("correct")) == "illegal_move"
    assert early.state.state is late.state.state is State.WITHDRAWN
