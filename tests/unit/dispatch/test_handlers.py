"""Who in a department handles an assignment: who names whom, who may draft then, and how it is handed over."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.dispatch.issue.life import State
from shared.contract.commands.dispatch import HandOver, NameHandler
from shared.contract.events.dispatch import HandlerNamed
from shared.domain.decisions import FAN_OUT
from tests.unit.dispatch.given import (
    ACCEPTED,
    DRAFT,
    FIRST,
    GRANTED,
    HANDLER,
    KEEP,
    LEADER,
    NAME,
    OFFICE,
    Dispatch,
    published,
)
from tests.unit.dispatch.test_drafts import HOUSING
from tests.unit.one_aggregate import after

OTHERS = NAME.model_copy(update={"handler": "sun", "substitute": "", "reason": "李某休假"})


def refused(outcome: dict[str, Any]) -> str:
    assert outcome["status"] == "refused"
    return str(outcome["reason"])


async def named(state: State = State.IN_PROGRESS) -> Dispatch:
    """An issue whose department, of which nobody knows the leaders, has named its handler."""
    dispatch = await Dispatch().bring(state)
    await dispatch.walk(("name_handler",))
    return dispatch


async def of_housing(*way: str) -> Dispatch:
    """An issue of housing, whose entry names leaders, handlers and substitutes, after these steps."""
    dispatch = await published("housing")
    await dispatch.ask(HOUSING, after(), OFFICE, subject="dept:housing")
    await dispatch.register()
    await dispatch.walk((ACCEPTED, *way))
    return dispatch


async def test_the_event_says_who_handled_it_before_and_who_does_now() -> None:
    dispatch = await named()
    first = HandlerNamed(
        assignment=FIRST, department="housing", handler="li", substitute="zhao", by="housing/wang"
    )
    assert dispatch.events[-1] == first
    await dispatch.ask(OTHERS, after(hours=2), LEADER)
    assert dispatch.events[-1] == HandlerNamed(
        assignment=FIRST,
        department="housing",
        handler="sun",
        previous_handler="li",
        previous_substitute="zhao",
        reason="李某休假",
        by="housing/wang",
    )
    assert (dispatch.state.handler, dispatch.state.substitute) == ("sun", "")


async def test_a_hand_over_inside_the_department_needs_a_reason_and_naming_the_same_again_is_no_news() -> (
    None
):
    dispatch = await named()
    events = len(dispatch.events)
    assert (await dispatch.ask(NAME, after(hours=2), LEADER))["status"] == "done"
    silent = OTHERS.model_copy(update={"reason": " "})
    assert refused(await dispatch.ask(silent, after(hours=2), LEADER)) == "reason_missing"
    assert len(dispatch.events) == events


@pytest.mark.parametrize(
    ("person", "status"), [("li", "done"), ("zhao", "done"), ("wang", "refused"), ("sun", "refused")]
)
async def test_while_a_handler_is_named_only_that_one_and_the_substitute_draft(
    person: str, status: str
) -> None:
    dispatch = await named()
    outcome = await dispatch.ask(DRAFT, after(hours=2), f"handler:housing/{person}")
    assert outcome["status"] == status
    if status == "refused":
        assert outcome["reason"] == "wrong_role"
        assert "li, zhao" in outcome["detail"]


@pytest.mark.parametrize(
    ("person", "status"),
    [("li", "done"), ("zhao", "done"), ("wang", "done"), ("qian", "done"), ("he", "refused")],
)
async def test_the_leaders_draft_too_and_whoever_stands_in_by_the_directory(person: str, status: str) -> None:
    """Of the directory ``zhao`` stands in for ``li``, and ``qian`` for the leader ``wang``."""
    dispatch = await of_housing("assign", "sign")
    alone = NameHandler(assignment=FIRST, handler="li")
    assert (await dispatch.ask(alone, after(hours=2), LEADER))["status"] == "done"
    assert (await dispatch.ask(DRAFT, after(hours=3), f"handler:housing/{person}"))["status"] == status


@pytest.mark.parametrize(("actor", "status"), [("wang", "done"), ("qian", "done"), ("zhao", "refused")])
async def test_a_leader_names_the_handler_where_the_directory_names_leaders(actor: str, status: str) -> None:
    dispatch = await of_housing("assign", "sign")
    outcome = await dispatch.ask(NAME, after(hours=2), f"handler:housing/{actor}")
    assert outcome["status"] == status
    assert outcome.get("reason", "wrong_role") == "wrong_role"


async def test_what_nobody_handles_anybody_of_the_department_takes_on_and_then_hands_over() -> None:
    dispatch = await of_housing("assign", "sign")
    assert (await dispatch.ask(NAME, after(hours=2), "handler:housing/li"))["status"] == "done"
    assert dispatch.state.handler == "li"
    assert refused(await dispatch.ask(OTHERS, after(hours=3), "handler:housing/zhao")) == "wrong_role"
    assert (await dispatch.ask(OTHERS, after(hours=3), "handler:housing/li"))["status"] == "done"
    assert (dispatch.state.handler, dispatch.state.substitute) == ("sun", "")


@pytest.mark.parametrize("field", ["handler", "substitute"])
async def test_nobody_is_named_whom_the_directory_does_not_know_where_it_names_handlers(field: str) -> None:
    dispatch = await of_housing("assign", "sign")
    outcome = await dispatch.ask(NAME.model_copy(update={field: "lee"}), after(hours=2), LEADER)
    assert refused(outcome) == "malformed"
    assert "li, qian, sun, wang, zhao" in outcome["detail"]


async def test_nobody_is_the_substitute_of_oneself() -> None:
    dispatch = await Dispatch().bring(State.ASSIGNED)
    alone = NAME.model_copy(update={"substitute": "li"})
    assert refused(await dispatch.ask(alone, after(hours=2), LEADER)) == "malformed"


@pytest.mark.parametrize(
    ("actor", "reason"), [(OFFICE, "wrong_role"), ("handler:transport/sun", "not_the_holder")]
)
async def test_nobody_outside_of_the_department_names_its_handler(actor: str, reason: str) -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    assert refused(await dispatch.ask(NAME, after(hours=2), actor)) == reason


async def test_a_departments_own_system_names_and_drafts_and_answers_for_itself() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    await dispatch.deliver(dispatch.message("housing", "m-1", NAME))
    assert (dispatch.state.handler, dispatch.events[-1].by) == ("li", "housing")  # type: ignore[attr-defined]
    await dispatch.deliver(dispatch.message("housing", "m-2", DRAFT))
    assert dispatch.state.state is State.DRAFTED


@pytest.mark.parametrize("command", [NAME, DRAFT])
async def test_it_does_so_over_http_too(command: Any) -> None:
    dispatch = await named()
    outcome = await dispatch.ask(command, after(hours=2), "dept:housing", "http/dept:housing/1")
    assert outcome["status"] == "done"


async def test_a_new_round_keeps_the_handler_and_another_assignment_begins_without_one() -> None:
    dispatch = await named()
    await dispatch.walk(("draft", "sign_off", "check", "release", GRANTED))
    assert (dispatch.state.round, dispatch.state.handler, dispatch.state.substitute) == (2, "li", "zhao")
    await dispatch.ask(HandOver(department="housing", to="planning", by="chen"), after(hours=3), FAN_OUT)
    assert (dispatch.state.department, dispatch.state.handler, dispatch.state.substitute) == (
        "planning",
        "",
        "",
    )


async def test_a_recall_ends_the_naming_and_a_ruling_that_it_stays_keeps_it() -> None:
    kept = await named()
    await kept.walk(("return",))
    await kept.ask(KEEP, after(hours=2), OFFICE)
    assert kept.state.handler == "li"
    gone = await named()
    await gone.walk(("recall",))
    assert (gone.state.handler, gone.state.substitute) == ("", "")


async def test_a_draft_that_was_handed_in_before_somebody_else_was_named_stays_as_it_is() -> None:
    early, late = await named(State.DRAFTED), await named()
    await early.ask(OTHERS, after(hours=2), LEADER)
    await late.ask(OTHERS, after(hours=2), LEADER)
    assert refused(await late.ask(DRAFT, after(hours=3), HANDLER)) == "wrong_role"
    assert early.state.current_draft.drafted_by == HANDLER
    await early.walk(("sign_off",))


@pytest.mark.parametrize("name", ["", " li", "王 局", "li/../chen"])
def test_a_handler_is_named_as_gateways_name_people(name: str) -> None:
    with pytest.raises(ValidationError):
        NameHandler(assignment=FIRST, handler=name)
