"""A million open deadlines cost the timers what ten thousand cost them: the same requests, and the same answers."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandListener

from shared.deadlines import DueDeadline, deadline_string
from shared.store import Aggregates
from shared.timers import MOST, Timers
from tests.faults.database import own_database
from tests.integration.broker import own_namespace

pytestmark = [pytest.mark.integration, pytest.mark.prove]

FEW, MANY = 10_000, 1_000_000
DUE, PARTITIONS, INSERT = 6_000, 6, 5_000
NOON = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
SECOND = timedelta(seconds=1)
DAY_ENDS = 10


class Asked(NamedTuple):
    """One request for deadlines: what was asked with which bounds, and what came back."""

    command: dict[str, Any]
    found: tuple[str, ...]


class Listener(CommandListener):
    """Every request that names the index, or goes on with one that did, with its answer."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._begun: dict[int, dict[str, Any]] = {}

    def started(self, event: Any) -> None:
        if event.command_name in ("insert", "hello", "endSessions", "createIndexes", "dropDatabase"):
            return
        wanted = ("filter", "projection", "sort", "limit", "batchSize", "pipeline")
        kept = {name: event.command[name] for name in wanted if name in event.command}
        self._begun[event.request_id] = {event.command_name: True, **kept}

    def succeeded(self, event: Any) -> None:
        if (command := self._begun.pop(event.request_id, None)) is not None:
            cursor = event.reply.get("cursor", {})
            found = [one["_id"] for one in cursor.get("firstBatch", cursor.get("nextBatch", ()))]
            self.asked.append(Asked(command, tuple(sorted(found))))

    def failed(self, event: Any) -> None:
        self.asked.append(Asked({event.command_name: "failed"}, ()))

    def since(self) -> list[Asked]:
        """What was asked since the last look."""
        asked, self.asked = self.asked, []
        return asked


def document(id: str, place: int, at: datetime) -> dict[str, Any]:
    due = {"name": "promise/1/due/1", "at": at.isoformat()}
    return {"_id": id, "v": 1, "partition": place, "due": due, "deadline": deadline_string(place, at, id)}


def documents(many: int) -> Iterator[dict[str, Any]]:
    """So many open ones, all at the ends of ten days, where they pile up; and those that are due in one second."""
    for number in range(many):
        day = 1 + number % DAY_ENDS
        yield document(f"open{number:07d}", number % PARTITIONS, NOON + timedelta(days=day))
    for number in range(DUE):
        yield document(
            f"due{number:07d}", number % PARTITIONS, NOON + number % 1000 * timedelta(milliseconds=1)
        )


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    one = Listener()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shared.store.AsyncIOMotorClient", partial(AsyncIOMotorClient, event_listeners=[one]))
        yield one


@pytest.fixture
async def stores(store_url: str, listener: Listener) -> AsyncIterator[dict[int, Aggregates]]:
    """One collection with ten thousand open deadlines and one with a million, both with the same that are due."""
    async with AsyncExitStack() as stack:
        found: dict[int, Aggregates] = {}
        for many in (FEW, MANY):
            database = await stack.enter_async_context(own_database(store_url, own_namespace(f"open{many}")))
            found[many] = database.aggregates("aggregates", "test")
            await found[many].prepare()
            coming = documents(many)
            while part := [one for _, one in zip(range(INSERT), coming, strict=False)]:
                await found[many]._collection.insert_many(part, ordered=False)
        listener.since()
        yield found


class Watched:
    """Timers whose clock is told; what they post is answered at the end of the turn."""

    def __init__(self, store: Aggregates, now: datetime) -> None:
        self.now = now
        self.posted: list[DueDeadline] = []
        self._timers = Timers(store, self._post, now=lambda: self.now)
        self._timers.assigned(range(PARTITIONS))

    async def turn(self) -> list[str]:
        """The subjects that one turn posted."""
        self.posted = []
        await self._timers.turn()
        self._timers.handled([], [f"timer/timer:due/{due.key}" for due in self.posted])
        return [due.subject for due in self.posted]

    async def audit(self) -> int:
        """How many the auditor finds late."""
        await self._timers.audit()
        return self._timers.overdue

    async def _post(self, due: Sequence[DueDeadline]) -> None:
        self.posted += due


async def idle(store: Aggregates, listener: Listener) -> list[list[Asked]]:
    """What each of some turns asks while nothing is due."""
    timers = Watched(store, NOON - timedelta(hours=2))
    asked = []
    for _ in range(4):
        assert not await timers.turn()
        timers.now += 5 * SECOND
        asked.append(listener.since())
    return asked


async def drained(store: Aggregates, listener: Listener) -> list[tuple[list[str], list[Asked]]]:
    """What each turn posts and asks until everything due is posted, and the idle one behind it."""
    timers, turns = Watched(store, NOON + 10 * SECOND), []
    while not turns or turns[-1][0]:
        turns.append((await timers.turn(), listener.since()))
    return turns


async def audited(store: Aggregates, listener: Listener) -> tuple[int, list[Asked]]:
    """How many the auditor finds late, and what it asks for that."""
    return await Watched(store, NOON + 360 * SECOND).audit(), listener.since()


async def test_an_idle_turn_and_a_full_slice_ask_the_same_and_get_the_same_at_a_million_as_at_ten_thousand(
    stores: dict[int, Aggregates], listener: Listener
) -> None:
    few, many = [await idle(stores[size], listener) for size in (FEW, MANY)]
    assert few == many
    for turn in many:
        assert len(turn) == 2 * PARTITIONS  # for each partition: the milestones, and the others
        assert not any(asked.found for asked in turn)
    less, more = [await drained(stores[size], listener) for size in (FEW, MANY)]
    assert less == more
    posted = [subject for subjects, _ in more for subject in subjects]
    assert sorted(posted) == [f"due{number:07d}" for number in range(DUE)]  # each once
    assert MOST // 2 <= max(len(subjects) for subjects, _ in more) <= MOST
    asked = [one for _, turn in more for one in turn]
    assert sorted(subject for one in asked for subject in one.found) == sorted(posted)  # each was read once
    for one in asked:
        bounds = one.command["filter"]["deadline"]
        assert set(bounds) == {"$gte", "$lt"}
        assert bounds["$gte"][:6] == bounds["$lt"][:6]
    late = [await audited(stores[size], listener) for size in (FEW, MANY)]
    assert late[0] == late[1]
    assert late[1][0] > 0
