"""Dead letters: what each group could not use, with origin and reason; listed, handed in again, or discarded.

The dead-letter topic is its own ledger: a dead letter's key is its origin, and a later record with the same key and
``type: resolution`` says what became of it. So nothing is edited and everything can be rebuilt.
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from shared.bus.gateway import Request
from shared.bus.records import DEAD_LETTER_TYPE, MISSING_BYTES_HEADER, UNPUBLISHED_HEADER, Outgoing
from shared.contract.command import Discard, Redeliver, Skip
from shared.contract.event import MOST, epoch_of
from shared.domain.aggregates import Consumer

RESOLUTION_TYPE = "resolution"
OPEN, REPLAYED, DISCARDED = "open", "replayed", "discarded"
"""What may be the status of a dead letter."""
MAX_SUBJECT_CHARS = 100
LAST_MS = 253_402_214_399_000
"""A day before the end of the year 9999, where calendars end: it is shown in zones that are ahead of UTC."""
_ORIGIN = re.compile(r"[\w.-]{1,249}/\w{1,20}/\w{1,20}")


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
    status: str = OPEN
    resolved_by: str = ""
    source: str = ""
    topic: str = ""
    """Whose sequence ``seq`` belongs to: the topic it first stood on, however often it was handed in."""
    command: str = ""
    """The command's id, where it is one."""
    key: str = ""
    unpublished: bool = False
    """Whether it is a record of this group's own that could not be published to ``topic``."""
    bytes: int = 0
    """How long the value is, or was where it is not here."""
    number: int = 0
    """Which record of the dead-letter topic it is, counted from 0."""

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset of its origin; of one that stood nowhere 0 and 0."""
        topic, partition, offset = self.origin.rsplit("/", 2)
        return topic, _number(partition), _number(offset)


def with_status(
    group: str,
    raws: Iterable[tuple[bytes | None, bytes | None, Mapping[str, str]]],
    only_value_of: str | None = None,
) -> list[DeadLetter]:
    """(key, value, headers) of a dead-letter topic in order -> the dead letters with their status, oldest first.

    Whatever a stranger wrote there hides no other. ``only_value_of``: the one origin whose value is wanted; the other
    values are left out, for they may be large.
    """
    ledger = Ledger(group, only_value_of)
    for key, value, headers in raws:
        ledger.take_in(key, value, headers)
    return list(ledger.found.values())


class Ledger:
    """The dead letters of one group as far as its topic was read; each record is let go as soon as it was taken in."""

    def __init__(self, group: str, only_value_of: str | None = None) -> None:
        self.found: dict[str, DeadLetter] = {}
        self._group, self._only_value_of, self._number = group, only_value_of, -1

    def take_in(self, key: bytes | None, value: bytes | None, headers: Mapping[str, str]) -> None:
        """The next record of the topic."""
        self._number += 1
        origin = headers.get("origin") or (key or b"").decode("utf-8", "replace")
        if headers.get("type") == RESOLUTION_TYPE:
            status = headers.get("status", "")
            if origin in self.found and status in (REPLAYED, DISCARDED):
                by = headers.get("by", "")
                self.found[origin] = self.found[origin]._replace(status=status, resolved_by=by)
        elif headers.get("type") == DEAD_LETTER_TYPE:
            if not _ORIGIN.fullmatch(origin):
                origin = f"{self._group}.dlq/0/{self._number}"
            kept = value or b"" if self._only_value_of in (None, origin) else b""
            one = _dead_letter(self._group, origin, kept, headers)
            size = _number(headers.get(MISSING_BYTES_HEADER, "")) or len(value or b"")
            self.found.setdefault(origin, one._replace(bytes=size, number=self._number))


def _dead_letter(group: str, origin: str, value: bytes, headers: Mapping[str, str]) -> DeadLetter:
    return DeadLetter(
        group,
        origin,
        headers.get("subject", ""),
        _number(headers.get("seq", "")),
        headers.get("event", ""),
        headers.get("reason", ""),
        min(LAST_MS, _number(headers.get("timestamp", ""))),
        value,
        source=headers.get("source", ""),
        topic=headers.get("topic") or origin.rsplit("/", 2)[0],
        command=headers.get("command", ""),
        key=headers.get("key", ""),
        unpublished=UNPUBLISHED_HEADER in headers,
    )


def _number(text: str) -> int:
    """A count or a place; 0 for what is none."""
    return min(MOST, int(text)) if text.isdecimal() and len(text) < 20 else 0


def resolution(dead_letter: DeadLetter, status: str, by: str) -> Outgoing:
    """The record that closes a dead letter."""
    headers = {"type": RESOLUTION_TYPE, "origin": dead_letter.origin, "status": status, "by": by}
    return Outgoing(f"{dead_letter.group}.dlq", dead_letter.origin, b"", headers)


def why_not_again(dead_letter: DeadLetter) -> str:
    """Why this dead letter cannot be handed in again; "" when it can."""
    if dead_letter.origin.startswith("dept.") and not dead_letter.unpublished:
        return "a department's message is not handed in again for it; ask the department to send it right"
    if dead_letter.bytes and not dead_letter.value:
        return "its value was too large even for the dead letters; only its owner can make it anew"
    if not dead_letter.unpublished and not dead_letter.subject:
        return "it names no aggregate, so it cannot be handed in again; discard it with a reason"
    return ""


def is_ours(consumer: Consumer, subject: str) -> bool:
    """Whether this names an aggregate of this service in an envelope that can be read."""
    return 0 < len(subject) <= MAX_SUBJECT_CHARS and "|" not in subject and consumer.kind(subject) is not None


def again(dead_letter: DeadLetter) -> tuple[Outgoing, int]:
    """A record that could not be published, to be published now, and its timestamp in ms since 1970."""
    topic, key, value, seq = dead_letter.topic, dead_letter.key, dead_letter.value, dead_letter.seq
    return Outgoing(topic, key, value, seq=seq, epoch=epoch_of(dead_letter.source)), dead_letter.at_ms


def replay_request(dead_letter: DeadLetter, actor: str) -> Request:
    """Hand a dead letter in again, through the group's own commands."""
    _, partition, offset = dead_letter.place
    command = Redeliver(
        topic=dead_letter.topic,
        partition=partition,
        offset=offset,
        value=dead_letter.value.decode("utf-8", "replace"),
        seq=dead_letter.seq,
        **({"epoch": epoch} if (epoch := epoch_of(dead_letter.source)) else {}),
    )
    return Request(dead_letter.subject, command, "deadletter", actor, f"replay/{dead_letter.origin}")


def discard_request(dead_letter: DeadLetter, actor: str, reason: str) -> Request | None:
    """Give a command up for good, or record the skip of an event's place; None where nothing waits for either."""
    command: Discard | Skip
    if dead_letter.unpublished or not dead_letter.subject:
        return None
    if dead_letter.command:
        command = Discard(command=dead_letter.command, reason=reason)
    elif dead_letter.seq and dead_letter.source:
        command = Skip(topic=dead_letter.topic, source=dead_letter.source, seq=dead_letter.seq, reason=reason)
    else:
        return None
    return Request(dead_letter.subject, command, "deadletter", actor, f"discard/{dead_letter.origin}")


def what_still_waits(dead_letter: DeadLetter, asked: Request | None) -> str:
    """What an operator has still to do behind a discard; "" for nothing. ``asked``: what the discard took."""
    if dead_letter.status != DISCARDED or asked is not None:
        return ""
    if dead_letter.unpublished and dead_letter.seq:
        return (
            f"who reads {dead_letter.topic} waits for number {dead_letter.seq}: "
            "record a skip at each reader, once something is held there"
        )
    if dead_letter.source and not dead_letter.seq:
        return "it does not say its place in its sequence: if something is held behind it, record a skip"
    return ""
