"""When each step of the ladder is due, and which ladder a policy may have (clocks.md, The ladder)."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.dispatch.issue.addressing import ROLES, WHOLE_LEVEL
from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.contract.words import Addressee, DocumentKind
from shared.domain.calendar import Calendar, Day
from shared.domain.clocks import SHANGHAI, CompletePolicy, Paused, Policy, Resumed
from shared.domain.ladder import Rise, preview, rises
from shared.domain.rights import RIGHTS
from shared.domain.steps import DEFAULT_LADDER, MAY_SIGN

POLICY, CALENDAR = builtin_policy(), builtin_calendar()
BREACH = datetime(2026, 3, 16, 9, 30, tzinfo=UTC)  # a Monday, 17:30 in Shanghai
STEPS = POLICY.model_dump(mode="json")["ladder"]

breaches = st.datetimes(datetime(2025, 12, 1), datetime(2026, 11, 1), timezones=st.just(SHANGHAI))  # noqa: DTZ001
days = st.dates(date(2025, 12, 1), date(2026, 12, 31))


def on(text: str) -> datetime:
    """The end of the office day, in 2026."""
    return datetime.combine(date.fromisoformat(f"2026-{text}"), time(17, 30), SHANGHAI)


def dates(found: tuple[Rise, ...]) -> list[tuple[int, str]]:
    return [(rise.step, f"{rise.at.astimezone(SHANGHAI):%m-%d %H:%M}") for rise in found]


def test_a_breach_that_nobody_answers_rises_as_the_table_says() -> None:
    assert dates(rises(BREACH, POLICY, CALENDAR)) == [
        (1, "03-16 17:30"),
        (2, "03-17 17:30"),  # one working day later
        (3, "03-23 17:30"),  # its order was to be answered in two, by the 19th, and two days are over since
        (4, "03-26 17:30"),
        (5, "04-02 17:30"),
        (6, "04-10 17:30"),  # the 6th is Qingming
    ]


def test_a_second_dissatisfied_round_begins_at_red_and_rises_from_there() -> None:
    found = rises(datetime(2026, 3, 18, 3, tzinfo=UTC), POLICY, CALENDAR, first=4)
    assert dates(found) == [(4, "03-18 11:00"), (5, "03-25 17:30"), (6, "04-01 17:30")]


def test_a_breach_that_reaches_a_step_only_rises_no_further() -> None:
    assert dates(rises(BREACH, POLICY, CALENDAR, last=1)) == [(1, "03-16 17:30")]


@pytest.mark.parametrize(
    ("explained", "order"),
    [("03-16", "03-19"), ("03-17", "03-19"), ("03-18", "03-17"), ("03-13", "03-17")],
)
def test_an_explanation_puts_the_order_off_once_if_it_comes_after_the_reminder_and_in_time(
    explained: str, order: str
) -> None:
    found = rises(BREACH, POLICY, CALENDAR, explained_at=on(explained))
    assert found[1].at == on(order)


def test_days_at_whose_end_a_pause_is_in_force_do_not_count() -> None:
    pauses = [Paused(on("03-18") - timedelta(hours=1), "rejected"), Resumed(on("03-20") + timedelta(hours=1))]
    found = rises(BREACH, POLICY, CALENDAR, pauses=pauses)
    assert dates(found)[:3] == [(1, "03-16 17:30"), (2, "03-17 17:30"), (3, "03-26 17:30")]


def test_a_step_in_a_year_without_a_notice_is_provisional_and_so_is_every_one_after_it() -> None:
    found = rises(datetime(2026, 12, 28, 9, 30, tzinfo=UTC), POLICY, CALENDAR)
    assert [rise.provisional for rise in found] == [False, False, True, True, True, True]


def test_of_all_that_climb_the_earliest_counts_and_nothing_below_the_lamp() -> None:
    breach = rises(BREACH, POLICY, CALENDAR)
    again = rises(on("03-24"), POLICY, CALENDAR, first=4)
    assert dates(preview(0, [breach, again])) == [
        (1, "03-16 17:30"),
        (2, "03-17 17:30"),
        (3, "03-23 17:30"),
        (4, "03-24 17:30"),
        (5, "03-31 17:30"),
        (6, "04-08 17:30"),
    ]
    assert [rise.step for rise in preview(4, [breach])] == [5, 6]
    assert preview(6, [breach, again]) == preview(0, []) == ()


@given(at=breaches, rest=days)
def test_a_rest_day_more_never_makes_a_step_earlier(at: datetime, rest: date) -> None:
    assume(CALENDAR.is_working_day(rest))
    other = [day for day in CALENDAR.days.values() if day.on != rest]
    longer = Calendar(CALENDAR.published_through, [*other, Day(rest, False, "放假", "临时通知")])
    before, after = rises(at, POLICY, CALENDAR), rises(at, POLICY, longer)
    assert all(late.at >= early.at for early, late in zip(before, after, strict=True))


@given(at=breaches, first=st.integers(1, 6), explained=breaches)
def test_steps_only_rise_and_each_counts_from_the_one_before(
    at: datetime, first: int, explained: datetime
) -> None:
    found = rises(at, POLICY, CALENDAR, first=first, explained_at=explained)
    assert [rise.step for rise in found] == list(range(first, 7))
    assert [rise.at for rise in found] == sorted({rise.at for rise in found})
    for rise in found[1:]:  # an explanation counts for the reminder alone
        assert rises(rise.at, POLICY, CALENDAR, first=rise.step) == found[rise.step - first :]


def test_the_built_in_policy_has_the_ladder_that_holds_where_a_policy_names_none() -> None:
    older = POLICY.model_copy(update={"ladder": ()})
    assert older.steps == POLICY.steps == POLICY.ladder == DEFAULT_LADDER
    assert rises(BREACH, older, CALENDAR) == rises(BREACH, POLICY, CALENDAR)
    before_the_ladder = {name: value for name, value in POLICY.model_dump().items() if name != "ladder"}
    assert Policy.model_validate(before_the_ladder) == older


def test_two_steps_come_by_themselves_and_the_others_are_signed() -> None:
    assert [step.signed for step in POLICY.ladder] == [False, False, True, True, True, True]
    red = POLICY.ladder[3]
    assert red.documents == (DocumentKind.RED_CARD, DocumentKind.INTERVIEW)
    assert (red.addressees, red.addressees_once_signed) == (
        (Addressee.OFFICE, Addressee.SUPERVISION_OFFICE),
        (Addressee.HEAD, Addressee.LEADER),
    )


def changed(place: int, **values: Any) -> list[dict[str, Any]]:
    return [{**step, **(values if at == place else {})} for at, step in enumerate(STEPS)]


@pytest.mark.parametrize(
    ("ladder", "said"),
    [
        ([], r"ladder\[0\]: step 1 \(reminder\) is missing"),
        (STEPS[:5], r"ladder\[5\]: step 6 \(matters_list\) is missing"),
        ([*STEPS[:2], *STEPS[3:]], r"ladder\[2\]: step 3 \(yellow_light\) is missing"),
        ([*STEPS[:2], *STEPS[1:]], r"ladder\[2\]: step 2 is there already"),
        ([*STEPS, STEPS[5]], r"ladder\[6\]: step 6 is there already"),
        ([STEPS[0], STEPS[2], STEPS[1], *STEPS[3:]], r"ladder\[1\]: step 2 stands after step 3"),
        (changed(2, name="red_light"), r"ladder\[2\]: step 3 is yellow_light, not red_light"),
        (changed(0, after_days=1), r"ladder\[0\]: step 1 \(reminder\) comes with the breach"),
        (changed(4, after_days=0), r"ladder\[4\]: step 5 \(circular\) comes later"),
        (changed(2, signed=False), r"ladder\[2\]: step 3 \(yellow_light\) is signed by a named person"),
        (
            changed(1, signed=True, addressees=["office"]),
            r"ladder\[1\]: step 2 .* waits for a signature: addr",
        ),
        (changed(0, signed=True), r"ladder\[0\]: step 1 \(reminder\) waits for a signature"),
        (changed(0, documents=["yellow_card"]), r"ladder\[0\]: step 1 \(reminder\) waits for a signature"),
        (
            changed(3, addressees=[]),
            r"ladder\[3\]: step 4 .* who may sign: supervision_office, leader, level",
        ),
        (changed(5, addressees=["cppcc"]), r"ladder\[5\]: step 6 \(matters_list\) waits for a signature"),
        (changed(1, after_days=-1), "ladder.1.after_days"),
        (changed(1, colour="amber"), "ladder.1.colour"),
        ([*STEPS, {**STEPS[5], "step": 7}], "ladder.6.step"),
    ],
)
def test_a_policy_with_a_step_missing_doubled_or_out_of_order_is_refused_with_the_place(
    ladder: list[dict[str, Any]], said: str
) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(CompletePolicy).validate_python(POLICY.model_dump() | {"ladder": ladder})


def test_a_signed_step_names_one_of_those_who_may_sign_and_after_red_they_find_it_on_their_desk() -> None:
    for place, who in ((1, "leader"), (2, "supervision_office"), (4, "level")):
        ladder = changed(place, signed=True, addressees=["handler", who])
        TypeAdapter(CompletePolicy).validate_python(POLICY.model_dump() | {"ladder": ladder})
    assert [step.step for step in POLICY.ladder if step.signed and not step.addressees] == [5, 6]


def test_who_may_sign_is_as_the_rights_have_it() -> None:
    may = RIGHTS["issue", "sign_document"].keys()
    roles = {**{one: {role} for one, role in ROLES.items()}, Addressee.LEVEL: {*WHOLE_LEVEL}}
    assert {one: found for one in Addressee if (found := roles.get(one, set()) & may)} == MAY_SIGN


def test_a_policy_may_have_an_order_signed_and_other_days() -> None:
    ladder = changed(1, signed=True, after_days=3)
    policy = TypeAdapter(CompletePolicy).validate_python(POLICY.model_dump() | {"ladder": ladder})
    assert rises(BREACH, policy, CALENDAR)[1].at == on("03-19")
