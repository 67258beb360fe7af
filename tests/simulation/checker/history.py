"""What a run left behind, read once: every record opened, and every event by topic, subject and source."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from shared.bus.deadletters import Letter
from shared.bus.records import Record
from shared.commands import COMMANDS, CONTROL
from shared.events import EVENTS

Documents = Mapping[str, Mapping[str, Mapping[str, Any]]]
OWNERS = {f"{service}.events": service for service in ("intake", "dispatch", "supervision", "feedback")}


class Acknowledged(NamedTuple):
    """A command that Kafka had acknowledged; ``told``: every outcome somebody was told."""

    service: str
    subject: str
    id: str
    told: tuple[Mapping[str, Any], ...] = ()


@dataclass
class History:
    """``records`` of all topics, each partition in order; the rest as far as it is known.

    ``now``: when it was looked at; deadlines after it need not have fired. ``documents``: by service and subject.
    """

    records: Iterable[Record]
    reads: Mapping[str, Sequence[str]]
    letters: Mapping[str, Sequence[Letter]] = field(default_factory=dict)
    documents: Documents | None = None
    acknowledged: Sequence[Acknowledged] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    grace_seconds: int = 120


class Opened(NamedTuple):
    """One record; ``event`` is None when it cannot be used."""

    record: Record
    event: Mapping[str, Any] | None

    @property
    def place(self) -> str:
        """How sentences name it."""
        return f"{self.record.topic}/{self.record.partition}/{self.record.offset}"


class Facts:
    """A history, opened. ``events[topic, subject, source][seq]`` is the first record that held that event."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.opened = [
            Opened(record, _open(record)) for record in history.records if not record.topic.endswith(".dlq")
        ]
        self.events: dict[tuple[str, str, str], dict[int, Opened]] = defaultdict(dict)
        self.by_id: dict[str, Opened] = {}
        for opened in self.opened:
            event = opened.event
            if event is not None:
                self.by_id.setdefault(event["id"], opened)
                if event.get("seq", 0) > 0:
                    name = (opened.record.topic, event["subject"], event["source"])
                    self.events[name].setdefault(event["seq"], opened)
        self.letters = {
            service: {letter.origin: letter for letter in letters}
            for service, letters in history.letters.items()
        }
        self.touched = {
            (service, letter.subject) for service, letters in history.letters.items() for letter in letters
        }

    def told_by(self, service: str) -> dict[str, list[Mapping[str, Any]]]:
        """Each subject's events of one owner, by sequence."""
        topic = f"{service}.events"
        return {
            subject: [found[seq].event for seq in sorted(found)]  # type: ignore[misc]
            for (name, subject, source), found in self.events.items()
            if name == topic and source.endswith(f"/{service}")
        }

    def spared(self, subject: str, *services: str) -> bool:
        """True when a dead letter of one of these services touched the subject: then not all facts count."""
        return any((service, subject) in self.touched for service in services)


def instant(text: str) -> datetime:
    """An instant of an envelope or of data."""
    return datetime.fromisoformat(text)


def _open(record: Record) -> Mapping[str, Any] | None:
    """The envelope as a mapping, or None for what no reader can use; judged apart from shared/bus/records.py."""
    value = record.value or b""
    try:
        event = json.loads(value)
        usable = (
            (record.key or b"").decode("utf-8", "replace") == event["subject"]
            and event["specversion"] == "1.0"
            and bool(event["id"] and event["type"] and event["source"])
            and (record.sha256 is None or hashlib.sha256(value).hexdigest() == record.sha256)
        )
        return event if usable and _fits(record.topic, event) else None
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None


def _fits(topic: str, event: Mapping[str, Any]) -> bool:
    if topic.endswith(".commands"):
        shape = CONTROL.get(event["type"]) or COMMANDS.get(event["type"])
        if shape is None or getattr(shape, "service", topic.partition(".")[0]) != topic.partition(".")[0]:
            return False
        shape.model_validate(event["data"], extra="ignore")
        return True
    if event.get("seq", 0) < 1 or not event.get("time"):
        return False
    if known := EVENTS.get(event["type"]):
        known.model_validate(event["data"])
    return True
