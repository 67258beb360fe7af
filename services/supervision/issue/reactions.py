"""What other owners' events and time do to the clocks and the ladder of an issue.

Events are never refused. What an event says is judged by its official time, so the order in which the owners' events
arrive changes neither which clocks were breached, nor which still run, nor which steps of the ladder stand.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.supervision.issue import documents, instructions, tracking
from services.supervision.issue.clocks import (
    MovedBy,
    fire_at,
    mark,
    move,
    moved_by,
    resume,
    start,
    stop,
    text,
)
from services.supervision.issue.ladder import follow, rise, steps_ahead
from services.supervision.issue.life import CLOCKS, ENDS, MOVES, NOBODY_HANDLES, VERBS, Clock, Issue, State
from services.supervision.issue.renewing import with_renewals
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    AssignmentRecalled,
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    CoHandlerHeard,
    CoHandlerReleased,
    IssueAssigned,
    ReplyReleased,
)
from shared.contract.events.feedback import ReworkDecided
from shared.contract.events.intake import IssueAppealed, IssueRegistered, PromiseStarted
from shared.contract.events.supervision import InstructionReported, InstructionTakenBack
from shared.contract.words import ClockName
from shared.domain.decisions import Change, Context, Deadline, Message
from shared.domain.talks import waits_for

END = "~"
"""Behind every instant as text."""


def register(issue: Issue | None, event: IssueRegistered, context: Context) -> Change[Issue] | None:
    """An issue exists from here on: its assign clock starts, but for one that waits for its talk."""
    if issue is not None:
        return None
    registered = Issue(state=State.REGISTERED)
    return observe(registered, event, context) or Change(registered)


def observe(issue: Issue | None, event: Event, context: Context) -> Change[Issue] | None:
    """Stop the clocks this event ends, let others run on, move the issue, start new ones; None: nothing changes."""
    if issue is None:
        return None
    clocks: list[Clock] = []
    messages: list[Message] = []
    for clock in issue.clocks:
        if _stops(event, clock, issue):
            clock, more = stop(clock, context.now, issue)
            messages += more
        elif isinstance(event, CLOCKS[clock.name].resumes):
            clock, more = resume(clock, context)
            messages += more
        elif isinstance(event, MovedBy) and moved_by(event, clock):
            clock, more = move(clock, event, context, issue)
            messages += more
        clocks.append(clock)
    moved = _moved(issue, event, context.now)
    for name, rule in CLOCKS.items():
        if name is ClockName.TRACKING:
            continue
        if isinstance(event, rule.starts) and not _starts_nothing(name, event, moved):
            # What a meeting decided crosses the end of its issue: it is owed to the leader all the same.
            owed = name is ClockName.INSTRUCTION
            started, more = start(name, moved, event, context, after_the_end=owed)
            clocks += started
            messages += more
            if name is ClockName.ASSIGN and isinstance(event, PromiseStarted) and started:
                clocks[-1], more = _assigned_before(started[0], moved)
                messages += more
    moved, clocks, more = tracking.follow(issue, moved, clocks, event, context)
    messages += more
    after, more = follow(issue, moved.model_copy(update={"clocks": tuple(clocks)}), context, event)
    messages += more
    after, more = documents.follow(after, messages, context, event)
    messages += more
    messages += instructions.passed_on(after, event)
    return with_renewals(Change(after, tuple(messages)), context) if after != issue else None


def next_deadline(issue: Issue) -> Deadline | None:
    """The threshold of a clock or step of the ladder that fires first; of several the one due first, then the older."""
    first = min(_pending(issue), default=None, key=lambda one: (one.fire_at, one.at))
    return None if first is None else Deadline(_name(issue, first), first.at, first.fire_at)


def expire(issue: Issue, deadline: Deadline, context: Context) -> Change[Issue]:
    """Fire the named threshold or step, and with it whatever else of this issue fell due by then.

    Promise and holding clock often fall due in the same instant: one change then tells of both, one event each, in
    the order of their instants, and of each breach before the step that it brings. Void when the threshold is stopped
    or has fired, or when it is too early.
    """
    if context.now < deadline.fire_at or all(_name(issue, one) != deadline.name for one in _pending(issue)):
        return Change(issue)
    messages: list[Message] = []
    # A clock with a longer grace waits for its own: until then what stops it may still come.
    by = text(deadline.at)
    while due := [one for one in _pending(issue, by) if one.fire_at <= deadline.fire_at]:
        issue, more = _fired(issue, min(due, key=lambda one: one.at), context)
        messages += more
    issue, more = documents.follow(issue, messages, context)
    return with_renewals(Change(issue, (*messages, *more)), context)


class _Pending(NamedTuple):
    """What has not fired: when it fires, when it is due, and which threshold of a clock or step of a climb it is."""

    fire_at: datetime
    at: datetime
    place: int
    threshold: str | int


def _pending(issue: Issue, by: str = END) -> Iterator[_Pending]:
    """Of all clocks, the older first, and then of all climbs; what is due by then, as text."""
    for place, clock in enumerate(issue.clocks):
        for threshold, when in clock.pending:
            if when <= by:
                at = datetime.fromisoformat(when)
                yield _Pending(fire_at(clock, at), at, place, threshold)
    for place, step, when in steps_ahead(issue):
        if when <= by:
            climb, at = issue.climbs[place], datetime.fromisoformat(when)
            yield _Pending(fire_at(climb, at), at, place, step)


def _name(issue: Issue, one: _Pending) -> str:
    """What its deadline is called."""
    if isinstance(one.threshold, int):
        return issue.climbs[one.place].deadline_name(one.threshold)
    return issue.clocks[one.place].deadline_name(one.threshold)


def _fired(issue: Issue, one: _Pending, context: Context) -> tuple[Issue, tuple[Message, ...]]:
    if isinstance(one.threshold, int):
        return rise(issue, one.place, one.threshold, context)
    clocks = list(issue.clocks)
    clocks[one.place], marked = mark(clocks[one.place], one.threshold, context.now, issue)
    after, messages = follow(issue, issue.model_copy(update={"clocks": tuple(clocks)}), context)
    if clocks[one.place].name is ClockName.TRACKING:
        after, more = tracking.remind(after, clocks[one.place], context)
        messages += more
    return after, (marked, *messages)


def _moved(issue: Issue, event: Event, at: datetime) -> Issue:
    """The issue after this event, its clocks left as they are; an event the state does not know moves nothing."""
    values: dict[str, object] = {}
    if isinstance(event, ENDS):
        values["ended_at"] = at if issue.ended_at is None else min(at, issue.ended_at)
    if isinstance(event, IssueAppealed):
        values["ended_at"] = None
    if isinstance(event, ReworkDecided) and issue.state is State.CLOSED:
        began = (climb.began_at for climb in issue.climbs)
        values |= {"ended_at": None, "reopened_at": max((at, *began))}
    if isinstance(event, IssueAssigned | AssignmentTransferred):
        values |= {"department": event.department, "assignment": event.assignment}
    if isinstance(event, AssignmentRecalled):
        values |= {"department": "", "assignment": ""}
    if verb := VERBS.get(type(event)):
        values["state"] = State(MOVES.get((issue.state, verb), issue.state))
    return issue.model_copy(update=values)


def _stops(event: Event, clock: Clock, issue: Issue) -> bool:
    """Whether this event stops this very clock: by assignment, by reply round, or as one of the issue's."""
    if not isinstance(event, CLOCKS[clock.name].stops):
        return False
    if clock.name is ClockName.TRACKING and issue.state is State.CLOSED:
        # Closing wins over every other end (docs/loop.md, crossings): what is looked at again stays so.
        return isinstance(event, ReworkDecided)
    match event:
        case AssignmentTransferred():
            return clock.assignment == event.previous_assignment
        case (
            AssignmentSigned()
            | AssignmentReturned()
            | AssignmentRecalled()
            | AssignmentRuled()
            | CoHandlerHeard()
            | CoHandlerReleased()
        ):
            return clock.assignment == event.assignment
        case InstructionReported() | InstructionTakenBack():
            return clock.round == event.instruction
        case IssueAssigned():
            return clock is _newest(issue, clock.name)
        case ReplyReleased():
            return clock.round <= event.round
    return True


