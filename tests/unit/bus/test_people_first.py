"""People first: what somebody waits for goes ahead of what services ask of themselves, and breaks no order."""

import asyncio
from types import SimpleNamespace

import pytest
from aiokafka import TopicPartition

import shared.bus.consumer
import shared.bus.processor
import shared.bus.under_way
from shared.bus.consumer import BatchConsumer
from shared.bus.processor import AT_A_STRETCH
from shared.bus.records import Outgoing, is_awaited
from shared.bus.under_way import AT_ONCE
from shared.contract.commands.intake import WithdrawIssue
from shared.domain.decisions import FAN_OUT
from tests.faults.client import Client, raw
from tests.faults.given import asks, closing, given, line
from tests.faults.side_by_side import COMMANDS, SideBySide, consuming, fetch, settled


def unawaited(subject: str, text: str = "one") -> Outgoing:
    """The same command as ``line``, from one aggregate to another."""
    return asks(subject, WithdrawIssue(reason=text), f"{subject}/{text}", FAN_OUT)


@pytest.fixture
def played() -> SideBySide:
    return SideBySide()


@pytest.fixture
def client() -> Client:
    return Client({COMMANDS: 20}, {COMMANDS: 0})


@pytest.fixture
async def full(played: SideBySide, client: Client, monkeypatch: pytest.MonkeyPatch) -> BatchConsumer:
    """A consumer that has as many batches under way as it may have of what nobody waits for."""
    made = await consuming(played, client, monkeypatch)
    for number in range(AT_ONCE):
        await fetch(made, client, unawaited(f"s{number}"))
    return made


async def written(played: SideBySide, *names: str) -> None:
    """These batches are written and published."""
    for name in names:
        await played.writing.pass_on(name)
        await played.publishing.pass_on(name)


@pytest.fixture(autouse=True)
def _one_is_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared.bus.processor, "FEW", 0)


# ------------------------------------------------------------------ within a batch


async def test_a_few_that_nobody_waits_for_cost_no_round_trips_of_their_own(
    played: SideBySide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.bus.processor, "FEW", 2)
    played.begin(unawaited("a"), line("b", "one"), unawaited("c"))
    await settled()
    assert set(played.writing.waiting) == {"a b c"}


async def test_what_somebody_waits_for_is_stored_and_answered_before_the_rest_of_its_batch(
    played: SideBySide,
) -> None:
    told: list[str] = []
    played.processor._answer = lambda answers: told.extend(one.subject for one in answers)
    played.begin(unawaited("a"), line("b", "one"), unawaited("c"))
    await settled()
    assert set(played.writing.waiting) == {"b"}
    await played.writing.pass_on("b")
    assert told == ["b"]
    assert set(played.writing.waiting) == {"a c"}
    assert not played.publishing.waiting
    await played.writing.pass_on("a c")
    assert told == ["b", "a", "c"]
    assert set(played.publishing.waiting) == {"a b c"}


async def test_all_of_an_aggregate_that_somebody_waits_for_is_decided_in_order(played: SideBySide) -> None:
    played.begin(unawaited("a", "one"), line("a", "two"), unawaited("a", "three"), unawaited("b"))
    await settled()
    await played.writing.pass_on("a")
    assert await played.lines("a") == ("one", "two", "three")


async def test_what_an_earlier_batch_still_writes_goes_last_though_somebody_waits_for_it(
    played: SideBySide,
) -> None:
    played.begin(unawaited("a", "one"))
    played.begin(line("a", "two"), unawaited("b"))
    await settled()
    assert set(played.writing.waiting) == {"a", "b"}
    await played.writing.pass_on("b")
    await played.writing.pass_on("a")
    await played.writing.pass_on("a")
    assert await played.lines("a") == ("one", "two")


async def test_others_have_their_turn_while_many_are_decided_on(played: SideBySide) -> None:
    played.begin(*[unawaited(f"s{number}") for number in range(40 * AT_A_STRETCH)])
    played.begin(line("a", "one"))
    await settled()
    assert set(played.writing.waiting) == {"a"}


# ------------------------------------------------------------------ beside other batches


