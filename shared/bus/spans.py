"""The spans of one batch: one for each command that was handled and each message that was published.

A span lies below that of its cause. What a person, a timer or another aggregate asks of an issue has no cause in the
issue's own trace: it lies below the issue's first event, and that below the command that registered it.
"""

from collections.abc import Iterator

from shared.bus.handled import Became, Handled
from shared.bus.processor import Batch
from shared.bus.records import Outgoing
from shared.contract.commands.intake import RegisterIssue
from shared.contract.envelope import Envelope, open_envelope
from shared.contract.event import INTAKE
from shared.contract.subjects import kind_of
from shared.domain.decisions import FAN_OUT
from shared.ids import shown_event, shown_subject, shown_type, span_id, trace_id
from shared.traces import Span

NO_MESSAGES = ("commands", "dlq", "reference")
"""Commands are spans where they are handled, reference data stands on the topic of events too."""


def spans_of(batch: Batch, began: float, ended: float) -> list[Span]:
    """What this batch did, each once; it was handled between these instants, in seconds since 1970."""
    commands = (_command(one, ended) for one in batch.handled if one.id and not one.is_event)
    once = {span.id: span for span in (*commands, *_messages(batch, began, ended))}
    return list(once.values())


def first_event(issue: str) -> str:
    """The id of the event with which an issue begins."""
    return f"{INTAKE}:{issue}:1"


def _messages(batch: Batch, began: float, ended: float) -> Iterator[Span]:
    for message in batch.outgoing:
        if message.topic.rpartition(".")[2] not in NO_MESSAGES:
            yield _message(message, began, ended)


def _message(message: Outgoing, began: float, ended: float) -> Span:
    envelope = open_envelope(message.value)
    attributes = _attributes(envelope) | {"qinqing.id": shown_event(envelope.id)}
    return _span(envelope, span_id(envelope.cause), began, ended, attributes, is_command=False)


def _command(one: Handled, ended: float) -> Span:
    envelope = open_envelope(one.record.value)
    attributes = _attributes(envelope) | {"qinqing.status": str(one.became)}
    if one.reason:
        attributes["qinqing.reason"] = one.reason
    failed = one.became is Became.DEAD_LETTER
    arrived = one.record.timestamp / 1000
    return _span(envelope, _above(envelope), arrived, ended, attributes, is_command=True, failed=failed)


def _above(command: Envelope) -> int:
    """Below what a command lies; 0 for the first of its trace."""
    if command.cause and command.actor != FAN_OUT:
        return span_id(command.cause)
    if kind_of(command.subject) != "issue" or command.type == RegisterIssue.type:
        return 0
    return span_id(first_event(command.subject))


def _attributes(envelope: Envelope) -> dict[str, str]:
    return {"qinqing.subject": shown_subject(envelope.subject), "qinqing.type": shown_type(envelope.type)}


def _span(
    envelope: Envelope,
    parent: int,
    began: float,
    ended: float,
    attributes: dict[str, str],
    *,
    is_command: bool,
    failed: bool = False,
) -> Span:
    name, subject = shown_type(envelope.type) or "unknown", envelope.subject
    return Span(
        trace_id(subject), span_id(envelope.id), parent, name, began, ended, attributes, is_command, failed
    )
