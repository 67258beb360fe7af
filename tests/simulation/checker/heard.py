"""What a service must have read of an aggregate, by the rules of order alone: also where dead letters stood in the way.

A dead letter keeps an event back until an operator's command on the service's own topic hands it in again (it then
counts as if it had come at that moment) or skips its place (it never happened there). What depends on an event that
is kept back is held, and nothing else is.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from shared.contract.envelope import read_seen
from shared.contract.registry import EVENTS
from tests.simulation.checker.history import (
    HEARS,
    KEEPS,
    REDELIVER,
    Event,
    Evidence,
    Opened,
    aggregate_of,
    open_value,
    owner_of,
)

Place = tuple[str, str, int]
"""Topic, source and number of one event about one subject."""
SKIP, UPGRADE = "record.skip.v1", "upgrade"


class Heard(NamedTuple):
    """What one service should know of one subject: the last number of each (topic, source), and what it holds."""

    read: Mapping[tuple[str, str], int]
    held: frozenset[Place]
    skipped: frozenset[Place]
    kept_back: frozenset[Place]
    """Events whose dead letter is still open."""
    handed_in: Mapping[Place, int]
    """When an operator's command let a dead letter come after all, or took its place; in ms."""

    def has(self, place: Place) -> bool:
        """Whether this event was applied, so that the service acts on it."""
        return place[2] <= self.read.get(place[:2], 0) and place not in self.skipped


class Hearing:
    """Works out ``Heard`` for every service and subject of a history."""

    def __init__(self, evidence: Evidence, *, read_again: bool = False) -> None:
        """``read_again``: what an operator gave up had been read again and applied before, which no record says."""
        self._evidence, self._read_again = evidence, read_again
        self._known: dict[tuple[str, str], Heard] = {}
        self._events: dict[tuple[str, str, str], list[Event]] = {}

    def of(self, service: str, subject: str) -> Heard:
        """What this service should have read about this subject."""
        if (service, subject) not in self._known:
            self._known[service, subject] = self._work_out(service, subject)
        return self._known[service, subject]

    def events(self, service: str, subject: str, owner: str) -> list[Event]:
        """The events of one owner that this service acted on, in their sequence."""
        asked = (service, subject, owner)
        if asked not in self._events:
            heard, topic = self.of(service, subject), f"{owner}.events"
            self._events[asked] = [
                opened.event
                for (name, source), found in self._sequences[subject].items()
                if name == topic and owner_of(source) == owner
                for seq, opened in sorted(found.items())
                if heard.has((topic, source, seq)) and opened.event is not None
            ]
        return self._events[asked]

    def waits(self, service: str, subject: str) -> bool:
        """Whether something is held there, or an operator has still to decide about a dead letter."""
        heard = self.of(service, subject)
        return bool(heard.held or heard.kept_back)

    def gave_up(self, service: str, subject: str) -> bool:
        """Whether an operator made this service pass over an event about this subject."""
        return bool(self.of(service, subject).skipped)

    @cached_property
    def _sequences(self) -> Mapping[str, dict[tuple[str, str], dict[int, Opened]]]:
        found: dict[str, dict[tuple[str, str], dict[int, Opened]]] = defaultdict(dict)
        for (topic, subject, source), sequence in self._evidence.events.items():
            found[subject][topic, source] = sequence
        return found

    @cached_property
    def controls(self) -> Mapping[tuple[str, str], list[tuple[Opened, Event]]]:
        """Operators' commands about events: (service, subject) -> those commands in the order of the log.

        A skip that failed and is handed in again counts as that skip.
        """
        found: dict[tuple[str, str], list[tuple[Opened, Event]]] = defaultdict(list)
        for opened in self._evidence.opened:
            if opened.event is not None and opened.event["type"] in (REDELIVER, SKIP):
                service, event = opened.record.topic.partition(".")[0], opened.event
                again = self._again(opened)
                if again is not None and again.event is not None and again.event["type"] == SKIP:
                    event = again.event
                found[service, event["subject"]].append((opened, event))
        return found

    def _work_out(self, service: str, subject: str) -> Heard:
        kind = aggregate_of(subject)
        if kind not in KEEPS[service]:
            return Heard({}, frozenset(), frozenset(), frozenset(), {})
        topics = HEARS.get((service, kind)) or self._evidence.history.reads[service]
        sequences = {
            name: dict(found)
            for name, found in self._sequences[subject].items()
            if name[0] in topics and not name[0].endswith(".commands")
        }
        kept_back = set(self._set_aside(service, subject))
        skipped: set[Place] = set()
        handed_in: dict[Place, int] = {}
        failed = self._evidence.dead_letters.get(service, {})
        for opened, event in self.controls.get((service, subject), ()):
            if opened.place in failed or opened.place in self._evidence.answered:
                continue  # it failed, or the copy before it did: then this one is answered with that
            data = event["data"]
            if event["type"] == SKIP:
                place = (data["topic"], data["source"], data["seq"])
                came = data["seq"] in sequences.get(place[:2], {})
                if came and self._read_again:
                    kept_back.discard(place)
                elif place in kept_back or not came:
                    kept_back.discard(place)
                    skipped.add(place)
                    handed_in[place] = opened.record.timestamp
            elif (again := self._again(opened)) is not None and again.event is not None:
                place = _place(again)
                if place in skipped:
                    continue
                if place[2] > 0:
                    if _decides(event):
                        kept_back.discard(place)
                    handed_in[place] = opened.record.timestamp
                    sequences.setdefault(place[:2], {}).setdefault(place[2], again)
        read = dict(_in_turn(sequences, kept_back, skipped, topics))
        came = {(*name, seq) for name, found in sequences.items() for seq in found} | skipped
        held = {place for place in came - kept_back if place[2] > read.get(place[:2], 0)}
        return Heard(read, frozenset(held), frozenset(skipped), frozenset(kept_back), handed_in)

    def _set_aside(self, service: str, subject: str) -> Iterator[Place]:
        """Events about a subject that this service could not use, and did not apply all the same."""
        document = self._evidence.documents(service).get(subject, {})
        read = {(topic, source): seq for topic, source, seq in document.get("read", ())}
        controls = self.controls.get((service, subject), ())
        decided = {self._about(opened, event) for opened, event in controls if _decides(event)}
        for one in self._evidence.dead_letters_about.get((service, subject), ()):
            place = (one.topic, one.source, one.seq)
            if one.seq < 1 or one.topic.endswith(".commands") or one.unpublished:
                continue
            # Read again by itself it may have been applied: then its effects must be there as those of any other.
            if place in decided or read.get(place[:2], 0) < one.seq:
                yield place

    def _about(self, opened: Opened, event: Event) -> Place | None:
        data = event["data"]
        if event["type"] == SKIP:
            return data["topic"], data["source"], data["seq"]
        again = self._again(opened)
        return None if again is None else _place(again)

    def _again(self, opened: Opened) -> Opened | None:
        again = open_again(opened)
        return again if again is None or not self._evidence.epochs else self._evidence.joined(again)


