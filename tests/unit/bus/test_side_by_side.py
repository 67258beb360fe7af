"""Batches side by side: one is decided while another is written or published, and all stays in order."""

import asyncio

import pytest

from shared.bus.consumer import BatchConsumer
from shared.bus.turns import EarlierFailed
from shared.bus.under_way import AT_ONCE
from tests.faults.client import Client, raw
from tests.faults.given import line
from tests.faults.side_by_side import COMMANDS, SideBySide, consuming, fetch, settled


@pytest.fixture
def played() -> SideBySide:
    return SideBySide()


# ------------------------------------------------------------------ the processor


async def test_a_batch_is_decided_and_written_while_the_one_before_it_is_written(played: SideBySide) -> None:
    played.begin(line("a", "one"))
    second = played.begin(line("b", "one"))
    await settled()
    assert set(played.writing.waiting) == {"a", "b"}
    await played.writing.pass_on("b")
    assert not played.publishing.waiting
    assert not second.done()


async def test_nothing_is_published_before_what_came_earlier(played: SideBySide) -> None:
    first, second = played.begin(line("a", "one")), played.begin(line("b", "one"))
    await settled()
    await played.writing.pass_on("b")
    await played.writing.pass_on("a")
    assert set(played.publishing.waiting) == {"a"}
    await played.publishing.pass_on("a")
    assert first.done()
    await played.publishing.pass_on("b")
    assert second.done()


async def test_an_aggregate_is_decided_on_once_what_came_earlier_of_it_is_stored(played: SideBySide) -> None:
    first = played.begin(line("a", "one"))
    second = played.begin(line("a", "two"), line("b", "one"))
    await settled()
    assert set(played.writing.waiting) == {"a", "b"}
    await played.writing.pass_on("b")
    await played.writing.pass_on("a")
    assert set(played.writing.waiting) == {"a"}
    await played.writing.pass_on("a")
    await played.publishing.pass_on("a")
    await played.publishing.pass_on("a b")
    assert (first.result().conflicts, second.result().conflicts) == (0, 0)
    assert await played.lines("a") == ("one", "two")


async def test_the_third_of_three_waits_for_both_before_it(played: SideBySide) -> None:
    played.begin(line("a", "one"))
    played.begin(line("b", "one"))
    played.begin(line("a", "two"), line("b", "two"))
    await settled()
    await played.writing.pass_on("b")
    assert set(played.writing.waiting) == {"a"}
    await played.writing.pass_on("a")
    assert set(played.writing.waiting) == {"a b"}


async def test_what_is_behind_a_batch_that_could_not_be_written_fails_with_it(played: SideBySide) -> None:
    first = played.begin(line("a", "one"))
    second = played.begin(line("a", "two"), line("b", "one"))
    await settled()
    await played.writing.pass_on("b")
    await played.writing.pass_on("a", ConnectionError("the wire was cut"))
    assert isinstance(first.exception(), ConnectionError)
    assert isinstance(second.exception(), EarlierFailed)
    assert await played.lines("a") == ()
    assert played.published == []


async def test_what_is_stored_and_not_published_is_kept_where_its_partition_comes_back_meanwhile(
    played: SideBySide,
) -> None:
    first = played.begin(line("a", "one"))
    await settled()
    await played.writing.pass_on("a")
    played.processor.revoked()
    second = played.begin(line("a", "two"))
    await settled()
    await played.writing.pass_on("a")
    document = await played.store.get("a")
    assert document is not None
    assert len(document["outbox"]) == 2
    await played.publishing.pass_on("a", ConnectionError("the wire was cut"))
    assert isinstance(first.exception(), ConnectionError)
    assert isinstance(second.exception(), EarlierFailed)


async def test_what_is_behind_a_batch_that_could_not_be_published_is_not_published(
    played: SideBySide,
) -> None:
    played.begin(line("a", "one"))
    second = played.begin(line("b", "one"))
    await settled()
    await played.writing.pass_on("b")
    await played.writing.pass_on("a")
    await played.publishing.pass_on("a", ConnectionError("the broker is away"))
    assert isinstance(second.exception(), EarlierFailed)
    assert played.published == []


async def test_who_asked_is_answered_as_soon_as_it_is_stored(played: SideBySide) -> None:
    told: list[str] = []
    played.processor._answer = lambda answers: told.extend(one.subject for one in answers)
    played.begin(line("a", "one"))
    played.begin(line("b", "one"))
    await settled()
    await played.writing.pass_on("b")
    assert told == ["b"]


