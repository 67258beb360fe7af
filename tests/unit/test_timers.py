"""Timers in memory: one slice in flight, sized by time; nothing twice; the auditor's pauses; what may not fire yet."""

import asyncio
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.deadlines import (
    MILESTONE,
    DueDeadline,
    behind,
    deadline_string,
    due_in,
    due_of,
    fire_at_of,
    partition_of,
    slices,
)
from shared.timers import FIRST, LEAST, MOST, Timers

NOON = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
NAME = "promise/1/due/0"


def entry(subject: str, at: datetime = NOON, partition: int = 0, **more: Any) -> DueDeadline:
    """One deadline of an aggregate."""
    return DueDeadline(subject, NAME, at, deadline_string(partition, at, subject), 1, **more)


def document(due: DueDeadline, **more: Any) -> dict[str, Any]:
    """As the store holds it."""
    stored = {"_id": due.subject, "v": due.version, "partition": partition_of(due.deadline)}
    if due.held:
        stored["held_since"] = "2026"
    return {**stored, "deadline": due.deadline, "due": {"name": due.name, "at": due.at.isoformat()}, **more}


class Index:
    """The index of a store; ``walked`` counts the entries that were looked at, ``reads`` the ranges."""

    def __init__(self, due: Iterable[DueDeadline]) -> None:
        self._due = sorted((each.deadline, each) for each in due)
        self.walked = self.reads = 0
        self.away = False

    def add(self, due: DueDeadline) -> None:
        insort(self._due, (due.deadline, due))

    def remove(self, due: DueDeadline) -> None:
        place = bisect_left(self._due, (due.deadline, due))
        if self._due[place : place + 1] == [(due.deadline, due)]:
            del self._due[place]

    def __len__(self) -> int:
        return len(self._due)

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        if self.away:
            raise ConnectionError("the store is away")
        left, right = (bisect_left(self._due, (bound,)) for bound in (low, high))
        self.walked += right - left
        self.reads += 1
        return [each for _, each in self._due[left:right]]


class Town:
    """Timers over an index, a clock that stands still, and a consumer that answers when it is told to."""

    def __init__(
        self,
        due: Iterable[DueDeadline],
        partitions: Sequence[int] = (0,),
        *,
        waits: bool = False,
        heard: set[int] | None = None,
        **more: Any,
    ) -> None:
        self.index = Index(due)
        self.now = self.read_up_to = NOON
        self.slices: list[list[DueDeadline]] = []
        self.lost = False
        may_fire = self._may_fire if waits else None
        if heard is not None:
            more["heard"] = self._heard
        self.heard = heard or set()
        self.timers = Timers(self.index, self._post, now=lambda: self.now, may_fire=may_fire, **more)
        self.timers.assigned(partitions)
        self.unanswered: list[DueDeadline] = []

    async def _may_fire(self, now: datetime) -> datetime:
        return self.read_up_to

    async def _heard(self) -> set[int]:
        return self.heard

    async def _post(self, due: Sequence[DueDeadline]) -> None:
        if self.lost:
            raise ConnectionError("the bus is away")
        self.slices.append(list(due))
        self.unanswered += due

    @property
    def posted(self) -> list[str]:
        return [each.subject for due in self.slices for each in due]

    def answer(self, *, fired: bool = True) -> None:
        """Everything posted is consumed: fired, or left as it was (void, or failed)."""
        answered, self.unanswered = self.unanswered, []
        written = []
        for each in answered if fired else ():
            self.index.remove(each)
            written.append({"_id": each.subject, "v": 2, "partition": partition_of(each.deadline)})
        self.timers.handled(written, [f"timer/timer:due/{each.key}" for each in answered])

    async def drain(self, step: timedelta = timedelta(milliseconds=20), *, fired: bool = True) -> None:
        """Turn after turn, each answered, until nothing more is posted."""
        while True:
            await self.timers.turn()
            if not self.unanswered:
                return
            self.now += step
            self.answer(fired=fired)

    async def minutes(self, count: int, *, fired: bool = True) -> None:
        """So many minutes, each drained."""
        for _ in range(count):
            self.now += MINUTE
            await self.drain(fired=fired)


# -------------------------------------------------------------- slices


