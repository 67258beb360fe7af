"""One clock is started, stopped and marked by pure functions: each gives the clock and the messages that tell of it.

A clock is the history of its facts (clocks.md 2). Due date and thresholds are derived from it once, when it starts,
by shared.domain.clocks alone, and kept beside it as text: reading a document derives nothing.
"""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple, get_args

from services.supervision.issue.life import (
    CLOCKS,
    OF_THE_OFFICE,
    PER_ASSIGNMENT,
    Climb,
    Clock,
    Issue,
    owed_by,
)
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    CoHandlerAdded,
    EnterpriseAsked,
    ExtensionGranted,
    PauseEnded,
    PauseGranted,
)
from shared.contract.events.intake import PromiseStarted
from shared.contract.events.supervision import (
    BreachAnnulled,
    ClockBreached,
    ClockRecalculated,
    ClockStarted,
    ClockStopped,
    ClockWarned,
    InstructionGiven,
)
from shared.contract.words import ClockName, OpenProvisional, Recalculation
from shared.domain.calendar import Calendar
from shared.domain.clocks import Due, Entry, Limit, Policy, Reading
from shared.domain.decisions import Context, Message, event
from shared.domain.reference import Reference
from shared.domain.renewing import IN_ROUNDS, Running, limit_of, read_running
from shared.domain.renewing import running as running_of

DUE = "due"
REJECTED, GRANTED = "rejected", "granted"
"""Why a clock was paused: its issue was rejected, until somebody appealed; or a pause was granted, or of the holder's
own clock the enterprise asked, for which it needs no grant."""

Clocks = tuple[Clock, ...]
Messages = tuple[Message, ...]


class Terms(NamedTuple):
    """Since when a clock runs, for how long, and by which policy and calendar."""

    started_at: datetime
    limit: Limit
    policy: Policy
    calendar: Calendar


def derive(clock: Clock, reference: Reference) -> Reading:
    """What the clock's history says under its own policy and calendar; raises NotPublished without them."""
    return read_running(running(clock), reference)


def running(clock: Clock) -> Running:
    """The clock as the arithmetic knows it."""
    return running_of(
        clock.name, clock.round, clock.history, *(clock.began_by or (clock.policy, clock.calendar))
    )


def start(
    name: ClockName,
    issue: Issue,
    trigger: Event,
    context: Context,
    limit: Limit | None = None,
    after_the_end: bool = False,
) -> tuple[Clocks, Messages]:
    """The clock that ``trigger`` starts; none when the issue had ended by then, unless it is one of ``after_the_end``.

    A promise is what the entrepreneur was told: its due date is the event's own. ``limit``: another one than the
    policy's. Raises NotPublished for a version that is not known here yet.
    """
    terms = _terms(name, trigger, context)
    terms = terms._replace(limit=limit or terms.limit)
    ended_at = None if after_the_end else issue.ended_at
    if ended_at is not None and terms.started_at >= ended_at:
        return (), ()
    undated = _undated(name, issue, trigger, terms)
    promised = trigger if isinstance(trigger, PromiseStarted) and name is ClockName.PROMISE else None
    clock, started = _dated(undated, promised, context)
    if ended_at is None:
        return (clock,), (event(started),)
    clock, messages = stop(clock, ended_at, issue)
    return (clock,), (event(started), *messages)


def resume(clock: Clock, context: Context) -> tuple[Clock, Messages]:
    """Let a clock run on that the end of its issue had stopped; one that runs is left alone.

    It is the same clock: the time since its stop was a pause, and what was warned of or breached before stays so.
    """
    if clock.stopped_at is None:
        return clock, ()
    # By a clock that runs behind, an appeal may be from before its rejection: a pause ends after it began.
    resumed_at = max(context.now, clock.stopped_at)
    history = [
        ("paused", at, REJECTED) if kind == "stopped" else (kind, at, argument)
        for kind, at, argument in clock.history
    ]
    # A breach that was annulled never was: its threshold may fire again.
    fired = tuple(name for name in clock.fired if name != DUE or clock.breached)
    resumed = clock.model_copy(
        update={
            "history": (*history, ("resumed", resumed_at, "")),
            "generation": clock.generation + 1,
            "fired": fired,
        }
    )
    dated, started = _dated(resumed, None, context)
    return dated, (event(started.model_copy(update={"resumed_at": resumed_at})),)


