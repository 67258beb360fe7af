"""Decisions on more time for an issue: its holder asks, the office grants or refuses, never who asked (clocks.md 5)."""

from datetime import date
from typing import Any

from services.dispatch.issue.asking import asked, person_of
from services.dispatch.issue.life import Extension, Issue, Pause
from services.dispatch.issue.timing import about, clock_of, due_changed, noted, read
from shared.contract.commands.dispatch import (
    AskExtension,
    GrantExtension,
    GrantPause,
    RefuseExtension,
    RefusePause,
)
from shared.contract.envelope import time_text
from shared.contract.events.dispatch import DatePutOff, ExtensionAsked, ExtensionGranted, ExtensionRefused
from shared.contract.orders import OrderExtensionDecided
from shared.contract.words import Recalculation
from shared.domain.calendar import Calendar
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Reason, Refusal, event, order
from shared.domain.levels import is_as_high

NOTICE = "1wd"
"""How long before the promise is due an extension is asked for at the latest (clocks.md 5)."""


def ask(issue: Issue | None, command: AskExtension, context: Context) -> Change[Issue] | Refusal:
    """The holder asks for more time, as long as the promise is due in a working day or more."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: say why more time is needed")
    if known.extension is not None:
        return Refusal(Reason.ILLEGAL_MOVE, "an extension was asked for already: it waits for the office")
    if known.promise is None or known.due_at is None:
        return Refusal(
            Reason.ILLEGAL_MOVE, "when it is due is not known here: it began before there was this"
        )
    days = _days(known, command.until, context)
    if isinstance(days, Refusal):
        return days
    request, person = known.extensions_asked + 1, person_of(context.actor)
    extension = Extension(request=request, by=person, until=command.until, days=days)
    waiting = known.model_copy(update={"extension": extension, "extensions_asked": request})
    happened = ExtensionAsked(
        **about(known),
        request=request,
        reason=reason,
        due_at=known.due_at,
        until=command.until,
        days=days,
        by=context.principal,
    )
    return Change(waiting, (event(happened),), {"state": known.state.value, "request": request, "days": days})


def grant(issue: Issue | None, command: GrantExtension, context: Context) -> Change[Issue] | Refusal:
    """The office gives the days that were asked for; what the raiser was told first is kept for ever."""
    known = decidable(issue, command, "extension", context)
    if isinstance(known, Refusal):
        return known
    extension = known.extension
    assert (
        extension is not None and known.promise is not None and known.due_at is not None
    )  # it was asked for
    original = read(known.promise, known.round, context.reference).original_due_at
    longer = noted(known, ("extended", context.now, str(extension.days)), context)
    assert longer.due_at is not None
    happened = ExtensionGranted(
        **about(known),
        request=extension.request,
        days=extension.days,
        original_due_at=original,
        old_due_at=known.due_at,
        due_at=longer.due_at,
        by=context.principal,
    )
    after = longer.model_copy(update={"extension": None})
    decided = _decided(known, command, granted=True, due_at=longer.due_at)
    outcome = {"state": after.state.value, "due_at": time_text(longer.due_at)}
    orders = (order(known.department, decided), *due_changed(known, after, Recalculation.EXTENSION))
    put_off = DatePutOff(round=known.round, old_due_at=known.due_at, due_at=longer.due_at)
    return Change(after, (event(happened), event(put_off), *orders), outcome)


def refuse(issue: Issue | None, command: RefuseExtension, context: Context) -> Change[Issue] | Refusal:
    """The office gives no more time, and says why."""
    known = decidable(issue, command, "extension", context)
    if isinstance(known, Refusal):
        return known
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the department is told why")
    request = {"request": command.request, "reason": reason}
    happened = ExtensionRefused(**about(known), **request, by=context.principal)
    decided = _decided(known, command, granted=False, reason=reason, due_at=known.due_at)
    after = known.model_copy(update={"extension": None})
    return Change(after, (event(happened), order(known.department, decided)), {"state": after.state.value})


Decision = GrantExtension | RefuseExtension | GrantPause | RefusePause


def decidable(issue: Issue | None, command: Decision, what: str, context: Context) -> Issue | Refusal:
    """The issue, if it waits for this very decision on an extension or a pause, and it is this person's to decide.

    The office stands one level up (clocks.md 5): of the department's level or a higher one, and not of it.
    """
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    request: Extension | Pause | None = getattr(known, what)
    if request is None:
        return Refusal(Reason.ILLEGAL_MOVE, f"no {what} is asked for")
    if command.request != request.request:
        return Refusal(Reason.STALE_REQUEST, f"it is request {request.request} that waits: read it first")
    if request.by and request.by == person_of(context.actor):
        return Refusal(Reason.SAME_PERSON, f"who asks for it does not decide on it: {request.by} asked")
    if why := _beneath(known, context):
        return Refusal(Reason.WRONG_ROLE, why)
    return known


def _beneath(issue: Issue, context: Context) -> str:
    """Why this official does not stand above the department; "" where they do, or where the directory has no level."""
    directory, holder = context.directory, issue.department
    official = directory.official(person_of(context.actor))
    if official is None:
        return ""
    if official.department in (holder, directory.successor(holder)):
        return f"nobody of {holder}, which asks for it, decides on it"
    level = directory.level(holder)
    if not is_as_high(official.level, level):
        return f"{holder} is of the level {level}: nobody of a lower one decides on it"
    return ""


def _days(issue: Issue, until: date, context: Context) -> int | Refusal:
    """How many working days later the promise would be due, or why it cannot be."""
    assert issue.promise is not None  # asked before
    clock = clock_of(issue.promise, issue.round)
    policy = context.reference.policies.named(clock.version(Recalculation.POLICY))
    calendar = context.reference.calendars.named(clock.version(Recalculation.CALENDAR))
    granted = sum(kind == "extended" for kind, *_ in issue.promise.history)
    if granted >= policy.extensions:
        return Refusal(
            Reason.EXTENSION_USED_UP, f"this promise was extended {granted} times: that is the most"
        )
    reading = read(issue.promise, issue.round, context.reference, NOTICE)
    latest = dict(reading.deadlines).get(NOTICE)
    if latest is None or context.now > latest:
        due = reading.due_at.isoformat()
        until_when = f"until {latest.isoformat()}" if latest else "at no time"
        return Refusal(Reason.EXTENSION_TOO_LATE, f"it is due {due}: it could be asked for {until_when}")
    due_on = reading.due_at.astimezone(SHANGHAI).date()
    return _working_days(due_on, until, policy.extension_days, calendar)


def _working_days(due_on: date, until: date, most: int, calendar: Calendar) -> int | Refusal:
    before = calendar.working_days_through(due_on)
    last = calendar.working_day(before + most)
    if until <= due_on:
        return Refusal(Reason.DATE_TOO_EARLY, f"until: it is due {due_on} already; name a later day")
    if until > last:
        return Refusal(
            Reason.DATE_TOO_FAR, f"until: at most {most} working days after {due_on}, that is {last}"
        )
    days = calendar.working_days_through(until) - before
    if not calendar.is_working_day(until):
        following = calendar.working_day(before + days + 1)
        return Refusal(
            Reason.NO_WORKING_DAY, f"until: {until} is a rest day; the next working day is {following}"
        )
    return days


def _decided(
    issue: Issue, command: GrantExtension | RefuseExtension, **decided: Any
) -> OrderExtensionDecided:
    return OrderExtensionDecided(
        assignment=issue.assignment, round=issue.round, request=command.request, **decided
    )
