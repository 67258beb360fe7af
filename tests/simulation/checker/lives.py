"""Only legal moves: what each owner told of an issue, read in its sequence, is a path through a small table.

The tables are written down here a second time on purpose: from docs/loop.md and not from the services' code.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.envelope import read_seen
from tests.simulation.checker.history import OWNERS, Facts

Table = Mapping[tuple[str, str], tuple[str, ...]]

INTAKE: Table = {
    ("", "issue.registered"): ("just registered",),
    ("just registered", "promise.started"): ("registered",),
    ("registered", "issue.accepted"): ("accepted",),
    ("registered", "issue.rejected"): ("rejected",),
    ("registered", "issue.withdrawn"): ("withdrawn",),
    ("accepted", "issue.withdrawn"): ("withdrawn",),
}
DISPATCH: Table = {
    ("", "issue.assigned"): ("assigned",),
    ("assigned", "assignment.signed"): ("in progress",),
    ("assigned", "assignment.returned"): ("returned",),
    ("in progress", "assignment.returned"): ("returned",),
    ("returned", "assignment.ruled"): ("upheld", "assigned", "in progress"),
    ("upheld", "assignment.transferred"): ("assigned",),
    ("in progress", "reply.drafted"): ("drafted",),
    ("drafted", "reply.drafted"): ("drafted",),
    ("drafted", "reply.signed_off"): ("signed off",),
    ("drafted", "reply.sent_back"): ("in progress",),
    ("signed off", "reply.checked"): ("checked",),
    ("signed off", "reply.sent_back"): ("in progress",),
    ("checked", "reply.sent_back"): ("in progress",),
    ("checked", "reply.released"): ("replied", "in progress"),
}
"""``in progress`` after a release: a new round was granted, which is feedback's to tell (see ``_rounds``)."""

FEEDBACK: Table = {
    ("", "rating.invited"): ("invited",),
    ("invited", "reply.rated"): ("rated",),
    ("invited", "rating.lapsed"): ("rated",),
    ("rated", "rework.asked"): ("rework asked",),
    ("rated", "issue.tracked"): ("tracked",),
    ("rated", "issue.closed"): ("closed",),
    ("rework asked", "rework.decided"): ("rework",),
    ("rework asked", "rework.refused"): ("rated",),
    ("rework", "rating.invited"): ("invited",),
    ("tracked", "issue.closed"): ("closed",),
}
TABLES = {"intake": INTAKE, "dispatch": DISPATCH, "feedback": FEEDBACK}
TOPIC_OF = {service: topic for topic, service in OWNERS.items()}

CAUSED: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "issue.assigned": ("intake", ("issue.accepted",)),
    "rating.invited": ("dispatch", ("reply.released",)),
    "clock.started": ("intake", ("issue.registered",)),
}
"""An event, and what its owner must have seen of another owner before: topic's owner, any of these types."""


def kind_of(event: Mapping[str, Any]) -> str:
    """The type without its version."""
    return str(event["type"]).rpartition(".v")[0]


def check_lives(facts: Facts) -> Iterator[str]:
    """Every owner's path, what it had seen before each step, and the rounds of replies."""
    told = {service: facts.told_by(service) for service in OWNERS.values()}
    for service, table in TABLES.items():
        for subject, events in told[service].items():
            yield from _path(service, table, subject, events)
    for service, by_subject in told.items():
        for subject, events in by_subject.items():
            yield from _seen_before(service, subject, events, told)
    for subject, events in told["dispatch"].items():
        yield from _rounds(subject, events, told["feedback"].get(subject, []))


def _path(service: str, table: Table, subject: str, events: list[Mapping[str, Any]]) -> Iterator[str]:
    states: set[str] = {""}
    for event in events:
        kind = kind_of(event)
        after = {state for now in states for state in table.get((now, kind), ())}
        if kind == "assignment.ruled":
            after = {"upheld"} if event["data"]["upheld"] else after - {"upheld"}
        if not after:
            where = " or ".join(sorted(states)) or "the beginning"
            yield f"{subject}: {service} told {kind} (seq {event['seq']}), which is no legal move from {where}"
            return
        states = after


def _seen_before(
    service: str,
    subject: str,
    events: list[Mapping[str, Any]],
    told: Mapping[str, Mapping[str, list[Mapping[str, Any]]]],
) -> Iterator[str]:
    """What an event says it had seen exists, never shrinks, and holds its cause."""
    before: dict[str, int] = {}
    for event in events:
        seen = read_seen(event.get("seen", ""))
        for topic, seq in seen.items():
            there = told.get(OWNERS.get(topic, ""), {}).get(subject, [])
            if seq > len(there):
                yield f"{subject}: {event['id']} had seen {topic} seq {seq}, which does not exist"
        if any(seen.get(topic, 0) < seq for topic, seq in before.items()):
            yield f"{subject}: {event['id']} had seen less than the event before it: {event.get('seen')!r}"
        before = seen
        if (cause := CAUSED.get(kind_of(event))) is not None:
            owner, kinds = cause
            known = told[owner].get(subject, [])[: seen.get(TOPIC_OF[owner], 0)]
            if not any(kind_of(other) in kinds for other in known):
                yield f"{subject}: {event['id']} ({kind_of(event)}) came before {' or '.join(kinds)} was seen"


def _rounds(
    subject: str, events: list[Mapping[str, Any]], feedback: list[Mapping[str, Any]]
) -> Iterator[str]:
    """Round 1, 2, ...: one release each, and a later one only after feedback granted it."""
    granted = {1, *(event["data"]["round"] for event in feedback if kind_of(event) == "rework.decided")}
    released: list[int] = []
    for event in events:
        round = event["data"].get("round")
        if round is not None and round not in granted:
            yield f"{subject}: {event['id']} ({kind_of(event)}) is of round {round}, which nobody granted"
        if kind_of(event) == "reply.released":
            released.append(round)
    if released != sorted(set(released)):
        yield f"{subject}: replies were released for the rounds {released}"
