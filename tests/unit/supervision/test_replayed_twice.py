"""Replaying gives the same: from nothing the same state and messages, and into what is there no others."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.bus.records import Record
from shared.contract.command import FireDeadline
from tests.unit.one_aggregate import OneAggregate
from tests.unit.supervision.given import MONDAY, new_issue, registered
from tests.unit.supervision.test_any_order_of_arrival import Delivery, deliveries

MOST_FIRED = 60
"""More than any of these issues has deadlines."""


def lived(delivered: list[Delivery], dice: random.Random) -> tuple[OneAggregate, list[Record]]:
    """An issue to which its records came in any order, its deadlines fired in between; and all of them as they came."""
    issue, came = new_issue(), list[Record]()

    def take(record: Record) -> None:
        came.append(record)
        issue.deliver(record)

    def fire() -> None:
        if (deadline := issue.deadline) is not None:
            request = FireDeadline(name=deadline.name, due_at=deadline.at)
            take(issue.command(request, deadline.fire_at, "system:timer"))

    events = [(MONDAY, registered()), *((at, event) for _, at, event in delivered)]
    records = [issue.event(event, at) for at, event in events]
    dice.shuffle(records)
    for record in records:
        take(record)
        if dice.random() < 0.3:
            fire()
    for _ in range(MOST_FIRED):
        fire()
    assert issue.deadline is None
    return issue, came


def everything(issue: OneAggregate) -> tuple[Any, ...]:
    """State, outcomes, how far it has read and published, and every message with its id."""
    stored = {name: value for name, value in (issue.stored or {}).items() if name not in ("v", "outbox")}
    return issue.state, stored, issue.envelopes, issue.commands


@settings(max_examples=40, deadline=None)
@given(deliveries(), st.integers(0, 2**32))
def test_a_replay_gives_the_same_and_a_second_one_into_what_is_there_changes_nothing(
    delivered: list[Delivery], seed: int
) -> None:
    dice = random.Random(seed)
    issue, came = lived(delivered, dice)
    first = everything(issue)
    again = new_issue()
    again.deliver(*came)
    assert everything(again) == first
    dice.shuffle(came)
    for _ in range(2):
        assert issue.deliver(*came) == []
        assert everything(issue) == first
