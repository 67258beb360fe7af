"""More time for an issue: who may ask and when, who decides, and what becomes of a request that nobody decides on."""

from datetime import date, datetime
from typing import Any

import pytest

from services.dispatch.consumer import ISSUE as KIND
from services.dispatch.issue.life import State
from shared.contract.commands.dispatch import (
    AskExtension,
    GrantExtension,
    PublishStaff,
    RecallAssignment,
    RefuseExtension,
    RuleOnReturn,
)
from shared.contract.events.dispatch import (
    DatePutOff,
    ExtensionAsked,
    ExtensionEnded,
    ExtensionGranted,
    ExtensionRefused,
)
from shared.contract.subjects import subject_of
from shared.contract.words import Ended, Level, Role
from shared.domain.decisions import Deadline
from tests.unit.dispatch.given import (
    DUE,
    EXTEND,
    FIRST,
    GRANTED,
    HANDLER,
    LEADER,
    OFFICE,
    WITHDRAWN,
    Dispatch,
    published,
)
from tests.unit.one_aggregate import MOMENT, after

GRANT = GrantExtension(assignment=FIRST, request=1)
REFUSE = RefuseExtension(assignment=FIRST, request=1, reason="时间足够")
FRIDAY = after(days=11, hours=8.5)
"""The end of 2026-03-13, one working day before the promise is due."""
LATER = datetime.fromisoformat("2026-03-20T17:30:00+08:00")


async def asked(actor: str = HANDLER) -> Dispatch:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    assert (await dispatch.ask(EXTEND, after(hours=2), actor))["status"] == "done"
    return dispatch


def of(dispatch: Dispatch, *kinds: type) -> list[Any]:
    return [event for event in dispatch.events if isinstance(event, kinds)]


def deadline(dispatch: Dispatch) -> Deadline | None:
    return KIND.next_deadline(dispatch.state)


async def test_what_was_asked_for_is_granted_and_the_first_date_is_kept() -> None:
    dispatch = await asked()
    (request,) = of(dispatch, ExtensionAsked)
    assert (request.request, request.days, request.until, request.due_at) == (1, 4, date(2026, 3, 20), DUE)
    outcome = await dispatch.ask(GRANT, after(days=1), OFFICE)
    assert outcome["status"] == "done"
    (granted,) = of(dispatch, ExtensionGranted)
    assert (granted.original_due_at, granted.old_due_at, granted.due_at) == (DUE, DUE, LATER)
    assert of(dispatch, DatePutOff) == [DatePutOff(round=1, old_due_at=DUE, due_at=LATER)]
    assert (dispatch.state.due_at, dispatch.state.extension) == (LATER, None)
    (code, kind, data), (_, moved, date_moved) = dispatch.orders[-2:]
    assert (code, kind, data["granted"]) == ("housing", "order.extension_decided.v1", True)
    assert (moved, date_moved["because"]) == ("order.due_changed.v1", "extension")
    assert deadline(dispatch) is None


async def test_what_is_refused_moves_nothing_and_says_why() -> None:
    dispatch = await asked()
    assert (await dispatch.ask(REFUSE, after(days=1), OFFICE))["status"] == "done"
    assert of(dispatch, ExtensionRefused)[0].reason == "时间足够"
    assert (dispatch.state.due_at, dispatch.state.extension) == (DUE, None)
    assert dispatch.orders[-1][2]["reason"] == "时间足够"


@pytest.mark.parametrize(
    ("until", "reason"),
    [
        (date(2026, 3, 16), "date_too_early"),
        (date(2026, 3, 21), "no_working_day"),
        (date(2026, 3, 31), "date_too_far"),
        (date(9999, 12, 31), "date_too_far"),
        (date(1, 1, 1), "date_too_early"),
    ],
)
async def test_a_date_that_cannot_be_is_refused_with_what_can(until: date, reason: str) -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    before = dispatch.state
    outcome = await dispatch.ask(EXTEND.model_copy(update={"until": until}), after(hours=2), HANDLER)
    assert (outcome["status"], outcome["reason"]) == ("refused", reason)
    assert "2026-03-" in outcome["detail"]
    assert dispatch.state == before


