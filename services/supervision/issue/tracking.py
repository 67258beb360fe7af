"""The list of what is looked at again (挂账、回头看): what was promised for later, and a sample of what is closed.

While an issue stands on it a tracking clock runs: to the day that was promised, at the latest for a quarter. When it is
due the department is reminded, and the next one begins: so the list reminds until a person has looked.
"""

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import sha256

from services.supervision.issue.clocks import Messages, start, stop
from services.supervision.issue.decisions import may_not
from services.supervision.issue.life import FOLLOWING, Answered, Clock, Issue, State
from services.supervision.issue.renewing import with_renewals
from shared.contract.commands.supervision import RecordLookBack
from shared.contract.event import Event
from shared.contract.events.dispatch import ReplyCorrected, ReplyReleased
from shared.contract.events.feedback import IssueClosed, IssueTracked
from shared.contract.events.supervision import (
    ClockBreached,
    DepartmentAddressed,
    LookBackDone,
    PromiseBroken,
    PromiseKept,
    TrackingOpened,
    TrackingReviewed,
)
from shared.contract.words import ClockName, Finding, Listed, Saying
from shared.domain.clocks import SHANGHAI, Limit, due_at
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event
from shared.domain.renewing import limit_of

QUARTER = Limit("90d")
"""How long at most until the next look, by a policy that was published before there was this clock."""
LOOKED_AT = (State.TRACKED, State.CLOSED)
"""Where a look-back is possible; `answered` says at what."""


def is_in_sample(subject: str, percent: int) -> bool:
    """Whether a closed issue is one of the sample of so many of a hundred: its id alone says so."""
    return int(sha256(subject.encode()).hexdigest()[:8], 16) % 100 < percent


def follow(
    before: Issue, issue: Issue, clocks: list[Clock], happened: Event, context: Context
) -> tuple[Issue, list[Clock], Messages]:
    """What an event makes of the list: the issue comes onto it, or the day that was promised moves."""
    issue = issue.model_copy(update={"answered": _answered(issue, happened)})
    answered = issue.answered
    match happened:
        case IssueTracked() if answered:
            return _listed(issue, clocks, Listed.TRACKED, happened, context)
        case IssueClosed() if issue.state is State.CLOSED is not before.state and answered:
            because = _why_closed(answered, context)
            if because is not None:
                return _listed(issue, clocks, because, happened, context)
        case ReplyCorrected() if answered and before.answered and answered.listed:
            if answered.promised_on != before.answered.promised_on:
                return _moved(issue, clocks, happened, context)
    return issue, clocks, ()


def remind(issue: Issue, due: Clock, context: Context) -> tuple[Issue, Messages]:
    """A look-back is due: its department is reminded, and the clock to the next reminder runs from that instant on."""
    answered = issue.answered
    if answered is None:
        return issue, ()
    messages: list[Message] = []
    if answered.listed is not Listed.SAMPLE and issue.department:
        said = DepartmentAddressed(
            saying=Saying.LOOK_BACK,
            round=due.round,
            department=issue.department,
            assignment=issue.assignment,
            due_at=due.due_at,
        )
        messages.append(event(said))
    trigger = ClockBreached(clock=due.name, round=due.round, due_at=due.due_at)
    clocks, more = _run(issue, trigger, context._replace(now=due.due_at), set())
    return issue.model_copy(update={"clocks": (*issue.clocks, *clocks)}), (*messages, *more)


