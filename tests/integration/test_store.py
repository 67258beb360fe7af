"""The store on the real server: the version is the fence, an outcome that got lost is read, and few round trips."""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.monitoring import CommandListener

from services.dispatch.store import open_issues_of
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.store import LOAD_CHUNK, REFUSED, Aggregates, Database, Unavailable
from tests.faults.database import own_database
from tests.faults.given import line
from tests.integration.broker import own_namespace
from tests.integration.wire import wire
from tests.integration.worker import Known, Unreliable, notebooks

pytestmark = pytest.mark.integration


class Listener(CommandListener):
    """Every command the driver sent, with how many documents came back."""

    def __init__(self) -> None:
        self.commands: list[tuple[str, int]] = []

    def started(self, event: Any) -> None:
        pass

    def succeeded(self, event: Any) -> None:
        cursor = event.reply.get("cursor", {})
        count = len(cursor.get("firstBatch", cursor.get("nextBatch", ())))
        self.commands.append((event.command_name, count))

    def failed(self, event: Any) -> None:
        self.commands.append((f"{event.command_name} failed", 0))

    def names(self) -> list[str]:
        """The commands since the last look, without the driver's own."""
        names = [name for name, _ in self.commands if name not in ("hello", "ismaster", "endSessions")]
        self.commands.clear()
        return names


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    one = Listener()
    listening = partial(AsyncIOMotorClient, event_listeners=[one])
    monkeypatch.setattr("shared.store.AsyncIOMotorClient", listening)
    return one


@pytest.fixture
async def store(store_url: str, listener: Listener) -> AsyncIterator[Aggregates]:
    async with own_database(store_url, own_namespace("store")) as database:
        aggregates = database.aggregates("aggregates", "test")
        await aggregates.prepare()
        listener.names()
        yield aggregates


def document(id: str, version: int = 1, token: str = "mine", **more: Any) -> dict[str, Any]:
    return {
        "_id": id,
        "v": version,
        "token": token,
        "partition": 0,
        "state": {"n": version},
        "inbox": [],
        **more,
    }


async def holds(store: Aggregates, *ids: str) -> dict[str, tuple[int, str]]:
    return {id: (found["v"], found["token"]) for id, found in (await store.load(ids)).items()}


async def test_a_document_is_written_over_the_version_before_it_only(store: Aggregates) -> None:
    assert await store.write([document("a"), document("b")]) == set()
    assert await store.write([document("a", 2), document("b", 3, "late")]) == {"b"}
    assert await store.write([document("a", 2, "other")]) == {"a"}
    assert await holds(store, "a", "b", "c") == {"a": (2, "mine"), "b": (1, "mine")}


async def test_a_document_that_another_worker_made_first_is_not_ours(store: Aggregates) -> None:
    await store.write([document("a", token="theirs")])
    assert await store.write([document("a"), document("b")]) == {"a"}
    assert await holds(store, "a", "b") == {"a": (1, "theirs"), "b": (1, "mine")}


async def test_inserts_and_updates_in_one_call_each_keep_their_fence(store: Aggregates) -> None:
    await store.write([document(id) for id in ("changed", "lost")])
    await store.write([document("lost", 2, "theirs")])
    sent = [
        document("new"),
        document("changed", 2),
        document("lost", 2),
    ]
    assert await store.write(sent) == {"lost"}
    assert await holds(store, "new", "changed", "lost") == {
        "new": (1, "mine"),
        "changed": (2, "mine"),
        "lost": (2, "theirs"),
    }


async def test_every_document_carries_its_jurisdiction(store: Aggregates) -> None:
    await store.write([document("a")])
    await store.write([document("a", 2)])
    found = await store.get("a")
    assert found is not None
    assert found["jurisdiction"] == "test"


async def test_more_subjects_than_one_chunk_are_all_found_once(store: Aggregates, listener: Listener) -> None:
    ids = [f"s{number:05d}" for number in range(2 * LOAD_CHUNK + 3)]
    await store.write([document(id) for id in ids])
    listener.names()
    assert sorted(await store.load([*ids, "nobody"])) == ids
    assert listener.names() == ["find"] * 3
    assert await store.load([]) == {}


