"""Co-handlers: each asked once and heard by its own department, nobody signs before them, and their clocks are theirs.

The rules are those of docs/loop.md (co-handlers) and clocks.md, told a second time.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import ends_of, read_clocks
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, instant, is_order, kind_of
from tests.simulation.checker.terms import SAME

ADDED, HEARD, RELEASED = (f"assignment.co_handler_{how}" for how in ("added", "heard", "released"))
GIVEN = ("issue.assigned", "assignment.transferred")
ORDERS = {ADDED: "order.co_handle", RELEASED: "order.co_handler_released"}
SOON = timedelta(minutes=10)


@dataclass
class Part:
    """One co-handler as dispatch tells of it."""

    data: dict[str, Any]
    agrees: bool | None = None
    is_over: bool = False


def check_co_handlers(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """What dispatch tells of each issue's co-handlers, and the clocks that supervision runs for them."""
    supervision = evidence.events_by("supervision")
    orders, moved = _orders(evidence), _moved(evidence)
    for subject, events in evidence.events_by("dispatch").items():
        if any(kind_of(event) == ADDED for event in events):
            yield from _lives(evidence, subject, events, moved)
            yield from _orders_of(subject, events, orders)
            yield from _clocks(evidence, hearing, subject, supervision.get(subject, []))


def _lives(
    evidence: Evidence, subject: str, events: list[Event], moved: Mapping[str, list[datetime]]
) -> Iterator[Violation]:
    parts: dict[str, Part] = {}
    lead = ""
    leads = {event["data"]["assignment"] for event in events if kind_of(event) in GIVEN}
    for event in events:
        kind, data = kind_of(event), event["data"]
        asked = evidence.by_id.get(str(event.get("cause", "")))
        meant = "" if asked is None or asked.event is None else asked.event["data"].get("assignment", "")
        if kind in GIVEN:
            lead = data["assignment"]
        elif kind == "assignment.recalled":
            lead = ""
        elif kind == ADDED:
            mine = data["assignment"] not in parts and data["assignment"] not in leads
            if not mine or meant not in ("", lead):
                yield Clause.CO_HANDLER_OWN(
                    f"{subject}: {event['id']} adds {data['assignment']}, asked beside {meant}, led by {lead}"
                )
            parts[data["assignment"]] = Part(data)
        elif kind in (HEARD, RELEASED):
            part = parts.get(data["assignment"])
            if part is None or part.is_over:
                yield Clause.CO_HANDLER_ONCE(
                    f"{subject}: {event['id']} ({kind}), and nobody waits for {data['assignment']}"
                )
                continue
            part.is_over, part.agrees = True, data.get("agrees")
            if data.get("because", "person") == "person" and meant not in ("", data["assignment"]):
                yield Clause.CO_HANDLER_ONCE(f"{subject}: {event['id']} ends {meant}, it was not asked of it")
            if kind == HEARD and str(data["by"]).partition("/")[0] != part.data["department"]:
                yield Clause.CO_HANDLER_HEARD(
                    f"{subject}: {event['id']} is the word of {data['by']}, asked was {part.data['department']}"
                )
        elif kind == "reply.signed_off":
            yield from _signed(evidence, subject, event, list(parts.values()), moved)


def _signed(
    evidence: Evidence, subject: str, event: Event, parts: list[Part], moved: Mapping[str, list[datetime]]
) -> Iterator[Violation]:
    """Nobody is waited for any more who has time left by every date that was told, and who objects is answered."""
    at = instant(event["time"])
    waits = [
        one
        for one in parts
        if not one.is_over
        and all(
            at <= due for due in (instant(one.data["due_at"]), *moved.get(str(one.data["assignment"]), ()))
        )
    ]
    if waits:
        yield Clause.CO_HANDLER_SIGNED(
            f"{subject}: {event['id']} signs off, and {waits[0].data['assignment']} is to be heard"
        )
    objects = [one for one in parts if one.agrees is False and one.data["round"] == event["data"]["round"]]
    asked = evidence.by_id.get(str(event.get("cause", "")))
    request = asked.event["data"] if asked is not None and asked.event is not None else {"answer": "?"}
    if objects and not str(request.get("answer", "")).strip():
        yield Clause.OBJECTION_ANSWERED(f"{subject}: {event['id']} signs off, and answers no objection")


