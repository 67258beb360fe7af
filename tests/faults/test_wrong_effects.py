"""Wrong effects: a command done twice or answered wrongly, an order or an event lost without a word."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import BaseModel

from services.dispatch.consumer import consumer as dispatch_consumer
from services.dispatch.issue.life import State
from shared.bus.deadletters import discard_request, with_status
from shared.bus.gateway import Gateway, Request, sealed
from shared.bus.records import Outgoing
from shared.contract.commands.dispatch import RefuseMessage
from shared.contract.envelope import open_envelope
from shared.contract.event import DISPATCH, EVENTS, FEEDBACK, orders_topic
from shared.contract.events.dispatch import AssignmentSigned
from shared.contract.events.feedback import IssueClosed
from shared.contract.subjects import subject_of
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Change, Context, Reason, Refusal
from tests.faults.given import (
    ACCEPT,
    NOW,
    SOURCE,
    Notes,
    Played,
    asks,
    closing,
    due_command,
    foreign_event,
    given,
    line,
    notebook,
    write_line,
)
from tests.unit.dispatch.given import ASSIGN, OFFICE, Dispatch
from tests.unit.one_aggregate import MOMENT, after
from tests.unit.reference import JURISDICTION

COMMANDS = "intake.commands"


# -------------------------------------------------------------- done once, answered the same


def _refused_messages(count: int) -> list[Outgoing]:
    """So many different messages of one department that belong to no issue: each is answered with an order."""
    return [
        sealed(
            Request(
                subject_of("department", "housing"),
                RefuseMessage(message=f"m{number}", reason="malformed"),
                "dept/housing",
                "system:departments-gateway",
                f"m{number}#refused",
            ),
            f"/{JURISDICTION}/dispatch",
        )
        for number in range(count)
    ]


async def test_1100_commands_on_a_department_read_again_give_no_second_order() -> None:
    service, orders = Played(dispatch_consumer(JURISDICTION)), orders_topic("housing")
    messages = _refused_messages(1100)
    for start in range(0, len(messages), 100):
        await service.deliver(*messages[start : start + 100])
    given(len(service.of(orders)) == 1100)
    await service.read_again()
    assert len(service.of(orders)) == 1100


async def test_a_full_replay_with_1500_commands_on_a_department_changes_nothing() -> None:
    service = Played(dispatch_consumer(JURISDICTION))
    messages = _refused_messages(1500)
    for start in range(0, len(messages), 100):
        await service.deliver(*messages[start : start + 100])
    subject = subject_of("department", "housing")
    before, known = await service.store.load([subject]), {out.value for out in service.published}
    await service.read_again()
    again = await service.store.load([subject])
    for part in ("state", "published", "read"):
        assert again[subject].get(part) == before[subject].get(part)
    assert {out.value for out in service.published} == known


async def test_a_robots_1000_refusals_do_not_make_a_done_command_answer_refused() -> None:
    dispatch = await Dispatch().bring(State.WAITING)
    outcome = await dispatch.want("assign", key="k")
    given(outcome["status"] == "done")
    robot = [dispatch.command(ASSIGN, after(hours=1), OFFICE) for _ in range(1000)]
    await dispatch.deliver(*robot)
    assert await dispatch.want("assign", key="k") == outcome


async def test_what_was_refused_before_its_aggregate_came_to_be_is_not_decided_by_a_replay_of_later_years() -> (
    None
):
    def write(notes: Notes | None, asked: Any, context: Context) -> Any:
        return (
            Refusal(Reason.UNKNOWN_ISSUE, "no such notebook")
            if notes is None
            else write_line(notes, asked, context)
        )

    service, early = Played(notebook(write=write)), line("a", "early")
    given((await service.outcome(early))["reason"] == "unknown_issue")
    years_later = NOW + timedelta(days=800)
    for due in await service.store.read_due("0", "~"):  # whatever is forgotten in time is forgotten now
        await service.deliver(due_command(due), at=years_later)
    await service.deliver(closing("a", 1), at=years_later)
    await service.read_again()
    assert await service.lines("a") == ("closed 1",)


# -------------------------------------------------------------- failed and discarded


async def _failed_and_discarded() -> tuple[Played, Outgoing]:
    """A service where one command met a bug, its dead letter was discarded, and the bug is repaired by now."""
    broken = True

    def write(notes: Notes | None, asked: Any, context: Context) -> Any:
        if broken and asked.reason == "unlucky":
            raise ZeroDivisionError("a bug")
        return write_line(notes, asked, context)

    service, unlucky = Played(notebook(write=write)), line("a", "unlucky")
    given((await service.outcome(unlucky))["reason"] == "failed")
    (lost,) = service.dead_letters
    (letter,) = with_status("intake", [(lost.key.encode(), lost.value, lost.headers or {})])
    request = discard_request(letter, "operator:li", "sent by hand")
    if request is not None:
        await service.deliver(sealed(request, SOURCE))
    broken = False
    return service, unlucky


async def test_a_command_that_failed_and_was_discarded_is_not_executed_by_a_later_replay() -> None:
    service, _ = await _failed_and_discarded()
    await service.read_again()
    assert await service.lines("a") == ()


async def test_another_process_answers_what_became_of_a_command_that_failed() -> None:
    service, unlucky = await _failed_and_discarded()
    elsewhere = Gateway(SOURCE, _nowhere, service.store)  # type: ignore[arg-type]
    outcome = await elsewhere.look("a", open_envelope(unlucky.value).id)
    assert outcome is not None


async def _nowhere(outgoing: Any) -> None:
    """Publish nothing."""


# -------------------------------------------------------------- one command asks others


async def test_two_fan_outs_in_one_batch_ask_four_times_with_four_ids() -> None:
    service = Played(notebook())
    await service.deliver(asks("a", ACCEPT, "first"), asks("a", ACCEPT, "second"))
    await _all_are_asked(service, 4)


async def test_a_deadline_and_a_command_that_fan_out_at_once_ask_with_different_ids() -> None:
    def write(notes: Notes | None, asked: Any, context: Context) -> Change[Notes]:
        return Change(Notes(lines=(asked.reason,), ends_at=NOW + MOMENT))

    service = Played(notebook(write=write))
    await service.deliver(line("a", "one"))
    await service.deliver(asks("a", ACCEPT, "first"), at=NOW + MOMENT * 2)
    await _all_are_asked(service, 3)


async def _all_are_asked(service: Played, count: int) -> None:
    commands = service.of(COMMANDS)
    assert len({open_envelope(out.value).id for out in commands}) == len(commands) == count
    service.start(notebook())
    await service.deliver(*commands)
    assert len((*await service.lines("y"), *await service.lines("z"))) == count


# -------------------------------------------------------------- two versions


async def test_an_event_type_that_an_old_version_does_not_know_is_applied_after_the_upgrade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Played(notebook())
    await service.deliver(line("a", "one"))
    with monkeypatch.context() as old:
        old.delitem(EVENTS, IssueClosed.type)
        await service.deliver(closing("a", 1))
    given(await service.lines("a") == ("one",))
    await service.read_again()
    assert await service.lines("a") == ("one", "closed 1")


async def test_a_new_topic_in_a_readers_list_does_not_hold_events_of_an_aggregate_that_was_past_it() -> None:
    service = Played(notebook())
    past = f"/{JURISDICTION}/dispatch=7"
    await service.deliver(closing("a", 1, seen=past))
    service.start(notebook(reads=(FEEDBACK, DISPATCH)))
    await service.deliver(closing("a", 2, seen=past))
    assert await service.lines("a") == ("closed 1", "closed 2")


async def test_a_topic_that_is_read_from_the_start_holds_what_comes_before_what_it_names() -> None:
    service = Played(notebook(reads=(FEEDBACK, DISPATCH)))
    signed = AssignmentSigned(assignment="a.1", department="housing", by="li")
    await service.deliver(closing("a", 1, seen=f"/{JURISDICTION}/dispatch=1"))
    assert await service.lines("a") == ()
    await service.deliver(foreign_event("a", 1, signed))
    assert await service.lines("a") == ("closed 1",)


class Spoken(BaseModel):
    """What an aggregate would keep, with a default that says something."""

    level: str = "city"
    lines: tuple[str, ...] = ()


def test_a_state_with_a_default_that_could_change_and_rewrite_what_was_stored_is_no_state() -> None:
    with pytest.raises(ValueError, match=r"Spoken\.level"):
        AggregateType("issue", Spoken)
