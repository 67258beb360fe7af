"""Mistakes are mended in the open: a recall ends its assignment, who is named drafts, a correction moves nothing."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import SERVICES, Event, Evidence, aggregate_of, kind_of
from tests.simulation.checker.mergers import orders_of, who_has_work

TELLS = {"assignment.recalled": "order.recalled", "reply.corrected": "order.corrected"}
"""What the department that is concerned is told, once each."""

PASSED_ON = (
    *("assignment.ruled", "assignment.transferred"),
    *("assignment.co_handler_added", "assignment.co_handler_released"),  # told in co_handlers.py
)
"""What is told of two assignments is judged with the mergers (mergers.py)."""


def check_mistakes(evidence: Evidence) -> Iterator[Violation]:
    """What dispatch told of every issue, with the commands that asked for it, and what else came of corrections."""
    orders, has_work = orders_of(evidence), who_has_work(evidence)
    for subject, events in evidence.events_by("dispatch").items():
        if aggregate_of(subject) == "issue":
            yield from _assignments(subject, events, evidence)
            yield from _handlers(subject, events)
            yield from _corrections(subject, events, evidence)
            yield from _told(subject, events, orders.get(subject, []), has_work)
            yield from _settled(subject, events, evidence)
    yield from _quiet(evidence)


def _assignments(subject: str, events: list[Event], evidence: Evidence) -> Iterator[Violation]:
    """What is asked of an assignment happens to that one; who has drafted in it returns it no more."""
    drafted: set[str] = set()
    for event in events:
        kind, data = kind_of(event), event["data"]
        if kind == "reply.drafted":
            drafted.add(data["assignment"])
        if kind == "assignment.returned" and data["assignment"] in drafted:
            yield Clause.RETURNED(f"{subject}: {event['id']} returns what was drafted in already")
        meant = _asked(event, evidence).get("assignment")
        about = data.get("assignment")
        if meant not in (None, about) and kind not in PASSED_ON:
            yield Clause.ASKED_OF(
                f"{subject}: {event['id']} ({kind}) is about {about}, asked was it of {meant}"
            )


def _handlers(subject: str, events: list[Event]) -> Iterator[Violation]:
    """While somebody is named for an assignment these two alone draft; a department's own system may always, and its
    leader at the talk."""
    handler = substitute = ""
    on_the_spot = set[int]()
    for event in events:
        kind, data = kind_of(event), event["data"]
        if kind in ("issue.assigned", "assignment.transferred"):
            handler = substitute = ""
        elif kind == "handler.named":
            before = (data.get("previous_handler", ""), data.get("previous_substitute", ""))
            if before != (handler, substitute):
                yield Clause.HANDED_ON(
                    f"{subject}: {event['id']} takes it over from {before}, it was {handler, substitute}"
                )
            handler, substitute = data["handler"], data.get("substitute", "")
        elif kind == "issue.answered_on_the_spot":
            on_the_spot.add(data["draft"])
        elif kind == "reply.drafted" and handler and data["draft"] not in on_the_spot:
            person = data["by"].partition("/")[2]
            # Without a person it is the department's own system.
            if person not in {handler, substitute, ""}:
                yield Clause.DRAFTED_BY(
                    f"{subject}: {event['id']} was drafted by {data['by']}, not {handler}"
                )


def _corrections(subject: str, events: list[Event], evidence: Evidence) -> Iterator[Violation]:
    """Version 2, 3, ... beside the reply of its round, by somebody who has read the one before and not written it."""
    released: Event = {}
    version, sha256, hands = 0, "", set[str]()
    for event in events:
        kind, data = kind_of(event), event["data"]
        if kind in ("reply.drafted", "reply.signed_off"):
            hands = {data["by"].partition("/")[2], *(hands if kind == "reply.signed_off" else ())}
        elif kind == "reply.released":
            released, version, sha256 = data, 1, data["sha256"]
        if kind != "reply.corrected":
            continue
        kept = [name for name in ("round", "assignment", "outcome") if data[name] != released.get(name)]
        if kept or data["version"] != version + 1 or _hash(data) != data["sha256"]:
            yield Clause.CORRECTED(
                f"{subject}: {event['id']} is version {data['version']} after {version}, with another {kept}"
            )
        read = _asked(event, evidence)
        if read and (read.get("version"), read.get("sha256")) != (version, sha256):
            yield Clause.CORRECTION_READ(
                f"{subject}: {event['id']} mends version {read.get('version')}, the newest was {version}"
            )
        if data["by"] in hands:
            yield Clause.CORRECTED_BY(f"{subject}: {event['id']} was written by who answered: {data['by']}")
        version, sha256 = data["version"], data["sha256"]


def _settled(subject: str, events: list[Event], evidence: Evidence) -> Iterator[Violation]:
    """Who drafted or signed off a reply neither grants or refuses its rework nor rules it finished."""
    hands: dict[int, set[str]] = {}
    people = set[str]()
    for event in events:
        kind, data = kind_of(event), event["data"]
        if kind in ("reply.drafted", "reply.signed_off"):
            people = {data["by"].partition("/")[2], *(people if kind == "reply.signed_off" else ())}
        elif kind == "reply.released":
            hands[data["round"]] = people - {""}
    for event in evidence.events_by("feedback").get(subject, []):
        kind, data = kind_of(event), event["data"]
        if kind in ("rework.decided", "rework.refused", "issue.closed") and data.get("by"):
            of = data["round"] - (kind == "rework.decided")
            if data["by"] in hands.get(of, ()):
                yield Clause.SETTLED_BY(f"{subject}: {event['id']} is by who answered: {data['by']}")


def _asked(event: Event, evidence: Evidence) -> Mapping[str, Any]:
    """What the command said that an event came of, or the other owner's event; nothing where no record says it."""
    cause = evidence.by_id.get(str(event.get("cause", "")))
    return {} if cause is None or cause.event is None else dict(cause.event["data"])