async def test_the_next_slice_is_posted_when_the_last_was_answered_and_nothing_is_sent_twice() -> None:
    names = [f"s{number}" for number in range(5_000)]
    town = Town(map(entry, names))
    for _ in range(3):
        await town.timers.turn()
    assert len(town.slices) == 1
    await town.drain()
    assert Counter(town.posted) == Counter(names)
    assert max(map(len, town.slices)) <= MOST
    assert len(town.index) == 0


async def test_a_slice_with_one_answer_missing_is_still_in_flight() -> None:
    town = Town(entry(f"s{number}") for number in range(1_000))
    await town.timers.turn()
    missing = town.unanswered.pop()
    town.answer()
    await town.timers.turn()
    assert len(town.slices) == 1
    town.unanswered = [missing]
    town.answer()
    assert town.timers.woken
    await town.timers.turn()
    assert len(town.slices) == 2


async def test_all_partitions_together_have_one_slices_worth_in_flight_half_of_them_at_a_time() -> None:
    town = Town((entry(f"s{number}", partition=number % 6) for number in range(6_000)), range(6))
    assert await town.timers.turn() == 0.0
    assert {partition_of(each.deadline) for each in town.unanswered} == {0, 1, 2}
    await town.timers.turn()
    assert {partition_of(each.deadline) for each in town.unanswered} == set(range(6))
    assert len(town.unanswered) <= FIRST
    await town.timers.turn()
    assert len(town.slices) == 2


async def test_a_partition_that_is_not_consumed_does_not_hold_the_others() -> None:
    town = Town((entry(f"s{number}", partition=number % 2) for number in range(400)), (0, 1))
    stuck: list[DueDeadline] = []
    for _ in range(100):
        await town.timers.turn()
        stuck += [each for each in town.unanswered if partition_of(each.deadline) == 0]
        town.unanswered = [each for each in town.unanswered if partition_of(each.deadline) == 1]
        town.answer()
    assert sum(partition_of(each.deadline) for due in town.slices for each in due) == 200
    assert len(stuck) <= FIRST


@pytest.mark.parametrize(("milliseconds", "size"), [(50, LEAST), (0.2, 250), (0.01, MOST)])
async def test_a_slice_is_as_large_as_can_be_worked_off_in_50_milliseconds(
    milliseconds: float, size: int
) -> None:
    town = Town(entry(f"s{number:05d}") for number in range(8_000))
    for _ in range(20):
        await town.timers.turn()
        town.now += timedelta(milliseconds=milliseconds * len(town.unanswered))
        town.answer()
    assert len(town.slices[-1]) == pytest.approx(size, abs=2)


async def test_a_few_deadlines_now_and_then_do_not_make_the_slices_small() -> None:
    town = Town([])
    for number in range(20):
        town.index.add(entry(f"s{number}", town.now + SECOND))
        town.now += SECOND
        await town.drain()
    for number in range(1_000):
        town.index.add(entry(f"many{number}", town.now + MINUTE))
    town.now += MINUTE
    await town.timers.turn()
    assert len(town.slices[-1]) == FIRST


async def test_the_next_piece_is_read_while_the_slice_is_in_flight() -> None:
    town = Town((entry(f"s{number}", partition=number % 6) for number in range(6_000)), range(6))
    for _ in range(50):
        await town.timers.turn()
        reads = town.index.reads
        town.now += timedelta(milliseconds=50)
        town.answer()
        assert town.timers._choose(town.now, behind(town.now))  # without a read
        assert town.index.reads == reads
        for owned in town.timers._owned.values():
            owned.take_back()


# -------------------------------------------------------------- what it costs


async def test_a_hundred_thousand_deadlines_in_one_millisecond_cost_what_is_read_of_them() -> None:
    count = 100_000
    town = Town(entry(f"s{number}") for number in range(count))
    await town.timers.turn()
    assert town.index.walked < 1.2 * count / MILESTONE + 1_000


async def test_each_deadline_of_a_storm_is_read_once() -> None:
    count = 20_000
    town = Town(entry(f"s{number}") for number in range(count))
    await town.drain()
    assert len(town.posted) == len(set(town.posted)) == town.index.walked == count


async def test_a_storm_that_is_still_to_come_is_not_read_again_and_again() -> None:
    count = 20_000
    town = Town(entry(f"s{number}", NOON + 5 * SECOND) for number in range(count))
    for _ in range(10):
        assert 0 < await town.timers.turn() <= 5
        town.now += SECOND / 4
    assert town.posted == []
    assert town.index.walked < 1.3 * count / MILESTONE + 1_000