def _orders(evidence: Evidence) -> Counter[tuple[str, str, str]]:
    """How often each department was told what about which part."""
    found: Counter[tuple[str, str, str]] = Counter()
    for (topic, subject, _), events in evidence.events.items():
        if is_order(topic):
            for opened in events.values():
                if opened.event is not None and kind_of(opened.event) in ORDERS.values():
                    found[subject, kind_of(opened.event), opened.event["data"]["assignment"]] += 1
    return found


def _moved(evidence: Evidence) -> Mapping[str, list[datetime]]:
    """The further dates that each part was told, when another calendar or policy reached it."""
    found = defaultdict[str, list[datetime]](list)
    for (topic, _, _), events in evidence.events.items():
        for opened in events.values() if is_order(topic) else ():
            event = opened.event
            if event is not None and kind_of(event) == "order.due_changed":
                found[event["data"]["assignment"]].append(instant(event["data"]["due_at"]))
    return found


def _orders_of(
    subject: str, events: list[Event], orders: Counter[tuple[str, str, str]]
) -> Iterator[Violation]:
    for event in events:
        order = ORDERS.get(kind_of(event))
        if order is not None and orders[subject, order, event["data"]["assignment"]] != 1:
            yield Clause.CO_HANDLER_TOLD(f"{subject}: {event['id']}, and its department has not one {order}")


def _clocks(evidence: Evidence, hearing: Hearing, subject: str, events: list[Event]) -> Iterator[Violation]:
    """Each has the clock that dispatch named, which stops when it should and is breached in between."""
    owners = ("intake", "dispatch", "feedback")
    others = {owner: hearing.events("supervision", subject, owner) for owner in owners}
    waits = hearing.waits("supervision", subject)
    clocks = {clock.key[2]: clock for clock in read_clocks(events) if clock.key[0] == "co_handler"}
    started = {
        event["data"]["assignment"]: event["data"]
        for event in events
        if kind_of(event) == "clock.started" and event["data"]["clock"] == "co_handler"
    }
    if not any(kind_of(event) == "issue.registered" for event in others["intake"]):
        return  # an issue that supervision never heard of has no clocks
    ends = list(ends_of(others, "issue.appealed"))
    for event in others["dispatch"]:
        if kind_of(event) != ADDED:
            continue
        data, part = event["data"], event["data"]["assignment"]
        stop = min((*ends, *_stops(data, others["dispatch"])), default=None)
        clock = clocks.get(part)
        if clock is None:
            if stop is None or stop > instant(data["started_at"]):
                yield Clause.CO_HANDLER_CLOCK(f"{subject}: {part} has no clock")
            continue
        if differ := [name for name in SAME if started[part][name] != data[name]]:
            yield Clause.CO_HANDLER_CLOCK(f"{subject}: {part} has not the {', '.join(differ)} it was told")
        yield from _kept(evidence, subject, clock, stop, waits)


def _kept(
    evidence: Evidence, subject: str, clock: Any, stop: datetime | None, waits: bool
) -> Iterator[Violation]:
    late, standing = stop is None or stop > clock.due_at, clock.breached and not clock.annulled
    over = not waits and evidence.history.now > clock.due_at + clock.grace + SOON
    if standing and not late:
        yield Clause.CO_HANDLER_CLOCK(f"{subject}: {clock} is breached, and was stopped in time at {stop}")
    if late and over and not standing:
        yield Clause.CO_HANDLER_CLOCK(f"{subject}: {clock} was due {clock.due_at}, and no breach stands")
    if clock.stopped != (stop is not None):
        yield Clause.CO_HANDLER_CLOCK(f"{subject}: {clock} stopped={clock.stopped}, its end was {stop}")


def _stops(added: dict[str, Any], dispatch: list[Event]) -> Iterator[datetime]:
    for event in dispatch:
        kind, data = kind_of(event), event["data"]
        of_it = kind in (HEARD, RELEASED) and data["assignment"] == added["assignment"]
        if of_it or (kind == "reply.released" and data["round"] >= added["round"]):
            yield instant(event["time"])