MovedBy = ExtensionGranted | EnterpriseAsked | PauseGranted | PauseEnded
MOVES_CLOCKS: tuple[type[Event], ...] = get_args(MovedBy)
"""What moves the due date of a clock, or lets it be known no more until the pause is over (clocks.md 4 and 5)."""


def moved_by(event: MovedBy, clock: Clock) -> bool:
    """Whether this event moves this very clock: the promise of its round, or the clock of the lead who had asked.

    The holder's own clock pauses when the enterprise is asked, and goes on when the question ends, whether or not the
    office grants in between that the promise pauses too: no day is left out twice.
    """
    mine = (
        clock.name in IN_ROUNDS and clock.round == event.round and clock.assignment in ("", event.assignment)
    )
    if not mine or isinstance(event, ExtensionGranted):
        return mine
    if clock.name is ClockName.HOLDING:
        return isinstance(event, PauseEnded) == is_paused(clock)
    return isinstance(event, PauseGranted) or (isinstance(event, PauseEnded) and event.granted)


def is_paused(clock: Clock) -> bool:
    """Whether the last that was heard of a pause is that it began."""
    return (
        next((kind for kind, *_ in reversed(clock.history) if kind in ("paused", "resumed")), "") == "paused"
    )


def move(clock: Clock, by: MovedBy, context: Context, issue: Issue) -> tuple[Clock, Messages]:
    """A further fact of a clock, and what follows from it: another due date, and what was recorded too early.

    Whatever was due before the fact stays so, for a pause or an extension after a breach undoes nothing. A threshold
    that comes later now is given again, and a breach annulled that was recorded before this was heard of. While a clock
    is paused, nothing of it is due; one that was stopped within its pause, as far as was known, may be found breached
    once the end of that pause is read.
    """
    at = context.now
    if isinstance(by, PauseEnded):
        at = _end_of_its_pause(clock, at)
    moved, reading, stands = _with_fact(clock, _fact_of(by, at), context.reference)
    if not isinstance(by, ExtensionGranted):
        resumes_at = None if isinstance(by, PauseEnded) else by.ends_at
        moved = moved.model_copy(update={"resumes_at": resumes_at})
    annulled = clock.breached and not moved.breached
    messages: list[Message] = []
    if moved.due_at != clock.due_at:
        because = Due(moved.due_at, reading.provisional).because
        messages.append(event(_recalculated(clock, moved, by, because)))
    if annulled:
        which = {"clock": clock.name, "round": clock.round, "assignment": clock.assignment}
        messages.append(
            event(BreachAnnulled(**which, due_at=moved.due_at, stopped_at=clock.stopped_at or at))
        )
    if clock.stopped_at is not None and stands and not clock.breached:
        # The pause had ended, and the clock was due, before it was stopped.
        moved, marked = mark(_only_due(moved), DUE, at, issue)
        messages.append(marked)
    return moved, tuple(messages)


def going_on(clock: Clock, reference: Reference) -> Clock:
    """The clock as it will be once its pause has ended by itself; the same where it runs, or somebody ends that."""
    if clock.resumes_at is None or clock.stopped_at is not None:
        return clock
    resumed = ("resumed", _end_of_its_pause(clock, clock.resumes_at), GRANTED)
    return _with_fact(clock, resumed, reference)[0]


