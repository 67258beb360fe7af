"""Every clock runs by a published policy and calendar, and a promise by the very ones that its raiser was told."""

from collections.abc import Iterator
from typing import Any

from shared.contract.events.supervision import CalendarPublished
from shared.domain.calendar import Calendar
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.counting import Pause, due_at
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, instant, kind_of

SAME = ("started_at", "due_at", "limit", "policy", "calendar")


def check_terms(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """The arithmetic of each promise and clock, and that supervision took the versions that the promise names."""
    policies, calendars = evidence.published("policy"), evidence.published("calendar")
    by_owner = {service: evidence.events_by(service) for service in ("intake", "supervision")}
    if not policies:
        return  # a history that begins after the first start
    for service, by_subject in by_owner.items():
        for subject, events in by_subject.items():
            for event in events:
                if kind_of(event) in ("promise.started", "clock.started") and not _recalculated(
                    event, events
                ):
                    name = event["data"].get("clock", "promise")
                    by_promise = service == "supervision" and name == "promise" and _round(event) == 1
                    by_promise = by_promise and not event["data"].get("resumed_at")
                    pauses = _pauses(event, events)
                    yield from _terms(subject, event, name, policies, calendars, by_promise, pauses)
    for subject, events in by_owner["supervision"].items():
        yield from _as_promised(subject, events, hearing.events("supervision", subject, "intake"))


def _recalculated(event: Event, events: list[Event]) -> bool:
    """Whether this clock runs on by a version that came after its start: told in renewals.py."""
    which = [event["data"].get(name) for name in ("clock", "round", "assignment")]
    return bool(event["data"].get("resumed_at")) and any(
        kind_of(other) == "clock.recalculated"
        and other["seq"] < event["seq"]
        and [other["data"].get(name) for name in ("clock", "round", "assignment")] == which
        for other in events
    )


def _round(event: Event) -> int:
    return int(event["data"].get("round", 1))


def _terms(
    subject: str,
    event: Event,
    name: str,
    policies: dict[str, Event],
    calendars: dict[str, Event],
    by_promise: bool,
    pauses: tuple[Pause, ...],
) -> Iterator[Violation]:
    data = event["data"]
    started = instant(data["started_at"])
    for what, versions in (("policy", policies), ("calendar", calendars)):
        if data[what] not in versions:
            yield Clause.TERMS_PUBLISHED(
                f"{subject}: {event['id']} goes by the {what} {data[what]}, which nobody published"
            )
            return
        if instant(versions[data[what]]["data"]["in_force_from"]) > started:
            yield Clause.TERMS_IN_FORCE(
                f"{subject}: {event['id']} goes by the {what} {data[what]}, which was not in force yet"
            )
    policy = policies[data["policy"]]["data"]["policy"]
    again = name in ("promise", "holding") and _round(event) > 1
    # The day of a report is a leader's to name: instructions.py judges it.
    named = name == "instruction" and data["limit"].endswith("d") and not data["limit"].endswith("wd")
    named = named or name == "tracking"  # it may end on a day that was promised: told in looking.py
    limit = data["limit"] if named else policy["limits"]["rework" if again else name]
    if data["limit"] != limit:
        yield Clause.TERMS_LIMIT(
            f"{subject}: {event['id']} runs {data['limit']}, the policy {data['policy']} says {limit}"
        )
        return
    calendar = calendar_of(calendars[data["calendar"]]["data"])
    due = due_at(started, limit, policy, calendar, pauses)
    if not by_promise and due != instant(data["due_at"]):
        yield Clause.TERMS_DUE(
            f"{subject}: {event['id']} is due {data['due_at']}, by {data['policy']} it is {due}"
        )


def _pauses(event: Event, events: list[Event]) -> tuple[Pause, ...]:
    """Of a clock that runs on: from its last stop, as supervision told it, to the appeal that let it."""
    resumed_at = event["data"].get("resumed_at")
    if not resumed_at:
        return ()
    which = [event["data"].get(name) for name in ("clock", "round", "assignment")]
    stops = [
        other["data"]["stopped_at"]
        for other in events
        if kind_of(other) == "clock.stopped"
        and other["seq"] < event["seq"]
        and [other["data"].get(name) for name in ("clock", "round", "assignment")] == which
    ]
    return ((instant(stops[-1]), instant(resumed_at)),) if stops else ()


def _as_promised(subject: str, events: list[Event], intake: list[Event]) -> Iterator[Violation]:
    promise = next((event for event in intake if kind_of(event) == "promise.started"), None)
    for event in events:
        data = event["data"]
        if promise is None or kind_of(event) != "clock.started" or data["clock"] != "promise":
            continue
        if _recalculated(event, events):
            continue
        if _round(event) == 1:
            # After an appeal each owner counts for itself: by its versions, without the time it stood rejected.
            same = [name for name in SAME if name != "due_at" or not data.get("resumed_at")]
            differ = [name for name in same if data[name] != promise["data"][name]]
            if differ:
                yield Clause.AS_PROMISED(
                    f"{subject}: {event['id']} has not the {', '.join(differ)} of {promise['id']}"
                )


TABLES: dict[str, tuple[dict[str, Any], Calendar]] = {}
"""The calendar that was asked for last under each version's name, and its table."""


def calendar_of(data: dict[str, Any]) -> Calendar:
    """The table of a published calendar; built once, as long as no other one of that name comes."""
    known = TABLES.get(data["version"])
    if known is None or known[0] != data:
        event = CalendarPublished.model_validate(data)
        known = TABLES[data["version"]] = data, Calendar(event.published_through, event.days)
    return known[1]
