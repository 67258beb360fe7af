"""Which officials are told of what a step of the ladder brings: as the policy names them, of the department's level."""

from typing import Any

import pytest

from shared.contract.commands.dispatch import PublishStaff
from shared.contract.subjects import subject_of
from shared.contract.words import Addressee, ClockName, DocumentKind, Level, Occurrence, Role, Saying
from tests.unit.dispatch.given import ASSIGN, LEADER, NAME, OFFICE, Dispatch
from tests.unit.dispatch.test_notices import addressed, staffed, told, with_people
from tests.unit.one_aggregate import after

PEOPLE = {
    "chen": (Role.OFFICE, Level.CITY),
    "gu": (Role.SUPERVISOR, Level.CITY),
    "xian": (Role.SUPERVISOR, Level.COUNTY),
    "qian": (Role.LEADER, Level.CITY),
    "ji": (Role.DISCIPLINE, Level.CITY),
    "xie": (Role.CPPCC, Level.CITY),
}
TOLD, ORDER, CARD = Occurrence.FOR_INFORMATION, DocumentKind.SUPERVISION_ORDER, DocumentKind.RED_CARD
OFFICES = (Addressee.OFFICE, Addressee.SUPERVISION_OFFICE)
ITS_OWN = (Addressee.HANDLER, Addressee.LEADER_IN_CHARGE)


async def town(level: Level = Level.CITY) -> Dispatch:
    """Everybody whom a step may name; housing, of this level, holds the issue, and has named li to handle it."""
    dispatch = await staffed()
    for account, (role, its) in PEOPLE.items():
        entry = PublishStaff(name="某", roles=(role,), level=its)
        await dispatch.ask(entry, after(), "administrator:wu", subject=subject_of("staff", account))
    await with_people(dispatch, "planning", leaders=("lin",))
    await with_people(dispatch, "housing", level=level)
    await dispatch.ask(ASSIGN, after(hours=1), OFFICE)
    await dispatch.ask(NAME, after(hours=2), LEADER)
    dispatch.commands.clear()
    return dispatch


WHOM: dict[str, tuple[dict[str, Any], list[tuple[Occurrence, str]]]] = {
    "a reminder": (
        {"kind": DocumentKind.REMINDER, "to": ITS_OWN},
        [(Occurrence.REMINDED, "li"), (Occurrence.REMINDED, "wang")],
    ),
    "a reminder for the leader in charge alone": (
        {"kind": DocumentKind.REMINDER, "to": ITS_OWN[1:]},
        [(Occurrence.REMINDED, "wang")],
    ),
    "an order": (
        {"kind": ORDER, "to": (Addressee.SUPERVISION_OFFICE,)},
        [(Occurrence.ORDERED, "li"), (Occurrence.ORDERED, "wang"), (TOLD, "gu")],
    ),
    "an order that the one supervisor signed": (
        {"kind": ORDER, "to": (Addressee.SUPERVISION_OFFICE,), "by": "gu"},
        [(Occurrence.ORDERED, "li"), (Occurrence.ORDERED, "wang")],
    ),
    "a draft": (
        {"kind": CARD, "to": OFFICES, "saying": Saying.DRAFTED},
        [(Occurrence.TO_BE_SIGNED, "chen"), (Occurrence.TO_BE_SIGNED, "gu")],
    ),
    "a red card": (
        {"kind": CARD, "to": (Addressee.HEAD, Addressee.LEADER), "by": "gu"},
        [(Occurrence.DOCUMENT_ISSUED, "wang"), (TOLD, "qian")],
    ),
    "a circular": (
        {"kind": DocumentKind.CIRCULAR, "to": (Addressee.LEVEL,), "by": "gu"},
        [(Occurrence.DOCUMENT_ISSUED, "wang"), (TOLD, "qian"), (TOLD, "chen"), (TOLD, "lin")],
    ),
    "an entry": (
        {"kind": DocumentKind.MATTERS_ENTRY, "to": (Addressee.DISCIPLINE, Addressee.CPPCC), "by": "gu"},
        [(Occurrence.DOCUMENT_ISSUED, "wang"), (TOLD, "ji"), (TOLD, "xie")],
    ),
    "a reminder of what nobody holds": (
        {"kind": DocumentKind.REMINDER, "to": ITS_OWN, "department": "", "clock": ClockName.PROMISE},
        [(Occurrence.NOBODY_HOLDS, "chen")],
    ),
    "a warning of what nobody holds": (
        {"saying": Saying.WARNING, "department": "", "clock": ClockName.PROMISE},
        [(Occurrence.NOBODY_HOLDS, "chen")],
    ),
    "somebody whom this version does not know": (
        {"kind": ORDER, "to": ("neighbours",)},
        [(Occurrence.ORDERED, "li"), (Occurrence.ORDERED, "wang")],
    ),
}


@pytest.mark.parametrize(("said", "whom"), WHOM.values(), ids=WHOM)
async def test_those_are_told_once_whom_the_step_names(
    said: dict[str, Any], whom: list[tuple[Occurrence, str]]
) -> None:
    dispatch = await town()
    known = len(dispatch.orders)
    record = dispatch.event(addressed(**said), after(days=3))
    await dispatch.deliver(record)
    await dispatch.deliver(record)
    assert told(dispatch) == whom
    alone = said.get("saying") == Saying.DRAFTED or said.get("department") == ""
    assert len(dispatch.orders) - known == (0 if alone else 1)  # no department sees a draft


async def test_of_a_countys_department_its_own_level_is_told_and_the_next_where_nobody_is() -> None:
    dispatch = await town(Level.COUNTY)
    await dispatch.take(addressed(kind=ORDER, to=(Addressee.SUPERVISION_OFFICE, Addressee.LEADER)))
    assert told(dispatch)[2:] == [(TOLD, "xian"), (TOLD, "qian")]
