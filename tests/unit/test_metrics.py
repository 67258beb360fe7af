"""What is counted of due dates that may still move: of clocks in a year without a notice, and of nothing else."""

from datetime import datetime, timedelta

import pytest

from services.supervision.consumer import consumer
from shared.bus.effects import Answer
from shared.bus.processor import Batch
from shared.bus.records import Outgoing
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


async def test_what_happens_to_clocks_and_on_the_ladder_is_counted_by_its_name() -> None:
    named = new_issue()
    played = Played(consumer(JURISDICTION))
    records = [named.event(event, MONDAY) for event in (*raised(MONDAY), assigned())]
    batch = await played.processor.run(records)
    metrics = Metrics()
    metrics.measure(batch, [], 0.1)

    def counted(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"qinqing_{name}_total", labels)

    assert counted("clock_events", clock="promise", event="started") == 1
    assert counted("clock_events", clock="holding", event="started") == 1
    assert counted("clock_events", clock="promise", event="breached") is None


@pytest.mark.parametrize(
    ("type", "data", "name", "labels"),
    [
        ("clock.breached.v1", '"clock":"sign"', "clock_events", {"clock": "sign", "event": "breached"}),
        (
            "clock.breach_annulled.v1",
            '"clock":"promise"',
            "clock_events",
            {"clock": "promise", "event": "breach_annulled"},
        ),
        ("clock.warned.v1", '"clock":"lunch"', "clock_events", {"clock": "other", "event": "warned"}),
        (
            "ladder.raised.v1",
            '"called":"red_light"',
            "ladder_events",
            {"event": "raised", "step": "red_light"},
        ),
        ("ladder.raised.v1", '"called":"purple"', "ladder_events", {"event": "raised", "step": "other"}),
        (
            "ladder.lifted.v1",
            '"step":3,"reason":"\\"called\\":\\"red_light\\""',
            "ladder_events",
            {"event": "lifted", "step": ""},
        ),
    ],
)
def test_words_that_are_not_known_are_others(type: str, data: str, name: str, labels: dict[str, str]) -> None:
    value = f'{{"specversion":"1.0","type":"{type}","data":{{{data}}}}}'.encode()
    metrics = Metrics()
    metrics.measure(Batch(outgoing=[Outgoing("supervision.events", ISSUE, value)]), [], 0.1)
    assert metrics.registry.get_sample_value(f"qinqing_{name}_total", labels) == 1
    told = [sample.name for family in metrics.registry.collect() for sample in family.samples]
    assert len([sample for sample in told if sample.endswith("_events_total")]) == 1