async def test_the_last_day_of_all_is_ten_working_days_later() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    last = EXTEND.model_copy(update={"until": date(2026, 3, 30)})
    assert (await dispatch.ask(last, after(hours=2), HANDLER))["days"] == 10


@pytest.mark.parametrize(("at", "status"), [(FRIDAY, "done"), (FRIDAY + MOMENT, "refused")])
async def test_it_is_asked_for_at_least_one_working_day_before_it_is_due(at: datetime, status: str) -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    outcome = await dispatch.ask(EXTEND, at, HANDLER)
    assert outcome["status"] == status
    if status == "refused":
        assert outcome["reason"] == "extension_too_late"
        assert outcome["detail"] == (
            "it is due 2026-03-16T09:30:00+00:00: it could be asked for until 2026-03-13T09:30:00+00:00"
        )


async def test_nobody_extends_a_promise_twice_but_a_new_round_has_its_own() -> None:
    dispatch = await asked()
    await dispatch.ask(GRANT, after(days=1), OFFICE)
    outcome = await dispatch.ask(EXTEND, after(days=2), HANDLER)
    assert (outcome["status"], outcome["reason"]) == ("refused", "extension_used_up")
    await dispatch.walk(("draft", "sign_off", "check", "release"))
    await dispatch.take(GRANTED, at=after(days=3))
    # Five working days from Thursday on: due on 03-12.
    again = AskExtension(assignment=FIRST, until=date(2026, 3, 13), reason="须复测")
    outcome = await dispatch.ask(again, after(days=4), HANDLER)
    assert (outcome["status"], outcome["request"], outcome["days"]) == ("done", 2, 1)
    assert of(dispatch, ExtensionAsked)[-1].round == 2


async def test_a_second_request_waits_for_the_first() -> None:
    dispatch = await asked()
    outcome = await dispatch.ask(EXTEND, after(hours=3), LEADER)
    assert (outcome["status"], outcome["reason"]) == ("refused", "illegal_move")


async def test_who_asks_does_not_grant_it_nor_refuse_it() -> None:
    dispatch = await asked(actor="handler:housing/chen")
    for decides in (GRANT, REFUSE):
        outcome = await dispatch.ask(decides, after(days=1), OFFICE)
        assert (outcome["status"], outcome["reason"]) == ("refused", "same_person")
        assert outcome["detail"] == "who asks for it does not decide on it: chen asked"
    assert (await dispatch.ask(GRANT, after(days=1), "office:wang"))["status"] == "done"


