"""Faults that only a real broker and its client show: a poisoned producer, a header's key, ends without a record."""

import asyncio
from datetime import UTC, datetime

import pytest

from shared.bus.publisher import Publisher
from shared.bus.reader import follow, group_lag, read_all
from shared.bus.records import Outgoing, Record
from shared.bus.reference import OWNERS, ReferenceReader
from shared.bus.topics import ensure_topics
from shared.contract.envelope import seal
from shared.contract.event import FEEDBACK, reference_topic
from tests.faults.broker import (
    NESTED,
    PATIENCE_SECONDS,
    delete_all,
    make_topics,
    own_prefix,
    publishing,
    put,
    put_with_a_header_key_that_is_no_text,
    worker,
)
from tests.faults.given import NOW, closing, given, line
from tests.unit.reference import builtin_events

pytestmark = pytest.mark.integration


@pytest.fixture
def prefix() -> str:
    return own_prefix()


async def _publishes(publish: Publisher, size: int) -> str:
    """Publish a record of this size; why not, or nothing."""
    lost = await asyncio.wait_for(publish([Outgoing("intake.events", "a", b"x" * size)]), PATIENCE_SECONDS)
    return "".join((out.headers or {})["reason"] for out in lost)


async def test_a_record_that_its_topic_refuses_does_not_poison_its_partition_for_those_after_it(
    kafka_bootstrap: str, prefix: str
) -> None:
    await make_topics(kafka_bootstrap, prefix, ["intake.events"], max_message_bytes="2000")
    await make_topics(kafka_bootstrap, prefix, ["intake.dlq"])
    async with publishing(kafka_bootstrap, prefix) as publish:
        given(await _publishes(publish, 10) == "")
        given("MessageSizeTooLarge" in await _publishes(publish, 5000))
        assert await _publishes(publish, 10) == ""


async def test_a_header_key_that_is_not_utf_8_does_not_stop_its_partition(
    kafka_bootstrap: str, prefix: str
) -> None:
    async with worker(kafka_bootstrap, prefix) as one:
        await put(kafka_bootstrap, prefix, [line("a", "one")])
        given(await one.until(lambda: _has(one, ("one",))))
        await put_with_a_header_key_that_is_no_text(kafka_bootstrap, prefix, line("b", "odd"))
        await put(kafka_bootstrap, prefix, [line("a", "two")])
        assert await one.until(lambda: _has(one, ("one", "two")))
        assert await one.service.lines("b") == ("odd",)


async def test_a_header_key_that_is_not_utf_8_stops_no_reader_of_whole_topics(
    kafka_bootstrap: str, prefix: str
) -> None:
    await make_topics(kafka_bootstrap, prefix, [FEEDBACK])
    await put(kafka_bootstrap, prefix, [closing("a", 1)])
    await put_with_a_header_key_that_is_no_text(kafka_bootstrap, prefix, closing("a", 2))
    await put(kafka_bootstrap, prefix, [closing("a", 3)])
    whole: list[Record | None] = []

    async def read() -> None:
        whole.extend([record async for record in read_all(kafka_bootstrap, [FEEDBACK], prefix)])
        async for record in follow(kafka_bootstrap, [FEEDBACK], prefix):
            whole.append(record)
            if record is None:
                return

    assert await _ends(read())
    assert [record and record.offset for record in whole] == [0, 1, 2, 0, 1, 2, None]


async def test_reference_data_that_cannot_be_read_does_not_make_its_reader_begin_again(
    kafka_bootstrap: str, prefix: str
) -> None:
    await make_topics(kafka_bootstrap, prefix, [reference_topic(owner) for owner in OWNERS])
    subject, event = next(iter(builtin_events()))
    topic = reference_topic(event.topic.partition(".")[0])
    raw = seal(
        id="1",
        type=event.type,
        source="/x",
        subject=subject,
        time=NOW,
        data=event.model_dump(mode="json"),
        seq=1,
    )
    await put_with_a_header_key_that_is_no_text(kafka_bootstrap, prefix, Outgoing(topic, "a", b"{}"))
    await put(kafka_bootstrap, prefix, [Outgoing(topic, "b", NESTED), Outgoing(topic, subject, raw)])
    reader = ReferenceReader(kafka_bootstrap, prefix)
    reading = asyncio.create_task(reader.run())
    assert await _ends(reader.catch_up())
    assert [version.subject for version in reader.versions.values()] == [subject]
    assert not reading.done()
    reading.cancel()
    await asyncio.wait([reading])


