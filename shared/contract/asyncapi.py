"""The contract as an AsyncAPI 3.0 document: who writes what on which topic, and how each message is shaped.

``python -m shared.contract.asyncapi`` prints it; docs/asyncapi.json is that output, and a test keeps the two the same.
"""

import inspect
import json
import sys
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema

from shared.contract.command import Command, Control, commands_topic
from shared.contract.envelope import CONTENT_TYPE, CONTENT_TYPE_HEADER, SHA256_HEADER, Envelope
from shared.contract.event import (
    DISPATCH,
    DISPATCH_QUESTIONS,
    FEEDBACK,
    INTAKE,
    INTAKE_TALKS,
    ORDERS,
    REPLIES,
    SUPERVISION,
    SUPERVISION_LOOK_BACKS,
    SUPERVISION_ORDERS,
    Event,
    reference_topic,
)
from shared.contract.orders import OrderRefused
from shared.contract.registry import COMMANDS, CONTROL, EVENTS, REPLIES_BY_TYPE
from shared.contract.replies import DepartmentReply

Json = dict[str, Any]
Shapes = Mapping[str, type[Control]]

VERSION = "1.0.0"

WRITERS = {
    INTAKE: "intake",
    INTAKE_TALKS: "intake",
    DISPATCH: "dispatch",
    DISPATCH_QUESTIONS: "dispatch",
    SUPERVISION: "supervision",
    SUPERVISION_ORDERS: "supervision",
    SUPERVISION_LOOK_BACKS: "supervision",
    FEEDBACK: "feedback",
    ORDERS: "dispatch",
    REPLIES: "department",
    reference_topic("intake"): "intake",
    reference_topic("dispatch"): "dispatch",
    reference_topic("supervision"): "supervision",
}
"""The only writer of each topic (loop.md, Events)."""

ABOUT = {
    INTAKE: "What happened to issues up to their acceptance, what was promised; which persons "
    "and enterprises are known.",
    INTAKE_TALKS: "What officials are to be told of talks: dispatch tells leaders and departments' people.",
    DISPATCH: "What happened to assignments and replies; versions of departments, staff and routing rules.",
    DISPATCH_QUESTIONS: "What who raised an issue is asked, or told of its date: intake tells them.",
    SUPERVISION: "What clocks did; the ladder and its documents; versions of policies and calendars.",
    SUPERVISION_ORDERS: "What departments are to be told of that: dispatch tells them on their own topics.",
    SUPERVISION_LOOK_BACKS: "Promises that somebody found kept or broken: feedback goes on from there.",
    FEEDBACK: "Invitations, ratings, rework, tracking, closing.",
    ORDERS: "One department's own topic: each message is enough by itself to act on. Kept for 90 days. In history the "
    "orders of all departments stand on `dispatch.orders`.",
    REPLIES: "What one department's own system answers. Unknown fields are refused, with an order `refused`.",
    reference_topic("intake"): "Compacted: every version of the rotation of leaders.",
    reference_topic("dispatch"): "Compacted: every version of departments, staff and routing rules.",
    reference_topic("supervision"): "Compacted: every version of policies and calendars.",
}

PARAMETERS = {
    "code": "The department's code in the directory.",
}

ABOUT_ALL = """Every message on the bus of Qinqing.

Each record is a CloudEvents 1.0 envelope in structured JSON. Its Kafka key is the envelope's `subject`; its
SHA-256 over the raw value travels in the header `sha256`, the content type in `content-type`. On a compacted
`<owner>.reference` topic the key is `<subject>@<version>`. Topics stand here without the prefix of their
namespace. Readers of events ignore unknown fields, read unknown values of lists as text, and count unknown types
while moving on. Order on a topic is not promised: read by `seq`, which counts 1, 2, 3, ... for each topic, source
and subject."""


def document(
    events: Mapping[str, type[Event]] = EVENTS,
    replies: Mapping[str, type[DepartmentReply]] = REPLIES_BY_TYPE,
    commands: Mapping[str, type[Command]] = COMMANDS,
    control: Shapes = CONTROL,
) -> Json:
    """The whole document, from nothing but the registers of the contract; the same input, the same output."""
    shapes: dict[str, type[BaseModel]] = {**events, **replies, **commands, **control}
    refs, schemas = _schemas(shapes)
    topics = _topics(events, replies, commands, control)
    used = dict.fromkeys(name for names in topics.values() for name in names)
    messages = {name: _message(name, shapes[name], refs[name], is_event=name in events) for name in used}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Qinqing",
            "version": VERSION,
            "description": ABOUT_ALL,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/cloudevents+json",
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka",
                "variables": {"bootstrap": {"default": "127.0.0.1:9092", "description": "Kafka's address."}},
            }
        },
        "channels": {_channel_id(topic): _channel(topic, names) for topic, names in topics.items()},
        "operations": _operations(topics),
        "components": {"messages": messages, "schemas": schemas},
    }


