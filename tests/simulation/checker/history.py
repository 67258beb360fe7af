"""What a run left behind, read once: every record opened, and every event by topic, subject and source."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import ValidationError

from shared.bus.deadletters import DeadLetter
from shared.bus.records import Record
from shared.contract.registry import COMMANDS, CONTROL, EVENTS
from tests.simulation.checker.clauses import Violation
from tests.simulation.checker.epochs import Epochs, lost

Event = Mapping[str, Any]
Document = Mapping[str, Any]
Documents = Mapping[str, Mapping[str, Document]]
OUTCOME = "outcome"
"""The kind of the documents that hold old outcomes of commands, ``<subject>|<command's id>``."""
NEIGHBOURS = ("/deqing/",)
"""How the sources of others begin who publish on the same topics: that only has to be in order."""
SERVICES = ("intake", "dispatch", "supervision", "feedback")
OWNERS = {f"{service}.events": service for service in SERVICES}
PREFIXES = {
    "": "issue",
    "person": "person",
    "enterprise": "enterprise",
    "dept": "department",
    "staff": "staff",
    "rules": "rules",
    "talk": "talk",
    "agenda": "agenda",
    "rotation": "rotation",
    "batch": "batch",
    "alert": "alert",
    "ratings": "rating_round",
    "paper": "paper",
    "register": "register",
    "policy": "policy",
    "calendar": "calendar",
    "notice": "notice",
}
KEEPS = {
    "intake": ("issue", "person", "enterprise", "talk", "agenda", "rotation", "notice"),
    "dispatch": ("issue", "department", "staff", "rules", "batch", "alert", "notice", "talk"),
    "supervision": ("issue", "register", "policy", "calendar"),
    "feedback": ("issue", "rating_round", "paper"),
}
"""The kinds of aggregates that each service owns; it keeps nothing of any other."""
HEARS = {("dispatch", "talk"): ("intake.talks",)}
"""Of some kinds a service keeps only what stands on these topics (docs/decisions/0057)."""
DISCARD = "command.discard.v1"
REDELIVER = "record.redeliver.v1"
HISTORY_ENDED = "history.ended.v1"
"""A mark on a topic of commands: it is about nothing, and nobody does anything with it."""
MOST_KEPT_BYTES = 1024 * 1024
"""What failed and is longer is not kept with its outcome (docs/decisions/0016)."""


class Acknowledged(NamedTuple):
    """A command that Kafka had acknowledged; ``answers``: every outcome that somebody was given."""

    service: str
    subject: str
    id: str
    answers: tuple[Mapping[str, Any], ...] = ()


class Said(NamedTuple):
    """What somebody said of an issue, and who it was as that person stands on topics: ``entrepreneur:<reference>``."""

    person: str
    title: str
    text: str


class Mailed(NamedTuple):
    """A mail that the mail server took, or refused; or what a robot did. ``again``: that had happened before, to
    somebody who could have recorded it. ``asked_ms``: when somebody handed it in. ``says``: of what it tells, each as
    (subject, about).
    """

    notice: str
    at_ms: int
    again: bool = False
    asked_ms: int = 0
    way: str = "mail"
    says: tuple[tuple[str, str], ...] = ()


