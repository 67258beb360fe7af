"""Publishing a table of work and rest days: what contradicts itself is refused with the date."""

from datetime import date, datetime, timedelta

import pytest

from services.supervision.builtin import BEGINNING, builtin_calendar, builtin_days, first_commands
from services.supervision.calendar.decisions import publish
from services.supervision.calendar.life import PublishedCalendars
from services.supervision.consumer import consumer
from shared.contract.commands.supervision import PublishCalendar
from shared.contract.events.supervision import CalendarPublished
from shared.domain.calendar import Calendar, Day
from shared.domain.decisions import Change, Context, Reason, Refusal
from shared.domain.reference import Reference
from tests.unit.one_aggregate import MONDAY, OneAggregate, after
from tests.unit.reference import JURISDICTION, builtin_reference

SUBJECT = "calendar:huzhou"
BUILTIN = builtin_calendar()
NOTICE_2027 = tuple(
    Day(date(2027, month, day), False, "放假", "国办通知") for month, day in ((1, 1), (5, 1), (10, 1))
)


def table(*more: Day, through: int = 2026, in_force_from: datetime | None = None) -> PublishCalendar:
    """The built-in table with more rows."""
    return PublishCalendar(
        published_through=through, days=(*builtin_days(), *more), in_force_from=in_force_from
    )


def started() -> OneAggregate:
    """The calendar of a jurisdiction with the built-in version published."""
    aggregate = OneAggregate(consumer(JURISDICTION), SUBJECT)
    (_, (subject, command)) = first_commands(JURISDICTION, builtin_reference().policies.named("default-1"))
    assert subject == SUBJECT
    assert aggregate.ask(command, MONDAY, "system:first-start")["status"] == "done"
    return aggregate


def decide(
    state: PublishedCalendars | None,
    command: PublishCalendar,
    actor: str = "supervisor:chen",
    at: datetime = MONDAY,
) -> Change[PublishedCalendars] | Refusal:
    return publish(state, command, Context(SUBJECT, at, builtin_reference(), actor))


def refusal_of(command: PublishCalendar, state: PublishedCalendars | None = None) -> Refusal:
    refusal = decide(state, command)
    assert isinstance(refusal, Refusal)
    assert refusal.reason is Reason.MALFORMED
    return refusal


def test_the_first_version_is_the_builtin_table_and_holds_from_the_beginning() -> None:
    aggregate = started()
    (event,) = aggregate.events
    assert isinstance(event, CalendarPublished)
    assert (event.version, event.in_force_from) == (BUILTIN.version, BEGINNING)
    assert (event.published_through, event.days, event.by) == (2026, builtin_days(), "first-start")
    assert aggregate.state == PublishedCalendars(
        versions=(BUILTIN.version,), last=BUILTIN.version, published_through=2026
    )


def test_a_notice_publishes_its_year_and_reaches_running_clocks() -> None:
    aggregate, reference = started(), Reference()
    version = Calendar(2027, (*builtin_days(), *NOTICE_2027)).version
    outcome = aggregate.ask(table(*NOTICE_2027, through=2027), after(days=1), "supervisor:chen")
    assert outcome["status"] == "done"
    assert (outcome["version"], outcome["in_force_from"]) == (version, "2026-03-03T01:00:00.000Z")
    assert "running clocks whose dates it moves are recalculated" in outcome["remark"]
    for event in aggregate.events:
        reference.learn(SUBJECT, event)
    assert not reference.calendars.at(MONDAY).is_published(date(2027, 6, 1))
    assert reference.calendars.at(after(days=1)).is_published(date(2027, 6, 1))
    assert reference.calendars.at(after(days=1)).version == version


def test_the_same_table_again_changes_nothing_in_whatever_order_its_rows_come() -> None:
    aggregate = started()
    before = aggregate.state
    turned = PublishCalendar(published_through=2026, days=builtin_days()[::-1], in_force_from=BEGINNING)
    outcome = aggregate.ask(turned, after(days=9), "system:first-start")
    assert outcome == {"status": "done", "version": BUILTIN.version, "unchanged": True}
    assert aggregate.state == before
    assert len(aggregate.events) == 1