def _with_fact(clock: Clock, fact: Entry, reference: Reference) -> tuple[Clock, Reading, bool]:
    """The clock with one fact more and the dates that follow, its reading, and whether a breach of it stands."""
    _, at, _ = fact
    longer = clock.model_copy(update={"history": (*clock.history, fact)})
    reading = derive(longer, reference)
    thresholds = {threshold.name: threshold.at for threshold in reading.deadlines}
    stands = reading.breached
    if stands is None:  # it still runs
        stands = DUE in thresholds and thresholds[DUE] <= clock.due_at
    values: dict[str, object] = {"generation": clock.generation + 1, "due_at": reading.due_at}
    if clock.stopped_at is None:
        before = dict(clock.thresholds)
        later = {
            name for name, when in thresholds.items() if text(when) > max(text(at), before.get(name, ""))
        }
        later = (later - {DUE}) | (set() if stands else {DUE})
        fired = tuple(name for name in clock.fired if name not in later)
        # What has fired may be no warning any more, by the policy it was recalculated by.
        known = {name: before[name] for name in fired if name in before}
        known |= {name: text(when) for name, when in thresholds.items()}
        values["thresholds"] = tuple(sorted(known.items(), key=lambda threshold: threshold[1]))
        values["fired"] = fired
    return longer.model_copy(update={**values, "breached": clock.breached and stands}), reading, stands


def _end_of_its_pause(clock: Clock, at: datetime) -> datetime:
    """When its pause ends; by a clock that runs behind, the end may be from before the beginning."""
    return max((at, *(since for kind, since, _ in clock.history if kind == "paused")))


def _only_due(clock: Clock) -> Clock:
    """A stopped clock with its due date as the one threshold: it gives no warnings any more."""
    fired = tuple(name for name in clock.fired if name != DUE)
    return clock.model_copy(update={"thresholds": ((DUE, text(clock.due_at)),), "fired": fired})


def _fact_of(by: MovedBy, at: datetime) -> Entry:
    match by:
        case ExtensionGranted():
            return "extended", at, str(by.days)
        case PauseGranted() | EnterpriseAsked():
            return "paused", at, GRANTED
    return "resumed", at, GRANTED


def _recalculated(
    before: Clock, after: Clock, by: MovedBy, provisional_because: OpenProvisional | None
) -> ClockRecalculated:
    extended = isinstance(by, ExtensionGranted)
    return ClockRecalculated(
        clock=after.name,
        round=after.round,
        assignment=after.assignment,
        department=after.department,
        old_due_at=before.due_at,
        due_at=after.due_at,
        provisional_because=provisional_because,
        because=Recalculation.EXTENSION if extended else Recalculation.PAUSE,
        by=by.by,
        policy=after.policy,
        calendar=after.calendar,
    )


def _dated(clock: Clock, promised: PromiseStarted | None, context: Context) -> tuple[Clock, ClockStarted]:
    """The clock with due date and thresholds as its history says, and the event that tells of it."""
    reading = derive(clock, context.reference)
    due = reading.due_at
    because: OpenProvisional | None = Due(due, reading.provisional).because
    if promised is not None:
        due, because = promised.due_at, promised.provisional_because
    dated = with_dates(clock, reading, due)
    (_, started_at, limit), *_ = clock.history
    started = ClockStarted(
        clock=clock.name,
        round=clock.round,
        assignment=clock.assignment,
        department=clock.department,
        started_at=started_at,
        due_at=due,
        limit=limit,
        provisional_because=because,
        policy=clock.policy,
        calendar=clock.calendar,
    )
    return dated, started


def with_dates(clock: Clock, reading: Reading, due: datetime) -> Clock:
    """The clock as due at this instant, with the warnings that come before it; paused before that, it is not due."""
    thresholds = [(name, text(at)) for name, at in reading.deadlines if name != DUE and at < due]
    if reading.state != "paused" or DUE in dict(reading.deadlines):
        thresholds.append((DUE, text(due)))
    return clock.model_copy(update={"due_at": due, "thresholds": tuple(thresholds)})