@dataclass
class History:
    """``records`` of all topics, each partition in order; the rest as far as it is known.

    ``now``: when it was looked at; deadlines after it need not have fired. ``documents``: by service and subject.
    ``grace_seconds``: of policies that no event of the history publishes.
    """

    records: Iterable[Record]
    reads: Mapping[str, Sequence[str]]
    dead_letters: Mapping[str, Sequence[DeadLetter]] = field(default_factory=dict)
    documents: Documents | None = None
    acknowledged: Sequence[Acknowledged] = ()
    said: Mapping[str, Said] = field(default_factory=dict)
    """By subject, of issues whose raisers are known."""
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    grace_seconds: int = 120
    skew_ms: int = 1000
    """How far two machines' clocks may be apart."""
    most_outcomes: int = 600
    """How many outcomes a document holds at most before the oldest move out (bus.md: the newest 500 stay)."""
    at_once: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """By service and subject how many outcomes the last write of a document may have added, where that is known."""
    rebalanced_ms: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """By service when its partitions got new owners, where that is known."""
    mailed: Sequence[Mailed] = ()
    refused: Sequence[Mailed] = ()
    lost: Sequence[Record] = ()
    """What stood on topics before a restore, which did not bring it back: outside somebody may have read it."""
    unmarked: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By service the subjects of documents that waited for events where no start would have found them."""


class Opened(NamedTuple):
    """One record; ``event`` is None when it cannot be used."""

    record: Record
    event: Event | None

    @property
    def place(self) -> str:
        """How sentences name it."""
        return f"{self.record.topic}/{self.record.partition}/{self.record.offset}"

    @property
    def kept_bytes(self) -> int:
        """How long the value is that a dead letter of it holds: of what is handed in again, not of the request."""
        if self.event is not None and self.event["type"] == REDELIVER:
            return len(self.event["data"]["value"].encode())
        return len(self.record.value or b"")


class Evidence:
    """A history, opened. ``events[topic, subject, source][seq]`` is the first record that held that event."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.marks: list[Opened] = []
        self.opened: list[Opened] = []
        for record in history.records:
            if not record.topic.endswith(".dlq"):
                (self.marks if _is_mark(record) else self.opened).append(Opened(record, _open(record)))
        self.epochs = Epochs((one.record.topic, one.event) for one in self.opened if one.event is not None)
        if self.epochs:
            self.opened = [self.joined(one) for one in self.opened]
        self.events: dict[tuple[str, str, str], dict[int, Opened]] = defaultdict(dict)
        self.by_id: dict[str, Opened] = {}
        self._begins = {(one.record.topic, one.record.partition): one.record.offset for one in self.marks}
        self._published: dict[str, dict[str, Event]] = {}
        self._by_owner: dict[str, dict[str, list[Event]]] = {}
        for opened in self.opened:
            event = opened.event
            if event is not None:
                self.by_id.setdefault(event["id"], opened)
                if event.get("seq", 0) > 0:
                    name = (opened.record.topic, event["subject"], event["source"])
                    self.events[name].setdefault(event["seq"], opened)
        self.dead_letters = {
            service: {one.origin: self.epochs.dead_letter(one) for one in found}
            for service, found in history.dead_letters.items()
        }
        self.dead_letters_about: dict[tuple[str, str], list[DeadLetter]] = defaultdict(list)
        for service, found in history.dead_letters.items():
            for one in found:
                self.dead_letters_about[service, one.subject].append(self.epochs.dead_letter(one))
        self.answered = set(self._answered())
        """Places of commands of which a copy had failed before: the same id is answered, and nothing is done again."""
        self.given_up = set(self._given_up())
        """Places where a dead letter was handed in again whose command an operator had given up: answered too."""
        self.unpublished = {
            (one.topic, one.subject, one.seq)
            for found in history.dead_letters.values()
            for one in map(self.epochs.dead_letter, found)
            if one.unpublished and one.status != "replayed"
        }
        """Topic, subject and number of events that no broker took: an operator has still to see to them."""
        self._documents: dict[str, dict[str, Document]] = {}
        self._inboxes: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
        self.outcomes: dict[tuple[str, str], Document] = {}
        """The documents of old outcomes, by service and id."""
        for service, by_id in (history.documents or {}).items():
            apart = {id for id, document in by_id.items() if document.get("kind") == OUTCOME}
            kept = {id: found for id, found in by_id.items() if id not in apart}
            if self.epochs:
                kept = {id: self.epochs.document(id, found) for id, found in kept.items()}
            self._documents[service] = kept
            self.outcomes |= {(service, id): by_id[id] for id in apart}

    def joined(self, opened: Opened) -> Opened:
        """The same record, its event in its owner's one sequence, whatever was restored meanwhile."""
        event = opened.event
        return (
            opened if event is None else opened._replace(event=self.epochs.event(opened.record.topic, event))
        )

    def check_epochs(self) -> Iterator[Violation]:
        """What a restore has to keep to."""
        yield from self.epochs.violations()
        if self.history.lost:
            stood, stands = (
                [(one.topic, event, one.value or b"") for one in records if (event := _open(one)) is not None]
                for records in (self.history.lost, self.history.records)
            )
            yield from lost(stood, stands)

    def _answered(self) -> Iterator[str]:
        failed: set[tuple[str, str, str]] = set()
        for opened in self.opened:
            service, _, kind = opened.record.topic.partition(".")
            if opened.event is None or kind != "commands":
                continue
            name = (service, opened.event["subject"], opened.event["id"])
            if name in failed:
                yield opened.place
            elif opened.place in self.dead_letters.get(service, {}) and opened.kept_bytes <= MOST_KEPT_BYTES:
                failed.add(name)

    def _given_up(self) -> Iterator[str]:
        commands: set[tuple[str, str, str]] = set()
        for opened in self.opened:
            event, service = opened.event or {}, opened.record.topic.partition(".")[0]
            subject, data = event.get("subject", ""), event.get("data", {})
            if event.get("type") == DISCARD and data["command"]:
                commands.add((service, subject, data["command"]))
            elif event.get("type") == REDELIVER:
                origin = f"{data['topic']}/{data['partition']}/{data['offset']}"
                dead_letter = self.dead_letters.get(service, {}).get(origin)
                if dead_letter is not None and (service, subject, dead_letter.command) in commands:
                    yield opened.place

    def was_played(self, event: Event) -> bool:
        """Whether what made it happen stands before the mark that ends history: of that nobody is told."""
        cause = self.by_id.get(str(event.get("cause")))
        if cause is None:
            return False
        place = (cause.record.topic, cause.record.partition)
        return cause.record.offset < self._begins.get(place, 0)

    def events_by(self, service: str) -> dict[str, list[Event]]:
        """Each subject's events of one owner, by sequence."""
        if service not in self._by_owner:
            topic = f"{service}.events"
            self._by_owner[service] = {
                subject: [found[seq].event for seq in sorted(found)]  # type: ignore[misc]
                for (name, subject, source), found in self.events.items()
                if name == topic and owner_of(source) == service
            }
        return self._by_owner[service]

    def published(self, kind: str) -> dict[str, Event]:
        """The data of every version of one kind of reference data by its name; a version's name is its subject's."""
        if kind not in self._published:
            self._published[kind] = {
                opened.event["data"]["version"]: opened.event
                for opened in self.opened
                if opened.event is not None
                and opened.event["type"] == f"{kind}.published.v1"
                and opened.record.topic.endswith(".events")
            }
        return self._published[kind]

    def documents(self, service: str) -> Mapping[str, Document]:
        """The documents of one service's aggregates by subject."""
        return self._documents.get(service, {})

    def outcome(self, service: str, subject: str, id: str) -> Mapping[str, Any] | None:
        """What the service remembers of a command: in the aggregate's document, or beside it when it is old."""
        if (service, subject) not in self._inboxes:
            inbox = self.documents(service).get(subject, {}).get("inbox", ())
            self._inboxes[service, subject] = {known: outcome for known, _, outcome in reversed(inbox)}
        if (found := self._inboxes[service, subject].get(id)) is not None:
            return dict(found)
        apart = self.outcomes.get((service, f"{subject}|{id}"))
        return None if apart is None else dict(apart["outcome"])


