"""What is stored is published, nothing waits without need, and every aggregate ends or has its timer."""

import importlib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from shared.contract.envelope import sha256_of
from shared.timers import fire_at_of
from tests.simulation.checker.clocks import Running, running_clocks
from tests.simulation.checker.history import KEEPS, Evidence, aggregate_of, instant, owner_of

OVERDUE = timedelta(minutes=10)
SWEPT_AFTER = timedelta(days=1) + OVERDUE
TERMINAL = "terminal"


def check_stores(evidence: Evidence) -> Iterator[str]:
    """Every sequence a document says it has published ends on the topic with that very record, and the reverse."""
    documents = evidence.history.documents or {}
    for service, by_subject in documents.items():
        for subject, document in by_subject.items():
            if document["kind"] != aggregate_of(subject) or document["kind"] not in KEEPS[service]:
                yield f"{subject}: {service} keeps a document of the kind {document['kind']}"
            for topic, seq, sha in document.get("published", ()):
                yield from _published(evidence, service, subject, topic, seq, sha)
            for topic, source, seq, *_ in document.get("held", ()):
                if not evidence.spared(subject, service):
                    yield f"{subject}: {service} still holds {topic} seq {seq} of {source}, and no dead letter is why"
            yield from _swept(evidence, service, subject, document)
    for (topic, subject, source), found in evidence.events.items():
        service = owner_of(source)
        if service in documents and not topic.endswith(".reference"):
            document = documents[service].get(subject, {})
            last = {name: seq for name, seq, _ in document.get("published", ())}.get(topic, 0)
            if last < max(found):
                yield f"{subject}: {found[max(found)].place} was published, {service} stored only {last}"


def _swept(evidence: Evidence, service: str, subject: str, document: Mapping[str, Any]) -> Iterator[str]:
    """What a finished issue kept to be sent again goes a day later; until then its timer runs."""
    if "outbox" not in document or "finished_at" not in document:
        return
    if "deadline" not in document:
        yield f"{subject}: {service} keeps an outbox of what is finished, and nothing will sweep it"
    elif evidence.history.now > instant(document["finished_at"]) + SWEPT_AFTER and not document.get("sweeps"):
        yield f"{subject}: {service} finished it at {document['finished_at']} and did not sweep its outbox"


def _published(
    evidence: Evidence, service: str, subject: str, topic: str, seq: int, sha: str
) -> Iterator[str]:
    sources = [
        name for name in evidence.events if name[:2] == (topic, subject) and name[2].endswith(f"/{service}")
    ]
    found = evidence.events[sources[0]].get(seq) if sources else None
    if found is None:
        yield f"{subject}: {service} stored {topic} seq {seq}, which is not on the topic"
    elif sha256_of(found.record.value or b"") != sha:
        yield f"{subject}: {service} stored another {topic} seq {seq} than stands at {found.place}"


def check_timers(evidence: Evidence) -> Iterator[str]:
    """A terminal state has no deadline; any other has the timer its service's TIMERS table names."""
    running, documents = running_clocks(evidence), evidence.history.documents or {}
    for service, by_subject in documents.items():
        life = importlib.import_module(f"services.{service}.issue.life")
        timers = life.TIMERS
        for subject, document in by_subject.items():
            yield from _overdue(evidence, service, subject, document)
            if document.get("state") is None or aggregate_of(subject) != "issue":
                continue
            state = life.Issue.model_validate(document["state"]).state
            if state not in timers:
                yield f"{subject}: {service} is in state {state}, which its table of timers does not know"
            elif timers[state] == TERMINAL:
                if "deadline" in document and not document["due"]["name"].startswith("sweep/"):
                    yield f"{subject}: {service} is {state}, and still has the deadline {document['due']['name']}"
            elif not evidence.spared(subject, "intake", "dispatch", "supervision", "feedback"):
                elsewhere = any("deadline" in others.get(subject, {}) for others in documents.values())
                yield from _has_timer(service, subject, state, timers[state], document, running, elsewhere)


def _overdue(evidence: Evidence, service: str, subject: str, document: Mapping[str, Any]) -> Iterator[str]:
    if "deadline" in document:
        fire_at = fire_at_of(document["deadline"])
        if fire_at < evidence.history.now - OVERDUE:
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
