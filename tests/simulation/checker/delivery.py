"""Done plus dead letters is the input: each event applied in its turn, held, or set aside, and nothing else is held."""

from collections.abc import Iterator, Mapping, Sequence

from shared.contract.registry import EVENTS
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.heard import Heard, Hearing, Place, open_again
from tests.simulation.checker.history import KEEPS, Document, Evidence, aggregate_of


def check_delivery(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Each record of each topic a service reads can be used or is a dead letter; then each document against Heard."""
    for service, topics in evidence.history.reads.items():
        set_aside = evidence.dead_letters.get(service, {})
        subjects: set[str] = {*evidence.documents(service)}
        for mark in evidence.marks:
            if mark.place in set_aside:
                yield Clause.MARK_PASSED(f"{service}: the mark at {mark.place} is among the dead letters")
        for opened in evidence.opened:
            if opened.record.topic not in topics:
                continue
            again = open_again(opened)
            event = opened.event if again is None else again.event
            # What is handed in again is a command: written twice, it is answered the second time.
            known = opened.place in evidence.answered or opened.place in evidence.given_up
            if event is None and not known and opened.place not in set_aside:
                yield Clause.SET_ASIDE(
                    f"{service}: {opened.place} cannot be used, and is not among the dead letters"
                )
            elif event is not None and aggregate_of(event["subject"]) in KEEPS[service]:
                subjects.add(event["subject"])
        for subject in sorted(subjects):
            document, heard = evidence.documents(service).get(subject, {}), hearing.of(service, subject)
            yield from _read(service, subject, document, heard, topics)
            yield from _held(service, subject, document, heard)
            yield from _passed(evidence, service, subject, document, heard)


def _read(
    service: str, subject: str, document: Document, heard: Heard, topics: Sequence[str]
) -> Iterator[Violation]:
    """How far each sequence was applied is how far it can be."""
    read = {(topic, source): seq for topic, source, seq in document.get("read", ()) if topic in topics}
    held = {tuple(entry[:3]) for entry in document.get("held", ())}
    for name in sorted({*read, *heard.read}):
        done, due = read.get(name, 0), heard.read.get(name, 0)
        if done < due and (*name, done + 1) not in held:
            topic, source = name
            yield Clause.APPLIED(
                f"{subject}: {service} neither applied nor set aside {topic} seq {done + 1} of {source}"
            )
        if done > due:
            topic, source = name
            yield Clause.APPLIED_EARLY(
                f"{subject}: {service} applied {topic} of {source} up to seq {done}, its turn was up to {due}"
            )


def _held(service: str, subject: str, document: Document, heard: Heard) -> Iterator[Violation]:
    """What waits for a predecessor, which may be a dead letter nobody decided about, is held; nothing else is."""
    held: set[Place] = {(topic, source, seq) for topic, source, seq, *_ in document.get("held", ())}
    for topic, source, seq in sorted(held - heard.held):
        yield Clause.HELD_IN_VAIN(
            f"{subject}: {service} holds {topic} seq {seq} of {source}, and nothing is why"
        )
    read = {(topic, source): seq for topic, source, seq in document.get("read", ())}
    for topic, source, seq in sorted(heard.held - held):
        if seq > read.get((topic, source), 0):
            yield Clause.HELD(
                f"{subject}: {service} does not hold {topic} seq {seq} of {source}, which waits"
            )


def _passed(
    evidence: Evidence, service: str, subject: str, document: Document, heard: Heard
) -> Iterator[Violation]:
    """An event of a type that is not known keeps its place for a later version; a known one has been read again."""
    passed: Mapping[Place, str] = {
        (entry[0], entry[1], entry[2]): entry[3] for entry in document.get("passed", ())
    }
    for place, type in passed.items():
        if type in EVENTS:
            yield Clause.PASSED_IN_VAIN(f"{subject}: {service} knows {type} and has not read {place} again")
    for topic, source in heard.read:
        for seq, opened in evidence.events.get((topic, subject, source), {}).items():
            place, event = (topic, source, seq), opened.event or {}
            if event.get("type") not in EVENTS and heard.has(place) and place not in passed:
                yield Clause.PASSED(f"{subject}: {service} forgot that it passed over {opened.place}")
