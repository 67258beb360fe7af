"""Other people's programs use the official CloudEvents SDK: it reads what we publish, and we read what it writes."""

import json

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from services.dispatch.departments_gateway import translate
from shared.bus.records import Outgoing, Record
from shared.contract.commands.dispatch import SignAssignment
from shared.contract.envelope import open_envelope
from tests.contract.write import GOLDEN

FILES = sorted(GOLDEN.glob("*.json"))
ISSUE = "W7TN67VVS8RT7"


def as_kafka_carries(out: Outgoing) -> KafkaMessage:
    """A record of ours as the SDK's Kafka binding is handed it by any client."""
    headers = {name: value.encode() for name, value in out.wire_headers().items()}
    return KafkaMessage(headers=headers, key=out.key, value=out.value)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_sdk_reads_every_message_of_the_contract_in_structured_mode(path):
    raw = path.read_bytes()
    ours = open_envelope(raw)
    message = as_kafka_carries(Outgoing("any", ours.subject, raw, seq=ours.seq))
    # The binding's own sign of structured mode: the content type begins with application/cloudevents.
    assert message.headers["content-type"].decode().startswith(JSONFormat.CONTENT_TYPE)
    event = from_kafka_event(message)
    assert isinstance(event, CloudEvent)
    assert event.get_data() == ours.data
    names = ("id", "type", "source", "subject", "time")
    assert [event.get_attributes()[name] for name in names] == [getattr(ours, name) for name in names]
    assert event.get_extension("seq") == (ours.seq or None)
    assert event.get_extension("partitionkey") == ours.subject


def test_a_departments_system_that_writes_with_the_sdk_is_understood():
    attributes = {
        "id": "m-1",
        "type": "department.sign.v1",
        "source": "/huzhou/dept/housing",
        "subject": ISSUE,
        "datacontenttype": "application/json",
    }
    written = to_structured_event(CloudEvent(attributes, {"assignment": f"{ISSUE}.1", "round": 1}))
    record = Record("dept.housing.replies", 0, 7, 0, ISSUE.encode(), written.value)
    (command,) = translate(record, "/huzhou/dispatch")
    envelope = open_envelope(command.value)
    assert (envelope.type, envelope.actor) == (SignAssignment.type, "dept:housing")
    assert json.loads(command.value)["data"] == {"assignment": f"{ISSUE}.1"}