def _decides(event: Event) -> bool:
    """Whether a command is an operator's. A worker after an upgrade hands in what is held or was passed over; that may
    fail long after, when its turn comes, and then an operator has still to decide about it."""
    return not str(event["id"]).startswith(f"{UPGRADE}/")


def open_again(opened: Opened) -> Opened | None:
    """A dead letter that was handed in again, as if it stood at the place of the command that hands it in."""
    event = opened.event
    if event is None or event["type"] != REDELIVER:
        return None
    record = opened.record._replace(topic=event["data"]["topic"], value=event["data"]["value"].encode())
    return Opened(record, open_value(record.topic, event["subject"], event["data"]["value"]))


def _place(opened: Opened) -> Place:
    event = opened.event or {}
    return opened.record.topic, event.get("source", ""), event.get("seq", 0)


def _in_turn(
    sequences: Mapping[tuple[str, str], Mapping[int, Opened]],
    kept_back: set[Place],
    skipped: set[Place],
    topics: Any,
) -> dict[tuple[str, str], int]:
    """How far each sequence can be applied: each number after the one before, and after what its producer had seen."""
    read: dict[tuple[str, str], int] = {}
    names = {*sequences, *(place[:2] for place in skipped)}
    moved = True
    while moved:
        moved = False
        for name in names:
            while True:
                seq = read.get(name, 0) + 1
                opened = sequences.get(name, {}).get(seq)
                if (*name, seq) not in skipped and (
                    opened is None or (*name, seq) in kept_back or not _is_ready(opened, read, topics)
                ):
                    break
                read[name], moved = seq, True
    return read


def _is_ready(opened: Opened, read: Mapping[tuple[str, str], int], topics: Any) -> bool:
    event = opened.event or {}
    if event.get("mustunderstand") and event["type"] not in EVENTS:
        return False
    return all(
        (topic := f"{source.rpartition('/')[2]}.events") not in topics or read.get((topic, source), 0) >= seq
        for source, seq in read_seen(event.get("seen", "")).items()
    )
