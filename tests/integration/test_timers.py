"""Timers on the real store: bounded reads whose cost follows what is due, never early, nothing after stop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandListener

from shared.deadlines import (
    CUT_EVERY,
    MILESTONE,
    DueDeadline,
    deadline_string,
    due_in,
    fire_at_of,
    partition_of,
    place_of,
    slices,
)
from shared.store import Aggregates
from shared.timers import MOST, Timers
from tests.faults.database import own_database
from tests.integration.broker import own_namespace

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
PIECE = MILESTONE * CUT_EVERY


class Listener(CommandListener):
    """Every command on deadlines: its range, and how many documents or keys it gave."""

    def __init__(self) -> None:
        self.ranges: list[dict[str, str]] = []
        self.documents = self.commands = 0

    def started(self, event: Any) -> None:
        command = event.command
        query = command.get("filter") or next(
            (stage["$match"] for stage in command.get("pipeline", ()) if "$match" in stage), None
        )
        if query and "deadline" in query:
            self.commands += 1
            self.ranges.append(dict(query["deadline"]))

    def succeeded(self, event: Any) -> None:
        cursor = event.reply.get("cursor", {})
        if event.command_name in ("find", "getMore"):
            self.documents += len(cursor.get("firstBatch", cursor.get("nextBatch", ())))

    def failed(self, event: Any) -> None:
        pass


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    one = Listener()
    monkeypatch.setattr("shared.store.AsyncIOMotorClient", partial(AsyncIOMotorClient, event_listeners=[one]))
    return one


@pytest.fixture
async def store(store_url: str, listener: Listener) -> AsyncIterator[Aggregates]:
    async with own_database(store_url, own_namespace("timers")) as database:
        aggregates = database.aggregates("aggregates", "test")
        await aggregates.prepare()
        yield aggregates


def document(id: str, at: datetime, partition: int = 0, grace: timedelta = timedelta(0)) -> dict[str, Any]:
    return {
        "_id": id,
        "v": 1,
        "token": "t",
        "partition": partition,
        "state": {},
        "deadline": deadline_string(partition, at + grace, id),
        "due": {"name": "promise/1/due/0", "at": at.isoformat()},
    }


class Posts:
    """What the timers posted, and a clock for them."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.due: list[DueDeadline] = []
        self.slices: list[int] = []

    async def __call__(self, due: Sequence[DueDeadline]) -> None:
        self.due += due
        self.slices.append(len(due))

    def subjects(self) -> list[str]:
        return [entry.subject for entry in self.due]


def timers_at(store: Any, posts: Posts, partitions: Sequence[int] = (0,), **more: Any) -> Timers:
    one = Timers(store, posts, now=lambda: posts.now, **more)
    one.assigned(partitions)
    return one


async def drain(timers: Timers, posts: Posts) -> None:
    """Turn after turn, everything posted answered at once, until there is nothing more."""
    answered = 0
    while True:
        await timers.turn()
        if answered == len(posts.due):
            return
        timers.handled([], [f"timer/timer:due/{entry.key}" for entry in posts.due[answered:]])
        answered = len(posts.due)


async def test_five_thousand_deadlines_in_one_millisecond_are_posted_once_in_slices_of_a_few_hundred(
    store: Aggregates, listener: Listener
) -> None:
    names = [f"s{number:05d}" for number in range(5_000)]
    await store.write([document(name, NOON) for name in names])
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    await timers.turn()
    assert listener.documents < 2 * 5_000 / MILESTONE + 6 * PIECE
    await drain(timers, posts)
    assert sorted(posts.subjects()) == names
    assert max(posts.slices) <= MOST
    assert all(set(bounds) == {"$gte", "$lt"} for bounds in listener.ranges)
    assert listener.documents == 5_000  # each was read once
    await drain(timers, posts)
    assert (len(posts.due), listener.documents) == (5_000, 5_000)  # reading stands behind them


@pytest.mark.parametrize("offset", [timedelta(0), timedelta(microseconds=400), timedelta(microseconds=999)])
async def test_a_crowded_millisecond_is_read_once_wherever_the_range_ends_in_it(
    store: Aggregates, offset: timedelta
) -> None:
    names = [f"s{number:05d}" for number in range(2 * PIECE)]
    await store.write([document(name, NOON) for name in names])
    found = await due_in(store, 0, NOON, NOON + offset)
    assert sorted(entry.subject for entry in found) == names
    found = await due_in(store, 0, NOON - HOUR, NOON + HOUR + offset)
    assert sorted(entry.subject for entry in found) == names


async def test_the_cost_follows_what_is_due_and_not_what_is_open(
    store: Aggregates, listener: Listener
) -> None:
    open_ones = [
        document(f"open{number}", NOON + HOUR + number * SECOND, number % 3) for number in range(20_000)
    ]
    for start in range(0, len(open_ones), 5_000):
        await store.write(open_ones[start : start + 5_000])
    await store.write([document(f"due{number}", NOON - number * SECOND, number % 3) for number in range(60)])
    listener.commands = listener.documents = 0
    posts = Posts(NOON)
    timers = timers_at(store, posts, (0, 1, 2))
    await drain(timers, posts)
    assert sorted(posts.subjects()) == sorted(f"due{number}" for number in range(60))
    assert listener.documents == 60
    assert listener.commands == 6  # for each partition: the milestones, and the others
    posts.now += 5 * SECOND
    listener.commands = listener.documents = 0
    await timers.turn()
    assert (listener.documents, listener.commands) == (0, 6)
    assert all(
        bounds["$gte"].startswith(bounds["$lt"][:6]) and bounds["$lt"] > bounds["$gte"]
        for bounds in listener.ranges
    )


