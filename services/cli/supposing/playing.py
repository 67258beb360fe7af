"""One issue played once more: supervision's own decisions on what others say, its deadlines fired in between."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import NamedTuple

from services.cli.supposing.log import Entry
from services.cli.supposing.rules import Rules
from services.supervision.consumer import ISSUE
from services.supervision.issue.decisions import explain, lifted_by
from services.supervision.issue.life import Clock, Issue
from services.supervision.issue.reactions import expire, next_deadline, observe
from services.supervision.issue.renewing import recalculate, request_of
from services.supervision.issue.tracking import record_look_back
from shared.contract.commands.supervision import ExplainBreach, RecalculateClocks, RecordLookBack
from shared.contract.event import Event
from shared.contract.events.dispatch import CoHandlerAdded
from shared.contract.events.intake import IssueAppealed, PromiseStarted
from shared.contract.events.supervision import (
    ExplanationGiven,
    InstructionGiven,
    InstructionReported,
    InstructionTakenBack,
    LadderLifted,
    LookBackDone,
    TrackingReviewed,
)
from shared.contract.words import ClockName, Finding, Role
from shared.domain.decisions import Change, Context, Deadline, Refusal

Decided = Change[Issue] | Refusal | None


class Played(NamedTuple):
    """What would have been published about an issue, its promise first; and how many deadlines fired."""

    entries: list[Entry]
    deadlines: int


def play(subject: str, happened: Iterable[Entry], rules: Rules, until: datetime) -> Played:
    """Play these events in this order, and on up to ``until``; each deadline fires in its own instant.

    One that fires in the very instant of an event comes after it, as in a replay. May raise NotPublished.
    """
    playing = _Playing(subject, rules)
    for entry in happened:
        playing.fire_before(entry.at)
        playing.take(entry)
    playing.fire_until(until)
    return Played(playing.entries, playing.deadlines)


class _Playing:
    """One issue as it goes on."""

    def __init__(self, subject: str, rules: Rules) -> None:
        self._subject, self._rules = subject, rules
        self._issue: Issue | None = None
        self._due: Deadline | None = None
        self._is_counted_anew = False
        self._renewals = deque(rules.reference.renewals)
        self.entries: list[Entry] = []
        self.deadlines = 0

    def fire_before(self, at: datetime) -> None:
        """Fire what fires before an instant, and let each version reach what runs by then."""
        while (came := self._next()) is not None and came[0] < at:
            came[1]()

    def fire_until(self, at: datetime) -> None:
        """The same up to an instant."""
        while (came := self._next()) is not None and came[0] <= at:
            came[1]()

    def _next(self) -> tuple[datetime, Callable[[], None]] | None:
        """What comes next by itself: a deadline that fires, or a version that comes into force."""
        found: list[tuple[datetime, Callable[[], None]]] = []
        if self._renewals:
            found.append((self._renewals[0].at, self._renew))
        if self._due is not None:
            found.append((self._due.fire_at, partial(self._fire, self._due)))
        return min(found, default=None, key=lambda one: one[0])

    def _renew(self) -> None:
        renewal = self._renewals.popleft()
        if self._issue is not None:
            self._change(recalculate(self._issue, request_of(renewal), self._context(renewal.at)), renewal.at)

    def take(self, entry: Entry) -> None:
        """React to an event, or decide what a person decided."""
        self._change(self._decided(entry), entry.at)

    def _fire(self, due: Deadline) -> None:
        assert self._issue is not None
        self._change(expire(self._issue, due, self._context(due.fire_at)), due.fire_at)
        self.deadlines += 1

    def _decided(self, entry: Entry) -> Decided:
        match entry.event:
            case ExplanationGiven() as given:
                context = self._context(entry.at, given.by)
                return explain(self._issue, ExplainBreach(round=given.round, words=given.words), context)
            case LadderLifted() as lifted:
                return self._lifted(lifted, self._context(entry.at, lifted.by))
            case LookBackDone() | TrackingReviewed() as looked:
                return record_look_back(self._issue, _look(looked), self._context(entry.at, looked.by))
            case InstructionGiven() | InstructionReported() | InstructionTakenBack():
                return observe(self._issue, entry.event, self._context(entry.at))
        event = self._counted(entry)
        return ISSUE.events[type(event)](self._issue, event, self._context(entry.at))

    def _lifted(self, lifted: LadderLifted, context: Context) -> Decided:
        """Whoever lifted the step that stood then lifts the one that stands here, if any does."""
        if self._issue is None or not self._issue.lamp:
            return None
        return lifted_by(self._issue, lifted.reason, context)

    def _counted(self, entry: Entry) -> Event:
        """The event, with the date that would have been promised in it."""
        match entry.event:
            case PromiseStarted() as given:
                promise = self._rules.promise(given, entry.at)
                self._is_counted_anew = entry.at >= self._rules.since
                self.entries.append(Entry(entry.at, promise))
                return promise
            case CoHandlerAdded() as given:
                return self._rules.co_handler(given, entry.at)
            case IssueAppealed() as appeal if self._is_counted_anew and (clock := self._promise()):
                return self._rules.promised_again(appeal, clock, entry.at)
        return entry.event

    def _promise(self) -> Clock | None:
        """The promise clock that started last."""
        clocks = self._issue.clocks if self._issue is not None else ()
        return next((clock for clock in reversed(clocks) if clock.name is ClockName.PROMISE), None)

    def _change(self, decided: Decided, at: datetime) -> None:
        if isinstance(decided, Change):
            self._issue, self._due = decided.state, next_deadline(decided.state)
            for message in decided.messages:
                if isinstance(message.body, Event):
                    self.entries.append(Entry(at, message.body))
                elif isinstance(message.body, RecalculateClocks):
                    self._change(recalculate(self._issue, message.body, self._context(at)), at)

    def _context(self, at: datetime, by: str = "") -> Context:
        return Context(self._subject, at, self._rules.reference, f"{Role.SUPERVISOR}:{by}" if by else "")


def _look(looked: LookBackDone | TrackingReviewed) -> RecordLookBack:
    """What the supervisor asked who found this."""
    about = {"round": looked.round, "words": looked.words}
    if isinstance(looked, LookBackDone):
        return RecordLookBack(finding=Finding(looked.finding), **about)
    return RecordLookBack(finding=Finding.NOT_YET, next_on=looked.next_on, **about)