def text() -> str:
    """The document as it is committed."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


class _WithoutTitles(GenerateJsonSchema):
    """Leaves out the titles pydantic makes from names: they say nothing, and are a third of the text."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def _update_class_schema(self, json_schema: JsonSchemaValue, *args: Any, **kwargs: Any) -> None:
        super()._update_class_schema(json_schema, *args, **kwargs)
        json_schema.pop("title", None)


def _schemas(shapes: Mapping[str, type[BaseModel]]) -> tuple[dict[str, Json], Json]:
    """A reference for each type string, and all schemas it leads to, the envelope's among them."""
    models: list[type[BaseModel]] = [*dict.fromkeys(shapes.values()), Envelope]
    mode: Literal["validation"] = "validation"
    by_model, definitions = models_json_schema(
        [(model, mode) for model in models],
        ref_template="#/components/schemas/{model}",
        schema_generator=_WithoutTitles,
    )
    refs = {name: by_model[shape, mode] for name, shape in shapes.items()}
    return refs, definitions["$defs"]


def _topics(
    events: Mapping[str, type[Event]],
    replies: Mapping[str, type[DepartmentReply]],
    commands: Mapping[str, type[Command]],
    control: Shapes,
) -> dict[str, list[str]]:
    """The types on each topic: commands first, then as in WRITERS."""
    topics: dict[str, list[str]] = {}
    for name, command in commands.items():
        topics.setdefault(commands_topic(command.service), []).append(name)
    for names in topics.values():
        names.extend(control)
    for topic in WRITERS:
        topics[topic] = [name for name, event in events.items() if event.topic == topic]
    topics[REPLIES] = list(replies)
    for name, event in events.items():
        if event.reference:
            topics[reference_topic(WRITERS[event.topic])].append(name)
    return topics


def _channel_id(topic: str) -> str:
    """``dept.<code>.orders`` -> ``dept.code.orders``: no brackets in keys that references name."""
    return topic.replace("<", "").replace(">", "")


def _channel(topic: str, names: list[str]) -> Json:
    channel: Json = {
        "address": topic.replace("<", "{").replace(">", "}"),
        "description": ABOUT.get(topic, "Everything that may change this service's state."),
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }
    parameters = {key: {"description": text} for key, text in PARAMETERS.items() if f"<{key}>" in topic}
    if parameters:
        channel["parameters"] = parameters
    return channel


def _message(name: str, shape: type[BaseModel], data: Json, *, is_event: bool) -> Json:
    """One type: the envelope, with its type string and the shape of its data fixed."""
    happens = inspect.cleandoc(shape.__doc__ or "")
    fixed: Json = {"type": {"type": "string", "const": name}, "data": data}
    required = ["type", "data"]
    headers: Json = {
        "type": "object",
        "properties": {
            CONTENT_TYPE_HEADER: {"type": "string", "const": CONTENT_TYPE},
            SHA256_HEADER: {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        },
    }
    if is_event:
        # The envelope leaves both open because commands need neither; a reader of events may rely on them.
        fixed |= {"time": {"type": "string", "format": "date-time"}, "seq": {"type": "integer", "minimum": 1}}
        required += ["time", "seq"]
        headers["required"] = [SHA256_HEADER]
    return {
        "name": name,
        "title": shape.__name__,
        "summary": happens.splitlines()[0],
        "contentType": "application/cloudevents+json",
        "headers": headers,
        "payload": {
            "allOf": [
                {"$ref": f"#/components/schemas/{Envelope.__name__}"},
                {"type": "object", "properties": fixed, "required": required},
            ]
        },
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": "The envelope's subject."},
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operations(topics: Mapping[str, list[str]]) -> Json:
    """One for each writer and topic, and the one a department's own system needs: reading its orders."""
    operations: Json = {}
    for topic, names in topics.items():
        writer = WRITERS.get(topic) or f"{topic.partition('.')[0]}.gateways"
        operations[f"{writer}.writes.{_channel_id(topic)}"] = _operation("send", topic, names)
    refused = _operation("send", ORDERS, [OrderRefused.type])
    operations[f"department.writes.{_channel_id(REPLIES)}"]["reply"] = {
        "channel": refused["channel"],
        "messages": refused["messages"],
    }
    operations[f"department.reads.{_channel_id(ORDERS)}"] = _operation("receive", ORDERS, topics[ORDERS])
    return operations


def _operation(action: str, topic: str, names: list[str]) -> Json:
    channel = f"#/channels/{_channel_id(topic)}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{name}"} for name in names],
    }


if __name__ == "__main__":
    sys.stdout.write(text())