async def test_a_wide_range_is_cut_into_slices_in_order(store: Aggregates) -> None:
    await store.write(
        [document(f"s{number}", NOON + number * timedelta(milliseconds=7)) for number in range(2_500)]
    )
    parts = [part async for part in slices(store, 0, NOON - HOUR, NOON + timedelta(days=1))]
    assert len(parts) > 2_500 / PIECE / 2
    assert max(map(len, parts)) < 4 * PIECE
    assert [entry.subject for part in parts for entry in part] == [f"s{number}" for number in range(2_500)]


async def test_nothing_fires_early_not_by_a_millisecond(store: Aggregates) -> None:
    await store.write([document("a", NOON, grace=2 * SECOND), document("b", NOON + SECOND, grace=2 * SECOND)])
    posts = Posts(NOON + 2 * SECOND - timedelta(milliseconds=1))
    timers = timers_at(store, posts)
    wait = await timers.round()
    assert posts.due == []
    assert wait == pytest.approx(0.02)  # one millisecond is left; it looks at most every twenty
    posts.now = NOON + 2 * SECOND
    await drain(timers, posts)
    assert await timers.round() == pytest.approx(1.001)
    assert [(entry.subject, entry.at) for entry in posts.due] == [("a", NOON)]
    posts.now += SECOND
    await timers.round()
    assert posts.subjects() == ["a", "b"]


async def test_an_earlier_deadline_written_behind_what_was_read_is_posted(store: Aggregates) -> None:
    await store.write([document("a", NOON)])
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    await drain(timers, posts)
    earlier = document("b", NOON - HOUR)
    await store.write([earlier])
    await drain(timers, posts)
    assert posts.subjects() == ["a"]
    timers.handled([earlier], [])
    await drain(timers, posts)
    assert posts.subjects() == ["a", "b"]


async def test_a_sooner_deadline_wakes_the_sleeping_timers(store: Aggregates) -> None:
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    await timers.turn()
    assert not timers.woken
    running = asyncio.create_task(timers.run())
    due = document("a", NOON)
    timers.handled([due], [])
    assert timers.woken
    async with asyncio.timeout(4):  # it would sleep longer by itself
        while not posts.due:
            await asyncio.sleep(0.01)
    timers.stop()
    await running


async def test_nothing_is_posted_after_stop_nor_for_partitions_that_are_not_ours(store: Aggregates) -> None:
    await store.write([document("a", NOON, 0), document("b", NOON, 1)])
    posts = Posts(NOON)
    timers = timers_at(store, posts, (1,))
    await timers.turn()
    assert posts.subjects() == ["b"]
    timers.assigned(())
    await store.write([document("c", NOON, 1)])
    await timers.turn()
    timers.assigned((0, 1))
    timers.stop()
    await timers.turn()
    await timers.run()
    assert posts.subjects() == ["b"]


async def test_partitions_that_leave_while_they_are_read_are_not_posted_for(store: Aggregates) -> None:
    await store.write([document(f"s{number}", NOON, number % 2) for number in range(200)])
    posts = Posts(NOON)
    timers = timers_at(store, posts, (0, 1))
    read_due = store.read_due

    async def then_lose_it(low: str, high: str) -> list[DueDeadline]:
        timers.assigned((1,))
        return await read_due(low, high)

    store.read_due = then_lose_it  # type: ignore[method-assign]
    await drain(timers, posts)
    assert {partition_of(entry.deadline) for entry in posts.due} == {1}


async def test_deadlines_that_rest_on_others_events_wait_until_those_were_read(
    store: Aggregates, listener: Listener
) -> None:
    await store.write([document("a", NOON), document("b", NOON + 4 * SECOND)])
    read_up_to = NOON - SECOND

    async def may_fire(_: datetime) -> datetime:
        return read_up_to

    posts = Posts(NOON + 10 * SECOND)
    timers = timers_at(store, posts, may_fire=may_fire)
    for _ in range(3):
        assert await timers.round() == pytest.approx(0.5)
    assert (posts.due, listener.documents) == ([], 0)
    read_up_to = NOON + SECOND
    posts.now += SECOND
    await timers.round()
    assert posts.subjects() == ["a"]
    read_up_to = NOON + HOUR
    posts.now += SECOND
    await drain(timers, posts)
    assert posts.subjects() == ["a", "b"]


async def test_the_auditor_sends_again_what_was_answered_and_is_still_there_five_minutes_late(
    store: Aggregates,
) -> None:
    await store.write([document("a", NOON), document("b", NOON + HOUR)])
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    await drain(timers, posts)
    posts.now += timedelta(minutes=5)
    await drain(timers, posts)
    assert posts.subjects() == ["a", "a"]
    assert timers.overdue == 1


def test_an_index_string_sorts_as_its_instant_does() -> None:
    instants = [NOON, NOON + timedelta(milliseconds=1), NOON + SECOND, NOON + timedelta(days=400)]
    strings = [deadline_string(3, at, f"s{number}") for number, at in enumerate(instants)]
    assert [text[6:] for text in strings] == sorted(text[6:] for text in strings)
    assert [fire_at_of(text) for text in strings] == instants
    assert all(
        partition_of(text) == 3 and text[6:].startswith(place_of(at))
        for text, at in zip(strings, instants, strict=True)
    )
