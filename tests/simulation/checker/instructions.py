"""Leaders' instructions: who gives, reports and takes back, by when, who hears of it, and what a late one brings.

The rules are those of docs/loop.md and docs/clocks.md, told a second time.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from shared.contract.envelope import read_seen
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import SOON, read_clocks
from tests.simulation.checker.counting import SHANGHAI
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, aggregate_of, instant, kind_of, owner_of
from tests.simulation.checker.mergers import who_has_work

MOST_OPEN, MOST = 5, 20
ENDS = ("instruction.reported", "instruction.taken_back")
HAND_OVERS = ("issue.assigned", "assignment.transferred")
REMINDS = ("ruling", "instruction")


def check_instructions(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Of every issue its instructions, and what the late ones brought, and the late rulings."""
    for subject, events in evidence.events_by("supervision").items():
        if aggregate_of(subject) == "issue":
            given = {
                event["data"]["instruction"]: event
                for event in events
                if kind_of(event) == "instruction.given"
            }
            ended = {event["data"]["instruction"]: event for event in events if kind_of(event) in ENDS}
            yield from _lives(evidence, subject, events)
            yield from _clocks(evidence, hearing, subject, events, given, ended)
            yield from _told(evidence, hearing, subject, given, ended)
            yield from _reminded(evidence, subject, events)


def _lives(evidence: Evidence, subject: str, events: list[Event]) -> Iterator[Violation]:
    """Each is given once, in its number, and ends once; by whom, and for which day."""
    open: dict[int, Event] = {}
    last = 0
    for event in events:
        kind, data, what = kind_of(event), event["data"], f"{subject}: {event['id']}"
        if kind == "instruction.given":
            last += 1
            if data["instruction"] != last:
                yield Clause.INSTRUCTION_NUMBERED(f"{what} is the {last}. and says {data['instruction']}")
            open[data["instruction"]] = event
            if not data.get("decision") and (len(open) > MOST_OPEN or last > MOST):
                yield Clause.INSTRUCTION_BOUND(f"{what} is the {last}., of which {len(open)} are open")
        elif kind in ENDS and open.pop(data["instruction"], None) is None:
            yield Clause.INSTRUCTION_ENDS(f"{what} ends {data['instruction']}, which is not open")
        if kind in (*ENDS, "instruction.given"):
            yield from _asked(evidence, what, kind, event, events)


def _asked(
    evidence: Evidence, what: str, kind: str, event: Event, events: list[Event]
) -> Iterator[Violation]:
    """What was asked, by somebody who may."""
    found, data = evidence.by_id.get(str(event.get("cause", ""))), event["data"]
    if found is None or found.event is None:
        return
    role, _, name = str(found.event.get("actor", "")).partition(":")
    if data.get("decision"):  # of a meeting: checker/papers.py
        return
    if kind == "instruction.reported":
        right = name.partition("/")[0] in who_has_work(evidence)(data["department"], event["time"])
    else:
        right = role == "leader" and name == data["by"]
    if kind == "instruction.taken_back":
        right = right and any(
            kind_of(other) == "instruction.given"
            and other["data"]["instruction"] == data["instruction"]
            and other["data"]["by"] == data["by"]
            for other in events
        )
    if not right:
        yield Clause.INSTRUCTION_BY(f"{what} ({kind}) was asked by {role}:{name}")
    due_on = found.event["data"].get("due_on")
    if (
        kind == "instruction.given"
        and due_on
        and (instant(data["due_at"]).astimezone(SHANGHAI).date() != date.fromisoformat(due_on))
    ):
        yield Clause.INSTRUCTION_DUE(f"{what} is due {data['due_at']}, the leader said {due_on}")