@pytest.mark.parametrize("actor", [HANDLER, LEADER, "dept:housing", "supervisor:he"])
async def test_nobody_of_the_department_grants_it(actor: str) -> None:
    dispatch = await asked()
    outcome = await dispatch.ask(GRANT, after(days=1), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", "wrong_role")


@pytest.mark.parametrize(
    ("level", "of", "said"),
    [
        (Level.CITY, "office", ""),
        (Level.COUNTY, "office", "nobody of a lower one"),
        (Level.CITY, "housing", "nobody of housing"),
    ],
)
async def test_it_is_granted_by_the_office_of_no_lower_level_and_not_by_the_department(
    level: Level, of: str, said: str
) -> None:
    dispatch = await published()
    entry = PublishStaff(name="陈某", roles=(Role.OFFICE,), level=level, department=of)
    await dispatch.ask(entry, after(), "administrator:wu", subject=subject_of("staff", "chen"))
    await dispatch.bring(State.IN_PROGRESS)
    assert (await dispatch.ask(EXTEND, after(hours=2), HANDLER))["status"] == "done"
    outcome = await dispatch.ask(GRANT, after(days=1), OFFICE)
    assert outcome["status"] == ("refused" if said else "done")
    assert said in outcome.get("detail", "")


async def test_only_the_request_that_was_read_is_decided_on_and_only_once() -> None:
    dispatch = await asked()
    await dispatch.ask(REFUSE, after(days=1), OFFICE)
    await dispatch.ask(EXTEND, after(days=2), HANDLER)
    outcome = await dispatch.ask(GRANT, after(days=2, hours=1), OFFICE)
    assert (outcome["status"], outcome["reason"]) == ("refused", "stale_request")
    second = GrantExtension(assignment=FIRST, request=2)
    assert (await dispatch.ask(second, after(days=2, hours=1), OFFICE))["status"] == "done"
    assert (await dispatch.ask(second, after(days=2, hours=2), OFFICE))["reason"] == "illegal_move"


@pytest.mark.parametrize("command", [EXTEND, REFUSE])
async def test_blanks_are_no_reason(command: AskExtension | RefuseExtension) -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    if command is REFUSE:
        dispatch = await asked()
    actor = OFFICE if command is REFUSE else HANDLER
    outcome = await dispatch.ask(command.model_copy(update={"reason": "　 "}), after(hours=3), actor)
    assert (outcome["status"], outcome["reason"]) == ("refused", "reason_missing")


async def test_an_open_request_lapses_when_the_promise_falls_due_though_the_timer_is_late() -> None:
    dispatch = await asked()
    lapse = deadline(dispatch)
    assert lapse is not None and (lapse.name, lapse.at) == ("extension@1/1/lapse/1", DUE)
    outcome = await dispatch.ask(GRANT, DUE + MOMENT, OFFICE)
    assert (outcome["status"], outcome["reason"]) == ("refused", "illegal_move")
    (ended,) = of(dispatch, ExtensionEnded)
    assert (ended.request, ended.because) == (1, Ended.BREACHED)
    assert (dispatch.state.due_at, dispatch.state.extension) == (DUE, None)
    assert dispatch.orders[-1][2]["because"] == "breached"


async def test_at_the_instant_at_which_it_is_due_it_may_still_be_granted() -> None:
    dispatch = await asked()
    assert (await dispatch.ask(GRANT, DUE, OFFICE))["status"] == "done"
    assert dispatch.state.due_at == LATER


@pytest.mark.parametrize("how", ["reply", "recall", "withdrawal", "return"])
async def test_a_request_ends_with_its_assignment(how: str) -> None:
    dispatch = await asked()
    match how:
        case "reply":
            await dispatch.walk(("draft", "sign_off", "check", "release"))
        case "recall":
            await dispatch.ask(RecallAssignment(assignment=FIRST, reason="误交办"), after(days=1), OFFICE)
        case "withdrawal":
            await dispatch.take(WITHDRAWN, at=after(days=1))
        case "return":
            await dispatch.want("return")
            upheld = RuleOnReturn(assignment=FIRST, upheld=True, department="transport", reason="属交通")
            await dispatch.ask(upheld, after(days=1), OFFICE)
    (ended,) = of(dispatch, ExtensionEnded)
    assert (ended.assignment, ended.because) == (FIRST, Ended.ASSIGNMENT_OVER)
    assert dispatch.state.extension is None and deadline(dispatch) is None


async def test_a_withdrawal_that_is_read_after_the_promise_fell_due_says_that_it_had_lapsed() -> None:
    dispatch = await asked()
    await dispatch.take(WITHDRAWN, at=DUE + MOMENT)
    assert of(dispatch, ExtensionEnded)[0].because == Ended.BREACHED


async def test_whatever_is_delivered_twice_happens_once() -> None:
    dispatch = await Dispatch().bring(State.IN_PROGRESS)
    records = [
        dispatch.command(EXTEND, after(hours=2), HANDLER),
        dispatch.command(GRANT, after(days=1), OFFICE),
    ]
    for record in (*records, *records):
        await dispatch.deliver(record)
    assert len(of(dispatch, ExtensionAsked)) == len(of(dispatch, ExtensionGranted)) == 1
    assert dispatch.state.due_at == LATER