async def test_what_nobody_waits_for_is_gathered_and_is_one_batch_once_there_is_room(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    await fetch(full, client, unawaited("x"))
    await fetch(full, client, unawaited("y"))
    assert set(played.writing.waiting) == {f"s{number}" for number in range(AT_ONCE)}
    await written(played, "s0")
    assert "x y" in played.writing.waiting


async def test_what_somebody_waits_for_begins_at_once_with_what_was_gathered_before_it(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    await fetch(full, client, unawaited("x"))
    await fetch(full, client, line("a", "one"))
    assert "a" in played.writing.waiting
    await played.writing.pass_on("a")
    assert await played.lines("a") == ("one",)
    await played.writing.pass_on("x")
    await written(played, *[f"s{number}" for number in range(AT_ONCE)])
    await played.publishing.pass_on("a x")
    assert client.kept == {COMMANDS: AT_ONCE + 2}


async def test_of_what_somebody_waits_for_no_more_batches_are_under_way_than_may_be(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    for number in range(AT_ONCE + 1):
        await fetch(full, client, line(f"a{number}", "one"))
    assert {f"a{number}" for number in range(AT_ONCE)} <= played.writing.waiting.keys()
    assert f"a{AT_ONCE}" not in played.writing.waiting


async def test_no_more_is_fetched_once_enough_is_gathered(
    played: SideBySide, client: Client, full: BatchConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared.bus.under_way, "ENOUGH", 2)
    await fetch(full, client, unawaited("x"))
    fetching = asyncio.create_task(fetch(full, client, unawaited("y")))
    await settled()
    await settled()
    assert not fetching.done()
    await written(played, "s0")
    await settled()
    assert fetching.done()
    assert "x y" in played.writing.waiting


async def test_what_is_gathered_counts_as_unread_until_it_is_published(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    await fetch(full, client, unawaited("x"))
    await fetch(full, client)
    assert full.positions.lag("") == {"intake.commands": 20}
    assert full.under_way.partitions() == {COMMANDS}


async def test_what_is_gathered_is_read_again_where_a_batch_failed(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    elsewhere = TopicPartition("intake.commands", 1)
    client.ends[elsewhere] = client.positions[elsewhere] = 8
    gathered = raw(unawaited("x"), 7)
    gathered.partition = 1
    await full.under_way.take([gathered])
    await played.writing.pass_on("s0", ConnectionError("the wire was cut"))
    for number in range(1, AT_ONCE):
        await played.writing.pass_on(f"s{number}")
    polling = asyncio.create_task(client.getmany(timeout_ms=10))
    await settled()
    assert polling.done()
    assert client.positions == {COMMANDS: 0, elsewhere: 7}
    assert not played.writing.waiting


async def test_what_is_gathered_stays_ahead_of_what_comes_behind_though_its_partitions_move_on(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    await fetch(full, client, unawaited("x", "one"))
    await full.on_partitions_revoked([COMMANDS])
    await fetch(full, client, unawaited("x", "two"))
    await written(played, "s0")
    await played.writing.pass_on("x")
    assert await played.lines("x") == ("one", "two")


async def test_what_is_read_again_is_no_batch_with_what_was_gathered_before(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    await fetch(full, client, unawaited("x"))
    client.positions[COMMANDS] = 0
    await fetch(full, client, unawaited("y"))
    assert "x" in played.writing.waiting
    await written(played, "s0")
    assert "y" not in played.writing.waiting
    await written(played, "s1")
    assert "y" in played.writing.waiting


async def test_what_is_read_again_behind_a_failure_is_not_passed_by_what_was_gathered(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    await fetch(full, client, unawaited("x"))
    await played.writing.pass_on("s0", ConnectionError("the wire was cut"))
    given(client.positions == {COMMANDS: 0})
    client.positions[COMMANDS] = 1  # a poll that was under way has read the first again
    await full.under_way.take([raw(unawaited("s0"), 0)])
    assert client.positions == {COMMANDS: 0}


async def test_who_stops_begins_with_nothing_that_is_gathered(
    played: SideBySide, client: Client, full: BatchConsumer
) -> None:
    await fetch(full, client, unawaited("x"))
    stopping = asyncio.create_task(full.under_way.stop())
    await settled()
    await written(played, *[f"s{number}" for number in range(AT_ONCE)])
    assert stopping.done()
    assert not played.writing.waiting
    assert client.kept == {COMMANDS: AT_ONCE}


@pytest.mark.parametrize(
    ("sent", "awaited"),
    [
        (line("a", "one"), True),
        (asks("a", WithdrawIssue(reason="one"), "k", "dept:housing"), True),
        (unawaited("a"), False),
        (asks("a", WithdrawIssue(reason="one"), "k", "timer:due"), False),
        (asks("a", WithdrawIssue(reason="one"), "k", ""), False),
        (closing("a", 1), False),
    ],
)
def test_somebody_waits_for_a_command_that_is_no_services_own(sent: Outgoing, awaited: bool) -> None:
    assert is_awaited(raw(sent), "intake.commands") is awaited


@pytest.mark.parametrize(
    "value", [None, b"", b"\xff", b"[]", b'"x"', b"{}", b'{"actor":7}', b'{"actor":null}']
)
def test_nobody_waits_for_what_says_no_actor(value: bytes | None) -> None:
    assert not is_awaited(SimpleNamespace(topic="intake.commands", value=value), "intake.commands")
