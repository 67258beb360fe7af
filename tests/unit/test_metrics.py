"""What is counted of due dates that may still move: of clocks in a year without a notice, and of nothing else."""

from datetime import datetime, timedelta

import pytest

from services.supervision.consumer import consumer
from shared.bus.effects import Answer
from shared.bus.processor import Batch
from shared.contract.event import Event
from shared.contract.words import Provisional
from shared.domain.clocks import due_at
from shared.metrics import Metrics
from tests.faults.given import Played
from tests.unit.one_aggregate import MONDAY
from tests.unit.reference import JURISDICTION
from tests.unit.supervision.given import (
    CALENDAR,
    ISSUE,
    POLICY,
    asked_for_more,
    assigned,
    extended,
    new_issue,
    promised,
    registered,
)
from tests.unit.supervision.renewed import DECEMBER

EARLIER = DECEMBER - timedelta(days=7)
"""Ten working days from here end before the new year."""


def raised(at: datetime) -> tuple[Event, ...]:
    """What supervision hears of an issue whose promise begins then."""
    due = due_at(at, POLICY.limits["promise"], POLICY, CALENDAR)
    return registered(), promised(at, due.at, provisional_because=due.because)


async def counted(at: datetime, *told: Event) -> float:
    """How many dates are counted where supervision reads these."""
    named = new_issue()
    records = [named.event(event, at) for event in told]
    batch = await Played(consumer(JURISDICTION)).processor.run(records)
    return measured(batch)


def measured(batch: Batch) -> float:
    metrics = Metrics()
    metrics.measure(batch, [], 0.1)
    return metrics.registry.get_sample_value("qinqing_provisional_total") or 0.0


async def test_each_clock_that_reaches_into_a_year_without_a_notice_is_counted() -> None:
    assert await counted(MONDAY, *raised(MONDAY), assigned()) == 0
    assert (
        await counted(DECEMBER, *raised(DECEMBER)) == 1
    )  # not the clock of the assignment: two days are in 2026
    assert await counted(DECEMBER, *raised(DECEMBER), assigned()) == 2  # the holder's too


async def test_a_date_that_moves_into_such_a_year_is_counted_then() -> None:
    before = *raised(EARLIER), assigned(), asked_for_more()
    assert await counted(EARLIER, *before) == 0
    assert await counted(EARLIER, *before, extended(days=10)) == 2


async def test_a_date_that_waits_for_a_talk_is_not_counted() -> None:
    waits = promised(provisional_because=Provisional.TALK_NOT_HELD)
    assert await counted(MONDAY, registered(), waits) == 0


@pytest.mark.parametrize("because", [None, *Provisional])
def test_what_the_raiser_is_answered_is_not_counted_again(because: Provisional | None) -> None:
    record = new_issue().event(registered(), MONDAY)
    outcome = {"status": "done", "provisional_because": because}
    assert measured(Batch(answers=[Answer("command", ISSUE, outcome, record)])) == 0
