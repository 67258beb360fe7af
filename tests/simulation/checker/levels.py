"""Who lifts is of no lower level than who signed, and of none than the department that it is to (loop.md)."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, kind_of

HEIGHT = {"township": 1, "county": 2, "functional_area": 2, "city": 3}
Heights = Mapping[str, list[int]]
"""By account or department the heights that it ever had: a version may be read late, so the kindest of them counts."""


def check_levels(evidence: Evidence) -> Iterator[Violation]:
    """Of every issue each lift by a person, against what had been signed by then."""
    people, departments = _heights(evidence, "staff"), _heights(evidence, "department")
    if not departments:
        return  # a history that begins after the first start
    for subject, events in evidence.events_by("supervision").items():
        if aggregate_of(subject) != "issue":
            continue
        out: dict[str, Event] = {}
        for event in events:
            data = event["data"]
            match kind_of(event):
                case "document.issued":
                    out[data["document"]] = data
                case "document.lifted" if data["because"] == "person":
                    document = out.get(data["document"])
                    yield from _too_low(subject, event, [document] if document else [], people, departments)
                case "ladder.lifted" if data["because"] == "person":
                    reached = [document for document in out.values() if document.get("step")]
                    yield from _too_low(subject, event, reached, people, departments)
            if kind_of(event) in ("document.lifted", "document.voided"):
                out.pop(data["document"], None)


def _too_low(
    subject: str, event: Event, reached: list[Event], people: Heights, departments: Heights
) -> Iterator[Violation]:
    by = event["data"]["by"]
    if by not in people:
        yield Clause.LIFTED_LEVEL(f"{subject}: {event['id']} is by {by!r}, whom the directory does not name")
        return
    for document in reached:
        least = min(people.get(document.get("by", ""), [0]))
        least = max(least, min(departments.get(document.get("department", ""), [0])))
        if max(people[by]) < least:
            yield Clause.LIFTED_LEVEL(
                f"{subject}: {event['id']} is by {by}, lower than {document['document']}"
            )


def _heights(evidence: Evidence, kind: str) -> Heights:
    found: defaultdict[str, list[int]] = defaultdict(list)
    for opened in evidence.opened:
        if opened.event is not None and opened.event["type"] == f"{kind}.published.v1":
            _, _, name = opened.event["subject"].partition(":")
            found[name].append(HEIGHT.get(opened.event["data"].get("level", ""), 0))
    return found