def _clocks(
    evidence: Evidence,
    hearing: Hearing,
    subject: str,
    events: list[Event],
    given: Mapping[int, Event],
    ended: Mapping[int, Event],
) -> Iterator[Violation]:
    """Each has a clock, which its report or its end stops and nothing else, and no late one is missing."""
    clocks = {clock.key[1]: clock for clock in read_clocks(events) if clock.key[0] == "instruction"}
    for number in {*given, *clocks}:
        clock, end = clocks.get(number), ended.get(number)
        if clock is None or number not in given:
            yield Clause.INSTRUCTION_ENDS(f"{subject}: instruction {number} and its clock do not go together")
            continue
        if clock.stopped != (end is not None):
            stands = "stopped" if clock.stopped else "running"
            yield Clause.INSTRUCTION_ENDS(
                f"{subject}: {clock} is {stands}, its instruction {'ended' if end else 'did not'}"
            )
        now = evidence.history.now - SOON - timedelta(seconds=evidence.history.grace_seconds)
        at = now if end is None else instant(end["time"])
        late = at > clock.due_at
        if late != clock.breached and (end is not None or not hearing.waits("supervision", subject)):
            if end is None and abs(at - clock.due_at) < timedelta(days=1):
                continue  # its grace is that of a policy, and a timer may be on its way
            yield Clause.INSTRUCTION_BREACHED(
                f"{subject}: {clock} was due {clock.due_at}, over at {at}, breached: {clock.breached}"
            )


def _told(
    evidence: Evidence,
    hearing: Hearing,
    subject: str,
    given: Mapping[int, Event],
    ended: Mapping[int, Event],
) -> Iterator[Violation]:
    """The department to which it is given hears of it, and each that takes the issue over while it is open."""
    said = {
        (one["data"].get("instruction"), one["data"]["department"])
        for one in _said(evidence, subject)
        if kind_of(one) == "department.addressed" and one["data"]["saying"] == "instructed"
    }
    heard = hearing.events("supervision", subject, "dispatch")
    for number, event in given.items():
        last = _read(ended[number]) if number in ended else _read_last(evidence, subject)
        holders = {event["data"]["department"]} | {
            other["data"]["department"]
            for other in heard
            if kind_of(other) in HAND_OVERS and _read(event) < other["seq"] <= last
        }
        for department in sorted(holders - {""}):
            if (number, department) not in said:
                yield Clause.INSTRUCTION_TOLD(f"{subject}: {department} was not told of instruction {number}")


def _reminded(evidence: Evidence, subject: str, events: list[Event]) -> Iterator[Violation]:
    """What a timer found late brought a reminder, wherever the issue stood, unless a person had lifted it before."""
    document = evidence.documents("supervision").get(subject)
    if document is None or not document.get("state"):
        return
    brought = [
        (one.get("clock"), one.get("instruction") or one["round"], one.get("assignment", ""))
        for one in document["state"].get("documents", ())
    ]
    lifts = [
        instant(event["time"])
        for event in events
        if kind_of(event) == "ladder.lifted" and event["data"]["because"] == "person"
    ]
    for event in events:
        data: Mapping[str, Any] = event["data"]
        if kind_of(event) != "clock.breached" or data["clock"] not in REMINDS:
            continue
        by_timer = str(event.get("cause", "")).startswith("timer/")
        which = (data["clock"], data.get("round", 1), data.get("assignment", ""))
        due = instant(data["due_at"])
        lifted = any(at >= due for at in lifts)
        if by_timer and not lifted and which not in brought:
            yield Clause.REMINDED(f"{subject}: nobody was reminded of {which}, due {due}")


def _said(evidence: Evidence, subject: str) -> Iterator[Event]:
    """What supervision has said to departments about this issue."""
    for (topic, about, _), found in evidence.events.items():
        if (topic, about) == ("supervision.orders", subject):
            yield from (opened.event for opened in found.values() if opened.event is not None)


def _read(event: Event) -> int:
    """Up to which event supervision had read dispatch's of this issue."""
    seen = read_seen(str(event.get("seen", "")))
    return max((last for source, last in seen.items() if owner_of(source) == "dispatch"), default=0)


def _read_last(evidence: Evidence, subject: str) -> int:
    """The same by now, as far as what it has told since says."""
    told = evidence.events_by("supervision").get(subject, [])
    return max(map(_read, told), default=0)