def record_look_back(
    issue: Issue | None, command: RecordLookBack, context: Context
) -> Change[Issue] | Refusal:
    """What a supervisor found: kept and broken go to feedback, "not yet" is looked at again on the day they name."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")
    known = _asked(issue, command, context)
    if isinstance(known, Refusal):
        return known
    about = {
        "round": known.round,
        "department": issue.department,
        "words": command.words.strip(),
        "by": context.principal,
    }
    running = [clock for clock in issue.clocks if _runs(clock)]
    at = max((context.now, *(clock.history[0][1] for clock in running)))
    clocks, stopped = _stopped(issue, at)
    issue = issue.model_copy(update={"clocks": tuple(clocks)})
    if command.finding is Finding.NOT_YET:
        assert command.next_on is not None  # or it was refused
        listed = known.listed or Listed.SAMPLE
        reviewed = TrackingReviewed(**about, because=listed, next_on=command.next_on)
        after = issue.model_copy(update={"answered": known.model_copy(update={"listed": listed})})
        started, more = _run(after, reviewed, context._replace(now=at), {command.next_on})
        after = after.model_copy(update={"clocks": (*after.clocks, *started)})
        outcome = {"next_on": command.next_on.isoformat()}
        return with_renewals(Change(after, (event(reviewed), *stopped, *more), outcome), context)
    done = LookBackDone(**about, finding=command.finding, because=known.listed)
    after, more = _found(issue, known, done)
    return Change(after, (event(done), *stopped, *more), {"finding": command.finding.value})


def _found(issue: Issue, known: Answered, done: LookBackDone) -> tuple[Issue, Messages]:
    """The issue once a promise was found kept or broken, and what feedback is told of that."""
    about = {"round": done.round, "words": done.words, "by": done.by}
    off = known.model_copy(update={"listed": None})
    if done.finding == Finding.BROKEN:
        broken = off.model_copy(update={"broken": True})
        return issue.model_copy(update={"answered": broken}), (event(PromiseBroken(**about)),)
    if issue.state is not State.TRACKED:
        return issue.model_copy(update={"answered": off}), ()
    # What was promised is the reply of a round of its own, and is rated as one.
    kept = Answered(round=known.round + 1, handled_by=(*known.handled_by, done.by))
    state = State(FOLLOWING[State.TRACKED, "keep"])
    return issue.model_copy(update={"answered": kept, "state": state}), (event(PromiseKept(**about)),)


def _asked(issue: Issue, command: RecordLookBack, context: Context) -> Answered | Refusal:
    """What is looked back at, if this person may say so of it now; else why not."""
    known = issue.answered
    if known is None or issue.state not in LOOKED_AT:
        return Refusal(
            Reason.ILLEGAL_MOVE, f"it is {issue.state}: only what is tracked or closed is looked at again"
        )
    if known.broken:
        return Refusal(Reason.ILLEGAL_MOVE, "a look-back has found it broken: its new round begins")
    if command.round != known.round:
        return Refusal(Reason.STALE_ROUND, f"it is round {known.round} that is looked at: read it first")
    if context.principal in known.handled_by:
        return Refusal(Reason.SAME_PERSON, "who drafted or signed off a reply does not look back at it")
    if why := may_not(issue, context):
        return Refusal(Reason.WRONG_ROLE, why)
    if not command.words.strip():
        return Refusal(Reason.REASON_MISSING, "words: say what was found")
    return _unfit_date(command, context) or known


def _unfit_date(command: RecordLookBack, context: Context) -> Refusal | None:
    """Why the next look cannot be on that day; None where it can, or where none is named and none is needed."""
    if command.finding is not Finding.NOT_YET:
        wrong = "next_on: a day of the next look stands with not_yet alone"
        return Refusal(Reason.MALFORMED, wrong) if command.next_on else None
    if command.next_on is None:
        return Refusal(Reason.DATE_MISSING, "next_on: name the day on which it is looked at again")
    if command.next_on <= _day(context.now):
        return Refusal(Reason.DATE_TOO_EARLY, f"next_on: {command.next_on} is not after today")
    latest = _day(due_at(context.now, _quarter(context), context.policy, context.calendar).at)
    if command.next_on > latest:
        return Refusal(Reason.DATE_TOO_FAR, f"next_on: {command.next_on} is too far, {latest} at the latest")
    return None


def _answered(issue: Issue, happened: Event) -> Answered | None:
    """What was promised last, after this event."""
    known = issue.answered
    match happened:
        case ReplyReleased() if known is None or happened.round >= known.round:
            return Answered(
                round=happened.round, promised_on=happened.promised_on, handled_by=happened.handled_by
            )
        case ReplyCorrected() if known is not None and happened.round == known.round:
            return known.model_copy(update={"promised_on": happened.promised_on})
        case IssueTracked() | IssueClosed() if known is not None:
            return known.model_copy(update={"round": happened.round, "listed": None, "broken": False})
    return known


def _why_closed(answered: Answered, context: Context) -> Listed | None:
    """Why a closed issue is looked at again; None for most of them."""
    if answered.promised_on is not None and answered.promised_on > _day(context.now):
        return Listed.PROMISED
    percent = context.policy.look_back_percent
    return Listed.SAMPLE if is_in_sample(context.subject, percent) else None


def _listed(
    issue: Issue, clocks: list[Clock], because: Listed, happened: IssueTracked | IssueClosed, context: Context
) -> tuple[Issue, list[Clock], Messages]:
    assert issue.answered is not None
    answered = issue.answered.model_copy(update={"listed": because})
    issue = issue.model_copy(update={"answered": answered})
    dates = {answered.promised_on} if answered.promised_on and because is not Listed.SAMPLE else set()
    started, messages = _run(issue.model_copy(update={"clocks": tuple(clocks)}), happened, context, dates)
    if not started:
        return issue, clocks, ()
    opened = TrackingOpened(
        round=happened.round,
        because=because,
        department=issue.department,
        promised_on=answered.promised_on if dates else None,
    )
    return issue, [*clocks, *started], (event(opened), *messages)


def _moved(
    issue: Issue, clocks: list[Clock], corrected: ReplyCorrected, context: Context
) -> tuple[Issue, list[Clock], Messages]:
    """The clock that ran to the day that was promised stops, and one to the other day runs."""
    assert issue.answered is not None
    running = [clock.history[0][1] for clock in clocks if _runs(clock)]
    at = max((context.now, *running))
    after, stopped = _stopped(issue.model_copy(update={"clocks": tuple(clocks)}), at)
    dates = {issue.answered.promised_on} if issue.answered.promised_on else set()
    changed = issue.model_copy(update={"clocks": tuple(after)})
    started, messages = _run(changed, corrected, context._replace(now=at), dates)
    return issue, [*after, *started], (*stopped, *messages)


def _stopped(issue: Issue, at: datetime) -> tuple[list[Clock], Messages]:
    """The clocks, of which none of the list runs any more."""
    clocks: list[Clock] = []
    messages: list[Message] = []
    for clock in issue.clocks:
        if _runs(clock):
            clock, more = stop(clock, at, issue)
            messages += more
        clocks.append(clock)
    return clocks, tuple(messages)


def _runs(clock: Clock) -> bool:
    return clock.name is ClockName.TRACKING and clock.stopped_at is None


def _run(
    issue: Issue, trigger: Event, context: Context, dates: Iterable[date]
) -> tuple[tuple[Clock, ...], Messages]:
    """The clock to the next look: to the first of these days, a promise to come among them; a quarter at most."""
    assert issue.answered is not None
    today, found = _day(context.now), set(dates)
    promised = issue.answered.promised_on
    if promised is not None and promised > today:
        found.add(promised)
    limits = [_quarter(context), *(Limit(f"{max(1, (day - today).days)}d") for day in sorted(found)[:1])]
    policy, calendar = context.policy, context.calendar
    first = min(limits, key=lambda limit: due_at(context.now, limit, policy, calendar).at)
    closed = issue.state is State.CLOSED
    return start(ClockName.TRACKING, issue, trigger, context, first, after_the_end=closed)


def _quarter(context: Context) -> Limit:
    return limit_of(ClockName.TRACKING, 1, context.policy) or QUARTER


def _day(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()
