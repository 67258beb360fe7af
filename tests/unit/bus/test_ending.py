"""The end of a live namespace's history: one mark on each partition, and no time is supplied behind it."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from shared.bus import ending as endings
from shared.bus.ending import Ending, is_mark, marks
from shared.bus.gateway import Request, sealed
from shared.bus.publisher import Publisher
from shared.bus.reader import partition_of
from shared.bus.records import Outgoing, Record, decode, instant
from shared.contract.command import HistoryEnded
from shared.contract.envelope import open_envelope
from shared.history import history_routes
from shared.metrics import Metrics
from tests.faults.given import ACCEPT, NOW, SOURCE, Played, asks, line, notebook

PARTITIONS = 6
AT = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)


def record(out: Outgoing, timestamp: datetime = NOW, partition: int = 0) -> Record:
    ms = round(timestamp.timestamp() * 1000)
    return Record(out.topic, partition, 0, ms, out.key.encode(), out.value, out.wire_headers()["sha256"])


def test_each_partition_has_one_mark_that_falls_on_it() -> None:
    made = list(marks(SOURCE, PARTITIONS))
    assert [partition_of(out.key.encode(), PARTITIONS) for out in made] == list(range(PARTITIONS))
    assert all(is_mark(out.value) for out in made)
    assert not is_mark(line("a", HistoryEnded.type).value), "words about it are no mark"
    assert not is_mark(None)


async def test_a_mark_is_passed_over_however_often_it_is_delivered() -> None:
    played = Played(notebook())
    for mark in [*marks(SOURCE, PARTITIONS)] * 2:
        batch = await played.deliver(mark)
        assert (batch.answers, batch.written, batch.outgoing) == ([], [], [])
    assert played.dead_letters == []


def test_the_official_time_of_a_command_is_that_of_its_record_whatever_it_says_itself() -> None:
    asked = sealed(Request("a", ACCEPT, "history", "office:chen", "1", AT), SOURCE)
    assert open_envelope(asked.value).time == AT
    item = decode(record(asked, NOW), notebook())
    assert item is not None and item.now == instant(round(NOW.timestamp() * 1000))  # type: ignore[union-attr]


class Wire:
    """Producers that take everything and note the timestamps."""

    def __init__(self) -> None:
        self.sent: list[tuple[Outgoing, int | None]] = []

    async def unusable(self, topics: Any) -> dict[str, Exception]:
        return {}

    async def send(self, records: Sequence[Outgoing], timestamps: Sequence[int | None]) -> list[None]:
        self.sent += zip(records, timestamps, strict=True)
        return [None] * len(records)


@pytest.mark.parametrize("history", [True, False])
async def test_in_history_a_command_bears_the_time_that_it_brings_and_nothing_else_does(
    history: bool,
) -> None:
    wire = Wire()
    publish = Publisher(wire, "intake", Metrics(), history=history)  # type: ignore[arg-type]
    supplied = sealed(Request("a", ACCEPT, "history", "office:chen", "1", AT), SOURCE)
    plain = asks("a", ACCEPT, "2")
    event = Outgoing("intake.events", "a", supplied.value)
    await publish([supplied, plain, event])
    stamps = [stamp for _, stamp in wire.sent]
    assert stamps == [round(AT.timestamp() * 1000) if history else None, None, None]
    await publish([supplied], [7])
    assert wire.sent[-1][1] == 7, "who says a time themselves, as the departments' gateway does, is believed"


# ------------------------------------------------------------------- the fence


class Topic:
    """A topic of commands that an ending reads and writes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, marked: Sequence[int] = ()) -> None:
        self.reads = 0
        self.records = [record(line("a", "words"))]
        made = list(marks(SOURCE, PARTITIONS))
        self.records += [record(made[number], partition=number) for number in marked]
        self.published: list[Outgoing] = []
        monkeypatch.setattr(endings, "read_all", self.read_all)

    async def read_all(self, bootstrap: str, topics: Sequence[str], prefix: str) -> AsyncIterator[Record]:
        assert topics == [f"{SOURCE.rpartition('/')[2]}.commands"]
        self.reads += 1
        for one in self.records:
            yield one

    async def publish(self, outgoing: Sequence[Outgoing]) -> None:
        self.published += outgoing

    def ending(self) -> Ending:
        return Ending("nowhere", "", SOURCE, PARTITIONS, self.publish)


async def test_marks_that_are_missing_are_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = Topic(monkeypatch, marked=(0, 4))
    ending = topic.ending()
    assert await ending.has_come(), "one mark is enough: what was cut off is over"
    await ending.come()
    await ending.come()
    assert [partition_of(out.key.encode(), PARTITIONS) for out in topic.published] == [1, 2, 3, 5]
    assert topic.reads == 1


class Nobody:
    """A gateway that counts what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Request] = []

    async def ask_all(self, requests: Sequence[Request]) -> list[dict[str, str]]:
        self.asked += requests
        return [{"status": "done"} for _ in requests]


def client(gateway: Nobody, ending: Ending | None, monkeypatch: pytest.MonkeyPatch) -> httpx.AsyncClient:
    """The routes of history, asked by an operator."""
    monkeypatch.setattr("shared.history.Requires", lambda *_: lambda: None)
    app = FastAPI()
    app.include_router(history_routes(gateway, None, PARTITIONS, {}, ending))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://intake")


ENTRY = {
    "subject": "a",
    "type": "deadline.fire.v1",
    "data": {"name": "x/1/due/1", "due_at": (AT - timedelta(minutes=2)).isoformat()},
    "actor": "timer:due",
    "key": "a/x/1/due/1",
    "at": AT.isoformat(),
}


async def test_before_the_end_a_supplied_time_is_taken_and_after_it_no_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    topic, gateway = Topic(monkeypatch), Nobody()
    async with client(gateway, topic.ending(), monkeypatch) as http:
        assert (await http.get("/history/end")).json() == {"ended": False}
        assert (await http.post("/history/commands", json=[ENTRY])).json() == [{"status": "done"}]
        assert [request.at for request in gateway.asked] == [AT]
        assert (await http.post("/history/end")).status_code == 200
        assert (await http.get("/history/end")).json() == {"ended": True}
        refused = await http.post("/history/commands", json=[ENTRY])
        assert (refused.status_code, len(gateway.asked)) == (409, 1)
        assert len(topic.published) == PARTITIONS


async def test_history_in_a_namespace_of_its_own_has_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    async with client(Nobody(), None, monkeypatch) as http:
        assert (await http.post("/history/end")).status_code == 404
        assert (await http.post("/history/commands", json=[ENTRY])).status_code == 200
