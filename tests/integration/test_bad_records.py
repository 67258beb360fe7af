"""Bad, odd, huge and unknown records on a real Kafka: none of them stops or loses another one."""

from datetime import UTC, datetime

import pytest

from shared.bus.records import Outgoing
from shared.contract.envelope import SHA256_HEADER, seal
from shared.store import Aggregates
from tests.faults.given import closing, line
from tests.integration.broker import header, put, reader
from tests.integration.worker import worker

pytestmark = pytest.mark.integration


def sealed_with(type: str, subject: str, **more: object) -> bytes:
    """A record's value that no gateway of ours would write."""
    fields = {"id": f"{type}/{len(more)}", "source": "/test/feedback", "time": None, "data": {}, **more}
    return seal(type=type, subject=subject, **fields)  # type: ignore[arg-type]


def bad_records() -> dict[str, Outgoing]:
    """What each reason says -> a record that is set aside for it."""
    good, told = line("a", "one").value, closing("a", 1).value
    far = sealed_with(
        "issue.closed.v1",
        "a",
        seq=1,
        time=datetime(9999, 12, 31, 23, tzinfo=UTC),
        data={"round": 1, "reason": "rated"},
    ).replace(b"23:00:00.000Z", b"23:00:00.000-12:00")
    commands = {
        "Invalid JSON": b"{",
        "the record is empty": b"",
        "specversion": b"{}",
        "no such command": sealed_with("intake.dance.v1", "a"),
        "handler failed": line("a", "bug").value,
        "reason: Input should be a valid string": sealed_with("intake.withdraw.v1", "a", data={"reason": 7}),
    }
    events = {
        "an event needs seq": sealed_with("issue.closed.v1", "a", time=datetime.now(UTC)),
        "date value out of range": far,
        "seq: Input should be less than": told.replace(b'"seq":1', b'"seq":123456789012345678901234567890'),
    }
    return {
        "SHA-256": Outgoing("intake.commands", "a", good, {SHA256_HEADER: "0" * 64}),
        "is not its subject": Outgoing("intake.commands", "b", good),
        **{reason: Outgoing("intake.commands", "a", value) for reason, value in commands.items()},
        **{reason: Outgoing("feedback.events", "a", value) for reason, value in events.items()},
    }


