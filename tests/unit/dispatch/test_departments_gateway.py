"""What a department's own system sends becomes commands, or a dead letter and a word to the department."""

import json
from typing import Any

import pytest

from services.dispatch.departments_gateway import MOST_ID_CHARS, translate
from shared.bus.records import Record
from shared.contract.envelope import open_envelope, seal
from shared.contract.event import replies_topic
from tests.unit.one_aggregate import after

SOURCE = "/huzhou/dispatch"
ISSUE = "0123456789ABC"
NAMED = {"assignment": f"{ISSUE}.1", "round": 1}
DRAFTED = {**NAMED, "outcome": "solved", "text": "已经修好"}


def sent(type: str, data: dict[str, Any], *, id: str = "m-1", subject: str = ISSUE) -> Record:
    raw = seal(id=id, type=type, source="/huzhou/dept/housing", subject=subject, time=after(), data=data)
    return Record(replies_topic("housing"), 0, 7, 0, subject.encode(), raw)


def commands(record: Record) -> list[tuple[str, str, str, dict[str, Any]]]:
    outgoing = translate(record, SOURCE)
    assert {out.topic for out in outgoing} == {"dispatch.commands"}
    envelopes = [open_envelope(out.value) for out in outgoing]
    return [(envelope.id, envelope.actor, envelope.type, envelope.data) for envelope in envelopes]


def test_a_reply_becomes_the_command_of_the_same_shape_under_the_departments_own_id() -> None:
    assignment = {"assignment": NAMED["assignment"]}
    assert commands(sent("department.sign.v1", NAMED)) == [
        ("dept/dept:housing/m-1", "dept:housing", "dispatch.sign.v1", assignment)
    ]
    [(_, _, type, data)] = commands(sent("department.return.v1", {**NAMED, "reason": "不属"}))
    assert (type, data) == ("dispatch.return.v1", {**assignment, "reason": "不属"})
    [(_, _, type, data)] = commands(sent("department.draft.v1", DRAFTED))
    assert (type, data) == ("dispatch.draft.v1", {**DRAFTED, "promised_on": None})


def test_a_draft_that_is_signed_off_already_becomes_two_commands_by_two_persons() -> None:
    both = commands(sent("department.draft.v1", {**DRAFTED, "signed_off_by": "wang"}))
    assert [(id, actor, type) for id, actor, type, _ in both] == [
        ("dept/dept:housing/m-1", "dept:housing", "dispatch.draft.v1"),
        ("dept/dept:housing/wang/m-1#sign_off", "dept:housing/wang", "dispatch.sign_off.v1"),
    ]


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
