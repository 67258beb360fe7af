"""Supervision's clocks: nothing fires early, twice, after its stop or without a cause; nothing due stays silent."""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.contract.envelope import read_seen
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import Event, Evidence, instant, kind_of, owner_of, waits_for
from tests.simulation.checker.lives import TOPIC_OF

Key = tuple[str, int, str]
GraceOf = Callable[[str], timedelta]
Running = Mapping[str, Mapping[str, bool]]
ENDS = ("issue.rejected", "appeal.dismissed", "issue.referred", "issue.withdrawn", "issue.closed")
MOST = 2**31
SOON = timedelta(minutes=10)
"""Within so long what is due is done."""
RENEWING = ("calendar", "policy")
"""What may reach a clock that runs; why it moves otherwise is told in more_time.py."""
FOUND = "found breached"
"""It was stopped within a pause, as far as was known; the pause was over, and the clock due, before that."""
HEARD = ("intake.events", "dispatch.events", "feedback.events")
"""The topics that supervision reads."""


@dataclass
class Clock:
    """One clock as its events tell it."""

    key: Key
    started_at: datetime
    due_at: datetime
    grace: timedelta = timedelta(0)
    cause: str = ""
    warned: list[str] = field(default_factory=list)
    breached: bool = False
    annulled: bool = False
    stopped: bool = False

    def run_on(self, due_at: datetime) -> None:
        """An appeal lets it run on: what was breached stays so, what was annulled never was."""
        self.due_at, self.stopped = due_at, False
        if self.annulled:
            self.breached = self.annulled = False

    def move(self, due_at: datetime, renewed: bool) -> None:
        """More time was granted: what comes later now is warned of again; by a new version it is not."""
        self.due_at = due_at
        if not renewed:
            self.warned.clear()

    def __str__(self) -> str:
        name, round, assignment = self.key
        return f"the {name} clock of round {round}" + (f" of {assignment}" if assignment else "")


def key_of(data: Mapping[str, Any]) -> Key:
    """Which clock an event is about."""
    return data["clock"], data.get("round", 1), data.get("assignment", "")


def read_clocks(events: list[Event]) -> list[Clock]:
    """All clocks of one issue, every generation; wrong steps are left out (``check_clocks`` names them)."""
    return _read("", events, lambda policy: timedelta(0), [])


def running_clocks(evidence: Evidence) -> Running:
    """By subject and clock name: True while something may still fire, False when it was breached already."""
    running: dict[str, dict[str, bool]] = {}
    for subject, events in evidence.events_by("supervision").items():
        for clock in read_clocks(events):
            if not clock.stopped:
                names = running.setdefault(subject, {})
                names[clock.key[0]] = names.get(clock.key[0], False) or not clock.breached
    return running


