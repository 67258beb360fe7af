"""What the command line reads from topics on which anybody may write: the odd is counted and said, never hidden."""

import json
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from shared.bus.records import Record
from shared.contract.envelope import seal
from shared.contract.event import DISPATCH, HISTORY_ORDERS, INTAKE
from shared.contract.events.intake import IssueRegistered

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)
ISSUE = "7K3M9QXT2B4N6"
REGISTERED = IssueRegistered(number="HZ-1", kind="problem").model_dump(mode="json")
REPORT = ("report", "--month", "2026-03", "--from-log")


def event(**more: Any) -> bytes:
    """The registration of an issue, changed."""
    fields = {"data": REGISTERED, "time": AT, "seq": 1, "subject": ISSUE, "type": IssueRegistered.type} | more
    return seal(id=f"intake.events:{ISSUE}:1", source="/huzhou/intake", **fields)


ODD = {
    "no value": None,
    "no JSON": b"{",
    "no envelope": b"{}",
    "another shape of data": event(data={"number": 7}),
    "no time": event(time=None),
    "no place in the sequence": event(seq=0),
    "a time at the edge of the calendar": event(time=datetime(9999, 12, 31, 23, tzinfo=UTC)),
    "a list of what was read that is none": event(seen="x"),
}


@pytest.fixture
def topics(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Record]]:
    """What stands on each topic of a broker that a test fills; its names are the topics that exist."""
    found: dict[str, list[Record]] = {}

    async def read_all(_: str, names: Iterable[str], *more: Any) -> AsyncIterator[Record]:
        for record in [one for name in names for one in found.get(name, ())]:
            yield record

    async def follow(_: str, names: Iterable[str], *more: Any) -> AsyncIterator[Record | None]:
        async for record in read_all("", names):
            yield record
        yield None

    async def topic_names(*where: Any) -> list[str]:
        return sorted(found)

    for name, replaced in (("read_all", read_all), ("follow", follow), ("topic_names", topic_names)):
        monkeypatch.setattr(f"shared.bus.reader.{name}", replaced)
    for module in ("report", "follow"):
        system = SimpleNamespace(kafka_bootstrap="")
        monkeypatch.setattr(f"services.cli.{module}.need_system", lambda *which, system=system: system)
    return found


def put(topics: dict[str, list[Record]], topic: str, value: bytes | None, key: str = ISSUE) -> None:
    records = topics.setdefault(topic, [])
    records.append(Record(topic, 0, len(records), 0, key.encode(), value))


def typed(*words: str) -> Result:
    ended = CliRunner().invoke(app, words)
    assert ended.exit_code == 0, ended.output
    return ended


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_record_that_is_no_event_is_counted_and_the_figures_are_those_of_the_others(
    topics: dict[str, list[Record]], odd: bytes | None
) -> None:
    put(topics, INTAKE, event())
    put(topics, DISPATCH, odd)
    figures = json.loads(typed(*REPORT, "--json").stdout)
    assert (figures["unreadable"], figures["total"]["registered"]) == (1, 1)
    assert "records that could not be read: 1" in typed(*REPORT).stderr


def test_an_event_under_another_key_than_its_subject_is_none(topics: dict[str, list[Record]]) -> None:
    put(topics, INTAKE, event(), key="another")
    assert json.loads(typed(*REPORT, "--json").stdout)["unreadable"] == 1


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"{",
        b"7",
        b"[]",
        b"\xff",
        b'{"a":' + b"[" * 100_000,
    ],
)
def test_following_shows_what_cannot_be_read_with_its_place_and_says_how_many(
    topics: dict[str, list[Record]], value: bytes | None
) -> None:
    put(topics, INTAKE, event())
    put(topics, INTAKE, value)
    followed = typed("follow", "issue", ISSUE, "--once")
    assert "issue.registered.v1" in followed.stdout
    assert "where=intake.events/0/1" in followed.stdout
    assert "records that could not be read: 1" in followed.stderr
    shown = [
        json.loads(line) for line in typed("follow", "issue", ISSUE, "--once", "--json").stdout.splitlines()
    ]
    assert sorted(one["type"] for one in shown) == ["issue.registered.v1", "unreadable"]


def test_following_shows_every_instant_in_local_time(topics: dict[str, list[Record]]) -> None:
    instants = dict.fromkeys(("due_at", "open_until", "in_force_from"), "2026-11-26T23:30:00Z")
    put(topics, INTAKE, json.dumps({"type": "x.v1", "data": instants}).encode())
    shown = typed("follow", "issue", ISSUE, "--once").stdout
    assert shown.count("=2026-11-27 07:30:00") == 3, shown


@pytest.mark.parametrize(
    "odd",
    [
        {"type": 7, "time": 7, "subject": {}, "data": []},
        {"data": {"due_at": "x", "read_at": [1], "n": float("inf"), "deep": {"a": [{}]}}},
        {"time": "0001-01-01T00:00:00+14:00", "type": "\u001b[2J", "data": {"[/x]": "\u202e"}},
    ],
)
def test_following_takes_every_json_object_for_what_it_is(topics: dict[str, list[Record]], odd: Any) -> None:
    put(topics, INTAKE, json.dumps(odd).encode())
    followed = typed("follow", "issue", ISSUE, "--once")
    assert not {"\u001b", "\u202e"} & {*followed.stdout}


def test_in_history_one_departments_orders_are_taken_from_the_topic_of_all(
    topics: dict[str, list[Record]],
) -> None:
    for code in ("housing", "parks"):
        put(topics, "dispatch.reference", b"", key=f"dept:{code}@1")
        put(topics, HISTORY_ORDERS, event(type="order.assigned.v1", department=code, data={"number": code}))
    followed = typed("follow", "dept", "parks", "--once", "--namespace", "replay-1").stdout
    assert "number=parks" in followed
    assert "number=housing" not in followed
    unknown = CliRunner().invoke(app, ["follow", "dept", "nobody", "--once", "--namespace", "replay-1"])
    assert (unknown.exit_code, "known: housing, parks" in unknown.stderr) == (2, True)


@pytest.mark.parametrize(
    "words", [REPORT, ("follow", "issue", ISSUE, "--once"), ("follow", "dept", "housing")]
)
def test_a_namespace_that_is_not_there_is_said(
    topics: dict[str, list[Record]], words: tuple[str, ...]
) -> None:
    ended = CliRunner().invoke(app, [*words, "--namespace", "replay-1"])
    assert (ended.exit_code, "no such namespace: replay-1" in ended.stderr) == (2, True)
