"""One record stops everybody: what cannot be stored, published or fired is set aside alone, and the others go on."""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, NotEnoughReplicasError

from shared.bus.deadletters import replay_request, with_status
from shared.bus.forwarder import Forwarder
from shared.bus.gateway import sealed
from shared.bus.publisher import Publisher
from shared.bus.records import Bad, Outgoing, Record
from shared.bus.subscription import Subscribed
from shared.bus.topics import LARGEST_DEAD_LETTER, LARGEST_RECORD
from shared.contract.events.intake import IssueWithdrawn
from shared.contract.registry import COMMANDS, CONTROL, EVENTS, REPLIES_BY_TYPE
from shared.deadlines import DueDeadline
from shared.domain.decisions import Change, Context
from shared.metrics import Metrics
from shared.timers import Timers
from tests.faults.client import Client, raw
from tests.faults.given import (
    NOW,
    SOURCE,
    Notes,
    Played,
    closing,
    due_command,
    end,
    ends,
    foreign_event,
    given,
    line,
    notebook,
    write_line,
)

DEAD_LETTERS = "intake.dlq"
MOST_INTEGER = 2**63 - 1


# -------------------------------------------------------------- what no store can hold


@pytest.mark.parametrize(
    "unstorable",
    [10**20, "x" * 17_000_000],
    ids=["an integer over 64 bits", "more than 16 MB"],
)
async def test_a_document_that_the_store_refuses_does_not_stop_the_innocent_one_beside_it(
    unstorable: object,
) -> None:
    def write(notes: Notes | None, asked: Any, context: Context) -> Any:
        if asked.reason == "guilty":
            return Change(notes or Notes(), outcome={"odd": unstorable})
        return write_line(notes, asked, context)

    service = Played(notebook(write=write))
    await service.deliver(line("a", "guilty"), line("b", "innocent"))
    assert await service.lines("b") == ("innocent",)
    assert [(out.headers or {})["subject"] for out in service.dead_letters] == ["a"]


async def test_an_integer_of_10_to_the_20_on_an_event_is_a_dead_letter_and_stops_nobody() -> None:
    service = Played(notebook())
    guilty = closing("a", 1)
    guilty = guilty._replace(value=guilty.value.replace(b'"round":1', b'"round":%d' % 10**20))
    await service.deliver(guilty, line("b", "innocent"))
    assert await service.lines("b") == ("innocent",)
    assert [(out.headers or {})["subject"] for out in service.dead_letters] == ["a"]


def _integers(schema: Any) -> Iterator[dict[str, Any]]:
    """Every whole number that a JSON schema speaks of."""
    if isinstance(schema, dict):
        if schema.get("type") == "integer" and "const" not in schema and "enum" not in schema:
            yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _integers(part)


def test_every_whole_number_of_the_contract_is_bounded_by_what_a_store_holds() -> None:
    for type, shape in {**EVENTS, **COMMANDS, **CONTROL, **REPLIES_BY_TYPE}.items():
        for number in _integers(shape.model_json_schema()):
            most = number.get("maximum", number.get("exclusiveMaximum", MOST_INTEGER + 1))
            least = number.get("minimum", number.get("exclusiveMinimum", -MOST_INTEGER - 1))
            assert least >= -MOST_INTEGER and most <= MOST_INTEGER, (type, number)


async def test_32_held_events_of_510_kB_of_chinese_text_do_not_stop_the_innocent_issue_beside_them() -> None:
    service = Played(notebook(reads=("intake.events",)))
    text = "字" * 170_000
    early = [foreign_event("a", seq, IssueWithdrawn(reason=text)) for seq in range(2, 34)]
    given(all(510_000 < len(out.value) < 511_000 for out in early))
    await service.deliver(*early, line("b", "innocent"))
    assert await service.lines("b") == ("innocent",)
    (document,) = (await service.store.load(["a"])).values()
    assert len(document["held"]) + len(service.dead_letters) == 32


# -------------------------------------------------------------- dead letters


@pytest.mark.parametrize("key", [b"k" * 3_300_000, b"\xff" * 600_000], ids=["3.3 MB", "no text"])
def test_a_dead_letter_about_the_largest_record_with_a_long_key_fits_its_topic(key: bytes) -> None:
    record = Record("intake.events", 0, 0, 0, key, b"x" * (LARGEST_RECORD - len(key)))
    lost = Bad(record, "Invalid JSON").dead_letter("intake")
    headers = sum(len(name) + len(text.encode()) for name, text in lost.wire_headers().items())
    assert len(lost.key) + len(lost.value) + headers < LARGEST_DEAD_LETTER


@pytest.mark.parametrize("lucky", [True, False], ids=["it cannot be read", "its handler fails"])
async def test_a_failing_dead_letter_that_is_handed_in_again_and_again_does_not_grow(lucky: bool) -> None:
    def write(notes: Notes | None, asked: Any, context: Context) -> Any:
        raise ZeroDivisionError("a bug")

    service, sent = Played(notebook(write=write)), line("a", "one")
    if lucky:
        sent = sent._replace(value=sent.value.replace(b'"reason":"one"', b'"reason":7777'))
    await service.deliver(sent)
    for _ in range(8):
        lost = service.dead_letters[-1]
        (letter,) = with_status("intake", [(lost.key.encode(), lost.value, lost.headers or {})])
        await service.deliver(sealed(replay_request(letter, "operator:li"), SOURCE))
    given(len(service.dead_letters) == 9)
    assert {out.value for out in service.dead_letters} == {sent.value}
    reasons = [(out.headers or {})["reason"] for out in service.dead_letters]
    assert len(set(reasons[1:])) == 1


