"""What the four owners say of each issue: every record read once, and put in the order in which it counts."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from services.cli.events import read_event
from services.cli.figures.rebuild import OWNERS
from services.supervision.consumer import OBSERVED
from shared.bus.records import Record
from shared.bus.reference import take_in
from shared.contract.envelope import read_seen
from shared.contract.event import (
    DISPATCH,
    FEEDBACK,
    INTAKE,
    SUPERVISION,
    Event,
    epoch_of,
    events_topic,
    owner_of,
    reference_topic,
)
from shared.contract.events.supervision import (
    ExplanationGiven,
    InstructionGiven,
    InstructionReported,
    InstructionTakenBack,
    LadderLifted,
    LookBackDone,
    TrackingReviewed,
)
from shared.contract.registry import EVENTS
from shared.contract.subjects import kind_of
from shared.contract.words import LiftCause
from shared.domain.reference import BEGINNING, Reference

REFERENCE = reference_topic("supervision")
TOPICS = (REFERENCE, INTAKE, DISPATCH, FEEDBACK, SUPERVISION)
COMPARED = tuple(
    shape
    for type, shape in EVENTS.items()
    if shape.topic == SUPERVISION and type.startswith(("clock.", "ladder."))
)
"""What supervision says of clocks and of steps."""
DECIDED = (
    ExplanationGiven,
    InstructionGiven,
    InstructionReported,
    InstructionTakenBack,
    LookBackDone,
    TrackingReviewed,
)
"""What people decided that clocks and steps follow from, beside lifting."""
_WANTED = {
    type: shape
    for type, shape in EVENTS.items()
    if shape in OBSERVED or shape in COMPARED or shape in DECIDED
}


class Entry(NamedTuple):
    """One event in its place: its official time, and what its producer had read of other owners, as it says."""

    at: datetime
    event: Event
    read: str = ""


Sequences = Mapping[str, Mapping[int, Entry]]
"""The events about one issue: source -> number -> event."""


class Log:
    """A namespace's events about issues, its policies and its calendars, taken in record by record, in any order.

    ``events``: how many there were; ``unreadable``: how many records were none; ``last``: the latest official time.
    """

    def __init__(self) -> None:
        self.reference = Reference()
        self.issues: dict[str, dict[str, dict[int, Entry]]] = defaultdict(lambda: defaultdict(dict))
        self.events, self.unreadable, self.last = 0, 0, BEGINNING

    def take(self, record: Record) -> None:
        """Take one record in; an event that was published twice stands once, in its place in its sequence."""
        if record.topic == REFERENCE:
            take_in(self.reference, record)
            return
        try:
            self._take(record)
        except (ValueError, OverflowError):
            self.unreadable += 1

    def _take(self, record: Record) -> None:
        envelope = read_event(record)
        assert envelope.time is not None
        shape = EVENTS.get(envelope.type)
        is_ours = events_topic(envelope.source) == record.topic and (
            shape is None or shape.topic == record.topic
        )
        if not is_ours or kind_of(envelope.subject) != "issue":
            return
        self.events += 1
        self.last = max(self.last, envelope.time)
        if (wanted := _WANTED.get(envelope.type)) is not None:
            entry = Entry(envelope.time, wanted.read(envelope.data), envelope.seen)
            self.issues[envelope.subject][envelope.source][envelope.seq] = entry


async def read_log(bootstrap: str, namespace: str, progress: Callable[[int], None]) -> Log:
    """A namespace's log as it is now; ``progress`` is told how many events there are so far."""
    from shared.bus.reader import read_all

    log = Log()
    async for record in read_all(bootstrap, TOPICS, f"{namespace}." if namespace else ""):
        log.take(record)
        progress(log.events)
    return log


def recorded(sequences: Sequences) -> list[Entry]:
    """What supervision says of an issue's clocks and steps, in its order."""
    return [
        entry
        for source, sequence in sorted(sequences.items(), key=lambda one: epoch_of(one[0]))
        if events_topic(source) == SUPERVISION
        for _, entry in sorted(sequence.items())
        if isinstance(entry.event, COMPARED)
    ]


def happened(sequences: Sequences) -> Iterator[Entry]:
    """What other owners say, and what people decided of the issue's ladder, in the order of official time.

    In one instant an issue comes before its assignments, these before clocks and ratings. Each owner's events come in
    their order, none before what its producer had read, and what supervision had not read yet when a person decided
    comes after that.
    """
    left = {source: queue for source in sequences if (queue := _queue(source, sequences[source]))}
    while left:
        ranked = sorted(left, key=lambda source: (left[source][-1][1].at, OWNERS.index(events_topic(source))))
        source = next((one for one in ranked if _may_come(one, left)), ranked[0])
        yield left[source].pop()[1]
        if not left[source]:
            del left[source]


_Queue = list[tuple[int, Entry]]
"""One owner's events with their numbers, the first one last."""


def _queue(source: str, sequence: Mapping[int, Entry]) -> _Queue:
    """Of supervision's own events only those that a person decided."""
    numbered = sorted(sequence.items(), reverse=True)
    if events_topic(source) != SUPERVISION:
        return numbered
    return [(number, entry) for number, entry in numbered if _by_a_person(entry.event)]


def _by_a_person(event: Event) -> bool:
    lifted = isinstance(event, LadderLifted) and event.because == LiftCause.PERSON
    return lifted or isinstance(event, DECIDED)


def _may_come(source: str, left: Mapping[str, _Queue]) -> bool:
    """Whether nothing that is still to come has to come before this owner's next event."""
    number, entry = left[source][-1]
    read = read_seen(entry.read)
    for other, queue in left.items():
        before, theirs = queue[-1]
        is_of_before = owner_of(other) == owner_of(source) and epoch_of(other) < epoch_of(source)
        if is_of_before or read.get(other, 0) >= before:
            return False
        decided = events_topic(other) == SUPERVISION != events_topic(source)
        if decided and read_seen(theirs.read).get(source, 0) < number:
            return False
    return True
