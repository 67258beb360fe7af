"""A merged department keeps nothing: each open issue went over once, to its successor, outside the count of returns."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Event, Evidence, aggregate_of, instant, is_order, kind_of

HELD = ("assigned", "returned", "in_progress", "drafted", "signed_off", "checked")


def check_mergers(evidence: Evidence) -> Iterator[Violation]:
    """Transfers of every issue by their events; at rest, what the documents of dispatch still hold."""
    events_of = evidence.events_by("dispatch")
    merged, decided = _merged(evidence)
    orders = orders_of(evidence)
    for subject, events in events_of.items():
        if aggregate_of(subject) == "issue":
            yield from _transfers(subject, events, decided, orders.get(subject, []))
    yield from _members(evidence)
    for subject, document in evidence.documents("dispatch").items():
        state = document.get("state") or {}
        if state.get("merging"):
            yield Clause.MERGER_ENDS(f"{subject}: its merger still waits for {', '.join(state['merging'])}")
        if aggregate_of(subject) == "issue" and state.get("state") in HELD and state["department"] in merged:
            yield Clause.MERGED_HOLDS(
                f"{subject}: it is still held by {state['department']}, which was merged"
            )


def _members(evidence: Evidence) -> Iterator[Violation]:
    """Every issue that a merger names is asked to go over, by a command of its own."""
    asked: set[tuple[str, str]] = set()
    named: set[tuple[str, str]] = set()
    for opened in evidence.opened:
        event = opened.event
        if event is None or opened.record.topic != "dispatch.commands":
            continue
        if kind_of(event) == "dispatch.hand_over":
            asked.add((event["data"]["department"], event["subject"]))
        elif kind_of(event) == "dispatch.department.merge" and _is_done(evidence, event):
            named |= {
                (event["subject"].rpartition(":")[2], issue) for issue in event["data"].get("issues", ())
            }
    for department, issue in sorted(named - asked):
        yield Clause.MEMBER_ASKED(
            f"{issue}: it was to go over when {department} was merged, and was never asked to"
        )


def _is_done(evidence: Evidence, command: Event) -> bool:
    outcome = evidence.outcome("dispatch", command["subject"], command["id"])
    return outcome is not None and outcome["status"] == "done"


def _merged(evidence: Evidence) -> tuple[dict[str, str], dict[str, str]]:
    """Merged department -> the one that takes its work over, without and with those that do not count: of mergers
    that cross the one published last is none, but whoever had not heard of the other one went by it."""
    merged: dict[str, str] = {}
    decided: dict[str, str] = {}
    for opened in evidence.opened:
        event = opened.event
        if event is None or opened.record.topic != "dispatch.reference":
            continue
        into = event["data"].get("merged_into", "") if kind_of(event) == "department.published" else ""
        code, end = event["subject"].rpartition(":")[2], into
        while end in merged:
            end = merged[end]
        if into:
            decided[code] = into
        if into and end != code:
            merged[code] = into
    return merged, decided


def who_has_work(evidence: Evidence) -> Callable[[str, str], set[str]]:
    """(department, instant as an event has it) -> itself, and each that had its work after it by then."""
    mergers: list[tuple[str, str, datetime]] = []
    for opened in evidence.opened:
        event = opened.event
        if event is None or opened.record.topic != "dispatch.reference":
            continue
        if kind_of(event) == "department.published" and event["data"].get("merged_into"):
            data = event["data"]
            code = event["subject"].rpartition(":")[2]
            mergers.append((code, data["merged_into"], instant(data["in_force_from"])))

    def has_work(code: str, at: str) -> set[str]:
        found = [code]
        for one in found:
            into = [to for of, to, since in mergers if of == one and since <= instant(at)]
            found += [to for to in into if to not in found]
        return set(found)

    return has_work


def orders_of(evidence: Evidence) -> dict[str, list[tuple[str, Event]]]:
    """(department, event) of every order, by issue."""
    found: dict[str, list[tuple[str, Event]]] = {}
    for (topic, subject, _), sequence in evidence.events.items():
        if is_order(topic):
            found.setdefault(subject, []).extend(
                (opened.event["department"], opened.event)
                for opened in sequence.values()
                if opened.event is not None
            )
    return found


def _transfers(
    subject: str, events: list[Event], merged: Mapping[str, str], orders: list[tuple[str, Event]]
) -> Iterator[Violation]:
    """Each assignment ends once; only upheld returns count; a merger goes to a successor and stops the old one."""
    current, holder, returns = "", "", 0
    upheld = ""
    for event in events:
        kind, data = kind_of(event), event["data"]
        if kind == "assignment.ruled" and data["upheld"]:
            upheld = data["assignment"]
        if kind == "assignment.transferred":
            if (data["previous_assignment"], data["previous_department"]) != (current, holder):
                yield Clause.TRANSFER_OF_HELD(
                    f"{subject}: {event['id']} ends {data['previous_assignment']}, held was {current}"
                )
            returns += data["why"] == "return"
            if (data["why"] == "return") != (upheld == current):
                yield Clause.TRANSFER_WHY(
                    f"{subject}: {event['id']} was because of a {data['why']}, which its events do not say"
                )
            if data["transfers"] != returns:
                yield Clause.TRANSFER_COUNT(
                    f"{subject}: {event['id']} counts {data['transfers']} transfers after {returns} returns"
                )
            if data["why"] == "merger":
                yield from _handed_over(subject, event, merged, orders)
        if kind in ("issue.assigned", "assignment.transferred"):
            current, holder = data["assignment"], data["department"]
        elif kind == "assignment.recalled":
            current = holder = ""
    stopped = [event["data"]["assignment"] for _, event in orders if kind_of(event) == "order.handed_over"]
    moved = [
        event["data"]["previous_assignment"]
        for event in events
        if kind_of(event) == "assignment.transferred" and event["data"]["why"] == "merger"
    ]
    if sorted(stopped) != sorted(moved):
        yield Clause.MERGER_STOPS(
            f"{subject}: mergers moved the assignments {moved}, departments were told to stop {stopped}"
        )


def _handed_over(
    subject: str, event: Event, merged: Mapping[str, str], orders: list[tuple[str, Event]]
) -> Iterator[Violation]:
    data = event["data"]
    successors, code = [], data["previous_department"]
    while code in merged and merged[code] not in successors:
        code = merged[code]
        successors.append(code)
    if data["department"] not in successors:
        yield Clause.SUCCESSOR(
            f"{subject}: {event['id']} went to {data['department']}, its successors are {successors}"
        )
    for department, kind, assignment in (
        (data["previous_department"], "order.handed_over", data["previous_assignment"]),
        (data["department"], "order.assigned", data["assignment"]),
    ):
        heard = [
            order
            for code, order in orders
            if code == department and kind_of(order) == kind and order["data"]["assignment"] == assignment
        ]
        if len(heard) != 1:
            yield Clause.HANDED_ONCE(
                f"{subject}: {department} heard {kind} of {assignment} {len(heard)} times"
            )