async def test_one_unreadable_held_event_makes_no_dead_letter_of_the_events_that_come_later() -> None:
    service = Played(notebook())
    await service.deliver(closing("a", 3))
    (document,) = (await service.store.load(["a"])).values()
    held = [[*entry[:4], "{ no envelope", *entry[5:]] for entry in document["held"]]
    await service.change({**document, "held": held})
    await service.deliver(closing("a", 1), closing("a", 2))
    await service.deliver(closing("a", 4), closing("a", 5))
    assert await service.lines("a") == ("closed 1", "closed 2")
    assert [(out.headers or {})["seq"] for out in service.dead_letters] == ["3"]
    (document,) = (await service.store.load(["a"])).values()
    assert [entry[2] for entry in document["held"]] == [4, 5]


# -------------------------------------------------------------- deadlines that fail


@pytest.mark.parametrize("part", ["expire", "next_deadline"])
async def test_a_deadline_whose_rule_raises_does_not_make_61_dead_letters_an_hour(part: str) -> None:
    broken = False

    def failing(*known: Any) -> Any:
        if broken:
            raise ZeroDivisionError("a bug")
        return (end if part == "expire" else ends)(*known)

    def write(notes: Notes | None, asked: Any, context: Context) -> Change[Notes]:
        return Change(Notes(lines=(asked.reason,), ends_at=NOW))

    service = Played(notebook(write=write, **{part: failing}))
    await service.deliver(line("a", "one"))
    broken = True
    await _an_hour_of_timers(service, NOW + timedelta(minutes=6))
    assert 1 <= len(service.dead_letters) <= 3


async def _an_hour_of_timers(service: Played, began: datetime) -> None:
    """Timers and their auditor once a minute, and whatever they post is read at once."""
    now = began

    async def post(due: Sequence[DueDeadline]) -> None:
        await service.deliver(*map(due_command, due), at=now)

    timers = Timers(service.store, post, now=lambda: now)
    timers.assigned([0])
    for _ in range(60):
        await timers.round()
        await timers.audit()
        now += timedelta(minutes=1)


# -------------------------------------------------------------- the departments' gateway


class Producers:
    """Producers for which some keys can never be published: all others of a batch go, as with the real ones."""

    def __init__(self, error: KafkaError) -> None:
        self.error, self.published = error, list[str]()

    async def unusable(self, topics: Collection[str]) -> dict[str, Exception]:
        return {}

    async def send(
        self, records: Sequence[Outgoing], timestamps: Sequence[int | None]
    ) -> list[Exception | None]:
        self.published += [out.key for out in records if out.key != "guilty"]
        return [self.error if out.key == "guilty" else None for out in records]

    async def send_alone(self, record: Outgoing, timestamp: int | None) -> None:
        if record.key == "guilty":
            raise self.error
        self.published.append(record.key)


class Departments:
    """The departments' gateway over a client and producers in memory."""

    def __init__(self, error: KafkaError, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("shared.bus.forwarder.FIRST_BACKOFF", 0.0)
        self.producers = Producers(error)
        self.replies = {code: TopicPartition(f"dept.{code}.replies", 0) for code in ("housing", "transport")}
        self.client = Client(dict.fromkeys(self.replies.values(), 0))
        publish = Publisher(self.producers, "dispatch", Metrics())
        self._forwarder = Forwarder(publish, "", lambda records: [(self._of(one), one) for one in records])
        self._forwarder.subscription = Subscribed(self.client)

    def _of(self, record: Record) -> Outgoing:
        return Outgoing("dispatch.commands", (record.key or b"").decode(), record.value or b"")

    async def read(self, *messages: tuple[str, str], rounds: int = 5) -> None:
        """One batch of (department, key), read again as long as it is rewound."""
        offsets = dict.fromkeys(self.replies, 0)
        raws = []
        for code, key in messages:
            out = Outgoing(self.replies[code].topic, key, b"{}")
            raws.append(raw(out, offsets[code]))
            offsets[code] += 1
        for _ in range(rounds):
            self.client.seeks.clear()
            behind = [one for one in raws if one.offset >= self.client.kept.get(_place(one), 0)]
            await self._forwarder.handle(behind)
            if not self.client.seeks:
                return


def _place(one: Any) -> TopicPartition:
    return TopicPartition(one.topic, one.partition)


async def test_a_command_that_can_never_be_published_does_not_publish_the_innocent_ones_again_and_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    departments = Departments(MessageSizeTooLargeError(), monkeypatch)
    await departments.read(("housing", "innocent"), ("housing", "guilty"), ("housing", "next"))
    published = departments.producers.published
    assert published.count("innocent") <= 2
    assert "next" in published
    assert [key for key in published if key.startswith("dispatch.commands/unpublished/")]
    assert departments.client.kept[departments.replies["housing"]] == 3


async def test_the_trouble_of_one_departments_topic_does_not_hold_another_departments(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    departments = Departments(NotEnoughReplicasError(), monkeypatch)
    await departments.read(("housing", "guilty"), ("transport", "innocent"))
    assert departments.client.kept.get(departments.replies["transport"]) == 1
