"""What a department's own system sends becomes commands, or a dead letter and a word to the department."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.dispatch.departments_gateway import (
    MOST_ID_CHARS,
    MOST_REFUSALS,
    MOST_SHOWN,
    translate,
    translate_all,
)
from shared.bus.records import Record
from shared.contract.envelope import open_envelope, seal
from shared.contract.event import replies_topic
from shared.domain.reference import Directory
from tests.unit.one_aggregate import after
from tests.unit.reference import directory_with_a_phone

SOURCE = "/huzhou/dispatch"
ISSUE = "0123456789ABC"
NAMED = {"assignment": f"{ISSUE}.1", "round": 1}
DRAFTED = {**NAMED, "outcome": "solved", "text": "已经修好"}


def sent(type: str, data: dict[str, Any], *, id: str = "m-1", subject: str = ISSUE) -> Record:
    raw = seal(id=id, type=type, source="/huzhou/dept/housing", subject=subject, time=after(), data=data)
    return Record(replies_topic("housing"), 0, 7, 0, subject.encode(), raw)


def commands(record: Record, service: str = "dispatch") -> list[tuple[str, str, str, dict[str, Any]]]:
    outgoing = translate(record, SOURCE)
    assert {out.topic for out in outgoing} == {f"{service}.commands"}
    envelopes = [open_envelope(out.value) for out in outgoing]
    return [(envelope.id, envelope.actor, envelope.type, envelope.data) for envelope in envelopes]


def test_a_reply_becomes_the_command_of_the_same_shape_under_the_departments_own_id() -> None:
    assignment = {"assignment": NAMED["assignment"]}
    assert commands(sent("department.sign.v1", NAMED)) == [
        ("dept/dept:housing/m-1", "dept:housing", "dispatch.sign.v1", assignment)
    ]
    [(_, _, type, data)] = commands(sent("department.return.v1", {**NAMED, "reason": "不属"}))
    assert (type, data) == ("dispatch.return.v1", {**assignment, "reason": "不属"})
    named = {"handler": "li", "substitute": "", "reason": ""}
    [(_, _, type, data)] = commands(sent("department.name_handler.v1", {**NAMED, "handler": "li"}))
    assert (type, data) == ("dispatch.name_handler.v1", {**assignment, **named})
    [(_, _, type, data)] = commands(sent("department.draft.v1", DRAFTED))
    assert (type, data) == (
        "dispatch.draft.v1",
        {**DRAFTED, "promised_on": None, "signed_off_by": "", "answer": ""},
    )
    opinion = {"agrees": False, "words": "占用消防通道"}
    [(_, _, type, data)] = commands(sent("department.give_opinion.v1", {**NAMED, **opinion}))
    assert (type, data) == ("dispatch.give_opinion.v1", {**assignment, **opinion})


def test_a_department_asks_for_time_and_goes_on_with_what_was_paused() -> None:
    assignment, reason = {"assignment": NAMED["assignment"]}, {"reason": "请打13812345678"}
    masked = {"reason": "请打138****5678"}
    [(_, _, type, data)] = commands(
        sent("department.ask_extension.v1", {**NAMED, **reason, "until": "2026-03-20"})
    )
    assert (type, data) == ("dispatch.ask_extension.v1", {**assignment, **masked, "until": "2026-03-20"})
    ground = {"ground": "force_majeure", "basis": ""}
    [(_, _, type, data)] = commands(sent("department.ask_pause.v1", {**NAMED, **reason, **ground}))
    assert (type, data) == ("dispatch.ask_pause.v1", {**assignment, **masked, **ground})
    [(_, _, type, data)] = commands(sent("department.end_pause.v1", {**NAMED, **reason, "request": 1}))
    assert (type, data) == ("dispatch.end_pause.v1", {**assignment, **masked, "request": 1})
    assert translate(sent("department.ask_pause.v1", {**NAMED, **reason, "ground": "no_time"}), SOURCE)[
        0
    ].topic.endswith(".dlq")


def test_what_supervision_decides_goes_to_supervision_under_the_departments_own_id() -> None:
    assignment, words = NAMED["assignment"], {"words": "请打13812345678"}
    masked = {"words": "请打138****5678"}
    [(id, actor, type, data)] = commands(
        sent("department.answer_order.v1", {**NAMED, **words, "document": "d2"}), "supervision"
    )
    assert (id, actor, type) == (
        "dept/dept:housing/m-1",
        "dept:housing",
        "supervision.answer_order.v1",
    )
    assert data == {"assignment": assignment, "document": "d2", **masked}
    [(_, _, type, data)] = commands(sent("department.explain.v1", {**NAMED, **words}), "supervision")
    assert (type, data) == ("supervision.explain.v1", {**NAMED, **masked})
    for bad in ({"document": ""}, {"document": "d" * 21}, {"document": "d2", "mood": "好"}):
        answers = {**NAMED, **words, **bad}
        outgoing = translate(sent("department.answer_order.v1", answers), SOURCE)
        assert [out.topic for out in outgoing] == ["dispatch.dlq", "dispatch.commands"]


def test_numbers_in_a_departments_words_are_masked_and_what_an_office_publishes_stays() -> None:
    draft = {**DRAFTED, "text": "请打0572-2039817或李工13812345678"}
    record = sent("department.draft.v1", draft)
    [(_, _, _, data)] = commands(record)
    assert data["text"] == "请打0572-****817或李工138****5678"
    asked_at: list[datetime] = []

    def directory(at: datetime) -> Directory:
        asked_at.append(at)
        return directory_with_a_phone(at)

    for timestamp in (1_000, -1, 2**62):  # whatever a sender writes as its time
        [outgoing] = translate(record._replace(timestamp=timestamp), SOURCE, directory)
        assert open_envelope(outgoing.value).data["text"] == "请打0572-2039817或李工138****5678"
    assert asked_at[0] == datetime.fromtimestamp(1, UTC)


@pytest.mark.parametrize(
    "record",
    [
        sent("department.draft.v1", {**DRAFTED, "outcome": "great", "text": "请联系13812345678"}),
        sent("department.draft.v1", DRAFTED, subject="13812345678"),
        sent("call.13812345678.v1", DRAFTED),
        sent("department.sign.v1", NAMED)._replace(
            value=b"\xff call 13812345678, not JSON", key=b"13812345678"
        ),
    ],
)
def test_a_dead_letter_of_what_cannot_be_read_has_no_phone_number_in_it(record: Record) -> None:
    dead, refusal = translate(record, SOURCE)
    everything = dead.value + repr((dead.key, dead.headers)).encode() + refusal.value
    assert b"13812345678" not in everything
    assert b"138****5678" in dead.value + repr(dead.headers).encode()
    assert len(dead.value) == len(record.value or b"")


def test_of_a_huge_message_the_dead_letter_has_its_beginning_and_no_number_that_the_cut_would_hide() -> None:
    numbers = "13812345678 " * 1_000_000
    at_the_cut = "字" * (MOST_SHOWN - 5) + numbers
    for text in (numbers, at_the_cut):
        dead, _ = translate(sent("department.sign.v1", NAMED)._replace(value=text.encode()), SOURCE)
        shown = dead.value.decode()
        assert len(shown) == MOST_SHOWN and "138**" in shown
        assert "13812" not in shown


def test_a_draft_that_is_signed_off_already_becomes_one_command() -> None:
    [(id, actor, type, data)] = commands(sent("department.draft.v1", {**DRAFTED, "signed_off_by": "wang"}))
    assert (id, actor, type) == ("dept/dept:housing/m-1", "dept:housing", "dispatch.draft.v1")
    assert (data["text"], data["signed_off_by"]) == (DRAFTED["text"], "wang")


@pytest.mark.parametrize(
    ("record", "says"),
    [
        (sent("department.sing.v1", NAMED), "department.sign.v1"),
        (sent("department.sign.v1", NAMED, subject="x"), "13 letters and digits"),
        (sent("department.sign.v1", {}), "assignment"),
        (sent("department.sign.v1", {**NAMED, "mood": "good"}), "mood"),
        (sent("department.draft.v1", {**DRAFTED, "outcome": "great"}), "outcome"),
        (sent("department.draft.v1", {**DRAFTED, "promised_on": "2026-02-30"}), "promised_on"),
        (sent("department.sign.v1", NAMED, id="m" * (MOST_ID_CHARS + 1)), "id: at most"),
        (sent("department.sign.v1", NAMED)._replace(value=b"rubbish"), "JSON"),
        (sent("department.sign.v1", NAMED)._replace(sha256="0" * 64), "SHA-256"),
    ],
)
def test_what_cannot_be_read_is_a_dead_letter_and_the_department_is_told(record: Record, says: str) -> None:
    dead, told = translate(record, SOURCE)
    assert (dead.topic, dead.value) == ("dispatch.dlq", record.value)
    assert dead.headers is not None
    assert says in dead.headers["reason"]
    envelope = open_envelope(told.value)
    assert (told.topic, told.key, envelope.subject) == ("dispatch.commands", "dept:housing", "dept:housing")
    assert envelope.type == "dispatch.department.refuse_message.v1"
    assert (envelope.data["reason"], says in envelope.data["detail"]) == ("malformed", True)
    assert len(envelope.id) <= 500


def test_a_message_read_twice_is_the_same_command() -> None:
    record = sent("department.draft.v1", {**DRAFTED, "signed_off_by": "wang"})
    assert translate(record, SOURCE) == translate(record, SOURCE)
    assert json.loads(translate(record, SOURCE)[0].value)["subject"] == ISSUE


def test_of_many_unreadable_messages_the_first_are_refused_one_by_one_and_the_others_together() -> None:
    record = sent("department.sign.v1", NAMED)
    rubbish = [record._replace(value=b"rubbish", offset=offset) for offset in range(50)]
    made = translate_all([record._replace(offset=99), *rubbish], SOURCE)
    dead = [out for out, _ in made if out.topic == "dispatch.dlq"]
    told = [open_envelope(out.value) for out, _ in made if out.topic == "dispatch.commands"]
    assert [out.key for out in dead] == [f"{record.topic}/0/{offset}" for offset in range(MOST_REFUSALS + 1)]
    assert dead[-1].headers is not None
    assert "40 messages from offset 10 to 49 could not be read" in dead[-1].headers["reason"]
    assert "JSON" in dead[-1].headers["reason"]
    assert [envelope.type for envelope in told].count("dispatch.sign.v1") == 1
    refusals = [envelope.data["message"] for envelope in told if "refuse" in envelope.type]
    assert refusals == [*[f"0/{offset}" for offset in range(MOST_REFUSALS)], f"0/{MOST_REFUSALS}-49"]
    assert "40 messages" in told[-1].data["detail"]


def test_few_unreadable_messages_are_each_refused() -> None:
    record = sent("department.sign.v1", NAMED)
    rubbish = [record._replace(value=b"rubbish", offset=offset) for offset in range(MOST_REFUSALS)]
    assert len(translate_all(rubbish, SOURCE)) == 2 * MOST_REFUSALS
