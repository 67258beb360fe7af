"""A question to the raiser: one at a time, answered by its number, passed on to who holds the issue, and not counted
against the holder (clocks.md 4, told a second time)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import RENEWING
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, instant, is_order, kind_of
from tests.simulation.checker.more_time import QUESTION, Promise
from tests.simulation.checker.terms import calendar_of

MOVES = (QUESTION, "pause.granted", "pause.ended", "extension.granted")
ENDED = ("issue.withdrawn", "issue.referred", "issue.closed", "issue.rejected")


def check_questions(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Of every issue what was asked, answered and passed on, and the holding clocks that this moved."""
    intake, supervision = evidence.events_by("intake"), evidence.events_by("supervision")
    orders = _orders(evidence)
    for subject, events in evidence.events_by("dispatch").items():
        if not any(kind_of(event) == QUESTION for event in events):
            continue
        yield from _one_at_a_time(subject, events)
        answers = [event for event in intake.get(subject, []) if kind_of(event) == "issue.material_supplied"]
        yield from _answered(subject, events, answers)
        heard = hearing.events("dispatch", subject, "intake")
        if any(kind_of(event) in ENDED for event in hearing.events("dispatch", subject, "feedback")):
            heard = []
        yield from _passed_on(subject, answers, heard, events, orders.get(subject, []))
        if not hearing.waits("supervision", subject) and not hearing.gave_up("supervision", subject):
            facts = hearing.events("supervision", subject, "dispatch")
            yield from _held(evidence, subject, supervision.get(subject, []), facts)


def _orders(evidence: Evidence) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for (topic, subject, _), sequence in evidence.events.items():
        if is_order(topic):
            told = [opened.event for opened in sequence.values() if opened.event is not None]
            found.setdefault(subject, []).extend(
                event for event in told if kind_of(event) == "order.material_supplied"
            )
    return found


def _one_at_a_time(subject: str, events: list[Event]) -> Iterator[Violation]:
    """From a question or a request for a pause to its end, or its refusal, nothing else is waited for."""
    waits, question = 0, 0
    for event in events:
        kind, request = kind_of(event), event["data"].get("request", 0)
        if kind in (QUESTION, "pause.asked"):
            if waits:
                yield Clause.QUESTION_ALONE(f"{subject}: {event['id']} asks while request {waits} is open")
            waits, question = request, request if kind == QUESTION else 0
        elif kind == "pause.ended" or (kind == "pause.refused" and request != question):
            waits = question = 0


def _answered(subject: str, events: list[Event], answers: list[Event]) -> Iterator[Violation]:
    """Each answer names a question as it was asked, each at most once; what ended by an answer has one."""
    asked = {
        event["data"]["request"]: event["data"]["words"] for event in events if kind_of(event) == QUESTION
    }
    named = [event["data"]["request"] for event in answers]
    for event in answers:
        data = event["data"]
        if asked.get(data["request"]) != data["question"] or named.count(data["request"]) > 1:
            yield Clause.ANSWER_MATCHED(
                f"{subject}: {event['id']} answers {data['request']} of {sorted(asked)}"
            )
    for event in events:
        data = event["data"]
        if kind_of(event) == "pause.ended" and data["because"] == "answered" and data["request"] not in named:
            yield Clause.ANSWER_MATCHED(f"{subject}: {event['id']} was ended by an answer that nobody gave")


def _passed_on(
    subject: str, answers: list[Event], heard: list[Event], events: list[Event], orders: list[Event]
) -> Iterator[Violation]:
    """What dispatch has read ends its question, and reaches a department once, in full; late where it had ended."""
    by_answer = {
        event["data"]["request"]: event["data"]["because"]
        for event in events
        if kind_of(event) == "pause.ended"
    }
    supplied = {event["data"]["request"]: event["data"] for event in answers}
    told = [order["data"]["request"] for order in orders]
    nobody = any(kind_of(event) == "assignment.recalled" for event in events)
    for order in orders:
        data = order["data"]
        answer = supplied.get(data["request"], {})
        same = all(data[name] == answer.get(name) for name in ("question", "text", "attachments"))
        if not same or told.count(data["request"]) > 1:
            yield Clause.ANSWER_PASSED_ON(f"{subject}: {order['id']} is not what the raiser answered, once")
        if data["late"] != (by_answer.get(data["request"]) != "answered"):
            yield Clause.ANSWER_PASSED_ON(f"{subject}: {order['id']} says late={data['late']}")
    for event in heard:
        request = event["data"].get("request")
        if kind_of(event) in ENDED:
            return
        if kind_of(event) == "issue.material_supplied" and request not in by_answer:
            yield Clause.ANSWER_PASSED_ON(
                f"{subject}: {event['id']} was read, and its question is still open"
            )
        elif kind_of(event) == "issue.material_supplied" and request not in told and not nobody:
            yield Clause.ANSWER_PASSED_ON(f"{subject}: {event['id']} was read, and reached nobody")


def _held(evidence: Evidence, subject: str, events: list[Event], facts: list[Event]) -> Iterator[Violation]:
    """Each holding clock of the first round is due by what was asked, granted and ended of its assignment."""
    policies, calendars = evidence.published("policy"), evidence.published("calendar")
    for started in events:
        data = started["data"]
        if kind_of(started) != "clock.started" or (data["clock"], data.get("round", 1)) != ("holding", 1):
            continue
        mine = [one for one in events if _is_of(one, data["assignment"])]
        known = data["policy"] in policies and data["calendar"] in calendars
        if not known or any(one["data"]["because"] in RENEWING for one in mine):
            continue
        policy = policies[data["policy"]]["data"]["policy"]
        calendar = calendar_of(calendars[data["calendar"]]["data"])
        clock = Promise(instant(data["started_at"]), data["limit"], policy, calendar)
        if walked(clock, data["assignment"], facts):
            due = instant(mine[-1]["data"]["due_at"]) if mine else instant(data["due_at"])
            if due != clock.due_at:
                yield Clause.HOLDING_DUE(
                    f"{subject}: the holding clock of {data['assignment']} is due {due}, walked: {clock.due_at}"
                )


def _is_of(event: Event, assignment: str) -> bool:
    data: Mapping[str, object] = event["data"]
    mine = (data.get("clock"), data.get("assignment"), data.get("round", 1)) == ("holding", assignment, 1)
    return mine and kind_of(event) == "clock.recalculated"


def walked(clock: Promise, assignment: str, facts: list[Event]) -> bool:
    """Give the clock its pauses and days; False while one lasts, and of what has no such limit."""
    since: datetime | None = None
    for event in facts:
        kind, data, at = kind_of(event), event["data"], instant(event["time"])
        if kind not in MOVES or data["assignment"] != assignment or data["round"] != 1:
            continue
        if kind == "extension.granted":
            lasts = () if since is None else ((since, at),)
            due = replace(clock, pauses=[*clock.pauses, *lasts]).due_at
            if at <= due:  # after a breach it undoes nothing
                clock.days.append(data["days"])
        elif kind == "pause.ended" and since is not None:
            clock.pauses.append((since, max(since, at)))
            since = None
        elif kind != "pause.ended":
            since = at if since is None else since
    return since is None and clock.limit.endswith("d")
