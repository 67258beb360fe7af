"""The state of every issue from the event log alone: what feedback itself knew, in the order it knew it.

Each of feedback's own events names in ``seen`` how far it had read the other owners (shared/envelope.py); so
others' facts are learned up to there, then the own event is applied, and what is left is learned at the end.
"""

from collections import defaultdict
from collections.abc import Iterable

from services.feedback.domain.facts import OWN, evolve, learn
from services.feedback.domain.life import Issue
from shared.envelope import Envelope, read_seen
from shared.events import DISPATCH, EVENTS, FEEDBACK, INTAKE, SUPERVISION, Event

OTHERS = (INTAKE, DISPATCH, SUPERVISION)
"""In the order in which one owner's facts rest on another's: an issue, its assignments, their clocks."""


def rebuild(events: Iterable[Envelope]) -> dict[str, Issue]:
    """The issues by subject. Events may come in any order and more than once; unknown types count as read."""
    logs: dict[str, dict[str, dict[int, Envelope]]] = defaultdict(lambda: defaultdict(dict))
    for envelope in events:
        shape = EVENTS.get(envelope.type)
        topic = shape.topic if shape else f"{envelope.source.rpartition('/')[2]}.events"
        logs[envelope.subject][topic][envelope.seq] = envelope
    found = ((subject, _Reader(log).read()) for subject, log in logs.items())
    return {subject: issue for subject, issue in found if issue is not None}


class _Reader:
    """Reads one issue's four sequences in the order feedback read them."""

    def __init__(self, log: dict[str, dict[int, Envelope]]) -> None:
        self._log = log
        self._read = dict.fromkeys(OTHERS, 0)
        self._issue: Issue | None = None

    def read(self) -> Issue | None:
        own = self._log.get(FEEDBACK, {})
        for seq in sorted(own):
            envelope = own[seq]
            self._learn_up_to(read_seen(envelope.seen))
            event = _event(envelope)
            if self._issue is not None and envelope.time is not None and type(event) in OWN:
                self._issue = evolve(self._issue, event, envelope.time)  # type: ignore[arg-type]
        self._learn_up_to({topic: max(self._log[topic]) for topic in OTHERS if topic in self._log})
        return self._issue

    def _learn_up_to(self, target: dict[str, int]) -> None:
        """Learn each topic's facts in sequence; facts of different owners commute, in this order of topics."""
        for topic in OTHERS:
            while self._read[topic] < target.get(topic, 0):
                self._read[topic] += 1
                self._learn(topic)

    def _learn(self, topic: str) -> None:
        envelope = self._log[topic].get(self._read[topic])
        if envelope is not None and envelope.time is not None and (event := _event(envelope)) is not None:
            self._issue = learn(self._issue, event, envelope.time)


def _event(envelope: Envelope) -> Event | None:
    shape = EVENTS.get(envelope.type)
    return None if shape is None else shape.read(envelope.data)