async def test_rounds_that_follow_each_other_closely_do_not_read_the_same_seconds() -> None:
    town = Town([], range(6))
    for _ in range(50):
        await town.timers.turn()
        town.now += timedelta(milliseconds=20)
    assert town.index.reads == 12  # of each partition the milestones, and the rest


async def test_pieces_hold_every_deadline_once_and_are_some_hundred_long() -> None:
    index = Index(entry(f"s{number}", NOON + (number % 50) * MINUTE) for number in range(20_000))
    parts = [part async for part in slices(index, 0, NOON, NOON + timedelta(hours=1))]
    assert [each.place for part in parts for each in part] == sorted(each.place for _, each in index._due)
    assert len(parts[0]) > 150 and max(map(len, parts)) < 1_500
    assert [each.at for each in await due_in(index, 0, NOON, NOON)] == [NOON] * 400


def test_an_index_string_never_lies_before_its_instant() -> None:
    at = NOON + timedelta(microseconds=1)
    assert fire_at_of(deadline_string(0, at, "a")) == NOON + timedelta(milliseconds=1)
    assert fire_at_of(deadline_string(0, NOON, "a")) == NOON


async def test_a_deadline_is_posted_when_its_millisecond_has_come_and_not_a_fraction_of_one_before() -> None:
    town = Town([entry("a", NOON + MINUTE)])
    town.now = NOON + MINUTE - timedelta(microseconds=400)
    await town.timers.turn()
    assert town.posted == []
    town.now = NOON + MINUTE
    await town.timers.turn()
    assert town.posted == ["a"]


async def test_a_deadline_waits_for_a_fraction_of_a_millisecond_that_is_unread_of_other_topics() -> None:
    town = Town([entry("a", NOON + MINUTE)], waits=True)
    town.now = NOON + 2 * MINUTE
    town.read_up_to = NOON + MINUTE - timedelta(microseconds=400)
    await town.timers.turn()
    assert town.posted == []
    town.now += SECOND
    town.read_up_to = NOON + MINUTE
    await town.timers.turn()
    assert town.posted == ["a"]


async def test_a_turn_comes_a_millisecond_after_the_soonest_deadline_that_no_wait_ends_before_it() -> None:
    town = Town([entry("a", NOON + SECOND)])
    assert await town.timers.turn() == pytest.approx(1.001)


# -------------------------------------------------------------- what is written meanwhile


async def test_a_deadline_written_behind_what_was_read_is_posted_with_the_next_slice() -> None:
    town = Town(entry(f"s{number}") for number in range(1_000))
    await town.timers.turn()
    early = entry("early", NOON - MINUTE)
    town.timers.handled([document(early)], [])
    town.answer()
    await town.timers.turn()
    assert town.slices[1][0] == early


async def test_every_deadline_that_is_written_while_an_index_is_read_is_posted() -> None:
    names = [f"s{number}" for number in range(3_000)]
    town = Town(map(entry, names))
    read_due = town.index.read_due
    late = iter([f"late{number}" for number in range(500)])

    async def read_while_others_write(low: str, high: str) -> list[DueDeadline]:
        found = await read_due(low, high)
        for subject in [name for _, name in zip(range(50), late, strict=False)]:
            new = entry(subject)
            town.index.add(new)
            town.timers.handled([document(new)], [])
        return found

    town.index.read_due = read_while_others_write  # type: ignore[method-assign]
    await town.drain()
    assert {*names, *(f"late{number}" for number in range(500))} == set(town.posted)


async def test_a_clock_that_was_stopped_is_not_posted_though_it_was_read_before() -> None:
    town = Town([entry("a", NOON + 2 * SECOND), entry("b", NOON + 2 * SECOND)])
    await town.timers.turn()
    town.timers.handled([{"_id": "a", "v": 2, "partition": 0}], [])
    later = entry("b", NOON + timedelta(days=1))
    town.timers.handled([document(later)], [])
    town.now += 3 * SECOND
    await town.timers.turn()
    assert town.posted == []


# -------------------------------------------------------------- what goes wrong


async def test_a_post_that_failed_is_made_again_and_only_of_what_was_not_answered() -> None:
    town = Town(entry(f"s{number}") for number in range(50))
    town.lost = True
    with pytest.raises(ConnectionError):
        await town.timers.turn()
    town.lost = False
    await town.drain()
    assert len(town.posted) == len(set(town.posted)) == 50


