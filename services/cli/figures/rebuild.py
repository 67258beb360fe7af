"""The history of every issue from the event log alone, each event in the order in which it counted.

Within a sequence (one topic and source) the numbers say the order. Where feedback's events cross those of intake and
dispatch, what feedback had read counts first: it says so in ``seen`` (shared/contract/envelope.py). So a withdrawal
that came after a lapse changes nothing, and one before it does. Supervision's clocks commute with all of them.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from services.cli.figures.history import Issue
from services.cli.figures.reading import read
from shared.contract.envelope import Envelope, read_seen
from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION, epoch_of, events_topic
from shared.contract.events.intake import IssueRegistered
from shared.contract.registry import EVENTS
from shared.contract.subjects import kind_of

OWNERS = (INTAKE, DISPATCH, SUPERVISION, FEEDBACK)
"""In the order in which one owner's events rest on another's: an issue, its assignments, their clocks."""

Sequences = dict[str, dict[int, Envelope]]
"""The events about one issue: source -> number -> event."""


def rebuild(events: Iterable[Envelope]) -> dict[str, Issue]:
    """The issues by subject. Events may come in any order and more than once; unknown types count as read."""
    log: dict[str, Sequences] = defaultdict(lambda: defaultdict(dict))
    for envelope in events:
        shape = EVENTS.get(envelope.type)
        owner = events_topic(envelope.source)
        is_ours = owner in OWNERS and (shape is None or shape.topic == owner)
        if is_ours and kind_of(envelope.subject) == "issue":
            log[envelope.subject][envelope.source][envelope.seq] = envelope
    found = {subject: _history(sequences) for subject, sequences in log.items()}
    return {subject: issue for subject, issue in found.items() if issue is not None}


def _history(sequences: Sequences) -> Issue | None:
    issue: Issue | None = None
    for envelope in _in_order(_of_its_jurisdiction(sequences)):
        shape = EVENTS.get(envelope.type)
        if shape is not None and envelope.time is not None:
            issue = read(issue, shape.read(envelope.data), envelope.time)
    return issue


def _of_its_jurisdiction(sequences: Sequences) -> Sequences:
    """What its own four owners tell: where another jurisdiction speaks of the issue, that does not move it."""
    registered = (
        source
        for source, events in sorted(sequences.items())
        if events_topic(source) == INTAKE
        and any(event.type == IssueRegistered.type for event in events.values())
    )
    home = next(registered, "").rpartition("/")[0]
    return {source: events for source, events in sequences.items() if source.rpartition("/")[0] == home}


def _in_order(sequences: Mapping[str, Mapping[int, Envelope]]) -> Iterator[Envelope]:
    """Feedback's events, each after what it names in ``seen``; then all that is left, owner by owner. Of one owner an
    epoch comes after the one before it."""
    ranked = sorted(sequences, key=lambda source: (OWNERS.index(events_topic(source)), epoch_of(source)))
    queues = {source: deque(_by_number(sequences[source])) for source in ranked}
    own = chain.from_iterable(queues.pop(source) for source in ranked if events_topic(source) == FEEDBACK)
    for envelope in own:
        seen = read_seen(envelope.seen)
        for source, queue in queues.items():
            while queue and queue[0].seq <= seen.get(source, 0):
                yield queue.popleft()
        yield envelope
    for queue in queues.values():
        yield from queue


def _by_number(sequence: Mapping[int, Envelope]) -> list[Envelope]:
    return [sequence[number] for number in sorted(sequence)]