def check_clocks(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """Every clock of every issue, by itself and against the events of other owners that supervision acted on."""
    policies = evidence.published("policy")

    def grace_of(policy: str) -> timedelta:
        known = policies[policy]["data"]["policy"] if policy in policies else {}
        return timedelta(seconds=known.get("grace_seconds", evidence.history.grace_seconds))

    told = evidence.events_by("supervision")
    # Also an issue of which supervision told nothing at all must have its clocks.
    for subject in {**told, **evidence.events_by("intake")}:
        events, found = told.get(subject, []), list[Violation]()
        pauses_over = {
            str(event["id"])
            for event in evidence.events_by("dispatch").get(subject, [])
            if kind_of(event) == "pause.ended"
        }
        clocks = _read(subject, events, grace_of, found, pauses_over)
        yield from found
        others = {
            owner: hearing.events("supervision", subject, owner)
            for owner in ("intake", "dispatch", "feedback")
        }
        waits = hearing.waits("supervision", subject)
        yield from _against_events(evidence, subject, clocks, others, waits)
        yield from _annulled_in_vain(evidence, hearing, subject, events, grace_of)


def _read(
    subject: str,
    events: list[Event],
    grace_of: GraceOf,
    found: list[Violation],
    pauses_over: Container[str] = (),
) -> list[Clock]:
    clocks: list[Clock] = []
    current: dict[Key, Clock] = {}
    for event in events:
        kind, data = kind_of(event), event["data"]
        if not kind.startswith("clock."):
            continue
        key = key_of(data)
        clock = current.get(key)
        if (
            kind == "clock.stopped" and key[0] == "tracking"
        ):  # of a reminder and the one before it the older first
            clock = next((one for one in clocks if one.key == key and not one.stopped), clock)
        if kind == "clock.breach_annulled":  # perhaps of the clock before a recall: its due date says which
            of_that_day = [one for one in clocks if (one.key, one.due_at) == (key, instant(data["due_at"]))]
            clock = of_that_day[-1] if of_that_day else clock
        if kind == "clock.started" and data.get("resumed_at") and clock is not None and clock.stopped:
            clock.run_on(instant(data["due_at"]))
        elif kind == "clock.started":
            # A look-back stays due beside the reminder that follows it.
            if clock is not None and not clock.stopped and not (key[0] == "tracking" and clock.breached):
                found.append(
                    Clause.CLOCK_STARTED_ONCE(f"{subject}: {event['id']} starts {clock} while it runs")
                )
            current[key] = Clock(
                key,
                instant(data["started_at"]),
                instant(data["due_at"]),
                grace_of(data["policy"]),
                str(event.get("cause", "")),
            )
            clocks.append(current[key])
        elif clock is None:
            found.append(
                Clause.CLOCK_STARTED(
                    f"{subject}: {event['id']} ({kind}) is about a clock that never started: {key}"
                )
            )
        else:
            if kind == "clock.breached" and clock.stopped and event.get("cause") in pauses_over:
                kind = FOUND
            steps = _step(clock, kind, event)
            found.extend(clause(f"{subject}: {event['id']}: {wrong}") for clause, wrong in steps)
    return clocks


def _step(clock: Clock, kind: str, event: Event) -> Iterator[tuple[Clause, str]]:
    """One event of a running clock; the clause it breaks, and what is wrong with it."""
    at, data = instant(event["time"]), event["data"]
    by_timer = str(event.get("cause", "")).startswith("timer/")
    due_at = "old_due_at" if kind == "clock.recalculated" else "due_at"
    if due_at in data and instant(data[due_at]) != clock.due_at:
        yield Clause.CLOCK_DUE, f"{clock} is due {clock.due_at}, this says {data[due_at]}"
    match kind:
        case "clock.recalculated":
            clock.move(instant(data["due_at"]), data["because"] in RENEWING)
        case _ if kind == FOUND:
            if clock.breached and not clock.annulled:
                yield Clause.BREACHED_ONCE, f"{clock} was breached twice"
            clock.breached, clock.annulled = True, False
        case "clock.warned" | "clock.breached" if clock.stopped:
            yield Clause.CLOCK_AFTER_STOP, f"{kind} after {clock} was stopped"
        case "clock.warned":
            if data["threshold"] in clock.warned:
                yield Clause.WARNED_ONCE, f"{clock} warned twice at {data['threshold']}"
            if at <= clock.started_at and event.get("cause") != clock.cause:
                yield Clause.WARNED_EARLY, f"{clock} warned before it had run at all"
            clock.warned.append(data["threshold"])
        case "clock.breached":
            if clock.breached:
                yield Clause.BREACHED_ONCE, f"{clock} was breached twice"
            # A clock that starts after its stop was heard of is recorded whole at once, at the instant of its start.
            whole = not by_timer and event.get("cause") == clock.cause
            if not whole and (at < clock.due_at + clock.grace if by_timer else at <= clock.due_at):
                yield Clause.BREACHED_EARLY, f"{clock} was breached at {at}, too early for {clock.due_at}"
            clock.breached = True
        case "clock.breach_annulled":
            if not clock.breached or clock.annulled:
                yield Clause.ANNULLED_BREACH, f"the breach of {clock} was annulled, and there was none"
            if instant(data["stopped_at"]) > clock.due_at:
                yield Clause.ANNULLED_LATE, f"the breach of {clock} was annulled by what came too late"
            clock.annulled = True
            if not clock.stopped:  # more time was granted before it was due: it may be breached yet
                clock.breached = clock.annulled = False
        case "clock.stopped":
            if clock.stopped:
                yield Clause.STOPPED_ONCE, f"{clock} was stopped twice"
            if data["breached"] != (clock.breached and not clock.annulled):
                yield (
                    Clause.STOPPED_AS,
                    f"{clock} was stopped as breached={data['breached']}, which its events do not say",
                )
            clock.stopped = True


def _against_events(
    evidence: Evidence,
    subject: str,
    clocks: list[Clock],
    others: Mapping[str, list[Event]],
    waits: bool,
) -> Iterator[Violation]:
    """Which clocks must exist, be stopped and be breached follows from the owners' events alone."""
    yield from _of_recalled(subject, clocks, others["dispatch"], waits)
    for name, round, started, assignment in _expected(others):
        # Each fact has the time of some machine's clock.
        earliest = started - timedelta(milliseconds=evidence.history.skew_ms)
        found = [clock for clock in clocks if clock.key == (name, round, assignment)]
        if name == "ruling":
            stop = min(_ruled(assignment, others), default=None)
        elif name == "assign":
            stop = min(_assigned(started, others), default=None)
            found = [clock for clock in found if clock.started_at == started]
        else:
            stop = min(stops_of(name, round, earliest, others), default=None)
        if not found:
            if stop is None or stop > started:
                yield Clause.CLOCK_MISSING(
                    f"{subject}: no {name} clock was started for what happened at {started}"
                )
            continue
        clock = found[-1]
        late = (stop is None or stop > clock.due_at) and not _is_paused(name, round, clock, others)
        standing = clock.breached and not clock.annulled
        # While supervision holds an event, or has set one aside, that may be the very one that stops the clock.
        over = not waits and evidence.history.now > clock.due_at + clock.grace + timedelta(minutes=10)
        if standing and not late:
            yield Clause.BREACH_UNFOUNDED(
                f"{subject}: {clock} counts as breached, though it was stopped in time at {stop}"
            )
        if late and over and not standing:
            yield Clause.BREACH_MISSING(f"{subject}: {clock} was due {clock.due_at}, and no breach stands")
        if clock.stopped != (stop is not None):
            yield Clause.CLOCK_ENDS(
                f"{subject}: {clock} is {'stopped' if clock.stopped else 'running'}, but its end was {stop}"
            )


def _is_paused(name: str, round: int, clock: Clock, others: Mapping[str, list[Event]]) -> bool:
    """Whether a pause is in force that was granted before the clock was due: nothing of it is due then."""
    since: datetime | None = None
    for event in others["dispatch"]:
        if event["data"].get("round") != round:
            continue
        if kind_of(event) == "pause.granted":
            since = instant(event["time"])
        elif kind_of(event) == "pause.ended" and event["data"].get("granted", True):
            since = None
    return name == "promise" and since is not None and since <= clock.due_at


def _ruled(assignment: str, others: Mapping[str, list[Event]]) -> Iterator[datetime]:
    """When the office has ruled on this return, or nothing is left to rule on."""
    yield from ends_of(others, "issue.appealed")
    for event in others["dispatch"]:
        which = {"assignment.ruled": "assignment", "assignment.transferred": "previous_assignment"}
        if (name := which.get(kind_of(event))) and event["data"][name] == assignment:
            yield instant(event["time"])


def _expected(others: Mapping[str, list[Event]]) -> Iterator[tuple[str, int, datetime, str]]:
    """Each clock that must be there: its name, round, start and assignment."""
    if not any(kind_of(event) == "issue.registered" for event in others["intake"]):
        return  # an issue that supervision never heard of has no clocks
    yield from (("assign", 1, since, "") for since, _ in _waits(others))
    for event in others["dispatch"]:
        if kind_of(event) == "assignment.returned":
            yield "ruling", 1, instant(event["time"]), event["data"]["assignment"]
    for event in (*others["intake"], *others["feedback"]):
        at, round = instant(event["time"]), event["data"].get("round", 1)
        match kind_of(event):
            case "promise.started":
                yield "promise", 1, instant(event["data"]["started_at"]), ""
            case "rework.decided":
                yield "promise", round, at, ""
            case "rework.asked":
                yield "rework_decision", round, at, ""


def _waits(others: Mapping[str, list[Event]]) -> Iterator[tuple[datetime, datetime | None]]:
    """Each time that an issue waits for the office: from registration, promise or recall until it is assigned."""
    since: datetime | None = None
    waits = False
    for event in (*others["intake"], *others["dispatch"]):
        kind, at = kind_of(event), instant(event["time"])
        if kind == "issue.registered" and waits_for(event):
            waits = True
        elif kind == "promise.started" and waits:
            since, waits = instant(event["data"]["started_at"]), False
        elif kind == "issue.registered" or (kind == "assignment.recalled" and since is None):
            since = at
        elif kind == "issue.assigned" and since is not None:
            yield since, at
            since = None
    if since is not None:
        yield since, None


def _assigned(started: datetime, others: Mapping[str, list[Event]]) -> Iterator[datetime]:
    """When the office's clock stops that started then: at the next assignment, and at any end, but for those that a
    look-back has left before."""
    yield from (until for since, until in _waits(others) if since == started and until is not None)
    is_left = left_at(others) < MOST
    yield from (at for at in ends_of(others, "appeal.upheld", 1) if at >= started or not is_left)


def ends_of(others: Mapping[str, list[Event]], lifted_by: str, round: int = MOST) -> Iterator[datetime]:
    """When the issue ended, however often, for what is of this round; a rejection is no end once it was lifted.

    A close that a look-back left is none for later rounds, nor is what that close had won over.
    """
    lifted = any(kind_of(event) == lifted_by for event in others["intake"])
    left = left_at(others, round)
    for event in (*others["intake"], *others["dispatch"], *others["feedback"]):
        kind, of = kind_of(event), event["data"].get("round", 0)
        if kind not in ENDS or (kind == "issue.rejected" and lifted):
            continue
        if left < MOST and (kind != "issue.closed" or of <= left):
            continue
        yield instant(event["time"])


def left_at(others: Mapping[str, list[Event]], before: int = MOST) -> int:
    """The round of the last close of a round before this one after which a new round began; more than any where there
    is none."""
    closed, left = 0, 0
    for event in others["feedback"]:
        if kind_of(event) == "issue.closed":
            closed = event["data"]["round"]
        elif kind_of(event) == "rework.decided" and 0 < closed < before:
            left = closed
    return left or MOST


def _of_recalled(subject: str, clocks: list[Clock], events: list[Event], waits: bool) -> Iterator[Violation]:
    """No clock of an assignment runs on once supervision has acted on its recall."""
    recalled = {event["data"]["assignment"] for event in events if kind_of(event) == "assignment.recalled"}
    for clock in clocks:
        if clock.key[2] in recalled and not clock.stopped and not waits:
            yield Clause.CLOCK_ENDS(f"{subject}: {clock} runs, though that assignment was recalled")


def stops_of(
    name: str, round: int, earliest: datetime, others: Mapping[str, list[Event]]
) -> Iterator[datetime]:
    """When the clock of this name and round stops, however often."""
    yield from ends_of(others, "issue.appealed", round)
    for event in (*others["dispatch"], *others["feedback"]):
        kind, at = kind_of(event), instant(event["time"])
        if (name == "promise" and kind == "reply.released" and event["data"]["round"] >= round) or (
            name == "rework_decision" and kind in ("rework.decided", "rework.refused") and at >= earliest
        ):
            yield at


NOBODY_KNOWS = 2**62


def _annulled_in_vain(
    evidence: Evidence, hearing: Hearing, subject: str, events: list[Event], grace_of: GraceOf
) -> Iterator[Violation]:
    """A timer waits until what its sources held after due + grace was read; so what was there then cannot annul."""
    breaches: dict[Key, Event] = {}
    graces: dict[Key, timedelta] = {}
    for event in events:
        kind, data = kind_of(event), event["data"]
        if kind == "clock.started":
            graces[key_of(data)] = grace_of(data["policy"])
        elif kind == "clock.breached":
            breaches[key_of(data)] = event
        elif kind == "clock.breach_annulled" and key_of(data) in breaches and key_of(data) in graces:
            breach = breaches[key_of(data)]
            fact = evidence.by_id.get(str(event.get("cause", "")))
            if fact is None or not str(breach.get("cause", "")).startswith("timer/"):
                continue
            fire_ms = (instant(breach["data"]["due_at"]) + graces[key_of(data)]).timestamp() * 1000
            fire_ms -= (
                evidence.history.skew_ms
            )  # by the clock of who wrote the fact it may have come a little later
            if _there_since(evidence, hearing, subject, fact.event or {}) <= fire_ms:
                yield Clause.ANNULLED_IN_VAIN(
                    f"{subject}: {breach['id']} was fired though what annulled it could be read: {fact.place}"
                )


def _there_since(evidence: Evidence, hearing: Hearing, subject: str, event: Event) -> int:
    """When an event and everything it waits for stood on its topics, in ms; late copies do not count.

    What supervision had set aside was there from the moment at which it was handed in again; where nobody did that, an
    operator's reset of offsets let it be read once more, and nothing says when.
    """
    handed_in = hearing.of("supervision", subject).handed_in
    set_aside = evidence.dead_letters.get("supervision", {})
    todo = {str(event["id"]).rsplit(":", 2)[0]: event["seq"]}
    since, done = 0, set()
    while todo:
        topic, upto = todo.popitem()
        for seq in range(1, upto + 1):
            if (topic, seq) in done:
                continue
            done.add((topic, seq))
            for (name, owner, _source), found in evidence.events.items():
                if (name, owner) == (topic, subject) and seq in found:
                    place, record = (topic, _source, seq), found[seq].record
                    was_aside = f"{record.topic}/{record.partition}/{record.offset}" in set_aside
                    otherwise = NOBODY_KNOWS if was_aside else record.timestamp
                    since = max(since, handed_in.get(place, otherwise))
                    seen = read_seen((found[seq].event or {}).get("seen", ""))
                    for source, last in seen.items():
                        if (name := TOPIC_OF.get(owner_of(source), "")) in HEARD:
                            todo[name] = max(last, todo.get(name, 0))
    return since