def _newest(issue: Issue, name: ClockName) -> Clock | None:
    """The clock of this name that started last."""
    return next((clock for clock in reversed(issue.clocks) if clock.name is name), None)


def _assigned_before(clock: Clock, issue: Issue) -> tuple[Clock, tuple[Message, ...]]:
    """The office's clock of an issue that a department had claimed before its talk was over: it was in time."""
    if not issue.assignment:
        return clock, ()
    held = (one.history[0][1] for one in issue.clocks if one.name is ClockName.HOLDING)
    began_at = clock.history[0][1]
    return stop(clock, max(began_at, min(held, default=began_at)), issue)


def _starts_nothing(name: ClockName, event: Event, issue: Issue) -> bool:
    """A return that was upheld goes on to another department; a hand-over after the reply leaves nothing to do.

    Where an assignment was never heard of, its recall finds the office's clock still running. Of an issue of a talk
    the office's clock begins with the promise, and not before.
    """
    match event:
        case IssueRegistered():
            talk = event.occasion.id if event.occasion is not None else ""
            return waits_for(event.origin, event.phase, talk)
        case PromiseStarted():
            return name is ClockName.ASSIGN and _newest(issue, name) is not None
        case AssignmentRecalled():
            running = _newest(issue, ClockName.ASSIGN)
            if running is None:
                return _newest(issue, ClockName.PROMISE) is None
            return running.stopped_at is None
        case AssignmentRuled():
            return event.upheld
        case AssignmentTransferred():
            return issue.state in NOBODY_HANDLES
    return False
