"""The days of who holds an issue, as the checker walks them: of what was granted after a breach none is given back."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.supervision.builtin import builtin_calendar
from shared.domain.clocks import SHANGHAI
from tests.simulation.checker.history import Event
from tests.simulation.checker.more_time import QUESTION, Promise
from tests.simulation.checker.questions import walked

MONDAY = datetime(2026, 3, 2, 10, tzinfo=SHANGHAI)


def fact(kind: str, later: float, **more: object) -> Event:
    at = (MONDAY + timedelta(days=later)).astimezone(UTC).isoformat()
    return {"type": f"{kind}.v1", "time": at, "data": {"assignment": "a.1", "round": 1, **more}}


@pytest.mark.parametrize(
    ("facts", "due_on"),
    [
        ([], date(2026, 3, 5)),
        ([fact("extension.granted", 2, days=2)], date(2026, 3, 9)),
        ([fact("extension.granted", 4, days=2)], date(2026, 3, 5)),
        (
            [fact(QUESTION, 1), fact("extension.granted", 4, days=2), fact("pause.ended", 4.5)],
            date(2026, 3, 13),
        ),
        ([fact("extension.granted", 4, days=2), fact(QUESTION, 5), fact("pause.ended", 9)], date(2026, 3, 5)),
    ],
    ids=["nothing", "in time", "after the breach", "while it is paused", "and a pause behind it"],
)
def test_an_extension_counts_that_was_granted_before_the_breach(facts: list[Event], due_on: date) -> None:
    clock = Promise(MONDAY, "3wd", {"office_day_end": "17:30"}, builtin_calendar())
    assert walked(clock, "a.1", facts)
    assert clock.due_at.date() == due_on
