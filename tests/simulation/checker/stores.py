"""What is stored is published, nothing waits without need, and every aggregate ends or has its timer."""

import importlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from shared.envelope import sha256_of
from shared.timers import fire_at_of
from tests.simulation.checker.clocks import Running, running_clocks
from tests.simulation.checker.history import Facts

OVERDUE = timedelta(minutes=10)
TERMINAL = "terminal"


def check_stores(facts: Facts) -> Iterator[str]:
    """Every sequence a document says it has published ends on the topic with that very record, and the reverse."""
    documents = facts.history.documents or {}
    for service, by_subject in documents.items():
        for subject, document in by_subject.items():
            for topic, seq, sha in document.get("out", ()):
                yield from _published(facts, service, subject, topic, seq, sha)
            for entry in document.get("held", ()):
                if not facts.spared(subject, service):
                    yield f"{subject}: {service} still holds {entry['topic']} seq {entry['seq']}, and no letter is why"
    for (topic, subject, source), found in facts.events.items():
        service = source.rpartition("/")[2]
        if service in documents:
            out = {name: seq for name, seq, _ in documents[service].get(subject, {}).get("out", ())}
            if out.get(topic, 0) < max(found):
                yield f"{subject}: {found[max(found)].place} was published, {service} stored only {out.get(topic, 0)}"


def _published(facts: Facts, service: str, subject: str, topic: str, seq: int, sha: str) -> Iterator[str]:
    sources = [
        name for name in facts.events if name[:2] == (topic, subject) and name[2].endswith(f"/{service}")
    ]
    found = facts.events[sources[0]].get(seq) if sources else None
    if found is None:
        yield f"{subject}: {service} stored {topic} seq {seq}, which is not on the topic"
    elif sha256_of(found.record.value or b"") != sha:
        yield f"{subject}: {service} stored another {topic} seq {seq} than stands at {found.place}"


def check_timers(facts: Facts) -> Iterator[str]:
    """A terminal state has no deadline; any other has the timer its service's TIMERS table names."""
    running, documents = running_clocks(facts), facts.history.documents or {}
    for service, by_subject in documents.items():
        timers = getattr(importlib.import_module(f"services.{service}.domain"), "TIMERS", None)
        if timers is None:
            continue
        for subject, document in by_subject.items():
            yield from _overdue(facts, service, subject, document)
            state = (document.get("state") or {}).get("state")
            if state is None:
                continue
            if state not in timers:
                yield f"{subject}: {service} is in state {state}, which its table of timers does not know"
            elif timers[state] == TERMINAL:
                if "deadline" in document:
                    yield f"{subject}: {service} is {state}, and still has the deadline {document['due']['name']}"
            elif not facts.spared(subject, "intake", "dispatch", "supervision", "feedback"):
                elsewhere = any("deadline" in others.get(subject, {}) for others in documents.values())
                yield from _has_timer(service, subject, state, timers[state], document, running, elsewhere)


def _overdue(facts: Facts, service: str, subject: str, document: Mapping[str, Any]) -> Iterator[str]:
    if "deadline" in document:
        fire_at = fire_at_of(document["deadline"])
        if fire_at < facts.history.now - OVERDUE:
            yield f"{subject}: {service} did not fire {document['due']['name']}, due to fire at {fire_at:%F %T}"


def _has_timer(
    service: str,
    subject: str,
    state: str,
    timer: str,
    document: Mapping[str, Any],
    running: Running,
    elsewhere: bool,
) -> Iterator[str]:
    """The table says ``<owner>: <clock> clock`` for another's timer, else one's own deadline.

    A state may outlive the clock it names, as intake's ``accepted`` outlives the reply: then somebody else's
    timer must run, or a clock that was breached and waits for people.
    """
    owner, colon, what = timer.partition(": ")
    if not colon:
        owner, what = service, timer
    clocks = running.get(subject, {})
    named = {name: unfired for name, unfired in clocks.items() if name in what.replace(",", " ").split()}
    if owner == "supervision" and " clock" in what:
        if not named and not clocks and not elsewhere:
            yield f"{subject}: {service} is {state}, but nobody has a timer or a running clock for it ({what})"
        elif service == "supervision" and any(clocks.values()) and "deadline" not in document:
            yield f"{subject}: supervision runs {sorted(clocks)} and has no deadline"
    elif owner == service and "deadline" not in document:
        yield f"{subject}: {service} is {state} and lacks its timer ({what})"