async def test_answers_that_do_not_come_are_waited_for_longer_each_time() -> None:
    town = Town([entry("a"), entry("b")])
    for _ in range(60):
        await town.timers.round()
        town.now += MINUTE
    assert len(town.slices) == 6  # at once and after 1, 3, 7, 15 and 31 minutes
    town.unanswered = town.slices[-1][:1]
    town.answer()
    town.now += timedelta(hours=2)
    await town.timers.round()
    assert [each.subject for each in town.slices[-1]] == [town.slices[0][1].subject]


async def test_a_read_that_failed_loses_nothing() -> None:
    town = Town(entry(f"s{number}") for number in range(1_000))
    town.index.away = True
    for _ in range(3):
        with pytest.raises(ConnectionError):
            await town.timers.turn()
    town.index.away = False
    await town.drain()
    assert len(set(town.posted)) == 1_000


async def test_the_heartbeat_stands_still_while_rounds_or_audits_fail() -> None:
    town = Town([entry("a")])
    await town.timers.turn()
    town.answer()
    town.index.away = True
    town.now += 2 * MINUTE
    with pytest.raises(ConnectionError):
        await town.timers.turn()
    assert town.timers.heartbeat == NOON
    town.index.away = False
    await town.timers.turn()
    assert town.timers.heartbeat == NOON + 2 * MINUTE


async def test_whatever_a_turn_raises_the_timers_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.timers.RETRY_SECONDS", 0.0)
    town = Town([entry("a")])
    turn, turns = town.timers.turn, 0

    async def failing() -> float:
        nonlocal turns
        turns += 1
        if turns < 3:
            raise ZeroDivisionError("a bug")
        wait = await turn()
        town.timers.stop()
        return wait

    monkeypatch.setattr(town.timers, "turn", failing)
    await asyncio.wait_for(town.timers.run(), 5)
    assert town.posted == ["a"]


async def test_after_a_rebalance_a_partition_that_came_back_starts_from_its_oldest_deadline() -> None:
    town = Town(entry(f"s{number}", partition=number % 2) for number in range(20))
    town.timers.assigned([0, 1])
    for _ in range(2):
        await town.timers.turn()
    assert len(town.posted) == 20
    town.timers.assigned([1])
    town.timers.assigned([0, 1])
    await town.timers.turn()
    assert len(town.posted) == 30  # those of partition 1 are still in flight


async def test_a_partition_that_comes_while_a_turn_reads_is_looked_at_in_the_next() -> None:
    town = Town([entry("a", partition=1)])
    read_due = town.index.read_due

    async def read_while_a_partition_comes(low: str, high: str) -> list[DueDeadline]:
        town.timers.assigned([0, 1])
        return await read_due(low, high)

    town.index.read_due = read_while_a_partition_comes  # type: ignore[method-assign]
    assert await town.timers.turn() == 0.0
    town.index.read_due = read_due  # type: ignore[method-assign]
    await town.timers.turn()
    assert town.posted == ["a"]


async def test_nothing_is_posted_in_a_partition_before_what_stood_there_was_read() -> None:
    town = Town((entry(f"s{number}", partition=number % 2) for number in range(20)), (0, 1), heard={1})
    for _ in range(5):  # owners that come and go
        assert await town.timers.turn() > 0
        town.timers.assigned([])
        town.timers.assigned([0, 1])
        assert {partition_of(each.deadline) for each in town.unanswered} == {1}
    # What the owner before us had posted is read by now, and its deadline is gone.
    town.index.remove(gone := entry("s0", partition=0))
    town.timers.handled([{"_id": gone.subject, "v": 2, "partition": 0}], [])
    town.heard.add(0)
    town.unanswered.clear()
    await town.timers.turn()
    assert {each.subject for each in town.unanswered if partition_of(each.deadline) == 0} == {
        f"s{number}" for number in range(2, 20, 2)
    }


async def test_a_partition_in_which_all_was_read_once_is_not_asked_about_again() -> None:
    town = Town([entry("a")], heard={0})
    await town.timers.turn()
    town.heard.clear()
    town.answer()
    town.index.add(late := entry("b"))
    town.timers.handled([document(late)], [])
    await town.timers.turn()
    assert town.posted == ["a", "b"]


# -------------------------------------------------------------- what waits for other topics