async def test_a_bad_record_stops_nobody_and_goes_to_the_dead_letters_with_origin_and_reason(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    bad = bad_records()
    async with worker(kafka_bootstrap, namespace, store, records=5) as one:
        sent = await put(
            kafka_bootstrap, namespace, [line("a", "one"), *bad.values(), line("a", "two"), closing("a", 1)]
        )
        await one.until(lambda: one.records() >= len(sent))
        assert sorted((await one.lines("a"))["a"]) == ["closed 1", "one", "two"]
        async with reader(kafka_bootstrap, namespace, "intake.dlq") as read:
            dead_letters = await read.until(lambda raws: len(raws) >= len(bad) and raws)
        by_origin = {header(raw, "origin"): raw for raw in dead_letters}
        for place, (reason, record) in zip(sent[1:], bad.items(), strict=False):
            letter = by_origin[f"{record.topic}/{place.partition}/{place.offset}"]
            assert reason in header(letter, "reason"), (reason, header(letter, "reason"))
            assert letter.value == record.value
            assert letter.key.decode() == header(letter, "origin")
        assert len(dead_letters) == len(bad)
        assert one.rewinds() == 0


@pytest.mark.parametrize("value", [b"\xff\xfe", None])
async def test_a_hash_header_that_is_no_text_is_a_dead_letter_and_loses_no_other_record(
    kafka_bootstrap: str, namespace: str, store: Aggregates, value: bytes | None
) -> None:
    """Read before anything was guarded, it would fail the whole batch, which the next commit then passes."""
    async with worker(kafka_bootstrap, namespace, store) as one:
        odd = line("a", "odd")._replace(headers={SHA256_HEADER: value})
        await put(kafka_bootstrap, namespace, [line("a", "one"), odd, line("a", "two")])
        await one.until(lambda: one.records() >= 3)
        assert (await one.lines("a"))["a"] == ("one", "two")
        async with reader(kafka_bootstrap, namespace, "intake.dlq") as read:
            await read.dead_letter("SHA-256", "a")


async def test_a_reply_to_header_makes_nobody_publish_anything(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    """FastStream would answer there, in our name."""
    async with worker(kafka_bootstrap, namespace, store) as one:
        asked = line("a", "one")._replace(headers={"reply_to": f"{namespace}.feedback.events"})
        await put(kafka_bootstrap, namespace, [asked, line("a", "two")])
        await one.until(lambda: len(one.answers()) == 2)
        ends = await one.consumer.end_offsets(list(one.consumer.assignment()))
        assert sum(end for tp, end in ends.items() if tp.topic.endswith("feedback.events")) == 0


async def test_a_text_of_ten_megabytes_is_a_dead_letter_with_the_reason_and_the_next_record_works(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        huge = seal(
            id="huge",
            type="intake.withdraw.v1",
            source="/test/intake",
            subject="a",
            time=None,
            data={"reason": "字" * 3_400_000},
        )
        assert len(huge) > 10_000_000
        await put(kafka_bootstrap, namespace, [Outgoing("intake.commands", "a", huge), line("a", "next")])
        await one.until(lambda: len(one.answers()) == 2)
        assert (await one.lines("a"))["a"] == ("next",)
        async with reader(kafka_bootstrap, namespace, "intake.dlq") as read:
            letter = await read.dead_letter("reason: String should have at most", "a")
        assert letter.value == huge
        assert one.rewinds() == 0
        async with reader(kafka_bootstrap, namespace, "intake.events") as told:
            await told.event("a", "issue.withdrawn.v1")
            assert [event.data["reason"] for event in told.events("a")] == ["next"]


async def test_an_event_of_an_unknown_type_is_counted_and_its_place_is_taken(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        first, second = closing("a", 1), closing("a", 2)
        unknown = first._replace(value=first.value.replace(b"issue.closed.v1", b"issue.blessed.v9"))
        newer = second._replace(value=second.value.replace(b'"data":{', b'"data":{"colour":"red",'))
        await put(kafka_bootstrap, namespace, [newer, unknown])
        await one.until(lambda: one.records() == 2)
        assert (await one.lines("a"))["a"] == ("closed 2",)
        await one.until(lambda: one.metrics.records.labels("feedback.events")._value.get() == 2)
        assert one.metrics.unknown_types._value.get() == 1
        document = await store.get("a")
        assert document is not None
        assert (document["read"], document.get("held")) == (
            [["feedback.events", "/huzhou/feedback", 2]],
            None,
        )


async def test_unknown_fields_on_our_own_topics_are_ignored(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        known = line("a", "one")
        newer = known.value.replace(b'"data":{', b'"weather":"fair","data":{"mood":"good",')
        await put(kafka_bootstrap, namespace, [known._replace(value=newer)])
        await one.until(lambda: one.answers())
        assert (await one.lines("a"))["a"] == ("one",)


async def test_the_same_command_twice_is_done_once_and_with_another_body_refused(
    kafka_bootstrap: str, namespace: str, store: Aggregates
) -> None:
    async with worker(kafka_bootstrap, namespace, store) as one:
        again = [line("a", "one", key="k"), line("a", "one", key="k"), line("a", "two", key="k")]
        await put(kafka_bootstrap, namespace, again)
        await one.until(lambda: sum(len(batch.answers) for batch in one.batches) == 3)
        outcomes = [answer.outcome for batch in one.batches for answer in batch.answers]
        assert [outcome["status"] for outcome in outcomes] == ["done", "done", "refused"]
        assert outcomes[2]["reason"] == "id_reused"
        assert (await one.lines("a"))["a"] == ("one",)
