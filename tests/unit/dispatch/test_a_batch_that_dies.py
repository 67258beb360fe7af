"""Dispatch dies again and again while one key assigns 500 issues: each is assigned once, and the batch ends."""

from collections import Counter
from random import Random

import pytest

from shared.contract.events.dispatch import BatchBegun, BatchDone, IssueAssigned
from shared.contract.events.intake import IssueRegistered, PromiseStarted
from tests.unit.dispatch.given import ACCEPTED, DUE, OFFICE, Dispatch
from tests.unit.dispatch.test_batches import BATCH, many
from tests.unit.dying import Dying
from tests.unit.one_aggregate import after

MEMBERS = 500


@pytest.mark.parametrize("seed", range(2))
def test_every_one_of_500_is_assigned_once_though_dispatch_dies_again_and_again(seed: int) -> None:
    neighbours = Dispatch(BATCH)
    dispatch = Dying(neighbours.consumer, Random(seed))
    issues = [f"issue-{number}" for number in range(MEMBERS)]
    promised = PromiseStarted(started_at=after(), due_at=DUE, limit="10wd", policy="p", calendar="c")
    for issue in issues:
        for happened in (IssueRegistered(number="HZ-1"), promised, ACCEPTED):
            dispatch.records.append(neighbours.event(happened, after(), issue))
    dispatch.settle()
    dispatch.often = 0.5
    dispatch.ask(BATCH, many(*issues), after(), OFFICE)
    dispatch.settle()
    assert dispatch.deaths > 5
    assigned = dispatch.told(IssueAssigned)
    assert Counter(one.subject for one in assigned) == Counter(issues)
    assert {(one.data["department"], one.data["by"]) for one in assigned} == {("housing", "chen")}
    (_,), (done,) = dispatch.told(BatchBegun), dispatch.told(BatchDone)
    assert done.data["assigned"] == MEMBERS
    assert Counter(one["issue"] for one in done.data["members"]) == Counter(issues)
    assert "fan_out" not in dispatch.store.documents[BATCH]["state"]
