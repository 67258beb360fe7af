"""Due dates, warnings, pauses and extensions: examples counted by hand, and properties that hold for every clock."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.domain.calendar import Calendar, Day, first_difference
from shared.domain.clocks import (
    LIMITS,
    SHANGHAI,
    CompletePolicy,
    Extended,
    Fact,
    Limit,
    Paused,
    Policy,
    Recalculated,
    Resumed,
    Started,
    Stopped,
    due_at,
    facts_of,
    read_clock,
    threshold_at,
)

CALENDAR, POLICY = builtin_calendar(), builtin_policy()
START = date(2026, 1, 5)
WARNINGS = POLICY.warnings["promise"]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def due(start: str, limit: str) -> str:
    return shown(due_at(local(start), Limit(limit), POLICY, CALENDAR).at)


def shown(at: datetime | None) -> str:
    assert at is not None
    assert at.tzinfo is UTC
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def warning(start: str, limit: str, threshold: str) -> str | None:
    at = threshold_at(local(start), Limit(limit), threshold, POLICY, CALENDAR)
    return at and shown(at)


def read(*facts: Fact, warnings: tuple[str, ...] = WARNINGS) -> Any:
    return read_clock(facts, POLICY, CALENDAR, warnings=warnings)


# Limits and policies


@pytest.mark.parametrize(
    ("text", "amount", "unit"), [("10wd", 10, "wd"), ("14d", 14, "d"), ("4oh", 4, "oh"), ("9999d", 9999, "d")]
)
def test_a_limit_gives_back_its_string(text: str, amount: int, unit: str) -> None:
    limit = Limit(text)
    assert (str(limit), limit.amount, limit.unit) == (text, amount, unit)


@pytest.mark.parametrize(
    "text", ["", "10", "wd", "0wd", "-1d", "010wd", "1.5d", "10 wd", "10WD", "4h", "10000d", "٣d"]
)
def test_a_limit_that_cannot_be_read_says_what_would_be_right(text: str) -> None:
    with pytest.raises(ValueError, match=r'is not a limit.*"10wd".*"14d".*"4oh"'):
        Limit(text)


def test_a_limit_travels_as_its_string_through_pydantic() -> None:
    class Box(BaseModel):
        limit: Limit

    box = Box.model_validate_json('{"limit": "10wd"}')
    assert box.limit.amount == 10
    assert box.model_dump_json() == '{"limit":"10wd"}'
    with pytest.raises(ValidationError, match="is not a limit"):
        Box.model_validate({"limit": "10 days"})


def test_the_default_policy_is_the_one_the_design_names() -> None:
    named = {"assign": "2wd", "promise": "10wd", "sign": "4oh", "holding": "10wd"}
    assert POLICY.version == "default-1"
    assert {name: POLICY.limits[name] for name in named} == named
    assert [POLICY.warnings_of(name) for name in named] == [(), ("70%", "1wd"), (), ()]
    assert POLICY.office_hours == ((time(8, 30), time(12)), (time(13, 30), time(17, 30)))
    assert (POLICY.office_day_end, POLICY.grace_seconds) == (time(17, 30), 120)


def test_a_policy_survives_its_own_json() -> None:
    assert Policy.model_validate_json(POLICY.model_dump_json()) == POLICY


def test_another_reply_limit_is_another_version() -> None:
    changed = POLICY.with_reply_limit("14d")
    assert changed.version == "default-1+promise=14d"
    assert (changed.limits["promise"], changed.limits["holding"]) == ("14d", "14d")
    assert changed.limits["assign"] == "2wd"
    assert POLICY.limits["promise"] == "10wd"
    assert changed.with_reply_limit("8wd").version == "default-1+promise=8wd"
    with pytest.raises(ValueError, match="is not a limit"):
        POLICY.with_reply_limit("two weeks")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"limits": {"promise": "10wd"}}, "limits lacks assign"),
        ({"limits": {**POLICY.limits, "promis": "10wd"}}, "promis"),
        ({"warnings": {"promis": ["70%"]}}, "no clock has the name promis"),
        ({"grace_seconds": -1}, "grace_seconds"),
        ({"office_hours": []}, "rising order"),
        ({"office_hours": [["13:30", "17:30"], ["08:30", "12:00"]]}, "rising order"),
        ({"office_day_end": "17:30Z"}, "local times"),
        ({"warnings": {"promise": ["70 percent"]}}, "not a warning threshold"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_policy_that_is_not_whole_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        TypeAdapter(CompletePolicy).validate_python(POLICY.model_dump() | change)


def test_a_policy_that_was_published_is_read_though_this_version_knows_more_clocks() -> None:
    older = Policy.model_validate(POLICY.model_dump() | {"limits": {"promise": "10wd"}})
    assert older.limits == {"promise": "10wd"}


def test_a_policy_without_warnings_has_none_for_each_clock() -> None:
    bare = Policy(version="bare", limits=POLICY.limits)
    assert [bare.warnings_of(name) for name in LIMITS] == [()] * len(LIMITS)
    assert POLICY.warnings_of("promise") == ("70%", "1wd")
    assert POLICY.warnings_of("assign") == ()


# Due dates


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        ("2026-03-02 09:00", "10wd", "2026-03-16 17:30"),  # a Monday; two plain weeks
        ("2026-03-02 00:00", "10wd", "2026-03-16 17:30"),  # the hour of day 0 does not matter
        ("2026-03-02 23:59", "10wd", "2026-03-16 17:30"),
        ("2026-03-07 09:00", "1wd", "2026-03-09 17:30"),  # a Saturday
        ("2026-02-12 09:00", "2wd", "2026-02-14 17:30"),  # Saturday the 14th is a make-up day
        ("2026-02-13 09:00", "2wd", "2026-02-24 17:30"),  # the 14th, then the Spring Festival up to the 23rd
        ("2026-09-18 09:00", "1wd", "2026-09-20 17:30"),  # a Sunday that is a make-up day
        ("2026-09-30 09:00", "3wd", "2026-10-10 17:30"),  # National Day; Saturday the 10th is the third day
        ("2026-03-02 09:00", "14d", "2026-03-16 17:30"),
        ("2026-03-01 09:00", "13d", "2026-03-16 17:30"),  # the 14th is a Saturday: moved to Monday
        ("2026-02-01 09:00", "14d", "2026-02-24 17:30"),  # the 15th begins the Spring Festival
        ("2026-01-31 09:00", "14d", "2026-02-14 17:30"),  # a make-up Saturday is not moved
    ],
)
def test_days_are_counted_from_the_day_after(start: str, limit: str, expected: str) -> None:
    assert due(start, limit) == expected


@pytest.mark.parametrize(
    ("start", "limit", "expected"),
    [
        ("2026-03-02 08:30", "4oh", "2026-03-02 14:00"),  # over lunch
        ("2026-03-02 09:00", "3oh", "2026-03-02 12:00"),  # ends with the window, not at 13:30
        ("2026-03-02 12:30", "4oh", "2026-03-02 17:30"),  # begins at lunch: counts from 13:30
        ("2026-03-02 06:00", "1oh", "2026-03-02 09:30"),
        ("2026-03-02 16:30", "4oh", "2026-03-03 11:30"),  # over night
        ("2026-03-02 17:30", "1oh", "2026-03-03 09:30"),
        ("2026-03-06 16:00", "4oh", "2026-03-09 11:00"),  # over a weekend
        ("2026-03-07 10:00", "1oh", "2026-03-09 09:30"),  # begins on one
        ("2026-02-13 16:00", "4oh", "2026-02-14 11:00"),  # a make-up Saturday has office hours
        ("2026-02-14 16:00", "4oh", "2026-02-24 11:00"),
        ("2026-03-02 08:30", "75oh", "2026-03-13 17:30"),  # ten full days of 7.5 hours
    ],
)
def test_hour_limits_count_office_hours_only(start: str, limit: str, expected: str) -> None:
    assert due(start, limit) == expected


def test_the_day_is_the_day_in_shanghai() -> None:
    late_on_sunday_in_utc = datetime(2026, 3, 1, 16, 0, tzinfo=UTC)  # midnight of Monday in Shanghai
    assert shown(due_at(late_on_sunday_in_utc, Limit("1wd"), POLICY, CALENDAR).at) == "2026-03-03 17:30"


@pytest.mark.parametrize(
    ("start", "provisional"),
    [
        ("2026-12-16 09:00", False),
        ("2026-12-18 09:00", True),
        ("2027-03-01 09:00", True),
        ("2010-12-31 09:00", True),
    ],
)
def test_a_due_date_over_an_unpublished_year_is_provisional(start: str, provisional: bool) -> None:
    found = due_at(local(start), Limit("10wd"), POLICY, CALENDAR)
    assert found.provisional is provisional
    assert found.because == ("year_not_published" if provisional else None)
    assert read(Started(local(start), Limit("10wd"))).provisional is provisional


def test_a_naive_start_is_an_error() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        due_at(datetime(2026, 3, 2), Limit("1wd"), POLICY, CALENDAR)  # noqa: DTZ001
    with pytest.raises(ValidationError, match="timezone"):
        Started(datetime(2026, 3, 2), Limit("1wd"))  # noqa: DTZ001


# Warnings


@pytest.mark.parametrize(
    ("start", "limit", "threshold", "expected"),
    [
        ("2026-03-02 09:00", "10wd", "70%", "2026-03-11 17:30"),  # the 7th working day
        ("2026-03-02 09:00", "10wd", "1wd", "2026-03-13 17:30"),  # a Friday; due on Monday
        ("2026-03-02 09:00", "5wd", "70%", "2026-03-05 17:30"),  # 3.5 days: the 3rd
        ("2026-03-02 09:00", "14d", "70%", "2026-03-11 17:30"),  # 9.8 days: the 9th
        ("2026-03-05 09:00", "14d", "70%", "2026-03-16 17:30"),  # the 9th day is a Saturday: moved
        ("2026-03-02 08:30", "4oh", "70%", "2026-03-02 11:18"),  # 2.8 hours
        ("2026-03-02 09:00", "10wd", "3wd", "2026-03-11 17:30"),
        ("2026-03-02 09:00", "1wd", "70%", None),  # day 0
        ("2026-03-02 09:00", "1wd", "1wd", None),
        ("2026-03-02 09:00", "3wd", "5wd", None),
        ("2026-03-02 09:00", "1d", "70%", None),
        ("2026-03-05 09:00", "3d", "70%", None),  # both move to the same Monday
        ("2026-03-02 09:00", "4oh", "1wd", None),
    ],
)
def test_a_warning_comes_when_the_design_says_or_not_at_all(
    start: str, limit: str, threshold: str, expected: str | None
) -> None:
    assert warning(start, limit, threshold) == expected


@pytest.mark.parametrize("threshold", ["70", "0%", "100%", "1d", "wd", "-1wd"])
def test_a_threshold_that_cannot_be_read_says_what_would_be_right(threshold: str) -> None:
    with pytest.raises(ValueError, match=r'"70%".*"1wd"'):
        warning("2026-03-02 09:00", "10wd", threshold)


# Facts

STARTED = Started(local("2026-03-02 09:00"), Limit("10wd"))  # due 03-16, warned 03-11 and 03-13


def test_a_running_clock_names_its_deadlines_in_order() -> None:
    reading = read(STARTED)
    assert [(name, shown(at)) for name, at in reading.deadlines] == [
        ("70%", "2026-03-11 17:30"),
        ("1wd", "2026-03-13 17:30"),
        ("due", "2026-03-16 17:30"),
    ]
    assert (reading.state, reading.stopped_at, reading.breached) == ("running", None, None)
    assert reading.due_at == reading.original_due_at == reading.deadlines[-1].at


@pytest.mark.parametrize(
    ("paused", "resumed", "expected"),
    [
        ("2026-03-03 10:00", "2026-03-03 17:29", "2026-03-16 17:30"),  # over before the day's end: counted
        ("2026-03-03 10:00", "2026-03-03 17:30", "2026-03-16 17:30"),  # ends just then: no longer in force
        ("2026-03-03 17:30", "2026-03-03 17:31", "2026-03-17 17:30"),  # begins just then: in force
        ("2026-03-03 17:31", "2026-03-04 09:00", "2026-03-16 17:30"),  # over night
        ("2026-03-03 10:00", "2026-03-05 10:00", "2026-03-18 17:30"),
        ("2026-03-06 10:00", "2026-03-09 10:00", "2026-03-17 17:30"),  # Friday; the weekend counts nothing
        ("2026-03-02 10:00", "2026-03-03 10:00", "2026-03-16 17:30"),  # day 0 is not counted anyway
        ("2026-03-16 10:00", "2026-03-18 10:00", "2026-03-18 17:30"),
        ("2026-03-16 17:31", "2026-03-18 10:00", "2026-03-16 17:30"),  # after the breach: undoes nothing
    ],
)
def test_a_working_day_is_not_counted_if_a_pause_is_in_force_at_its_end(
    paused: str, resumed: str, expected: str
) -> None:
    reading = read(STARTED, Paused(local(paused), "material"), Resumed(local(resumed)))
    assert shown(reading.due_at) == expected
    assert shown(reading.original_due_at) == "2026-03-16 17:30"


def test_warnings_move_with_a_pause() -> None:
    reading = read(STARTED, Paused(local("2026-03-11 10:00"), "material"), Resumed(local("2026-03-17 10:00")))
    assert [shown(at) for _, at in reading.deadlines] == [
        "2026-03-17 17:30",  # the 7th day that counts
        "2026-03-19 17:30",
        "2026-03-20 17:30",
    ]


def test_the_last_warning_is_not_given_within_a_pause() -> None:
    reading = read(STARTED, Paused(local("2026-03-13 10:00"), "material"), Resumed(local("2026-03-16 10:00")))
    assert shown(reading.due_at) == "2026-03-17 17:30"
    assert [shown(at) for name, at in reading.deadlines if name == "1wd"] == ["2026-03-16 17:30"]


@pytest.mark.parametrize(
    ("paused", "names"),
    [
        ("2026-03-03 10:00", []),
        ("2026-03-12 10:00", ["70%"]),
        ("2026-03-11 17:30", []),
        ("2026-03-16 17:31", ["70%", "1wd", "due"]),
    ],
)
def test_a_paused_clock_keeps_only_the_deadlines_from_before_the_pause(paused: str, names: list[str]) -> None:
    reading = read(STARTED, Paused(local(paused), "material"))
    assert [name for name, _ in reading.deadlines] == names
    assert reading.state == "paused"


def test_calendar_days_and_office_hours_wait_for_a_pause_too() -> None:
    fortnight, hours = (Started(STARTED.at, Limit(limit)) for limit in ("14d", "4oh"))
    pause = Paused(local("2026-03-02 10:00"), "material"), Resumed(local("2026-03-02 14:30"))
    assert shown(read(fortnight, *pause).due_at) == "2026-03-16 17:30"
    # one hour before the pause, three after it
    assert shown(read(hours, *pause).due_at) == "2026-03-02 17:30"
    long = Paused(local("2026-03-05 10:00"), "material"), Resumed(local("2026-03-09 10:00"))
    assert shown(read(fortnight, *long).due_at) == "2026-03-20 17:30"  # four days, the weekend among them


def test_a_pause_that_ends_as_the_next_begins_goes_on() -> None:
    at = local("2026-03-04 10:00")
    first = Paused(local("2026-03-03 10:00"), "material")
    for middle in ([Resumed(at), Paused(at, "law")], [Paused(at, "law"), Resumed(at)]):
        assert read(STARTED, first, *middle).state == "paused"
        assert read(STARTED, *middle).state == "running"


def test_an_extension_adds_working_days_and_keeps_the_original_due() -> None:
    reading = read(STARTED, Extended(local("2026-03-10 10:00"), 10))
    assert shown(reading.due_at) == "2026-03-30 17:30"
    assert shown(reading.original_due_at) == "2026-03-16 17:30"
    assert [shown(at) for _, at in reading.deadlines] == [
        "2026-03-20 17:30",  # the 14th of 20 days
        "2026-03-27 17:30",
        "2026-03-30 17:30",
    ]


@pytest.mark.parametrize(
    ("limit", "expected"),
    [("14d", "2026-03-18 17:30"), ("4oh", "2026-03-04 17:30"), ("10wd", "2026-03-18 17:30")],
)
def test_an_extension_is_in_working_days_whatever_the_limit(limit: str, expected: str) -> None:
    assert shown(read(Started(STARTED.at, Limit(limit)), Extended(STARTED.at, 2)).due_at) == expected


def test_an_extension_granted_after_the_breach_does_not_undo_it() -> None:
    assert shown(read(STARTED, Extended(local("2026-03-16 17:31"), 5)).due_at) == "2026-03-16 17:30"


def test_an_extension_granted_during_a_pause_counts_though_the_day_of_due_has_passed() -> None:
    facts = STARTED, Paused(local("2026-03-13 10:00"), "law"), Extended(local("2026-03-19 10:00"), 1)
    # 03-19 is the first day that can count again, the 9th; the 10th is 03-20, and one more is a Monday
    assert shown(read(*facts).due_at) == "2026-03-23 17:30"
    assert shown(read(*facts, Resumed(local("2026-03-23 10:00"))).due_at) == "2026-03-25 17:30"


@pytest.mark.parametrize(("stopped", "breached"), [("2026-03-16 17:30", False), ("2026-03-16 17:31", True)])
def test_a_stopped_clock_has_no_deadlines_and_knows_whether_it_was_late(stopped: str, breached: bool) -> None:
    reading = read(STARTED, Stopped(local(stopped)), Extended(local("2026-03-20 10:00"), 5))
    assert (reading.state, reading.deadlines, reading.breached) == ("stopped", (), breached)
    assert reading.stopped_at == local(stopped)
    assert shown(reading.due_at) == "2026-03-16 17:30"


def test_a_clock_stopped_within_a_pause_was_not_late() -> None:
    reading = read(STARTED, Paused(local("2026-03-13 10:00"), "law"), Stopped(local("2026-04-13 10:00")))
    assert (reading.state, reading.breached) == ("stopped", False)


@pytest.mark.parametrize("facts", [[], [STARTED, Started(STARTED.at, Limit("5wd"))]])
def test_a_clock_has_exactly_one_start(facts: list[Fact]) -> None:
    with pytest.raises(ValueError, match="exactly one Started"):
        read(*facts)


def test_facts_travel_through_json_by_their_kind() -> None:
    adapter: TypeAdapter[list[Fact]] = TypeAdapter(list[Fact])
    facts = [
        STARTED,
        Paused(STARTED.at, "law"),
        Resumed(STARTED.at),
        Extended(STARTED.at, 2),
        Stopped(STARTED.at),
    ]
    assert adapter.validate_json(adapter.dump_json(facts)) == facts
    with pytest.raises(ValidationError):
        Extended(STARTED.at, 0)


# Properties

instants = st.datetimes(datetime(2025, 12, 1), datetime(2026, 11, 1), timezones=st.just(SHANGHAI))  # noqa: DTZ001
office_ends = st.dates(date(2026, 1, 1), date(2026, 6, 1)).map(
    lambda on: datetime.combine(on, time(17, 30), SHANGHAI)
)
moments = instants | office_ends
limits = st.builds(
    lambda n, unit: Limit(f"{n}{unit}"), st.integers(1, 40), st.sampled_from(["wd", "d", "oh"])
)
starts = st.builds(Started, instants, limits)
later_facts = st.lists(
    st.builds(Paused, moments, st.just("law"))
    | st.builds(Resumed, moments)
    | st.builds(Extended, moments, st.integers(1, 10)),
    max_size=6,
)


def due_by_walking(started: Started, pauses: list[tuple[datetime, datetime]]) -> datetime:
    """The rule of clocks.md 3 and 4 again, one day at a time, for limits in days."""
    left, day = started.limit.amount, started.at.astimezone(SHANGHAI).date()
    while True:
        day += timedelta(days=1)
        end = datetime.combine(day, time(17, 30), SHANGHAI)
        if any(since <= end < until for since, until in pauses):
            continue
        if started.limit.unit == "d" or CALENDAR.is_working_day(day):
            left -= 1
        if left <= 0 and CALENDAR.is_working_day(day):
            return end


@given(
    started=starts.filter(lambda s: s.limit.unit != "oh"), edges=st.lists(moments, max_size=6, unique=True)
)
def test_the_due_date_is_that_of_walking_day_by_day(started: Started, edges: list[datetime]) -> None:
    edges = sorted(edges)
    pauses = list(zip(edges[::2], edges[1::2], strict=False))
    facts = [fact for since, until in pauses for fact in (Paused(since, "law"), Resumed(until))]
    assert read(started, *facts).due_at == due_by_walking(started, pauses)


@given(start=instants, amount=st.integers(1, 40))
def test_so_many_office_hours_lie_between_start_and_due(start: datetime, amount: int) -> None:
    end = due_at(start, Limit(f"{amount}oh"), POLICY, CALENDAR).at
    total, day = timedelta(), start.date()
    while day <= end.astimezone(SHANGHAI).date():
        for window in POLICY.office_hours if CALENDAR.is_working_day(day) else ():
            opens, closes = (datetime.combine(day, edge, SHANGHAI) for edge in window)
            total += max(timedelta(), min(closes, end) - max(opens, start))
        day += timedelta(days=1)
    assert total == timedelta(hours=amount)


@given(started=starts, facts=later_facts, shuffle=st.randoms())
def test_the_order_and_the_repetition_of_facts_do_not_matter(
    started: Started, facts: list[Fact], shuffle: Any
) -> None:
    shuffled = [started, *facts, *facts]
    shuffle.shuffle(shuffled)
    assert read(*shuffled) == read(started, *facts)


@given(started=starts, facts=later_facts, since=moments, more=st.timedeltas(timedelta(), timedelta(days=30)))
def test_a_pause_never_makes_due_earlier(
    started: Started, facts: list[Fact], since: datetime, more: timedelta
) -> None:
    facts = [fact for fact in facts if not isinstance(fact, Paused | Resumed)]
    paused = read(started, *facts, Paused(since, "law"), Resumed(since + more))
    assert paused.due_at >= read(started, *facts).due_at >= paused.original_due_at


@given(started=starts, facts=later_facts, at=moments, days=st.integers(1, 10))
def test_an_extension_moves_due_or_came_too_late(
    started: Started, facts: list[Fact], at: datetime, days: int
) -> None:
    facts = [fact for fact in facts if not isinstance(fact, Extended)]
    before, after = read(started, *facts).due_at, read(started, *facts, Extended(at, days)).due_at
    assert after > before if at <= before else after >= before


@given(started=starts, facts=later_facts, now=moments)
def test_nothing_that_happens_after_a_breach_undoes_it(
    started: Started, facts: list[Fact], now: datetime
) -> None:
    early = [fact for fact in facts if fact.at < now]
    then = read(started, *early)
    if then.due_at < now and "due" in [name for name, _ in then.deadlines]:
        assert read(started, *facts, Stopped(now + timedelta(days=300))).breached
        assert read(started, *facts).due_at == then.due_at


@given(started=starts, facts=later_facts)
def test_deadlines_are_in_order_after_the_start_and_end_with_due(started: Started, facts: list[Fact]) -> None:
    reading = read(started, *facts)
    times = [at for _, at in reading.deadlines]
    assert times == sorted(times)
    assert all(started.at < at <= reading.due_at for at in times)
    if reading.state == "running":
        assert reading.deadlines[-1] == ("due", reading.due_at)


@given(started=starts, facts=later_facts, at=moments)
def test_a_stopped_clock_has_no_deadlines(started: Started, facts: list[Fact], at: datetime) -> None:
    reading = read(started, *facts, Stopped(at))
    assert (reading.deadlines, reading.state, reading.stopped_at) == ((), "stopped", at)
    assert reading.breached == (at > reading.due_at)


@given(started=starts)
def test_without_pause_or_extension_reading_agrees_with_the_plain_functions(started: Started) -> None:
    reading, args = read(started), (POLICY, CALENDAR)
    assert (reading.due_at, reading.provisional) == due_at(started.at, started.limit, *args)
    plain = {name: threshold_at(started.at, started.limit, name, *args) for name in WARNINGS}
    assert dict(reading.deadlines[:-1]) == {name: at for name, at in plain.items() if at}


@given(started=starts, facts=later_facts, at=moments, days=st.integers(1, 10))
def test_an_extension_never_makes_due_earlier_and_never_moves_the_first_date(
    started: Started, facts: list[Fact], at: datetime, days: int
) -> None:
    before, after = read(started, *facts), read(started, *facts, Extended(at, days))
    assert after.due_at >= before.due_at
    assert (
        after.original_due_at
        == before.original_due_at
        == due_at(started.at, started.limit, POLICY, CALENDAR).at
    )


@given(started=starts, since=moments, more=st.timedeltas(timedelta(), timedelta(days=30)))
def test_a_pause_never_takes_back_a_breach(started: Started, since: datetime, more: timedelta) -> None:
    plain = read(started)
    if since > plain.due_at:
        paused = read(started, Paused(since, "law"), Resumed(since + more), Stopped(since + 2 * more))
        assert (paused.due_at, paused.breached) == (plain.due_at, True)


LONGER = [
    Calendar(
        2026, [*CALENDAR.days.values(), *(Day(START + timedelta(days=n), False, "放假", "试") for n in more)]
    )
    for more in ([], [3], [3, 40, 41], [3, 40, 41, 90, 150, 151, 152], range(20, 60), range(1, 200, 3))
]
"""The built-in table with more and more days of rest."""
longer = st.sampled_from(LONGER)


def renewed(at: datetime, started: Started, calendar: Calendar) -> Recalculated:
    return Recalculated(at, started.limit, POLICY, calendar)


@given(started=starts, facts=later_facts, at=moments, calendar=longer)
def test_a_rest_day_more_never_makes_due_earlier_and_undoes_no_breach(
    started: Started, facts: list[Fact], at: datetime, calendar: Calendar
) -> None:
    before, known = read(started, *facts), [started, *facts]
    after = read_clock(known, POLICY, CALENDAR, recalculated=[renewed(at, started, calendar)])
    assert after.due_at >= before.due_at
    assert after.original_due_at == before.original_due_at
    assert read_clock(known, POLICY, calendar).due_at >= before.due_at
    if at > before.due_at:
        assert after.due_at == before.due_at


@given(started=starts, at=moments, calendar=longer)
def test_a_recalculation_that_takes_time_away_leaves_a_working_day_or_what_was_left(
    started: Started, at: datetime, calendar: Calendar
) -> None:
    before = read_clock([started], POLICY, calendar).due_at
    change = renewed(at, started, CALENDAR)
    after = read_clock([started], POLICY, calendar, recalculated=[change]).due_at
    a_day_later = due_at(at, Limit("1wd"), POLICY, CALENDAR).at
    assert after == (before if at > before else max(read(started).due_at, min(before, a_day_later)))


@given(started=starts, calendar=longer, at=st.tuples(moments, moments), days=st.integers(1, 10))
def test_an_extension_and_a_rest_day_more_give_the_same_date_in_either_order(
    started: Started, calendar: Calendar, at: tuple[datetime, datetime], days: int
) -> None:
    if max(at) <= read(started).due_at:
        due = {
            read_clock(
                [started, Extended(granted, days)],
                POLICY,
                CALENDAR,
                recalculated=[renewed(published, started, calendar)],
            ).due_at
            for granted, published in (at, at[::-1])
        }
        assert len(due) == 1


@given(
    started=starts,
    facts=later_facts,
    changes=st.dictionaries(moments, longer, max_size=4),
    shuffle=st.randoms(),
)
def test_the_order_of_recalculations_does_not_matter(
    started: Started, facts: list[Fact], changes: dict[datetime, Calendar], shuffle: Any
) -> None:
    found = [renewed(at, started, calendar) for at, calendar in changes.items()]
    mixed = found[:]
    shuffle.shuffle(mixed)
    known = [started, *facts]
    assert read_clock(known, POLICY, CALENDAR, recalculated=mixed) == read_clock(
        known, POLICY, CALENDAR, recalculated=found
    )


def test_before_the_first_difference_two_tables_say_the_same() -> None:
    assert first_difference(CALENDAR, Calendar(2026, CALENDAR.days.values())) is None
    assert first_difference(CALENDAR, LONGER[1]) == START + timedelta(days=3)
    assert first_difference(CALENDAR, Calendar(2027, CALENDAR.days.values())) == date(2027, 1, 1)


def test_what_is_paused_again_by_a_clock_that_runs_behind_is_paused_from_where_it_had_gone_on() -> None:
    began = local("2026-03-02 09:00")
    history = [
        ("started", began, "10wd"),
        ("paused", began + timedelta(days=1), ""),
        ("resumed", began + timedelta(days=2), ""),
        ("paused", began + timedelta(days=1, hours=20), ""),
        ("resumed", began + timedelta(days=4), ""),
    ]
    pauses = [fact.at for fact in facts_of(history)[1:]]
    assert pauses == [began + timedelta(days=days) for days in (1, 2, 2, 4)]
    once = [Started(began, Limit("10wd")), Paused(pauses[0], ""), Resumed(pauses[3])]
    assert read(*facts_of(history)).due_at == read(*once).due_at