async def test_what_rests_on_unread_events_is_neither_read_nor_asked_for_again_at_once() -> None:
    town = Town((entry(f"s{number}") for number in range(1_000)), waits=True)
    town.read_up_to = NOON - MINUTE
    for _ in range(50):
        assert await town.timers.round() >= 0.5
    assert (town.posted, town.index.walked) == ([], 0)
    assert town.index.reads == 2
    town.read_up_to = NOON
    await town.timers.round()
    assert town.posted == []
    town.now += SECOND
    await town.timers.round()
    assert len(town.posted) == FIRST


async def test_the_auditor_says_what_is_late_though_nothing_says_what_was_read() -> None:
    town = Town([entry("a"), entry("b"), entry("c", held=True)], waits=True)
    town.now += timedelta(minutes=6)

    async def fails(now: datetime) -> datetime:
        raise ConnectionError("the bus is away")

    town.timers._may_fire = fails
    with pytest.raises(ConnectionError):
        await town.timers.turn()
    timers = town.timers
    assert (timers.overdue, timers.overdue_held, timers.overdue_waiting) == (0, 1, 2)
    assert town.posted == []


# -------------------------------------------------------------- the auditor


async def test_what_was_dealt_with_and_is_still_there_is_sent_again_after_pauses_that_double() -> None:
    town = Town([entry("a")])
    sent = []
    for minute in range(1, 22 * 60):
        before = len(town.posted)
        await town.minutes(1, fired=False)
        if len(town.posted) > before:
            sent.append(minute)
    assert [minute // 5 * 5 for minute in sent] == [0, 5, 10, 20, 40, 80, 160, 320, 640, 1280]
    assert town.timers.overdue == 1


async def test_the_auditor_finds_a_deadline_that_nobody_told_of_and_sends_it_in_slices() -> None:
    town = Town([])
    await town.drain()
    for number in range(3_000):
        town.index.add(entry(f"s{number}"))
    town.now += timedelta(minutes=4)
    await town.drain()
    assert town.posted == []
    await town.minutes(3)
    assert len(town.posted) == len(set(town.posted)) == 3_000
    assert max(map(len, town.slices)) <= MOST


async def test_of_what_the_auditor_found_a_turn_reads_no_more_than_its_share() -> None:
    town = Town([])
    await town.drain()
    for number in range(20_000):
        town.index.add(entry(f"s{number}", NOON + (number % 100) * timedelta(milliseconds=1)))
    town.now += timedelta(minutes=6)
    await town.timers.audit()
    reads, walked = town.index.reads, town.index.walked
    await town.timers.turn()
    assert len(town.posted) == FIRST
    assert town.index.reads - reads < 10
    assert town.index.walked - walked < 2_000
    await town.drain()
    assert len(town.posted) == len(set(town.posted)) == 20_000


async def test_the_auditor_does_not_send_what_the_timers_have_not_come_to_yet() -> None:
    town = Town(entry(f"s{number}", NOON - timedelta(hours=1)) for number in range(10_000))
    for _ in range(20):
        town.now += MINUTE
        await town.timers.turn()
        town.answer()
    assert len(town.posted) == len(set(town.posted)) < 10_000
    assert town.timers.overdue == pytest.approx(len(town.index), rel=0.3)  # of so many it is an estimate


async def test_a_held_deadline_is_sent_when_it_is_released_and_not_before() -> None:
    town = Town([entry("a", held=True)], waits=True)
    for _ in range(60):
        town.now += MINUTE
        town.read_up_to = town.now
        await town.drain()
    assert town.posted == []
    assert (town.timers.overdue, town.timers.overdue_held) == (0, 1)
    town.timers.handled([document(entry("a"))], [])
    await town.timers.turn()
    assert town.posted == ["a"]


@pytest.mark.parametrize(("name", "waits"), [(NAME, True), ("sweep/1/due/1", False)])
def test_a_deadline_waits_for_the_release_of_what_is_held_but_a_sweep_does_not(
    name: str, waits: bool
) -> None:
    due = entry("a", held=True)._replace(name=name)
    assert due_of(document(due)).held is waits


def test_behind_an_instant_is_behind_every_deadline_of_it() -> None:
    assert all(entry(f"s{number}").place < behind(NOON) for number in range(100))
    assert entry("s", NOON + timedelta(milliseconds=1)).place > behind(NOON)
