"""Timers on the real store: bounded reads whose cost follows what is due, never early, nothing after stop."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandListener

from shared.store import Aggregates
from shared.timers import SLICE, DueDeadline, Timers, deadline_string, due_in, fire_at_of, slices
from tests.faults.database import own_database
from tests.integration.broker import own_namespace

pytestmark = pytest.mark.integration

NOON = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


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
        self.fail = 0

    async def __call__(self, due: Sequence[DueDeadline]) -> None:
        if self.fail:
            self.fail -= 1
            raise ConnectionError("the bus is away")
        self.due += due
        self.slices.append(len(due))

    def subjects(self) -> list[str]:
        return [entry.subject for entry in self.due]


def timers_at(store: Any, posts: Posts, partitions: Sequence[int] = (0,), **more: Any) -> Timers:
    one = Timers(store, posts, now=lambda: posts.now, **more)
    one.assigned(partitions)
    return one


async def test_five_thousand_deadlines_in_one_millisecond_are_posted_once_in_slices_of_a_few_hundred(
    store: Aggregates, listener: Listener
) -> None:
    names = [f"s{number:05d}" for number in range(5_000)]
    await store.write([document(name, NOON) for name in names])
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    await timers.round()
    assert sorted(posts.subjects()) == names
    assert max(posts.slices) <= 2 * SLICE
    assert len(posts.slices) >= 5_000 / (2 * SLICE)
    assert all(set(bounds) == {"$gte", "$lt"} for bounds in listener.ranges)
    listener.documents = 0
    await timers.round()
    assert (len(posts.due), listener.documents) == (5_000, 0)  # the cursor stands behind them


@pytest.mark.parametrize("offset", [timedelta(0), timedelta(microseconds=400), timedelta(microseconds=999)])
async def test_a_crowded_millisecond_is_read_once_wherever_the_range_ends_in_it(
    store: Aggregates, offset: timedelta
) -> None:
    names = [f"s{number:05d}" for number in range(SLICE + 50)]
    await store.write([document(name, NOON) for name in names])
    found = await due_in(store, 0, NOON, NOON + offset)
    assert sorted(entry.subject for entry in found) == names
    found = await due_in(store, 0, NOON - HOUR, NOON + HOUR + offset)
    assert sorted(entry.subject for entry in found) == names


async def test_what_was_posted_of_a_crowded_millisecond_before_the_bus_failed_is_not_read_again(
    store: Aggregates,
) -> None:
    names = [f"s{number:05d}" for number in range(4 * SLICE)]
    await store.write([document(name, NOON) for name in names])
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    post = timers._post

    async def third_fails(due: Sequence[DueDeadline]) -> None:
        if len(posts.slices) == 2 and not posts.fail:
            posts.fail = 1
        await post(due)

    timers._post = third_fails
    with pytest.raises(ConnectionError):
        await timers.round()
    first = len(posts.due)
    assert first > 0
    timers._post = post
    await timers.round()
    assert sorted(posts.subjects()) == names


async def test_the_cost_follows_what_is_due_and_not_what_is_open(
    store: Aggregates, listener: Listener
) -> None:
    open_ones = [
        document(f"open{number}", NOON + HOUR + number * SECOND, number % 3) for number in range(20_000)
    ]
    for start in range(0, len(open_ones), 5_000):
        await store.write(open_ones[start : start + 5_000])
    await store.write([document(f"due{number}", NOON - number * SECOND, number % 3) for number in range(200)])
    listener.commands = listener.documents = 0
    posts = Posts(NOON)
    timers = timers_at(store, posts, (0, 1, 2))
    await timers.round()
    assert sorted(posts.subjects()) == sorted(f"due{number}" for number in range(200))
    assert listener.documents == 200
    assert listener.commands == 6  # for each partition: are there any, and these
    listener.commands = listener.documents = 0
    await timers.round()
    assert (listener.documents, listener.commands) == (0, 3)
    assert all(
        bounds["$gte"].startswith(bounds["$lt"][:5]) and bounds["$lt"] > bounds["$gte"]
        for bounds in listener.ranges
    )


async def test_a_wide_range_is_cut_into_slices_in_order(store: Aggregates) -> None:
    await store.write(
        [document(f"s{number}", NOON + number * timedelta(milliseconds=7)) for number in range(2_500)]
    )
    low, high = "00000|2026-11-20", "00000|2026-11-22"
    parts = [part async for part in slices(store, low, high, 0, NOON, NOON + timedelta(days=1))]
    assert max(map(len, parts)) <= SLICE
    assert [entry.subject for part in parts for entry in part] == [f"s{number}" for number in range(2_500)]


async def test_nothing_fires_early_not_by_a_millisecond(store: Aggregates) -> None:
    await store.write([document("a", NOON, grace=2 * SECOND), document("b", NOON + SECOND, grace=2 * SECOND)])
    posts = Posts(NOON + 2 * SECOND - timedelta(milliseconds=1))
    timers = timers_at(store, posts)
    wait = await timers.round()
    assert posts.due == []
    assert wait == pytest.approx(0.02)  # one millisecond is left; it looks at most every twenty
    posts.now = NOON + 2 * SECOND
    assert await timers.round() == pytest.approx(1.0)
    assert [(entry.subject, entry.at) for entry in posts.due] == [("a", NOON)]
    posts.now += SECOND
    await timers.round()
    assert posts.subjects() == ["a", "b"]


async def test_an_earlier_deadline_written_behind_the_cursor_pulls_it_back(store: Aggregates) -> None:
    await store.write([document("a", NOON)])
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    await timers.round()
    earlier = document("b", NOON - HOUR)
    await store.write([earlier])
    await timers.round()
    assert posts.subjects() == ["a"]
    timers.written(earlier["deadline"])
    await timers.round()
    assert posts.subjects()[:2] == ["a", "b"]


async def test_a_sooner_deadline_wakes_the_sleeping_timers(store: Aggregates) -> None:
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    running = asyncio.create_task(timers.run())
    await asyncio.sleep(0)
    due = document("a", NOON)
    await store.write([due])
    timers.written(due["deadline"])
    async with asyncio.timeout(4):  # it would sleep five seconds by itself
        while not posts.due:
            await asyncio.sleep(0.01)
    timers.stop()
    await running


async def test_nothing_is_posted_after_stop_nor_for_partitions_that_are_not_ours(store: Aggregates) -> None:
    await store.write([document("a", NOON, 0), document("b", NOON, 1)])
    posts = Posts(NOON)
    timers = timers_at(store, posts, (1,))
    await timers.round()
    assert posts.subjects() == ["b"]
    timers.assigned(())
    await store.write([document("c", NOON, 1)])
    await timers.round()
    timers.assigned((0, 1))
    timers.stop()
    await timers.round()
    await timers.run()
    assert posts.subjects() == ["b"]


async def test_partitions_that_leave_in_the_middle_of_a_round_are_not_posted_for(store: Aggregates) -> None:
    await store.write([document(f"s{number}", NOON - number * SECOND) for number in range(2 * SLICE)])
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    post = timers._post

    async def then_lose_it(due: Sequence[DueDeadline]) -> None:
        await post(due)
        timers.assigned(())

    timers._post = then_lose_it
    await timers.round()
    assert len(posts.slices) == 1


async def test_a_post_that_failed_is_made_again(store: Aggregates) -> None:
    await store.write([document("a", NOON)])
    posts = Posts(NOON)
    posts.fail = 1
    timers = timers_at(store, posts)
    with pytest.raises(ConnectionError):
        await timers.round()
    await timers.round()
    assert posts.subjects() == ["a"]


async def test_deadlines_that_rest_on_others_events_wait_until_those_were_read(store: Aggregates) -> None:
    await store.write([document("a", NOON), document("b", NOON + 4 * SECOND)])
    read_up_to = NOON - SECOND

    async def may_fire(_: datetime) -> datetime:
        return read_up_to

    posts = Posts(NOON + 10 * SECOND)
    timers = timers_at(store, posts, may_fire=may_fire)
    assert await timers.round() == pytest.approx(0.02)
    assert posts.due == []
    read_up_to = NOON + SECOND
    await timers.round()
    assert posts.subjects() == ["a"]
    read_up_to = NOON + HOUR
    await timers.round()
    assert posts.subjects() == ["a", "b"]


async def test_the_auditor_sends_again_what_is_five_minutes_late(store: Aggregates) -> None:
    await store.write([document("a", NOON), document("b", NOON + HOUR)])
    posts = Posts(NOON)
    timers = timers_at(store, posts)
    await timers.round()
    posts.now += timedelta(minutes=5)
    await timers.audit()
    assert posts.subjects() == ["a", "a"]
    assert timers.overdue == 1


def test_an_index_string_sorts_as_its_instant_does() -> None:
    instants = [NOON, NOON + timedelta(milliseconds=1), NOON + SECOND, NOON + timedelta(days=400)]
    strings = [deadline_string(3, at, f"s{number}") for number, at in enumerate(instants)]
    assert strings == sorted(strings)
    assert [fire_at_of(text) for text in strings] == instants
    assert all(text.startswith("00003|") for text in strings)
