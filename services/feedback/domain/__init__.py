"""An issue as feedback sees it: decisions about ratings, rework and closing, as pure functions.

Every decision is a tuple of events, and the new state is what those events make of the old one
(``evolve``). Others' facts are learned the same way (``learn``). So the state can be rebuilt from the log
alone, and the figures with it (figures.py).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from services.feedback.domain.facts import LEARN, evolve, learn
from services.feedback.domain.life import (
    ASKED,
    MOVES,
    TERMINAL,
    TIMERS,
    Assignment,
    Issue,
    Round,
    State,
)
from services.feedback.domain.rebuild import rebuild
from shared.calendar import Calendar
from shared.clocks import Policy, due_at
from shared.commands import DecideRework, FinishTracking, RateReply
from shared.events import (
    Event,
    IssueClosed,
    IssueTracked,
    Kind,
    Outcome,
    RatingInvited,
    RatingLapsed,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
    Satisfaction,
    Solved,
)
from shared.moves import Change, Context, Deadline, Reason, Refusal, illegal

__all__ = [
    "ASKED", "LEARN", "MOVES", "TERMINAL", "TIMERS", "Assignment", "Issue", "Round", "Rules", "State",
    "decide_rework", "evolve", "finish_tracking", "invite", "lapse", "learn", "next_deadline", "rate",
    "rebuild",
]  # fmt: skip

ENTREPRENEUR, OFFICE, LEADER = "entrepreneur", "office", "leader"
LATER = (Outcome.PLANNED, Outcome.NOT_POSSIBLE_NOW)
"""Outcomes after which an issue is tracked instead of closed (loop.md, feedback)."""


class Rules(NamedTuple):
    """What a decision needs beside state and request."""

    policy: Policy
    calendar: Calendar


def rate(issue: Issue, command: RateReply, context: Context) -> Change[Issue] | Refusal:
    """Rate the reply round that is open, once; dissatisfied or not solved asks a person for a new round.

    "Is it solved?" counts for problems only: a suggestion is adopted or not, never unsolved.
    """
    refusal = _not_now(issue, command.verb, command.round) or _not_the_raiser(issue, context)
    if refusal is not None:
        return refusal
    unsolved = issue.kind is Kind.PROBLEM and command.solved is Solved.NO
    again = unsolved or command.satisfaction is Satisfaction.DISSATISFIED
    reason = command.reason.strip()
    if again and not reason:
        return Refusal(Reason.REASON_MISSING, "reason: say why you are dissatisfied, or what is not solved")
    rated = ReplyRated(
        round=command.round, satisfaction=command.satisfaction, solved=command.solved, reason=reason
    )
    then = ReworkAsked(round=command.round, reason=reason) if again else _settle(issue, "rated")
    return _told(issue, (rated, then), context.now)


def decide_rework(issue: Issue, command: DecideRework, context: Context) -> Change[Issue] | Refusal:
    """Grant the next round, or refuse it with a reason; then the rating stands and the issue is settled."""
    refusal = _not_now(issue, command.verb, command.round)
    if refusal is not None:
        return refusal
    if context.role != OFFICE:
        return Refusal(Reason.WRONG_ROLE, f"only the {OFFICE} decides on rework")
    reason, by = command.reason.strip(), context.principal
    if command.granted:
        return _told(issue, (ReworkDecided(round=command.round + 1, reason=reason, by=by),), context.now)
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the one who raised it is told why")
    refused = ReworkRefused(round=command.round, reason=reason, by=by)
    return _told(issue, (refused, _settle(issue, "rework_refused", by)), context.now)


def finish_tracking(issue: Issue, command: FinishTracking, context: Context) -> Change[Issue] | Refusal:
    """Rule a tracked issue finished: only the level's leader, with a reason (销号)."""
    refusal = _not_now(issue, command.verb, issue.round)
    if refusal is not None:
        return refusal
    if context.role != LEADER:
        return Refusal(Reason.WRONG_ROLE, f"only a {LEADER} may rule a tracked issue finished")
    closed = IssueClosed(round=issue.round, reason=command.reason, by=context.principal)
    return _told(issue, (closed,), context.now)


def invite(issue: Issue, now: datetime, rules: Rules) -> Change[Issue]:
    """A reply is out: ask for a rating of it. Nobody is asked about an issue that was taken back."""
    if (issue.state, "invite") not in MOVES:
        return Change(issue)
    limit = rules.policy.limits["rating"]
    open_until = due_at(now, limit, rules.policy, rules.calendar).at
    return _told(issue, (RatingInvited(round=issue.round, open_until=open_until),), now)


def lapse(issue: Issue, now: datetime) -> Change[Issue]:
    """The invitation ran out: the reply counts as not rated, never as satisfied."""
    if (issue.state, "lapse") not in MOVES or issue.open_until is None or now < issue.open_until:
        return Change(issue)
    return _told(issue, (RatingLapsed(round=issue.round), _settle(issue, "lapsed")), now)


def next_deadline(issue: Issue) -> Deadline | None:
    """The lapse of the open invitation; it depends on feedback's own commands, so there is no grace."""
    if issue.state is not State.INVITED or issue.open_until is None:
        return None
    return Deadline(f"rating/{issue.round}/lapse/1", issue.open_until, issue.open_until)


def _not_now(issue: Issue, verb: str, round: int) -> Refusal | None:
    if (issue.state, verb) not in ASKED:
        return illegal(ASKED, issue.state, verb)
    if round != issue.round:
        return Refusal(Reason.STALE_ROUND, f"round {round} is not open; it is round {issue.round} now")
    return None


def _not_the_raiser(issue: Issue, context: Context) -> Refusal | None:
    if context.role != ENTREPRENEUR or issue.raiser not in ("", context.pseudonym):
        return Refusal(Reason.WRONG_ROLE, "only the one who raised an issue rates its reply")
    return None


def _settle(issue: Issue, reason: str, by: str = "") -> Event:
    last = issue.rounds[-1]
    if last.outcome in LATER:
        return IssueTracked(round=last.round, outcome=last.outcome, promised_on=last.promised_on)
    return IssueClosed(round=last.round, reason=reason, by=by)


def _told(issue: Issue, events: Sequence[Event], at: datetime) -> Change[Issue]:
    """The events, and what they make of the issue."""
    for event in events:
        issue = evolve(issue, event, at)
    return Change(issue, tuple(events), outcome={"state": issue.state.value, "round": issue.round})
