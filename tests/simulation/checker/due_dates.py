"""The date of a promise, which supervision and dispatch count apart: where both have read everything, it is one.

Supervision says it in its events, dispatch keeps it in its document and says it to the department that holds the issue
(clocks.md 2 and 8; decision 0051).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import RENEWING, Key, key_of, read_clocks
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, Opened, instant, is_order, kind_of

HELD = ("assigned", "returned", "in_progress", "suspended", "drafted", "signed_off", "checked")
ORDERS = "supervision.orders"
Topics = Mapping[tuple[str, str], Mapping[int, Opened]]
"""What stands of one subject on each topic, from each source."""


class Promise(NamedTuple):
    """The newest promise, as supervision's events tell it, kept, broken or still running."""

    round: int
    due_at: datetime
    policy: str
    calendar: str
    """Those it began by."""


def check_due_dates(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """What is passed on to dispatch, whether both agree, and whether who holds an issue was told."""
    orders, of = _orders(evidence), defaultdict[str, dict[tuple[str, str], Mapping[int, Opened]]](dict)
    for (topic, subject, source), found in evidence.events.items():
        of[subject][topic, source] = found
    for subject, events in evidence.events_by("dispatch").items():
        yield from _granted(subject, events, of[subject])
    for subject, events in evidence.events_by("supervision").items():
        yield from _passed_on(subject, events, of[subject])
        document = evidence.documents("dispatch").get(subject, {})
        state, promise = document.get("state") or {}, _newest(events)
        if promise is None or not state.get("promise") or _is_given_up(evidence, subject):
            continue
        if not _all_read(evidence, hearing, subject, of[subject]):
            continue
        yield from _of_co_handlers(subject, events, state)
        own = state["promise"]
        began = (state["round"], own["policy"], own["calendar"])
        if began != (promise.round, promise.policy, promise.calendar):
            continue  # a new round may begin by the version that each of them has read by then
        due = _instant(state["due_at"])
        if due != promise.due_at:
            yield Clause.DUE_AGREED(f"{subject}: dispatch has {due}, supervision {promise.due_at}")
        told = orders.get((subject, state.get("assignment", "")))
        if state["state"] in HELD and told is not None and told != due:
            yield Clause.DUE_TOLD(f"{subject}: {state['assignment']} was told {told}, it is due {due}")


def _of_co_handlers(subject: str, events: list[Event], state: Mapping[str, Any]) -> Iterator[Violation]:
    """Until the day at which an opinion is late nobody signs off without it: both owners know the same one."""
    clocks = {clock.key[2]: clock for clock in read_clocks(events) if clock.key[0] == "co_handler"}
    for part in state.get("co_handlers", ()):
        clock = clocks.get(part["assignment"])
        if "agrees" in part or clock is None or clock.stopped:
            continue
        due = _instant(part["due_at"])
        if due != clock.due_at:
            yield Clause.DUE_AGREED(f"{subject}: dispatch waits until {due}, supervision for {clock}")


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else instant(value)


def _passed_on(subject: str, events: list[Event], topics: Topics) -> Iterator[Violation]:
    """Of what a version moves, the promise or else the time of who holds the issue, and each command once."""
    moved: dict[str, dict[Key, Event]] = {}
    for event in events:
        if kind_of(event) == "clock.recalculated" and event["data"]["because"] in RENEWING:
            moved.setdefault(str(event.get("cause", "")), {})[key_of(event["data"])] = event
    told: Counter[str] = Counter()
    for (topic, _), found in topics.items():
        for opened in found.values() if topic == ORDERS else ():
            event = opened.event or {}
            if not event or kind_of(event) != "due.recalculated":
                continue
            cause, data = str(event.get("cause", "")), event["data"]
            told[cause] += data["clock"] != "co_handler"
            meant = moved.get(cause, {}).get(key_of(data))
            if meant is None or meant["data"]["due_at"] != data["due_at"]:
                yield Clause.DUE_PASSED_ON(f"{subject}: {event['id']} says what no clock was moved to")
    for cause, clocks in moved.items():
        promise = any(name == "promise" for name, *_ in clocks)
        if told[cause] > 1 or (promise and not told[cause]):
            yield Clause.DUE_PASSED_ON(f"{subject}: of {cause} dispatch was told {told[cause]} times")


def _granted(subject: str, events: list[Event], topics: Topics) -> Iterator[Violation]:
    """Each grant that moves a date is told to whom it was granted, from which date to which."""
    told = {
        str(opened.event.get("cause", "")): opened.event["data"]
        for (topic, _), found in topics.items()
        for opened in (found.values() if is_order(topic) else ())
        if opened.event is not None and kind_of(opened.event) == "order.due_changed"
    }
    for event in events:
        data = event["data"]
        if kind_of(event) != "extension.granted" or data["old_due_at"] == data["due_at"]:
            continue
        order = told.get(str(event.get("cause", "")))
        if order is None or (order["old_due_at"], order["due_at"]) != (data["old_due_at"], data["due_at"]):
            yield Clause.DUE_TOLD(f"{subject}: {event['id']} moves it to {data['due_at']}, told was {order}")


def _newest(events: list[Event]) -> Promise | None:
    promises: dict[int, Promise] = {}
    for event in events:
        kind, data = kind_of(event), event["data"]
        if not kind.startswith("clock.") or data["clock"] != "promise":
            continue
        round = data.get("round", 1)
        if kind == "clock.started":
            began = promises.get(round) or Promise(
                round, instant(data["due_at"]), data["policy"], data["calendar"]
            )
            promises[round] = began._replace(due_at=instant(data["due_at"]))
        elif kind == "clock.recalculated" and round in promises:
            promises[round] = promises[round]._replace(due_at=instant(data["due_at"]))
    return promises[max(promises)] if promises else None


def _is_given_up(evidence: Evidence, subject: str) -> bool:
    """Whether nobody waits for its promise any more: then its date is nobody's."""
    told = evidence.events_by("intake").get(subject, [])
    rejected = sum(kind_of(event) == "issue.rejected" for event in told)
    appealed = sum(kind_of(event) == "issue.appealed" for event in told)
    return rejected > appealed or any(
        kind_of(event) in ("issue.withdrawn", "issue.referred") for event in told
    )


def _all_read(evidence: Evidence, hearing: Hearing, subject: str, topics: Topics) -> bool:
    """Whether each of the two has applied all that stands on the topics of the other, and of all others."""
    for service in ("dispatch", "supervision"):
        if hearing.waits(service, subject) or hearing.gave_up(service, subject):
            return False
        read = hearing.of(service, subject).read
        reads = evidence.history.reads[service]
        for (topic, source), found in topics.items():
            if topic in reads and max(found, default=0) > read.get((topic, source), 0):
                return False
    return True


def _orders(evidence: Evidence) -> Mapping[tuple[str, str], datetime]:
    """What each assignment was told last of the date of its promise."""
    told: dict[tuple[str, str], datetime] = {}
    for (topic, subject, _), found in evidence.events.items():
        if not is_order(topic):
            continue
        for _, opened in sorted(found.items()):
            event = opened.event
            if event is None:
                continue
            data: Mapping[str, Any] = event["data"]
            moved = kind_of(event) == "order.due_changed" and data["clock"] == "promise"
            if kind_of(event) == "order.rework":
                told.pop((subject, data["assignment"]), None)  # of a new round no order says the date
            elif data.get("due_at") and (moved or kind_of(event) == "order.assigned"):
                told[subject, data["assignment"]] = instant(data["due_at"])
    return told
