"""By when a report on an instruction may be wanted: a working day, tomorrow at the earliest and within a year."""

from datetime import date

from shared.domain.clocks import SHANGHAI, Limit
from shared.domain.decisions import Context, Reason, Refusal

MOST_DAYS = 366
"""How far ahead it may lie."""


def limit_until(due_on: date, context: Context) -> Limit | Refusal:
    """The limit that ends on this day."""
    days = (due_on - context.now.astimezone(SHANGHAI).date()).days
    if days < 1:
        return Refusal(Reason.DATE_TOO_EARLY, "due_on: tomorrow at the earliest")
    if days > MOST_DAYS:
        return Refusal(Reason.DATE_TOO_FAR, f"due_on: at most {MOST_DAYS} days ahead")
    if not context.calendar.is_working_day(due_on):
        return Refusal(Reason.NO_WORKING_DAY, f"due_on: {due_on} is no working day")
    return Limit(f"{days}d")
