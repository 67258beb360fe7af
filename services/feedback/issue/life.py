"""The life of an issue in feedback as tables, and the little that is remembered of it."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from shared.contract.event import Event
from shared.contract.events.dispatch import ReplyCorrected, ReplyReleased
from shared.contract.events.intake import (
    AppealUpheld,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
)
from shared.contract.events.supervision import PromiseBroken, PromiseKept
from shared.contract.words import OpenKind, OpenOutcome, Outcome
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import TERMINAL
from shared.domain.rights import Belongs

NOTHING = "nothing"
"""The state of what feedback has not heard of."""


class State(StrEnum):
    """Where an issue stands. ``rated`` and ``lapsed`` are passed through within one decision."""

    KNOWN = "known"
    INVITED = "invited"
    RATED = "rated"
    LAPSED = "lapsed"
    REWORK_ASKED = "rework_asked"
    REWORK = "rework"
    TRACKED = "tracked"
    CLOSED = "closed"
    REJECTED = "rejected"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"


PASSING = (State.RATED, State.LAPSED)
"""Never stored: the same decision goes on to closed, tracked or rework_asked."""
LATER = (Outcome.PLANNED, Outcome.NOT_POSSIBLE_NOW)
"""Outcomes after which an issue is tracked instead of closed (loop.md, feedback)."""

MOVES: dict[tuple[str, str], str] = {
    (State.INVITED, "rate"): State.RATED,
    (State.REWORK_ASKED, "decide_rework"): State.REWORK,
    (State.TRACKED, "finish_tracking"): State.CLOSED,
}
"""What may be asked."""

ANYTIME = ("hear_paper",)
"""What papers tell it, in every state."""

FOLLOWING: dict[tuple[str, str], str] = {
    (State.INVITED, "lapse"): State.LAPSED,
    (State.RATED, "ask_rework"): State.REWORK_ASKED,
    (State.RATED, "track"): State.TRACKED,
    (State.RATED, "close"): State.CLOSED,
    (State.LAPSED, "track"): State.TRACKED,
    (State.LAPSED, "close"): State.CLOSED,
    (State.REWORK_ASKED, "refuse_rework"): State.RATED,
    (State.INVITED, "remind"): State.INVITED,
}
"""What nobody asks for by this name: an invitation runs out, a decision has more than one step, a round reminds."""

ANSWERED = (State.INVITED, State.REWORK_ASKED, State.TRACKED, State.CLOSED)
"""The states in which the latest reply is the one that was released last."""
_OPEN = (State.KNOWN, State.INVITED, State.REWORK_ASKED, State.REWORK, State.TRACKED)

EVENT_MOVES: Mapping[tuple[str, type[Event]], str] = {
    (NOTHING, IssueRegistered): State.KNOWN,
    (State.KNOWN, ReplyReleased): State.INVITED,
    (State.REWORK, ReplyReleased): State.INVITED,
    # What was promised for later and is kept is a reply, and is rated; broken, it is handled once more.
    (State.TRACKED, PromiseKept): State.INVITED,
    (State.TRACKED, PromiseBroken): State.REWORK,
    (State.CLOSED, PromiseBroken): State.REWORK,
    # A corrected version reopens nothing: what was rated, or is to be rated, is the round.
    **{(state, ReplyCorrected): state for state in ANSWERED},
    (State.KNOWN, IssueRejected): State.REJECTED,
    (State.REJECTED, AppealUpheld): State.KNOWN,
    # A withdrawal is possible while an appeal waits, of which feedback takes no notice.
    **{(state, IssueWithdrawn): State.WITHDRAWN for state in (*_OPEN, State.REJECTED)},
    **{(state, IssueReferred): State.REFERRED for state in _OPEN},
}
"""What others' events change; in any other state they change nothing."""

TIMERS: dict[str, str] = {
    State.KNOWN: "supervision: promise clock",
    State.INVITED: "the rating lapses",
    State.RATED: "passed through at once",
    State.LAPSED: "passed through at once",
    State.REWORK_ASKED: "supervision: rework_decision clock",
    State.REWORK: "supervision: promise clock of the new round",
    State.TRACKED: "supervision: tracking clock",
    State.CLOSED: TERMINAL,
    State.REJECTED: TERMINAL,
    State.REFERRED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
}


class ReplyRound(AggregateState):
    """One released reply, as far as its rating needs it."""

    round: int
    outcome: OpenOutcome
    promised_on: date | None = None
    open_until: AwareDatetime
    handled_by: tuple[str, ...] = ()
    """The accounts of who drafted and who signed it off."""
    corrections: int = 0
    """How often it was corrected: the newest version is this one plus one."""


class Issue(AggregateState):
    """What feedback knows of one issue."""

    state: State
    kind: OpenKind
    person: str = ""
    """Who may rate: the reference that the event of registration carries."""
    reply: ReplyRound | None = None
    """The latest reply that was put up for rating."""
    reminded_by: tuple[str, ...] = ()
    """The newest rating rounds that reminded of it: one that asks again, whose answer was lost, reminds of nothing."""
    heard: tuple[str, ...] = ()
    """What papers have told it, by the names by which it answered."""

    @property
    def round(self) -> int:
        """The round of that reply; 0 before the first."""
        return 0 if self.reply is None else self.reply.round


def finished(issue: Issue) -> bool:
    """Whether nothing is expected of this issue any more."""
    return TIMERS[issue.state] == TERMINAL


_STEPS = {**MOVES, **FOLLOWING}


def walk(state: State, *steps: str) -> State:
    """Where the steps of one decision lead by the tables; KeyError for a step that they do not know."""
    for step in steps:
        state = State(_STEPS[(state, step)])
    return state


def belongs(issue: Issue) -> Belongs:
    """To whom this issue belongs, for the rights that reach no further."""
    return Belongs(person=issue.person)
