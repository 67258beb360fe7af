"""When the promise of an issue is due as dispatch counts it, and what ends with the assignment that asked for it.

Dispatch reads nothing of supervision's clocks. It has the same facts (the promise from intake, a new round from
feedback, extensions and pauses of its own, and from supervision each calendar or policy that reached the promise) and
the same arithmetic, so both come to the same date (clocks.md 2 and 8).
"""

from collections.abc import Iterator
from datetime import datetime

from services.dispatch.issue.life import HELD, Issue, Pause, Promise, State
from shared.contract.events.dispatch import ExtensionEnded, PauseEnded, QuestionClosed
from shared.contract.orders import OrderDueChanged, OrderExtensionDecided, OrderPauseEnded
from shared.contract.words import ClockName, Ended, OpenRecalculation, Recalculation
from shared.domain.clocks import Entry, Reading
from shared.domain.decisions import Change, Context, Deadline, Message, event, order
from shared.domain.reference import Reference
from shared.domain.renewing import Running, read_running, running


def clock_of(promise: Promise, round: int) -> Running:
    """The promise of this round as the arithmetic knows it."""
    return running(ClockName.PROMISE, round, promise.history, promise.policy, promise.calendar)


def read(promise: Promise, round: int, reference: Reference, *warnings: str) -> Reading:
    """What the facts of a promise say by its own versions; raises NotPublished without them."""
    return read_running(clock_of(promise, round), reference, warnings)


def continued(promise: Promise, *entries: Entry) -> Promise:
    """The promise with further facts."""
    return promise.model_copy(update={"history": (*promise.history, *entries)})


def noted(issue: Issue, entry: Entry, context: Context) -> Issue:
    """The issue with a further fact of its promise, and the date that follows from it."""
    if issue.promise is None:
        return issue
    promise = continued(issue.promise, entry)
    due_at = read(promise, issue.round, context.reference).due_at
    return issue.model_copy(update={"promise": promise, "due_at": due_at})


def due_changed(before: Issue, after: Issue, because: OpenRecalculation) -> tuple[Message, ...]:
    """What who holds it is told where its promise moves."""
    if after.state not in HELD or before.due_at is None or after.due_at in (None, before.due_at):
        return ()
    changed = OrderDueChanged(
        assignment=after.assignment,
        round=after.round,
        clock=ClockName.PROMISE,
        old_due_at=before.due_at,
        due_at=after.due_at,
        because=because,
    )
    return (order(after.department, changed),)


def begun(round: int, context: Context) -> dict[str, object]:
    """The promise of a new round, from now on and by what is in force now; supervision starts the same one."""
    policy = context.policy
    history: tuple[Entry, ...] = (("started", context.now, str(policy.limits["rework"])),)
    promise = Promise(policy=policy.version, calendar=context.calendar.version, history=history)
    return {"round": round, "promise": promise, "due_at": read(promise, round, context.reference).due_at}


def about(issue: Issue) -> dict[str, object]:
    """What every event of an extension or a pause names."""
    return {"assignment": issue.assignment, "department": issue.department, "round": issue.round}


def let_go(issue: Issue, context: Context, *, over: bool = False) -> tuple[Issue, tuple[Message, ...]]:
    """The issue without what its assignment had asked for, and what is told of that: a pause ends with it.

    ``over``: nobody waits for the promise any more. What had run out by then has run out, however late that is read.
    """
    messages: list[Message] = []
    if asked := issue.extension:
        passed = issue.due_at is not None and issue.due_at < context.now
        because = Ended.BREACHED if passed and issue.state is not State.SUSPENDED else Ended.ASSIGNMENT_OVER
        messages.append(event(ExtensionEnded(**about(issue), request=asked.request, because=because)))
    if pause := issue.pause:
        granted = issue.state is State.SUSPENDED
        if granted and not over:
            issue = noted(issue, ("resumed", context.now, ""), context)
        passed = pause.ends_at is not None and pause.ends_at < context.now
        because = Ended.TIME_OVER if passed else Ended.ASSIGNMENT_OVER
        happened = PauseEnded(
            **about(issue),
            request=pause.request,
            because=because,
            granted=granted,
            due_at=None if over else issue.due_at,
        )
        messages += [event(happened), *_closed(pause, because)]
    return issue.model_copy(update={"extension": None, "pause": None}), tuple(messages)


def _closed(pause: Pause, because: Ended) -> tuple[Message, ...]:
    """What intake is told of a question that ends; it knows itself that it was answered."""
    if not pause.question or because is Ended.ANSWERED:
        return ()
    return (event(QuestionClosed(request=pause.request, because=because)),)


PAUSE = "pause"


def next_deadline(issue: Issue) -> Deadline | None:
    """The end of a pause or question that ends by itself, or the lapse of an extension that nobody decides on.

    All depend on dispatch's own commands alone, so there is no grace.
    """
    return min(_deadlines(issue), default=None, key=lambda deadline: deadline.at)


def _deadlines(issue: Issue) -> Iterator[Deadline]:
    if issue.state not in HELD:
        return
    if issue.pause and issue.pause.ends_at:
        yield _deadline(issue, f"{PAUSE}@{issue.pause.request}", "end", issue.pause.ends_at)
    if issue.extension and issue.due_at and issue.state is not State.SUSPENDED:
        yield _deadline(issue, f"extension@{issue.extension.request}", "lapse", issue.due_at)


def _deadline(issue: Issue, what: str, threshold: str, at: datetime) -> Deadline:
    """Another fact makes the date another one, and the older deadline void."""
    generation = len(issue.promise.history) if issue.promise else 1
    return Deadline(f"{what}/{issue.round}/{threshold}/{generation}", at, at)


def expire(issue: Issue, deadline: Deadline, context: Context) -> Change[Issue]:
    """The pause or question ends, or the extension lapses because the promise fell due; void before that."""
    if next_deadline(issue) != deadline or context.now < deadline.at:
        return Change(issue)
    if deadline.name.startswith(PAUSE):
        return resumed(issue, context, Ended.TIME_OVER)
    assert issue.extension is not None  # the deadline is its lapse
    request, because = issue.extension.request, Ended.BREACHED
    happened = ExtensionEnded(**about(issue), request=request, because=because)
    decided = OrderExtensionDecided(
        assignment=issue.assignment,
        round=issue.round,
        request=request,
        granted=False,
        because=because,
        due_at=issue.due_at,
    )
    lapsed = issue.model_copy(update={"extension": None})
    return Change(lapsed, (event(happened), order(issue.department, decided)))


def resumed(issue: Issue, context: Context, because: Ended, reason: str = "", by: str = "") -> Change[Issue]:
    """The pause in force or the question ends: what was paused runs on, and the department goes on with its work.

    Of an answer it hears in full, by another order.
    """
    pause = issue.pause
    assert pause is not None  # whoever ends one has seen it
    granted = issue.state is State.SUSPENDED
    runs = noted(issue, ("resumed", context.now, ""), context) if granted else issue
    ended = {"request": pause.request, "because": because, "reason": reason, "due_at": runs.due_at}
    messages = [event(PauseEnded(**about(issue), **ended, granted=granted, by=by)), *_closed(pause, because)]
    if because is not Ended.ANSWERED:
        decided = OrderPauseEnded(assignment=issue.assignment, round=issue.round, **ended)
        messages.append(order(issue.department, decided))
    state = State.IN_PROGRESS if granted else issue.state
    after = runs.model_copy(update={"state": state, "pause": None})
    messages += due_changed(issue, after, Recalculation.PAUSE)
    return Change(after, tuple(messages), {"state": state.value, "request": pause.request})