def _terms(name: ClockName, trigger: Event, context: Context) -> Terms:
    """A promise and a co-handler's clock run by the versions that their owner named, every other clock by those in
    force now (clocks.md 8)."""
    if isinstance(trigger, PromiseStarted | CoHandlerAdded):
        policy = context.reference.policies.named(trigger.policy)
        calendar = context.reference.calendars.named(trigger.calendar)
        limit = policy.limits[ClockName.ASSIGN] if name is ClockName.ASSIGN else Limit(trigger.limit)
        return Terms(trigger.started_at, limit, policy, calendar)
    policy = context.policy
    if isinstance(trigger, InstructionGiven):
        return Terms(context.now, Limit(trigger.limit), policy, context.calendar)
    limit = limit_of(name, getattr(trigger, "round", 1), policy) or Limit(CLOCKS[name].limit)
    return Terms(context.now, limit, policy, context.calendar)


def _undated(name: ClockName, issue: Issue, trigger: Event, terms: Terms) -> Clock:
    """A clock without dates yet. Restarting the same clock increments ``generation``, which voids older deadlines."""
    held = name in PER_ASSIGNMENT
    assignment = getattr(trigger, "assignment", issue.assignment) if held else ""
    round = trigger.instruction if isinstance(trigger, InstructionGiven) else getattr(trigger, "round", 1)
    # One that was resumed has counted on by itself: what was fired by a name is never fired by it again.
    earlier = (
        c.generation for c in issue.clocks if (c.name, c.assignment, c.round) == (name, assignment, round)
    )
    return Clock(
        name=name,
        round=round,
        assignment=assignment,
        department=getattr(trigger, "department", issue.department)
        if held and name not in OF_THE_OFFICE
        else "",
        generation=1 + max(earlier, default=0),
        policy=terms.policy.version,
        calendar=terms.calendar.version,
        grace_seconds=terms.policy.grace_seconds,
        history=(("started", terms.started_at, str(terms.limit)),),
        due_at=terms.started_at,
    )


def stop(clock: Clock, at: datetime, issue: Issue) -> tuple[Clock, Messages]:
    """Stop the clock at ``at``; of several stops the earliest counts.

    What was due before the stop and has not fired yet is recorded first, so that a standstill changes no record;
    what was recorded as a breach though the stop is in time is annulled (clocks.md 7).
    """
    known = clock.stopped_at
    if known is not None and at >= known:
        return clock, ()
    messages: list[Message] = []
    for threshold, when in clock.pending:
        if when < text(at):
            clock, marked = mark(clock, threshold, at, issue)
            messages.append(marked)
    which = {"clock": clock.name, "round": clock.round, "assignment": clock.assignment}
    in_time = at <= clock.due_at
    if clock.breached and in_time:
        messages.append(event(BreachAnnulled(**which, due_at=clock.due_at, stopped_at=at)))
    history = (*clock.history, ("stopped", at, ""))
    clock = clock.model_copy(update={"history": history, "breached": clock.breached and not in_time})
    if known is None:
        messages.append(event(ClockStopped(**which, stopped_at=at, breached=clock.breached)))
    return clock, tuple(messages)


def mark(clock: Clock, threshold: str, now: datetime, issue: Issue) -> tuple[Clock, Message]:
    """Record that a threshold was passed, and how many seconds after its firing time that is."""
    at = datetime.fromisoformat(dict(clock.thresholds)[threshold])
    passed = {
        "clock": clock.name,
        "round": clock.round,
        "assignment": clock.assignment,
        "department": owed_by(clock.name, clock.department, issue),
        "due_at": clock.due_at,
        "late_seconds": max(0.0, (now - fire_at(clock, at)).total_seconds()),
    }
    record = ClockBreached(**passed) if threshold == DUE else ClockWarned(**passed, threshold=threshold)
    fired = {"fired": (*clock.fired, threshold), "breached": clock.breached or threshold == DUE}
    return clock.model_copy(update=fired), event(record)


def fire_at(clock: Clock | Climb, at: datetime) -> datetime:
    """When a threshold or a step at this instant fires: its grace later (clocks.md 7)."""
    return at + timedelta(seconds=clock.grace_seconds)


def text(at: datetime) -> str:
    """UTC, milliseconds, fixed width: sorts as instants do."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds")
