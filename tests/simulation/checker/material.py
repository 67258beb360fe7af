"""What the office asks before it takes an issue on: numbered and bounded, over in time, and handed on with it.

The rules are those of docs/loop.md, told a second time.
"""

from collections.abc import Iterator
from datetime import datetime

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, instant, is_order, kind_of

MOST = 3
WRONG = (("issue.material_received", True), ("issue.material_lapsed", False))
"""An answer behind the end, and an end before it."""


def check_material(evidence: Evidence) -> Iterator[Violation]:
    """Of every issue what intake told, and what dispatch put on its orders."""
    first = _first_orders(evidence)
    for subject, events in evidence.events_by("intake").items():
        if aggregate_of(subject) == "issue":
            yield from _of_issue(subject, events, first.get(subject))


def _of_issue(subject: str, events: list[Event], order: Event | None) -> Iterator[Violation]:
    asked: list[tuple[str, datetime]] = []
    received: list[int] = []
    for event in events:
        kind, data, at = kind_of(event), event["data"], instant(event["time"])
        what = f"{subject}: {event['id']}"
        if kind == "issue.material_asked":
            asked.append((data["words"], instant(data["ends_at"])))
        about = kind.startswith("issue.material_") and kind != "issue.material_supplied"
        if about and (data["request"] != len(asked) or len(asked) > MOST):
            yield Clause.MATERIAL_ASKED(f"{what} ({kind}) says {data['request']}, asked was {len(asked)}")
        if kind == "issue.material_received":
            received.append(len(asked))
        over = bool(asked) and (
            at > asked[-1][1] if kind == "issue.material_received" else at >= asked[-1][1]
        )
        if (kind, over) in WRONG:
            yield Clause.MATERIAL_IN_TIME(f"{what} ({kind}): {asked[-1]} ends it")
        if kind == "issue.accepted":
            due = [
                (number, asked[number - 1][0]) for number in received if number
            ]  # else the asking was lost
            supplied = [(one["request"], one["question"]) for one in data.get("supplied", ())]
            if supplied != due:
                yield Clause.MATERIAL_HANDED_ON(f"{what} hands on {supplied} of {due}")
            answers = () if order is None else order["data"].get("answers", ())
            if order is not None and [(one["request"], one["question"]) for one in answers] != due:
                yield Clause.MATERIAL_HANDED_ON(f"{subject}: {order['id']} says {answers} of {due}")


def _first_orders(evidence: Evidence) -> dict[str, Event]:
    """The order of the first assignment of each issue: before it no department asked anything."""
    found: dict[str, Event] = {}
    for (topic, subject, _), sequence in evidence.events.items():
        if is_order(topic):
            for opened in sequence.values():
                event = opened.event
                if event is None or kind_of(event) != "order.assigned":
                    continue
                if event["data"]["assignment"] == f"{subject}.1":
                    found[subject] = event
    return found
