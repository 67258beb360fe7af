"""A restore numbers events anew, as an epoch; judged, they go on where the epoch before them ended.

Everything else in the checker then knows of one sequence for each topic, subject and owner, as readers should.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.bus.deadletters import DeadLetter
from shared.contract.envelope import read_seen
from tests.simulation.checker.clauses import Clause, Violation

Event = Mapping[str, Any]
Name = tuple[str, str, str]
"""Topic, subject, source."""


class Epochs:
    """Where each epoch begins, by what its first event says that it follows."""

    def __init__(self, events: Iterable[tuple[str, Event]]) -> None:
        """``events``: each with the topic it stands on."""
        numbers: dict[Name, set[int]] = defaultdict(set)
        follows: dict[Name, str] = {}
        for topic, event in events:
            if (seq := event.get("seq", 0)) > 0:
                name = (topic, event["subject"], event["source"])
                numbers[name].add(seq)
                if seq == 1:
                    follows[name] = event.get("follows", "")
        self._begins: dict[Name, int] = {}
        self.silent: list[Name] = []
        """First events of an epoch that do not say what they follow, where something went before."""
        for name in sorted(numbers, key=lambda name: _epoch(name[2])):
            topic, subject, source = name
            if not _epoch(source):
                continue
            before = [one for one in numbers if one[:2] == name[:2] and _is_before(one[2], source)]
            named = read_seen(follows.get(name, ""))
            ends = [self._begins.get((topic, subject, one), 0) + seq for one, seq in named.items()]
            if before and not ends:
                self.silent.append(name)
                ends = [self._begins.get(one, 0) + max(numbers[one]) for one in before]
            self._begins[name] = max(ends, default=0)

    def __bool__(self) -> bool:
        """Whether anything was ever restored."""
        return bool(self._begins)

    def place(self, topic: str, subject: str, source: str, seq: int) -> tuple[str, int]:
        """An owner and a number in its one sequence."""
        return _owner(source), self._begins.get((topic, subject, source), 0) + seq

    def event(self, topic: str, event: Event) -> Event:
        """The same event in its owner's one sequence."""
        subject, told = event["subject"], dict(event)
        if told.get("seq", 0) > 0:
            told["source"], told["seq"] = self.place(topic, subject, event["source"], event["seq"])
        if told.get("seen"):
            told["seen"] = self._seen(subject, told["seen"])
        data = told.get("data")
        if event["type"] == "record.skip.v1" and isinstance(data, dict):
            source, seq = self.place(data["topic"], subject, data["source"], data["seq"])
            told["data"] = {**data, "source": source, "seq": seq}
        return told

    def dead_letter(self, one: DeadLetter) -> DeadLetter:
        """The same of what could not be used."""
        source, seq = self.place(one.topic, one.subject, one.source, one.seq)
        return one._replace(source=source, seq=seq if one.seq else 0)

    def document(self, subject: str, document: Mapping[str, Any]) -> dict[str, Any]:
        """What is stored of an aggregate, as if all its numbers were of one sequence."""
        told, read = dict(document), dict[tuple[str, str], int]()
        for topic, source, seq in document.get("read", ()):
            owner, number = self.place(topic, subject, source, seq)
            read[topic, owner] = max(number, read.get((topic, owner), 0))
        if "read" in document:
            told["read"] = [[*name, seq] for name, seq in read.items()]
        for field in ("held", "passed"):
            if field in document:
                told[field] = [self._entry(subject, entry) for entry in document[field]]
        if "published" in document:
            told["published"] = [self._published(subject, document, *last) for last in document["published"]]
        return told

    def violations(self) -> Iterator[Violation]:
        """What epochs themselves must keep to."""
        for topic, subject, source in self.silent:
            yield Clause.FOLLOWS(f"{subject}: {topic} from {source} does not say what it follows")

    def _seen(self, subject: str, text: str) -> str:
        found: dict[str, int] = {}
        for source, seq in read_seen(text).items():
            owner, number = self.place(f"{_owner(source).rpartition('/')[2]}.events", subject, source, seq)
            found[owner] = max(number, found.get(owner, 0))
        return ",".join(f"{owner}={number}" for owner, number in sorted(found.items()))

    def _entry(self, subject: str, entry: list[Any]) -> list[Any]:
        topic, source, seq, *others = entry
        return [topic, *self.place(topic, subject, source, seq), *others]

    def _published(
        self, subject: str, document: Mapping[str, Any], topic: str, seq: int, sha: str, epoch: int = 0
    ) -> list[Any]:
        ends = [
            begins
            for (name, about, source), begins in self._begins.items()
            if (name, about, _epoch(source)) == (topic, subject, epoch)
        ]
        return [topic, max(ends, default=0) + seq, sha]


def lost(
    stood: Iterable[tuple[str, Event, bytes]], stands: Iterable[tuple[str, Event, bytes]]
) -> Iterator[Violation]:
    """No number that a reader outside may have read, and that a restore did not bring back, is given to another event.

    Each: topic, event, raw value; ``stood``: before the restore.
    """
    now = {(topic, *_place(event)): raw for topic, event, raw in stands if event.get("seq", 0) > 0}
    for topic, event, raw in stood:
        if event.get("seq", 0) > 0 and now.get(place := (topic, *_place(event)), raw) != raw:
            yield Clause.TOLD_ONCE(f"{event['subject']}: {place} was another event before the restore")


def _place(event: Event) -> tuple[str, str, int]:
    return event["subject"], event["source"], event["seq"]


def _owner(source: str) -> str:
    return source.partition(";")[0]


def _epoch(source: str) -> int:
    return int(source.partition(";")[2] or 0)


def _is_before(one: str, source: str) -> bool:
    return _owner(one) == _owner(source) and _epoch(one) < _epoch(source)