def _hash(data: Mapping[str, object]) -> str:
    content = {name: data.get(name) for name in ("outcome", "promised_on", "text")}
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _told(
    subject: str,
    events: list[Event],
    orders: list[tuple[str, Event]],
    has_work: Callable[[str, str], set[str]],
) -> Iterator[Violation]:
    """The department that had it, or whoever has the work of the one that had answered, reads of each recall and
    correction, once."""
    due = Counter(
        (TELLS[kind], event["data"]["department"], event["data"]["assignment"], event["data"].get("version"))
        for event in events
        if (kind := kind_of(event)) in TELLS
    )
    told: Counter[tuple[object, ...]] = Counter()
    for department, order in orders:
        kind, which = kind_of(order), (order["data"].get("assignment"), order["data"].get("version"))
        if kind == "order.corrected":
            of = (one[1] for one in due if (one[0], *one[2:]) == (kind, *which))
            department = next(
                (code for code in of if department in has_work(code, order["time"])), department
            )
        if kind in TELLS.values():
            told[kind, department, *which] += 1
    for what in (due - told) + (told - due):
        yield Clause.TOLD(f"{subject}: {what} was told {told[what]} times instead of {due[what]}")


def _quiet(evidence: Evidence) -> Iterator[Violation]:
    """Nobody does anything because of a correction: no clock moves but the look-back's, no round, no invitation."""
    for service in SERVICES:
        for subject, events in evidence.events_by(service).items():
            for event in events:
                cause = evidence.by_id.get(str(event.get("cause", "")))
                if (
                    cause is not None
                    and cause.event is not None
                    and kind_of(cause.event) == "reply.corrected"
                    and event["data"].get("clock") != "tracking"
                ):
                    yield Clause.CORRECTION_QUIET(f"{subject}: {event['id']} came of a correction")
