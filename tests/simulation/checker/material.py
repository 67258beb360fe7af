"""What the office asks before it takes an issue on: numbered and bounded, over in time, and handed on with it.

The rules are those of docs/loop.md, told a second time.
"""

from collections.abc import Iterator
from datetime import datetime

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, instant, kind_of

MOST = 3


def check_material(evidence: Evidence) -> Iterator[Violation]:
    """Of every issue what intake told, and what dispatch put on its orders."""
    first = _first_orders(evidence)
    for subject, events in evidence.events_by("intake").items():
        if aggregate_of(subject) == "issue":
            yield from _of_issue(subject, events, first.get(subject))


def _of_issue(subject: str, events: list[Event], order: Event | None) -> Iterator[Violation]:
    asked: dict[int, tuple[str, datetime]] = {}
    received: list[int] = []
    for event in events:
        kind, data, at = kind_of(event), event["data"], instant(event["time"])
        what = f"{subject}: {event['id']}"
        if kind == "issue.material_asked":
            asked[data["request"]] = (data["words"], instant(data["ends_at"]))
            if data["request"] != len(asked) or len(asked) > MOST:
                yield Clause.MATERIAL_ASKED(f"{what} is the {len(asked)}. and says {data['request']}")
        elif kind == "issue.material_received":
            received.append(data["request"])
            if data["request"] != len(asked):
                yield Clause.MATERIAL_ASKED(f"{what} answers {data['request']}, asked was {len(asked)}")
            elif at > asked[data["request"]][1]:
                yield Clause.MATERIAL_IN_TIME(f"{what} came after {asked[data['request']][1]}")
        elif kind == "issue.material_lapsed":
            if data["request"] != len(asked) or at < asked[data["request"]][1]:
                yield Clause.MATERIAL_IN_TIME(
                    f"{what} says that question {data['request']} of {asked} is over"
                )
        elif kind == "issue.accepted":
            supplied = [(one["request"], one["question"]) for one in data.get("supplied", ())]
            due = [(number, asked[number][0]) for number in received]
            if supplied != due:
                yield Clause.MATERIAL_HANDED_ON(f"{what} hands on {supplied} of {due}")
            answers = () if order is None else order["data"].get("answers", ())
            if order is not None and [(one["request"], one["question"]) for one in answers] != due:
                yield Clause.MATERIAL_HANDED_ON(f"{subject}: {order['id']} says {answers} of {due}")


def _first_orders(evidence: Evidence) -> dict[str, Event]:
    """The order of the first assignment of each issue: before it no department asked anything."""
    found: dict[str, Event] = {}
    for (topic, subject, _), sequence in evidence.events.items():
        if topic.startswith("dept.") and topic.endswith(".orders"):
            for opened in sequence.values():
                event = opened.event
                if event is None or kind_of(event) != "order.assigned":
                    continue
                if event["data"]["assignment"] == f"{subject}.1":
                    found[subject] = event
    return found
