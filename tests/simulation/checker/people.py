"""Who was erased is forgotten, no event says how to reach anybody, and no clerk overwrites what another one wrote."""

from collections.abc import Iterator

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Evidence, aggregate_of, kind_of

KEPT = {"state", "reference", "registered_at", "erased_at"}
"""What may be known of who was erased."""
SEALED = ("name", "phone", "mail")


def check_people(evidence: Evidence) -> Iterator[Violation]:
    """What was encrypted stands on commands and in the document alone, and there no longer than until the erasure."""
    for subject, events in evidence.events_by("intake").items():
        kind = aggregate_of(subject)
        if kind == "person":
            asked = _asked(evidence, subject)
            for event in events:
                if any(sealed in str(event["data"]) for sealed in asked):
                    yield Clause.NO_CONTACT(f"{subject}: {event['id']} holds what was encrypted")
            if any(kind_of(event) == "person.erased" for event in events):
                yield from _forgotten(evidence, subject)
        elif kind == "enterprise":
            yield from _revisions(evidence, subject)


def _asked(evidence: Evidence, subject: str) -> set[str]:
    """Everything encrypted that commands about this person brought."""
    return {
        opened.event["data"][name]
        for opened in evidence.opened
        if opened.event is not None
        and opened.event["subject"] == subject
        and opened.record.topic == "intake.commands"
        for name in SEALED
        if opened.event["data"].get(name)
    }


def _forgotten(evidence: Evidence, subject: str) -> Iterator[Violation]:
    document = evidence.documents("intake").get(subject, {})
    if more := {*(document.get("state") or {})} - KEPT:
        yield Clause.FORGOTTEN(f"{subject}: it was erased, and intake still knows {sorted(more)}")


def _revisions(evidence: Evidence, subject: str) -> Iterator[Violation]:
    """1, 2, 3, ..., each asked for by somebody who had read the one before it."""
    for number, event in enumerate(evidence.events_by("intake")[subject], 1):
        asked = evidence.by_id.get(event.get("cause", ""))
        read = (
            asked.event["data"].get("revision", 0)
            if asked is not None and asked.event is not None
            else number - 1
        )
        if (event["data"]["revision"], read) != (number, number - 1):
            yield Clause.REVISION_READ(
                f"{subject}: {event['id']} is revision {event['data']['revision']}, asked by who had read {read}"
            )
