"""Dead letters: what each group could not use, with origin and reason; listed, handed in again, or discarded.

The dead-letter topic is its own ledger: a dead letter's key is its origin, and a later record with the same key and
``type: resolution`` says what became of it. So nothing is edited and everything can be rebuilt.
"""

from collections.abc import Iterable
from typing import NamedTuple

from shared.bus.gateway import Request
from shared.bus.records import DEAD_LETTER_TYPE, Outgoing
from shared.contract.command import Redeliver, Skip

RESOLUTION_TYPE = "resolution"


class DeadLetter(NamedTuple):
    """One dead letter of one group. ``status`` is open, replayed or discarded."""

    group: str
    origin: str
    subject: str
    seq: int
    event: str
    reason: str
    at_ms: int
    value: bytes
    status: str = "open"
    resolved_by: str = ""
    source: str = ""
    topic: str = ""
    """Whose sequence ``seq`` belongs to: the topic it first stood on, however often it was handed in."""

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset of its origin."""
        topic, partition, offset = self.origin.rsplit("/", 2)
        return topic, int(partition), int(offset)


def with_status(
    group: str, raws: Iterable[tuple[bytes | None, bytes | None, dict[str, str]]]
) -> list[DeadLetter]:
    """(key, value, headers) of a dead-letter topic in order -> the dead letters with their status."""
    found: dict[str, DeadLetter] = {}
    for key, value, headers in raws:
        origin = headers.get("origin") or (key or b"").decode("utf-8", "replace")
        if headers.get("type") == RESOLUTION_TYPE and origin in found:
            found[origin] = found[origin]._replace(
                status=headers["status"], resolved_by=headers.get("by", "")
            )
        elif headers.get("type") == DEAD_LETTER_TYPE and origin not in found:
            found[origin] = DeadLetter(
                group,
                origin,
                headers.get("subject", ""),
                int(headers.get("seq") or 0),
                headers.get("event", ""),
                headers.get("reason", ""),
                int(headers.get("timestamp") or 0),
                value or b"",
                source=headers.get("source", ""),
                topic=headers.get("topic") or origin.rsplit("/", 2)[0],
            )
    return list(found.values())


def resolution(dead_letter: DeadLetter, status: str, by: str) -> Outgoing:
    """The record that closes a dead letter."""
    headers = {"type": RESOLUTION_TYPE, "origin": dead_letter.origin, "status": status, "by": by}
    return Outgoing(f"{dead_letter.group}.dlq", dead_letter.origin, b"", headers)


def replay_request(dead_letter: DeadLetter, actor: str) -> Request:
    """Hand a dead letter in again, through the group's own commands."""
    _, partition, offset = dead_letter.place
    command = Redeliver(
        topic=dead_letter.topic,
        partition=partition,
        offset=offset,
        value=dead_letter.value.decode("utf-8", "replace"),
        seq=dead_letter.seq,
    )
    return Request(dead_letter.subject, command, "deadletter", actor, f"replay/{dead_letter.origin}")


def discard_request(dead_letter: DeadLetter, actor: str, reason: str) -> Request | None:
    """Record the skip of an event's place in its sequence; None for a command, which blocks nothing."""
    if dead_letter.seq < 1:
        return None
    return Request(
        dead_letter.subject,
        Skip(topic=dead_letter.topic, source=dead_letter.source, seq=dead_letter.seq, reason=reason),
        "deadletter",
        actor,
        f"skip/{dead_letter.origin}",
    )
