"""What is stored is published, nothing waits without need, and every aggregate ends or has its timer."""

import importlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from shared.contract.envelope import sha256_of
from shared.deadlines import fire_at_of
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import Running, running_clocks
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import KEEPS, Evidence, aggregate_of, instant, owner_of

OVERDUE = timedelta(minutes=10)
SWEPT_AFTER = timedelta(days=1) + OVERDUE
TERMINAL = "terminal"


def check_stores(evidence: Evidence) -> Iterator[Violation]:
    """Every sequence a document says it has published ends on the topic with that very record, and the reverse."""
    for service in evidence.history.documents or {}:
        for subject, document in evidence.documents(service).items():
            if document["kind"] != aggregate_of(subject) or document["kind"] not in KEEPS[service]:
                yield Clause.KIND_KEPT(
                    f"{subject}: {service} keeps a document of the kind {document['kind']}"
                )
            for topic, seq, sha in document.get("published", ()):
                yield from _published(evidence, service, subject, topic, seq, sha)
            yield from _swept(evidence, service, subject, document)
    for service, subjects in evidence.history.unmarked.items():
        for subject in subjects:
            yield Clause.WAITING_MARKED(
                f"{subject}: {service} waits for events of it, and no start would know of that"
            )
    for (topic, subject, source), found in evidence.events.items():
        service = owner_of(source)
        if service in (evidence.history.documents or {}) and not topic.endswith(".reference"):
            document = evidence.documents(service).get(subject, {})
            last = {name: seq for name, seq, _ in document.get("published", ())}.get(topic, 0)
            if last < max(found):
                yield Clause.STORED(
                    f"{subject}: {found[max(found)].place} was published, {service} stored only {last}"
                )


def _swept(
    evidence: Evidence, service: str, subject: str, document: Mapping[str, Any]
) -> Iterator[Violation]:
    """What a finished issue kept to be sent again goes a day later; until then its timer runs."""
    if "outbox" not in document or "finished_at" not in document:
        return
    if "deadline" not in document:
        yield Clause.SWEEP_DUE(
            f"{subject}: {service} keeps an outbox of what is finished, and nothing will sweep it"
        )
    elif evidence.history.now > instant(document["finished_at"]) + SWEPT_AFTER and not document.get("sweeps"):
        yield Clause.SWEPT(
            f"{subject}: {service} finished it at {document['finished_at']} and did not sweep its outbox"
        )


def _published(
    evidence: Evidence, service: str, subject: str, topic: str, seq: int, sha: str
) -> Iterator[Violation]:
    sources = [
        name for name in evidence.events if name[:2] == (topic, subject) and owner_of(name[2]) == service
    ]
    found = evidence.events[sources[0]].get(seq) if sources else None
    if found is None and (topic, subject, seq) not in evidence.unpublished:
        yield Clause.PUBLISHED(f"{subject}: {service} stored {topic} seq {seq}, which is not on the topic")
    if found is not None and sha256_of(found.record.value or b"") != sha:
        yield Clause.PUBLISHED_SAME(
            f"{subject}: {service} stored another {topic} seq {seq} than stands at {found.place}"
        )


def check_timers(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """A terminal state has no deadline; any other has the timer its service's TIMERS table names."""
    running, services = running_clocks(evidence), tuple(evidence.history.documents or {})
    for service in services:
        life = importlib.import_module(f"services.{service}.issue.life")
        timers = life.TIMERS
        for subject, document in evidence.documents(service).items():
            if not (document.get("held") and hearing.waits(service, subject)):
                yield from _overdue(evidence, service, subject, document)
            if document.get("state") is None or aggregate_of(subject) != "issue":
                continue
            state = life.Issue.model_validate(document["state"]).state
            if state not in timers:
                yield Clause.STATE_KNOWN(
                    f"{subject}: {service} is in state {state}, which its table of timers does not know"
                )
            elif timers[state] == TERMINAL:
                looked_at = (service, state) == ("supervision", "closed")
                names = ("sweep/", "tracking/") if looked_at else ("sweep/",)
                quiet = "deadline" not in document or document["due"]["name"].startswith(names)
                if not quiet and not document["state"].get("instructions"):
                    name = document["due"]["name"]
                    yield Clause.TERMINAL_QUIET(
                        f"{subject}: {service} is {state}, and still has the deadline {name}"
                    )
            else:
                talk = (evidence.documents("intake").get(subject, {}).get("state") or {}).get("waiting") or {}
                elsewhere = any(
                    "deadline" in evidence.documents(other).get(name, {})
                    for other in services
                    for name in (subject, f"talk:{talk.get('talk')}")
                )
                for wrong in _has_timer(service, subject, state, timers[state], document, running, elsewhere):
                    concerned = services if wrong.clause is Clause.TIMER_SOMEWHERE else (service,)
                    if not _in_peoples_hands(hearing, subject, concerned):
                        yield wrong


def _in_peoples_hands(hearing: Hearing, subject: str, services: Iterable[str]) -> bool:
    """Whether an event that should have moved the issue on is a dead letter still, or was given up, at one of these."""
    return any(hearing.waits(service, subject) or hearing.gave_up(service, subject) for service in services)


def _overdue(
    evidence: Evidence, service: str, subject: str, document: Mapping[str, Any]
) -> Iterator[Violation]:
    if "deadline" in document:
        fire_at = fire_at_of(document["deadline"])
        if fire_at < evidence.history.now - OVERDUE:
            yield Clause.FIRED(
                f"{subject}: {service} did not fire {document['due']['name']}, due to fire at {fire_at:%F %T}"
            )


def _ends_by_hand(document: Mapping[str, Any]) -> bool:
    """Whether it is paused on a ground of which no time is known: somebody ends it."""
    pause = document["state"].get("pause") or {}
    return document["state"]["state"] == "suspended" and not pause.get("ends_at")


def _all_paused(document: Mapping[str, Any]) -> bool:
    """Whether the days do not count of any clock that may still be breached: nothing is due until these go on."""
    for clock in document["state"].get("clocks", ()):
        kinds = [kind for kind, *_ in clock["history"]]
        is_open = "stopped" not in kinds and not clock.get("breached")
        if is_open and kinds.count("paused") <= kinds.count("resumed"):
            return False
    return True


def _has_timer(
    service: str,
    subject: str,
    state: str,
    timer: str,
    document: Mapping[str, Any],
    running: Running,
    elsewhere: bool,
) -> Iterator[Violation]:
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
            yield Clause.TIMER_SOMEWHERE(
                f"{subject}: {service} is {state}, but nobody has a timer or a running clock for it ({what})"
            )
        elif (
            service == "supervision"
            and any(clocks.values())
            and "deadline" not in document
            and not _all_paused(document)
        ):
            yield Clause.TIMER_OF_CLOCK(f"{subject}: supervision runs {sorted(clocks)} and has no deadline")
    elif owner == service and "deadline" not in document and not _ends_by_hand(document):
        yield Clause.TIMER_OWN(f"{subject}: {service} is {state} and lacks its timer ({what})")
