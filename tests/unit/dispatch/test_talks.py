"""Who leads a talk and the departments' people hear what becomes of it: each once, in office hours."""

from datetime import timedelta

import pytest

from services.dispatch.mails import CALLING, TEXTS, is_still_so, line_of
from services.dispatch.talk.reactions import KNOWN
from shared.contract.commands.dispatch import ChooseWays, MergeDepartment, PublishStaff
from shared.contract.commands.notices import PrepareStaffNotice
from shared.contract.envelope import open_envelope
from shared.contract.events.talks import DepartmentsInformed, TalkCancelled
from shared.contract.words import Level, Occurrence, Role
from shared.domain.notices import Item
from tests.unit.dispatch.given import Dispatch, department, published
from tests.unit.dispatch.test_notices import with_people
from tests.unit.one_aggregate import after

TALK = "talk:huzhou-weekly-20260304-1"
BEGINS = "2026-03-04 14:00"
MOVED = DepartmentsInformed(
    about=Occurrence.TALK_POSTPONED,
    starts_at=after(days=2, hours=5),
    departments=("housing", "planning"),
    by="lu",
)


async def departments() -> Dispatch:
    """Dispatch with a department that has leaders, and one that has handlers alone."""
    dispatch = await published()
    await with_people(dispatch, "housing", leaders=("wang", "lu"), handlers=("li",))
    await with_people(dispatch, "planning", leaders=(), handlers=("xu", "wang"))
    dispatch.commands.clear()
    return dispatch


def told(dispatch: Dispatch) -> list[tuple[str, str, str]]:
    """Whom, in which way and of what, in order; each notice once however often it was asked for."""
    found: dict[str, tuple[str, str, str]] = {}
    for out in dispatch.commands:
        data = PrepareStaffNotice.model_validate(open_envelope(out.value).data)
        assert (data.issue, data.number) == (TALK, BEGINS)
        found[out.key] = (data.to, data.way, data.about)
    return list(found.values())


@pytest.mark.parametrize("about", KNOWN)
async def test_the_leaders_hear_of_it_or_else_the_handlers_each_once_and_not_who_did_it(
    about: Occurrence,
) -> None:
    dispatch = await departments()
    record = dispatch.event(MOVED.model_copy(update={"about": about}), after(hours=1), TALK)
    for _ in range(2):
        await dispatch.deliver(record)
    assert told(dispatch) == [("wang", "mail", about), ("xu", "mail", about)]
    assert dispatch.state_of(TALK).about == about


async def test_who_leads_it_hears_of_it_once_and_who_is_not_in_the_directory_does_not() -> None:
    dispatch = await departments()
    for account in ("zhou", "wang", "lu"):
        entry = PublishStaff(name="周明", roles=(Role.LEADER,), level=Level.CITY)
        await dispatch.ask(entry, after(), "administrator:wu", subject=f"staff:{account}")
    dispatch.commands.clear()
    led = MOVED.model_copy(update={"leaders": ("zhou", "nobody", "wang", "lu")})
    record = dispatch.event(led, after(hours=1), TALK)
    for _ in range(2):
        await dispatch.deliver(record)
    assert told(dispatch) == [(one, "mail", "talk_postponed") for one in ("zhou", "wang", "xu")]


async def test_who_chose_other_ways_hears_of_it_in_these_and_of_a_merged_department_its_successor() -> None:
    dispatch = await departments()
    ways = ChooseWays(ways=("wecom", "mail"))
    outcome = await dispatch.ask(ways, after(), "department_leader:housing/wang", subject="staff:wang")
    assert outcome["status"] == "done"
    merge = MergeDepartment(into="housing")
    await dispatch.ask(merge, after(), "administrator:wu", subject=department("planning"))
    dispatch.commands.clear()
    await dispatch.deliver(dispatch.event(MOVED, after(hours=1), TALK))
    assert [one[:2] for one in told(dispatch)] == [("wang", "wecom"), ("wang", "mail")]


async def test_what_is_decided_at_night_waits_with_all_else_until_offices_open() -> None:
    dispatch = await departments()
    night = after(hours=13)
    cancelled = MOVED.model_copy(update={"about": Occurrence.TALK_CANCELLED})
    for one in (MOVED, cancelled):
        await dispatch.deliver(dispatch.event(one, night, TALK))
    await dispatch.settle(night)
    notices = [one["state"] for id, one in dispatch.store.documents.items() if id.startswith("notice:")]
    assert {one["to"]: (one["state"], len(one["items"])) for one in notices} == {
        "wang": ("waiting", 2),
        "xu": ("waiting", 2),
    }


async def test_nobody_is_called_to_a_talk_that_was_called_off_or_moved_again_since() -> None:
    dispatch = await departments()
    called = [Item(issue=TALK, number=BEGINS, about=about) for about in CALLING]
    assert await still_so(dispatch, *called) == [True, True], "nothing is known of it"
    for number, (became, so) in enumerate(
        (
            ({}, True),
            ({"about": Occurrence.TALK_CHANGED}, True),
            ({"starts_at": MOVED.starts_at + timedelta(days=7)}, False),
            ({"starts_at": MOVED.starts_at}, True),
            ({"about": Occurrence.TALK_CANCELLED}, False),
        )
    ):
        heard = dispatch.event(MOVED.model_copy(update=became), after(hours=number), TALK)
        await dispatch.deliver(heard)
        await dispatch.deliver(heard)
        assert await still_so(dispatch, *called) == [so, so], became
    off = called[0].model_copy(update={"about": Occurrence.TALK_CANCELLED})
    assert await still_so(dispatch, off) == [True], "that it is called off is said in any case"


async def still_so(dispatch: Dispatch, *items: Item) -> list[bool]:
    """What is said of each by now."""
    return [await is_still_so(dispatch.store, item) for item in items]  # type: ignore[arg-type]


async def test_what_a_newer_intake_tells_nobody_hears_here_and_the_next_is_told() -> None:
    dispatch = await departments()
    await dispatch.deliver(dispatch.event(MOVED.model_copy(update={"about": "x"}), after(), TALK))
    assert told(dispatch) == []
    await dispatch.deliver(dispatch.event(MOVED, after(), TALK))
    assert len(told(dispatch)) == 2


async def test_a_talk_costs_dispatch_no_write_until_there_is_somebody_to_be_told() -> None:
    dispatch = await departments()
    cancelled = TalkCancelled(reason="台风", by="lu")
    await dispatch.deliver(dispatch.event(cancelled, after(), TALK))
    assert TALK not in dispatch.store.documents
    await dispatch.deliver(dispatch.event(MOVED, after(), TALK))
    assert dispatch.store.documents[TALK]["v"] == 1


@pytest.mark.parametrize("about", KNOWN)
def test_a_line_about_a_talk_says_when_it_begins_and_leads_to_it(about: Occurrence) -> None:
    assert all("{number}" in text for text in TEXTS[about])
    line = line_of(Item(issue=TALK, number=BEGINS, about=about), "http://example.com/")
    assert line.url == "http://example.com/talks/huzhou-weekly-20260304-1"
    assert BEGINS in line.text_zh and BEGINS in line.text_en
