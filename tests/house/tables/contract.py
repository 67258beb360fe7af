"""The contract as tables: what stands on each topic, and what may be asked of whom."""

from collections.abc import Iterator

from pydantic import BaseModel

from shared.contract.asyncapi import ABOUT, WRITERS
from shared.contract.command import Command
from shared.contract.event import Event, reference_topic
from shared.contract.registry import COMMANDS, CONTROL, EVENTS, REPLIES_BY_TYPE
from shared.contract.subjects import KINDS
from shared.domain.rights import granted
from tests.house.tables.kinds import SERVICES
from tests.house.tables.markdown import code, first_line, table


def topic(name: str) -> str:
    """One topic: who writes it, what it is for, and every type on it with when it happens."""
    rows = [(code(type), _subject(type, shape), first_line(shape)) for type, shape in _on(name)]
    told = f"Written by: {WRITERS[name]}. {ABOUT[name]}\n\n"
    return "\n" + told + table(("type", "subject", "when"), rows) + "\n"


def topics() -> str:
    """Every topic of events, orders and replies, each under its own heading, in the order of their writers."""
    return "\n" + "\n".join(f"## `{name}`\n{topic(name)}" for name in WRITERS)


def commands() -> str:
    """Every command by service: for which kind, by whom, and what it asks."""
    parts = []
    for service in SERVICES:
        rows = [_command(command) for command in COMMANDS.values() if command.service == service]
        head = ("type", "kind", "who may ask", "what it asks")
        parts.append(f"### `{service}.commands`\n\n" + table(head, rows))
    parts.append("### On every one of them\n\n" + table(("type", "what it asks"), _control()))
    return "\n" + "\n".join(parts) + "\n"


def _subject(type: str, shape: type[BaseModel]) -> str:
    """The kind of aggregate a message is about; an event of another kind than the issue is named after its kind."""
    kind = type.partition(".")[0]
    return kind if kind in KINDS and issubclass(shape, Event) else SUBJECTS.get(type, "issue")


SUBJECTS = {"order.refused.v1": "issue, or department"}
"""What is not about an issue alone."""


def _on(name: str) -> Iterator[tuple[str, type[BaseModel]]]:
    for type, reply in REPLIES_BY_TYPE.items():
        if reply.topic == name:
            yield type, reply
    for type, event in EVENTS.items():
        if event.topic == name or (event.reference and reference_topic(WRITERS[event.topic]) == name):
            yield type, event


def _command(command: type[Command]) -> tuple[str, ...]:
    return (
        code(command.type),
        command.aggregate,
        ", ".join(granted(command.aggregate, command.verb)) or "the system",
        first_line(command),
    )


def _control() -> Iterator[tuple[str, str]]:
    for type, control in CONTROL.items():
        yield code(type), first_line(control)
