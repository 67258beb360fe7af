"""Publishing a table of work and rest days, checked for contradictions (clocks.md 9)."""

from collections import Counter

from services.supervision.calendar.life import PublishedCalendars
from services.supervision.publishing import published, unchanged
from shared.contract.commands.supervision import PublishCalendar
from shared.contract.events.supervision import CalendarPublished
from shared.domain.calendar import FIRST_PUBLISHED_YEAR, Calendar, published_through
from shared.domain.decisions import Change, Context, Reason, Refusal, event
from shared.domain.publishing import in_the_past

_FRIDAY = 5


def publish(
    state: PublishedCalendars | None, command: PublishCalendar, context: Context
) -> Change[PublishedCalendars] | Refusal:
    """Publish a table, whole; the same one again changes nothing, one that contradicts itself is refused.

    The first version of all may hold from any instant, a later one only from now on and for no fewer years.
    """
    if contradiction := contradiction_in(command):
        return Refusal(Reason.MALFORMED, contradiction)
    known = state or PublishedCalendars()
    try:
        version = Calendar(command.published_through, command.days).version
    except ValueError as error:  # a date outside the years that the table can hold
        return Refusal(Reason.MALFORMED, str(error))
    if version in known.versions:
        return Change(known, outcome=unchanged(version, known.last))
    if command.published_through < known.published_through:
        return Refusal(
            Reason.MALFORMED,
            f"the table is published through {command.published_through}, but version {known.last} already holds "
            f"the notices through {known.published_through}: a year that was published stays published",
        )
    in_force_from = command.in_force_from or context.now
    if refusal := in_the_past(in_force_from, context):
        return refusal
    announced = CalendarPublished(
        version=version,
        in_force_from=in_force_from,
        published_through=command.published_through,
        days=command.days,
        by=context.principal,
    )
    after = PublishedCalendars(
        versions=(*known.versions, version), last=version, published_through=command.published_through
    )
    return Change(after, (event(announced),), published(version, in_force_from, running=True))


def contradiction_in(command: PublishCalendar) -> str:
    """The first thing that cannot be true of this table, as a sentence that names the date; "" for none."""
    made_up, rest = ({day.on for day in command.days if day.is_work is work} for work in (True, False))
    for on in sorted(made_up & rest):
        return f"{on} is a make-up day and a rest day in the table: work is made up on no rest day"
    for on, count in Counter(day.on for day in command.days).items():
        if count > 1:
            return f"{on} is in the table {count} times: keep one row for each date"
    for day in command.days:
        if day.is_work and day.on.isoweekday() <= _FRIDAY:
            return (
                f"{day.on} is no make-up day: it is a {day.on:%A}, which is worked without a row of its own"
            )
    through = published_through(command.days, FIRST_PUBLISHED_YEAR - 1)
    if through < command.published_through:
        missing = through + 1
        return (
            f"the table cannot be published through {command.published_through}: it lacks the notice of {missing}, "
            f"which names {missing}-01-01, {missing}-05-01 and {missing}-10-01 as rest days"
        )
    return ""