def instant(text: str) -> datetime:
    """An instant of an envelope or of data."""
    return datetime.fromisoformat(text)


def kind_of(event: Event) -> str:
    """The type of an event without its version."""
    return str(event["type"]).rpartition(".v")[0]


def aggregate_of(subject: str) -> str:
    """The kind of aggregate that a subject names; "" for one that does not exist."""
    return PREFIXES.get(subject.rpartition(":")[0], "")


def waits_for(event: Event) -> str:
    """The talk that an issue waits for, by its registration; "" for none, as of what was added after one."""
    data = event["data"]
    if data.get("origin") != "talk" or data.get("phase") == "after":
        return ""
    return str((data.get("occasion") or {}).get("id", ""))


def is_order(topic: str) -> bool:
    """Whether a department reads it; in history the orders of all departments stand on one topic."""
    return topic == "dispatch.orders" or (topic.startswith("dept.") and topic.endswith(".orders"))


def owner_of(source: str) -> str:
    """The service of ours that a source names; "" for a neighbour's."""
    return "" if source.startswith(NEIGHBOURS) else source.rpartition("/")[2]


def open_value(topic: str, subject: str, value: str) -> Event | None:
    """An envelope that was handed in again, on the topic where it first stood; None for what nobody can use."""
    return _opened(topic, subject.encode(), value.encode(), None)


def _open(record: Record) -> Event | None:
    """The envelope as a mapping, or None for what no reader can use; judged apart from shared/bus/records.py."""
    return _opened(record.topic, record.key, record.value, record.sha256)


def _is_mark(record: Record) -> bool:
    if not record.topic.endswith(".commands") or HISTORY_ENDED.encode() not in (record.value or b""):
        return False
    try:
        return bool(json.loads(record.value or b"")["type"] == HISTORY_ENDED)
    except (ValueError, KeyError, TypeError):
        return False


@lru_cache(maxsize=20_000)
def _opened(topic: str, key: bytes | None, value: bytes | None, sha256: str | None) -> Event | None:
    value = value or b""
    try:
        event = json.loads(value)
        usable = (
            (key or b"").decode("utf-8", "replace") == _key_of(topic, event)
            and event["specversion"] == "1.0"
            and bool(event["id"] and event["type"] and event["source"])
            and (sha256 is None or hashlib.sha256(value).hexdigest() == sha256)
        )
        return event if usable and _fits(topic, event) else None
    except (ValueError, KeyError, TypeError, AttributeError, ValidationError):
        return None


def _key_of(topic: str, event: Event) -> str:
    version = f"@{event['data']['version']}" if topic.endswith(".reference") else ""
    return f"{event['subject']}{version}"


def _fits(topic: str, event: Event) -> bool:
    if topic.endswith(".commands"):
        kind = aggregate_of(event["subject"])
        shape = CONTROL.get(event["type"]) or COMMANDS.get(event["type"])
        if shape is None or kind not in KEEPS[topic.partition(".")[0]]:
            return False
        if getattr(shape, "aggregate", kind) != kind:
            return False
        shape.model_validate(event["data"], extra="ignore")
        return True
    if event.get("seq", 0) < 1 or not event.get("time"):
        return False
    if known := EVENTS.get(event["type"]):
        known.model_validate(event["data"])
    return True