@pytest.mark.parametrize("command", [b"insert", b"update"])
async def test_a_write_whose_answer_got_lost_is_settled_by_reading_it(
    store: Aggregates, store_url: str, listener: Listener, command: bytes
) -> None:
    """Carried out or not, the token tells; nothing is written twice or over somebody else."""
    name = own_namespace("wire")
    async with wire(store_url) as lossy, own_database(lossy.url, name) as database:
        cut = database.aggregates("aggregates", "test")
        version = 1 if command == b"insert" else 2
        await cut.write([document("theirs", 1, "theirs"), *([document("a")] if version == 2 else [])])
        lossy.lose_reply_to = command
        assert await cut.write([document("a", version, "new"), document("theirs", version, "new")]) == (
            {"theirs"} if version == 1 else set()
        )
        assert lossy.lost == 1
        assert f"{command.decode()} failed" in listener.names()
        assert (await holds(cut, "a"))["a"] == (version, "new")


async def test_a_store_that_cannot_be_read_either_is_unavailable(store_url: str) -> None:
    async with wire(store_url) as lossy:
        database = Database(lossy.url, "nowhere", timeout_seconds=0.1)
        await lossy.cut()
        with pytest.raises(Unavailable):
            await database.aggregates("aggregates", "test").write([document("a")])
        with pytest.raises(Unavailable):
            await database.aggregates("aggregates", "test").load(["a"])
        with pytest.raises(Unavailable):
            await database.ping()
        database.close()


# --------------------------------------------------------- the processor on top of it


def batch(start: int, count: int, text: str) -> list[Record]:
    sent = [line(f"s{number}", text) for number in range(count)]
    return [
        Record("intake.commands", 0, start + number, 1_700_000_000_000, out.key.encode(), out.value)
        for number, out in enumerate(sent)
    ]


def processor_on(store: Any, published: list[Outgoing] | None = None) -> Processor:
    async def publish(outgoing: Any) -> None:
        if published is not None:
            published.extend(outgoing)

    return Processor(notebooks(), store, publish, Known())


MOST_ROUND_TRIPS_AN_EVENT = 0.02
"""In full batches of 500."""


@pytest.mark.parametrize(("count", "finds"), [(500, 4), (LOAD_CHUNK, 1), (7, 1)])
async def test_a_full_batch_is_four_finds_side_by_side_and_one_insert_or_one_update(
    store: Aggregates, listener: Listener, count: int, finds: int
) -> None:
    created = await processor_on(store).run(batch(0, count, "one"))
    assert listener.names() == [*["find"] * finds, "insert"]
    processor = processor_on(store)
    changed = await processor.run(batch(count, count, "two"))
    assert listener.names() == [*["find"] * finds, "update"]
    assert (created.round_trips, changed.round_trips) == (finds + 2, finds + 2)
    commit = 1
    assert count < 500 or changed.round_trips + commit <= MOST_ROUND_TRIPS_AN_EVENT * count
    assert created.conflicts == changed.conflicts == 0
    await processor.run(batch(count, count, "two"))
    assert listener.names() == []  # done already: nothing is read and nothing is written
    another = processor_on(store)
    await another.run(batch(count, count, "two"))
    assert listener.names() == [*["find"] * finds, "update"]  # what it sends again is its own from then on
    await another.run(batch(count, count, "two"))
    assert listener.names() == []


async def test_many_records_of_one_aggregate_are_one_write(store: Aggregates, listener: Listener) -> None:
    records = [
        Record("intake.commands", 0, number, 1_700_000_000_000, b"a", line("a", f"line {number}").value)
        for number in range(100)
    ]
    await processor_on(store).run(records)
    assert listener.names() == ["find", "insert"]
    found = await store.get("a")
    assert found is not None
    assert (found["v"], len(found["state"]["lines"])) == (1, 100)


def other_worker(store: Aggregates, published: list[Outgoing], records: list[Record]) -> Callable[[], Any]:
    async def run() -> None:
        await processor_on(store, published).run(records)

    return run