def test_an_older_table_again_says_that_the_later_one_stays() -> None:
    aggregate = started()
    aggregate.ask(table(*NOTICE_2027, through=2027), MONDAY, "supervisor:chen")
    later = aggregate.state.last
    outcome = aggregate.ask(table(), MONDAY, "supervisor:chen")
    assert outcome["unchanged"] is True
    assert later in outcome["remark"]
    assert aggregate.state.last == later


def test_the_same_date_twice_is_refused() -> None:
    twice = Day(date(2026, 10, 1), False, "国庆节", "县政府")
    assert "2026-10-01 is in the table 2 times" in refusal_of(table(twice)).detail


def test_a_make_up_day_on_a_rest_day_is_refused() -> None:
    saturday = date(2027, 1, 2)
    rest, made_up = Day(saturday, False, "元旦", "县政府"), Day(saturday, True, "补班", "县政府")
    for days in ((rest, made_up), (made_up, rest)):
        detail = refusal_of(table(*days)).detail
        assert "2027-01-02 is a make-up day and a rest day" in detail and "on no rest day" in detail


def test_a_make_up_day_from_monday_to_friday_is_refused() -> None:
    friday = Day(date(2027, 1, 8), True, "补班", "县政府")
    detail = refusal_of(table(friday)).detail
    assert "2027-01-08" in detail
    assert "Friday" in detail
    saturday = Day(date(2027, 1, 9), True, "补班", "县政府")
    assert isinstance(decide(None, table(saturday)), Change)


@pytest.mark.parametrize("missing", NOTICE_2027)
def test_a_year_is_not_published_without_the_days_that_every_notice_names(missing: Day) -> None:
    rest = tuple(day for day in NOTICE_2027 if day != missing)
    detail = refusal_of(table(*rest, through=2027)).detail
    assert "notice of 2027" in detail
    assert missing.on.isoformat() in detail


def test_a_make_up_day_in_the_place_of_a_rest_day_does_not_publish_its_year() -> None:
    first = Day(date(2027, 5, 1), True, "补班", "县政府")  # a Saturday
    assert "2027-05-01" in refusal_of(table(NOTICE_2027[0], first, NOTICE_2027[2], through=2027)).detail


def test_a_year_is_not_published_over_a_gap() -> None:
    notice_2028 = tuple(day._replace(on=day.on.replace(year=2028)) for day in NOTICE_2027)
    assert "notice of 2027" in refusal_of(table(*notice_2028, through=2028)).detail


def test_a_table_that_begins_after_2011_lacks_the_notices_before() -> None:
    late = PublishCalendar(published_through=2027, days=NOTICE_2027)
    assert "notice of 2011" in refusal_of(late).detail


def test_a_local_rest_day_of_a_year_without_a_notice_does_not_publish_its_year() -> None:
    change = decide(None, table(Day(date(2027, 4, 9), False, "三月三", "桂政办")))
    assert isinstance(change, Change)
    event = change.messages[0].body
    assert isinstance(event, CalendarPublished)
    assert event.published_through == 2026


def test_a_date_outside_the_table_is_refused() -> None:
    outside = Day(date(2150, 1, 1), False, "元旦", "县政府")
    detail = refusal_of(table(outside)).detail
    assert "2150-01-01" in detail
    assert "1970 to 2149" in detail


def test_a_year_that_was_published_stays_published() -> None:
    state = started().state
    fewer = PublishCalendar(
        published_through=2025, days=tuple(day for day in builtin_days() if day.on.year < 2026)
    )
    assert "2026" in refusal_of(fewer, state).detail
    assert isinstance(decide(None, fewer), Change)


def test_a_later_version_cannot_hold_from_the_past() -> None:
    state = started().state
    past = decide(state, table(*NOTICE_2027, through=2027, in_force_from=MONDAY - timedelta(milliseconds=1)))
    assert isinstance(past, Refusal)
    assert past.reason is Reason.DATE_PAST
    assert isinstance(decide(state, table(*NOTICE_2027, through=2027, in_force_from=MONDAY)), Change)


def test_a_command_delivered_twice_publishes_once() -> None:
    aggregate = started()
    record = aggregate.command(table(*NOTICE_2027, through=2027), MONDAY, "supervisor:chen", "key-1")
    outcome = aggregate.answer(record)
    assert aggregate.answer(record) == outcome
    assert len(aggregate.events) == 2