async def _has(one: object, lines: tuple[str, ...]) -> bool:
    return bool(await one.service.lines("a") == lines)  # type: ignore[attr-defined]


# -------------------------------------------------------------- ends without a record


async def _with_a_marker(bootstrap: str, prefix: str) -> None:
    """One closing in feedback's events, and the marker of its transaction behind it."""
    await make_topics(bootstrap, prefix, [FEEDBACK])
    await put(bootstrap, prefix, [closing("a", 1)], transactional_id=prefix)


async def _with_all_deleted(bootstrap: str, prefix: str) -> None:
    """Nothing in feedback's events any more, but an end that is not 0."""
    await make_topics(bootstrap, prefix, [FEEDBACK])
    await put(bootstrap, prefix, [closing("a", 1)])
    await delete_all(bootstrap, prefix, FEEDBACK)


@pytest.mark.parametrize("prepare", [_with_a_marker, _with_all_deleted])
async def test_supervisions_timers_go_on_behind_an_end_that_is_no_record(
    kafka_bootstrap: str, prefix: str, prepare: object
) -> None:
    await prepare(kafka_bootstrap, prefix)  # type: ignore[operator]
    async with worker(kafka_bootstrap, prefix) as one:
        began = datetime.now(UTC)

        async def is_read() -> bool:
            return await one.batches.positions.read_up_to(datetime.now(UTC)) >= began

        assert await one.until(is_read)


async def test_reading_a_topic_whole_ends_though_its_last_offset_is_a_marker(
    kafka_bootstrap: str, prefix: str
) -> None:
    await _with_a_marker(kafka_bootstrap, prefix)
    found: list[Record] = []

    async def read() -> None:
        found.extend([record async for record in read_all(kafka_bootstrap, [FEEDBACK], prefix)])

    assert await _ends(read())
    assert len(found) == 1


async def test_following_a_topic_says_where_its_end_was_though_that_is_a_marker(
    kafka_bootstrap: str, prefix: str
) -> None:
    await _with_a_marker(kafka_bootstrap, prefix)
    found: list[Record] = []

    async def until_now() -> None:
        async for record in follow(kafka_bootstrap, [FEEDBACK], prefix):
            if record is None:
                return
            found.append(record)

    ended = await _ends(until_now())
    given(len(found) == 1)
    assert ended


@pytest.mark.parametrize("prepare", [_with_a_marker, _with_all_deleted])
async def test_a_replay_does_not_wait_for_ends_that_are_no_records(
    kafka_bootstrap: str, prefix: str, prepare: object
) -> None:
    await prepare(kafka_bootstrap, prefix)  # type: ignore[operator]
    async with worker(kafka_bootstrap, prefix) as one:
        await put(kafka_bootstrap, prefix, [line("b", "one")])
        given(await one.until(lambda: one.service.lines("b")))
        async with group_lag(kafka_bootstrap, prefix, {"intake": one.service.consumer.topics}) as lag:
            assert await _ends(lag.wait_for_none())


async def _ends(work: object) -> bool:
    task = asyncio.ensure_future(work)  # type: ignore[arg-type]
    done, _ = await asyncio.wait([task], timeout=PATIENCE_SECONDS)
    task.cancel()
    await asyncio.wait([task])
    return bool(done)


# -------------------------------------------------------------- topics that exist already


@pytest.mark.parametrize(
    ("topic", "setting", "value"),
    [
        ("intake.events", "retention_ms", "1000"),
        ("intake.events", "retention_bytes", "1073741824"),
        ("intake.commands", "message_timestamp_type", "LogAppendTime"),
        ("dept.housing.replies", "message_timestamp_type", "CreateTime"),
    ],
)
async def test_a_topic_that_exists_and_is_kept_otherwise_is_refused_at_the_start(
    kafka_bootstrap: str, prefix: str, topic: str, setting: str, value: str
) -> None:
    """A prepared ``dept.*.replies`` would let a department say itself when it answered."""
    await make_topics(kafka_bootstrap, prefix, [topic], **{setting: value})
    said = ""
    try:
        await ensure_topics(kafka_bootstrap, prefix, [topic], partitions=1)
    except Exception as error:
        said = str(error)
    assert topic in said and setting.replace("_", ".") in said