async def test_two_workers_with_the_same_batch_write_each_line_and_event_once(store: Aggregates) -> None:
    """The second comes in between our read and our write, as after a rebalance."""
    published: list[Outgoing] = []
    theirs = other_worker(store, published, [*batch(0, 6, "one"), *batch(100, 3, "other")])

    class Interrupted(Unreliable):
        times = 0

        async def write(self, documents: Any) -> set[str]:
            self.times += 1
            if self.times == 1:
                await theirs()
            return await super().write(documents)

    ours = await processor_on(Interrupted(store), published).run(
        [*batch(0, 6, "one"), *batch(200, 3, "third")]
    )
    assert ours.conflicts == 6
    found = await store.load([f"s{number}" for number in range(6)])
    assert {id: document["state"]["lines"] for id, document in found.items()} == {
        f"s{number}": ["one", "other", "third"] if number < 3 else ["one"] for number in range(6)
    }
    events = {out.value for out in published if out.topic == "intake.events"}
    assert len(events) == 12


async def test_what_waits_for_a_predecessor_is_found_by_its_mark(store: Aggregates) -> None:
    held, passed = (
        {"held_since": "2026-01-01", "held": [{"seq": 2}]},
        {"passed": [["t", "s", 1, "x", 0, 0, ""]]},
    )
    assert not await store.write([document("a", **held), document("b", **passed), document("c")])
    assert {found["_id"] async for found in store.waiting()} == {"a", "b"}
    released = document("a", 2)
    assert not await store.write([released])
    await store.released([released])
    assert [found["_id"] async for found in store.waiting()] == ["b"]
    assert not await store.write([document("a", 3, **held)])
    await store.released([released])  # late: it has waited again since
    assert {found["_id"] async for found in store.waiting()} == {"a", "b"}


async def test_a_mark_that_a_crash_left_behind_goes_when_it_is_found(store: Aggregates) -> None:
    assert not await store.write([document("a", held_since="2026-01-01", held=[{"seq": 2}])])
    assert not await store.write(
        [document("a", 2)]
    )  # and the process ends before it says that it waits no more
    assert [found async for found in store.waiting()] == []
    assert await store._marks.count_documents({}) == 0


async def test_a_mark_stays_while_its_document_is_still_to_be_written(store: Aggregates) -> None:
    before, after = document("a"), document("a", 2, held_since="2026-01-01", held=[{"seq": 2}])
    assert not await store.write([before])
    await store._mark([after])
    assert [found async for found in store.waiting()] == []
    await store._collection.replace_one({"_id": "a"}, after)
    assert [found["_id"] async for found in store.waiting()] == ["a"]


# ------------------------------------------------------------------ what no store takes


@pytest.mark.parametrize(
    "state", [{"n": 10**20}, {"text": "x" * 17_000_000}], ids=["an integer over 64 bits", "more than 16 MB"]
)
@pytest.mark.parametrize("version", [1, 2])
async def test_a_document_that_can_never_be_stored_is_refused_by_name_of_its_error(
    store: Aggregates, state: dict[str, object], version: int
) -> None:
    if version == 2:
        assert await store.write([document("a")]) == set()
    with pytest.raises(REFUSED):
        await store.write([{**document("a", version), "state": state}])
    assert await store.write([document("a", version)]) == set()


async def test_old_outcomes_are_written_once_and_stay_as_they_were(store: Aggregates) -> None:
    first = {
        "_id": "a|k",
        "kind": "outcome",
        "v": 1,
        "partition": 0,
        "digest": "d",
        "outcome": {"status": "done"},
    }
    await store.remember([first])
    await store.remember([{**first, "outcome": {"status": "refused"}}, {**first, "_id": "a|l"}])
    found = await store.load(["a|k", "a|l"])
    assert found["a|k"]["outcome"] == {"status": "done"}
    assert set(found) == {"a|k", "a|l"}


async def test_a_merger_finds_on_the_real_store_what_its_department_leads_and_co_handles(
    store: Aggregates,
) -> None:
    for id, state in {
        "leads": {"state": "in_progress", "department": "water"},
        "asked": {
            "state": "waiting",
            "department": "",
            "co_handlers": [{"department": "housing"}, {"department": "water"}],
        },
        "over": {"state": "closed", "department": "housing", "co_handlers": [{"department": "water"}]},
        "others": {"state": "assigned", "department": "housing", "co_handlers": [{"department": "police"}]},
    }.items():
        await store.write([{"_id": id, "kind": "issue", "v": 1, "token": id, "state": state}])
    assert await open_issues_of(store, "water") == ["asked", "leads"]
