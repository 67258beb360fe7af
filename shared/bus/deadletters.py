"""Dead letters: what each group could not use, with origin and reason; listed, handed in again, or discarded.

The dead-letter topic is its own ledger: a letter's key is its origin, and a later record with the same key and
``type: resolution`` says what became of it. So nothing is edited and everything can be rebuilt.
"""

from collections.abc import Iterable
from typing import NamedTuple

from shared.bus.door import Request
from shared.bus.records import DEAD_LETTER_TYPE, Outgoing
from shared.commands import Redeliver, Skip

RESOLUTION_TYPE = "resolution"


class Letter(NamedTuple):
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
    topic: str = ""
    """Whose sequence ``seq`` belongs to: the topic it first stood on, however often it was handed in."""

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset of its origin."""
        topic, partition, offset = self.origin.rsplit("/", 2)
        return topic, int(partition), int(offset)


def fold_letters(
    group: str, raws: Iterable[tuple[bytes | None, bytes | None, dict[str, str]]]
) -> list[Letter]:
    """(key, value, headers) of a dead-letter topic in order -> the letters with their status."""
    letters: dict[str, Letter] = {}
    for key, value, headers in raws:
        origin = headers.get("origin") or (key or b"").decode("utf-8", "replace")
        if headers.get("type") == RESOLUTION_TYPE and origin in letters:
            letters[origin] = letters[origin]._replace(
                status=headers["status"], resolved_by=headers.get("by", "")
            )
        elif headers.get("type") == DEAD_LETTER_TYPE and origin not in letters:
            letters[origin] = Letter(
                group, origin, headers.get("subject", ""), int(headers.get("seq") or 0), headers.get("event", ""),
                headers.get("reason", ""), int(headers.get("timestamp") or 0), value or b"",
                topic=headers.get("topic") or origin.rsplit("/", 2)[0],
            )  # fmt: skip
    return list(letters.values())


def resolution(letter: Letter, status: str, by: str) -> Outgoing:
    """The record that closes a letter."""
    headers = {"type": RESOLUTION_TYPE, "origin": letter.origin, "status": status, "by": by}
    return Outgoing(f"{letter.group}.dlq", letter.origin, b"", headers)


def replay_request(letter: Letter, actor: str) -> Request:
    """Hand a letter in again, through the group's own commands."""
    _, partition, offset = letter.place
    command = Redeliver(
        topic=letter.topic, partition=partition, offset=offset, value=letter.value.decode("utf-8", "replace")
    )
    return Request(letter.subject, command, "deadletter", actor, f"replay/{letter.origin}")


def discard_request(letter: Letter, actor: str, reason: str) -> Request | None:
    """Record the skip of an event's place in its sequence; None for a command, which blocks nothing."""
    if letter.seq < 1:
        return None
    return Request(
        letter.subject,
        Skip(topic=letter.topic, seq=letter.seq, reason=reason),
        "deadletter",
        actor,
        f"skip/{letter.origin}",
    )
