"""One key assigns many: each issue answers the batch, in chunks, and what cannot be assigned says why."""

import pytest

from shared.contract.command import FireDeadline
from shared.contract.commands.dispatch import AssignMany, BatchMember
from shared.contract.events.dispatch import BatchBegun, BatchDone, IssueAssigned
from shared.contract.events.intake import IssueRegistered
from shared.domain.fan_out import CHUNK
from tests.unit.dispatch.given import ACCEPTED, OFFICE, Dispatch
from tests.unit.one_aggregate import after

BATCH = "batch:b-1"


async def waiting(dispatch: Dispatch, *ids: str) -> None:
    """Issues that were taken on."""
    for id in ids:
        await dispatch.register(subject=id)
        await dispatch.deliver(dispatch.event(ACCEPTED, after(), id))


def many(*ids: str, department: str = "housing") -> AssignMany:
    return AssignMany(members=tuple(BatchMember(issue=id, department=department) for id in ids))


@pytest.mark.parametrize("members", [1, CHUNK, CHUNK + 1])
async def test_every_one_of_many_is_assigned_once_and_the_last_answer_ends_the_batch(members: int) -> None:
    dispatch = Dispatch(BATCH)
    ids = [f"issue-{number}" for number in range(members)]
    await waiting(dispatch, *ids)
    outcome = await dispatch.ask(many(*ids), after(), OFFICE)
    assert outcome == {"status": "done", "state": "running", "members": members}
    assert len(dispatch.commands) == min(members, CHUNK)
    await dispatch.settle(after())
    assigned = [event for event in dispatch.events if isinstance(event, IssueAssigned)]
    assert {event.assignment for event in assigned} == {f"{id}.1" for id in ids}
    assert {(event.department, event.by) for event in assigned} == {("housing", "chen")}
    assert len(assigned) == members
    (begun,) = (event for event in dispatch.events if isinstance(event, BatchBegun))
    (done,) = (event for event in dispatch.events if isinstance(event, BatchDone))
    assert (begun.by, len(begun.members), done.assigned) == ("chen", members, members)
    assert (dispatch.state.state, dispatch.state.fan_out) == ("done", None)


async def test_what_cannot_be_assigned_says_why_and_the_rules_choose_where_nobody_did() -> None:
    dispatch = Dispatch(BATCH)
    await waiting(dispatch, "one", "two")
    await dispatch.deliver(dispatch.event(IssueRegistered(number="HZ-3"), after(), "three"))
    asked = AssignMany(
        members=(
            BatchMember(issue="one"),
            BatchMember(issue="two", department="moon"),
            BatchMember(issue="three", department="housing"),
            BatchMember(issue="nowhere", department="housing"),
        )
    )
    await dispatch.ask(asked, after(), OFFICE)
    await dispatch.settle(after())
    (done,) = (event for event in dispatch.events if isinstance(event, BatchDone))
    assert [(one.issue, one.department, one.refused) for one in done.members] == [
        ("one", "housing", ""),
        ("two", "moon", "unknown_department"),
        ("three", "housing", "illegal_move"),
        ("nowhere", "housing", "unknown_issue"),
    ]
    assert done.assigned == 1


async def test_a_batch_is_begun_once_and_lists_each_issue_once() -> None:
    dispatch = Dispatch(BATCH)
    await waiting(dispatch, "one")
    assert (await dispatch.ask(many("one", "one"), after(), OFFICE))["reason"] == "malformed"
    assert (await dispatch.ask(many("one"), after(), OFFICE))["status"] == "done"
    assert (await dispatch.ask(many("one"), after(), OFFICE))["reason"] == "illegal_move"


async def test_what_is_asked_of_many_twice_has_one_effect() -> None:
    dispatch = Dispatch(BATCH)
    await waiting(dispatch, "one", "two")
    record = dispatch.command(many("one", "two"), after(), OFFICE)
    first = await dispatch.deliver(record)
    again = await dispatch.deliver(record)
    assert [one.outcome for one in again.answers] == [one.outcome for one in first.answers]
    await dispatch.settle(after())
    await dispatch.deliver(record)
    await dispatch.settle(after())
    assert sum(isinstance(event, IssueAssigned) for event in dispatch.events) == 2
    assert sum(isinstance(event, BatchDone) for event in dispatch.events) == 1


async def test_who_does_not_answer_is_asked_again_and_assigned_once() -> None:
    dispatch = Dispatch(BATCH)
    await waiting(dispatch, "one", "two")
    await dispatch.ask(many("one", "two"), after(), OFFICE)
    lost = [out for out in dispatch.commands if out.key == "one"]
    dispatch.commands = [out for out in dispatch.commands if out.key != "one"]
    await dispatch.settle(after())
    assert dispatch.state.fan_out.left == ("one",)
    kind = dispatch.consumer.kind(BATCH)
    assert kind is not None
    deadline = kind.next_deadline(dispatch.state)
    assert deadline is not None
    fires = FireDeadline(name=deadline.name, due_at=deadline.at)
    await dispatch.deliver(dispatch.command(fires, deadline.at, "timer:due"))  # type: ignore[arg-type]
    await dispatch.settle(deadline.at)
    assert dispatch.state.state == "done"
    dispatch.commands = lost
    await dispatch.settle(deadline.at)
    (done,) = (event for event in dispatch.events if isinstance(event, BatchDone))
    assert done.assigned == 2
    assert sum(isinstance(event, IssueAssigned) for event in dispatch.events) == 2