async def test_read_again_after_a_failure_all_is_stored_and_published_once(played: SideBySide) -> None:
    played.begin(line("a", "one"))
    played.begin(line("b", "one"))
    await settled()
    await played.writing.pass_on("b")
    await played.writing.pass_on("a", ConnectionError("the wire was cut"))
    again = asyncio.create_task(played.processor.run(played.log))
    await settled()
    await played.writing.pass_on("a")
    await played.publishing.pass_on("a b")
    assert [document["_id"] for document in again.result().written] == ["a"]
    assert (await played.lines("a"), await played.lines("b")) == (("one",), ("one",))
    assert len(played.of("intake.events")) == 2


# -------------------------------------------------------------------- the consumer


@pytest.fixture
def client() -> Client:
    return Client({COMMANDS: 10}, {COMMANDS: 0})


@pytest.fixture
async def batches(played: SideBySide, client: Client, monkeypatch: pytest.MonkeyPatch) -> BatchConsumer:
    return await consuming(played, client, monkeypatch)


async def test_offsets_are_committed_behind_what_is_published_and_never_before(
    played: SideBySide, client: Client, batches: BatchConsumer
) -> None:
    await fetch(batches, client, line("a", "one"))
    await fetch(batches, client, line("b", "one"))
    await fetch(batches, client)
    await played.writing.pass_on("b")
    await fetch(batches, client)
    assert client.commits == []
    await played.writing.pass_on("a")
    assert client.commits == []
    await played.publishing.pass_on("a")
    await fetch(batches, client)
    assert client.kept == {COMMANDS: 1}
    await played.publishing.pass_on("b")
    assert client.kept == {COMMANDS: 2}


async def test_a_worker_has_read_no_further_than_what_it_has_published(
    played: SideBySide, client: Client, batches: BatchConsumer
) -> None:
    await fetch(batches, client, line("a", "one"))
    await fetch(batches, client)
    assert batches.positions.lag("") == {"intake.commands": 10}
    await played.writing.pass_on("a")
    await played.publishing.pass_on("a")
    assert batches.positions.lag("") == {"intake.commands": 9}


async def test_there_are_never_more_batches_under_way_than_may_be(
    played: SideBySide, client: Client, batches: BatchConsumer
) -> None:
    for number in range(AT_ONCE):
        await fetch(batches, client, line(f"s{number}", "one"))
    one_more = asyncio.create_task(fetch(batches, client, line("more", "one")))
    await settled()
    assert set(played.writing.waiting) == {f"s{number}" for number in range(AT_ONCE)}
    await played.writing.pass_on("s0")
    await played.publishing.pass_on("s0")
    assert "more" in played.writing.waiting
    one_more.cancel()


async def test_all_that_is_behind_a_batch_that_failed_is_read_again_from_its_first_record(
    played: SideBySide, client: Client, batches: BatchConsumer
) -> None:
    await fetch(batches, client, line("a", "one"))
    await fetch(batches, client, line("b", "one"))
    await played.writing.pass_on("a", ConnectionError("the wire was cut"))
    await batches.under_way.take([raw(line("c", "one"), 2)])  # fetched before that
    assert set(played.writing.waiting) == {"b"}
    await played.writing.pass_on("b")
    assert client.positions == {COMMANDS: 0}
    assert client.commits == []
    await fetch(batches, client, line("a", "one"), line("b", "one"), line("c", "one"))
    await played.writing.pass_on("a c")
    await played.publishing.pass_on("a b c")
    assert client.kept == {COMMANDS: 3}
    assert [await played.lines(subject) for subject in "abc"] == [("one",)] * 3


async def test_nothing_is_fetched_before_all_behind_a_failure_has_gone_back(
    played: SideBySide, client: Client, batches: BatchConsumer
) -> None:
    await fetch(batches, client, line("a", "one"))
    await fetch(batches, client, line("b", "one"))
    await played.writing.pass_on("a", ConnectionError("the wire was cut"))
    polling = asyncio.create_task(client.getmany(timeout_ms=10))
    await settled()
    assert not polling.done()
    await played.writing.pass_on("b")
    assert polling.done()


async def test_who_stops_ends_what_is_under_way_and_begins_nothing(
    played: SideBySide, client: Client, batches: BatchConsumer
) -> None:
    await fetch(batches, client, line("a", "one"))
    stopping = asyncio.create_task(batches.under_way.stop())
    await settled()
    await batches.under_way.take([raw(line("b", "one"), 1)])
    await played.writing.pass_on("a")
    await played.publishing.pass_on("a")
    assert stopping.done()
    assert client.kept == {COMMANDS: 1}
    assert not played.writing.waiting
