"""What an issue hears of its talk: when it may expect its promise, and from when that runs (clocks.md, the beginning).

A promise that waits for a talk runs from its end; where the talk is called off, is not held in time, or was never
announced, from that moment. Who joins later runs from its registration.
"""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from services.intake.issue.life import TIMERS, Issue, Waiting
from shared.contract.commands.intake import RegisterIssue
from shared.contract.commands.talks import ConfirmNews, HearTalk, JoinTalk
from shared.contract.events.intake import PromiseStarted
from shared.contract.events.talks import PromiseExpected
from shared.contract.subjects import subject_of
from shared.contract.words import Phase, Provisional, TalkNews
from shared.domain.calendar import Calendar
from shared.domain.clocks import SHANGHAI, Policy, due_at
from shared.domain.decisions import (
    TERMINAL,
    Change,
    Context,
    Deadline,
    Message,
    Reason,
    Refusal,
    event,
)
from shared.domain.decisions import command as ask
from shared.domain.fan_out import pause
from shared.domain.talks import waits_for

NOON = time(12)


def talk_of(command: RegisterIssue) -> str:
    """The talk that the promise of this issue waits for; "" where it waits for none, as of one added after a talk."""
    talk = command.occasion.id if command.occasion is not None else ""
    return talk if waits_for(command.origin, command.phase, talk) else ""


def unanswered(talk: str, now: datetime) -> Waiting:
    """What an issue remembers that has asked its talk to join it."""
    return Waiting(talk=talk, again_at=now + pause(0))


def expected_from(command: RegisterIssue, now: datetime) -> datetime:
    """From when the promise is counted, as far as can be said at once: the day of its talk, where that was said."""
    on = command.occasion.on if talk_of(command) and command.occasion is not None else None
    return max(now, datetime.combine(on, NOON, SHANGHAI)) if on is not None else now


def joining(id: str, talk: str, issue: Issue) -> Message:
    """The issue asks its talk to be one of its members."""
    person = "" if issue.anonymous else issue.person
    return ask(subject_of("talk", talk), JoinTalk(issue=id, registered_at=issue.registered_at, person=person))


def hear(issue: Issue | None, command: HearTalk, context: Context) -> Change[Issue] | Refusal:
    """The promise may be expected at another time, or it runs; the talk is answered, where it waits for that."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is registered")
    waiting = issue.waiting
    if waiting is None or waiting.talk != command.talk or TIMERS[issue.state] == TERMINAL:
        return Change(issue, _answer(command, context, done=False), {"done": False})
    if not command.news and waiting.again_at is None:  # asked twice, it was answered twice
        return Change(issue, outcome={"done": False})
    change = _expected if command.what is TalkNews.EXPECTED else _runs
    after, messages = change(issue, waiting, command, context)
    return Change(after, (*messages, *_answer(command, context, done=True)), {"done": True})


def next_deadline(issue: Issue) -> Deadline | None:
    """When its talk is asked again that has not answered."""
    waiting = issue.waiting
    if waiting is None or waiting.again_at is None or TIMERS[issue.state] == TERMINAL:
        return None
    return Deadline(f"join/1/again/{waiting.tries + 1}", waiting.again_at, waiting.again_at)


def expire(issue: Issue, deadline: Deadline, context: Context) -> Change[Issue]:
    """The talk has not answered: it is asked again."""
    waiting = issue.waiting
    if waiting is None or next_deadline(issue) != deadline or context.now < deadline.at:
        return Change(issue)
    tries = waiting.tries + 1
    asked = waiting.model_copy(update={"tries": tries, "again_at": context.now + pause(tries)})
    after = issue.model_copy(update={"waiting": asked})
    return Change(after, (joining(context.subject, waiting.talk, issue),))


def started(at: datetime, policy: Policy, calendar: Calendar) -> PromiseStarted:
    """The promise that runs from this instant, by these versions."""
    limit = policy.limits["promise"]
    due = due_at(at, limit, policy, calendar)
    return PromiseStarted(
        started_at=at,
        due_at=due.at,
        limit=str(limit),
        provisional_because=due.because,
        policy=policy.version,
        calendar=calendar.version,
    )


def _runs(
    issue: Issue, waiting: Waiting, command: HearTalk, context: Context
) -> tuple[Issue, tuple[Message, ...]]:
    """By what was in force at that instant, however late this is heard."""
    at = max(command.at, issue.registered_at)
    reference = context.reference
    promise = started(at, reference.policies.at(at), reference.calendars.at(at))
    if _was_said_there(issue, command):
        promise = promise.model_copy(update={"talk": command.talk, "departments": command.departments})
    return issue.model_copy(update={"waiting": None, **_dated(promise)}), (event(promise),)


def _was_said_there(issue: Issue, command: HearTalk) -> bool:
    """Whether it was said at a talk that is over, and reaches it this late: nobody has said who was there."""
    return command.what is TalkNews.HELD and not command.news and issue.phase == Phase.AT


def _expected(
    issue: Issue, waiting: Waiting, command: HearTalk, context: Context
) -> tuple[Issue, tuple[Message, ...]]:
    promise = started(max(command.at, issue.registered_at), context.policy, context.calendar)
    expected = PromiseExpected(
        talk=command.talk,
        talk_ends_at=command.at,
        due_at=promise.due_at,
        limit=promise.limit,
        provisional_because=Provisional.TALK_NOT_HELD,
        policy=promise.policy,
        calendar=promise.calendar,
        departments=command.departments,
    )
    heard = waiting.model_copy(update={"again_at": None})
    dated = {**_dated(promise), "provisional_because": Provisional.TALK_NOT_HELD}
    return issue.model_copy(update={"waiting": heard, **dated}), (event(expected),)


def _dated(promise: PromiseStarted) -> Mapping[str, Any]:
    return {name: getattr(promise, name) for name in ("due_at", "provisional_because", "policy", "calendar")}


def _answer(command: HearTalk, context: Context, *, done: bool) -> tuple[Message, ...]:
    if not command.news:
        return ()
    answer = ConfirmNews(issue=context.subject, news=command.news, done=done)
    return (ask(subject_of("talk", command.talk), answer),)
