"""The life of an issue as supervision sees it, and which facts start and stop which clock: tables only."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from shared.events import (
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    ClockName,
    Event,
    IssueAssigned,
    IssueClosed,
    IssueRegistered,
    IssueRejected,
    IssueTracked,
    IssueWithdrawn,
    PromiseStarted,
    ReplyReleased,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)

TERMINAL = "terminal"


class State(StrEnum):
    """Where an issue stands, as far as the clocks care."""

    REGISTERED = "registered"
    ASSIGNED = "assigned"
    ANSWERED = "answered"
    REWORK_ASKED = "rework_asked"
    REWORK = "rework"
    TRACKED = "tracked"
    CLOSED = "closed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


VERBS: Mapping[type[Event], str] = {
    IssueAssigned: "assign",
    ReplyReleased: "answer",
    ReworkAsked: "ask_rework",
    ReworkDecided: "decide_rework",
    ReworkRefused: "refuse_rework",
    IssueTracked: "track",
    IssueClosed: "close",
    IssueRejected: "reject",
    IssueWithdrawn: "withdraw",
}
"""The facts that move an issue; every other fact only touches clocks."""

MOVES: dict[tuple[str, str], str] = {
    (State.REGISTERED, "assign"): State.ASSIGNED,
    (State.REGISTERED, "reject"): State.REJECTED,
    (State.REGISTERED, "withdraw"): State.WITHDRAWN,
    (State.ASSIGNED, "answer"): State.ANSWERED,
    (State.ASSIGNED, "withdraw"): State.WITHDRAWN,
    (State.ANSWERED, "ask_rework"): State.REWORK_ASKED,
    (State.ANSWERED, "track"): State.TRACKED,
    (State.ANSWERED, "close"): State.CLOSED,
    (State.ANSWERED, "withdraw"): State.WITHDRAWN,
    (State.REWORK_ASKED, "decide_rework"): State.REWORK,
    (State.REWORK_ASKED, "refuse_rework"): State.ANSWERED,
    (State.REWORK_ASKED, "withdraw"): State.WITHDRAWN,
    (State.REWORK, "answer"): State.ANSWERED,
    (State.REWORK, "withdraw"): State.WITHDRAWN,
    (State.TRACKED, "close"): State.CLOSED,
    (State.TRACKED, "withdraw"): State.WITHDRAWN,
    # Closing wins over a withdrawal that crossed it, whichever is read first (docs/loop.md, crossings).
    (State.WITHDRAWN, "close"): State.CLOSED,
}

TIMERS: dict[str, str] = {
    State.REGISTERED: "assign and promise clocks",
    State.ASSIGNED: "promise, sign and holding clocks",
    State.ANSWERED: "feedback: the rating lapses",
    State.REWORK_ASKED: "rework_decision clock",
    State.REWORK: "promise and holding clocks of the new round",
    State.TRACKED: "tracking clock",
    State.CLOSED: TERMINAL,
    State.REJECTED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
}


class Rule(NamedTuple):
    """Which facts start a clock and which stop it; its limit and warnings stand in the policy by its name."""

    starts: tuple[type[Event], ...]
    stops: tuple[type[Event], ...]


ENDS: tuple[type[Event], ...] = (IssueRejected, IssueWithdrawn, IssueClosed)
"""After one of these no clock runs."""

CLOCKS: Mapping[ClockName, Rule] = {
    ClockName.ASSIGN: Rule((IssueRegistered,), (IssueAssigned, *ENDS)),
    ClockName.PROMISE: Rule((PromiseStarted, ReworkDecided), (ReplyReleased, *ENDS)),
    # A return stops the sign clock, for the department has spoken; a ruling against it starts the next one.
    ClockName.SIGN: Rule(
        (IssueAssigned, AssignmentTransferred, AssignmentRuled),
        (AssignmentSigned, AssignmentReturned, AssignmentTransferred, ReplyReleased, *ENDS),
    ),
    # A return does not stop the holding clock: until the transfer the department holds the issue.
    ClockName.HOLDING: Rule(
        (IssueAssigned, AssignmentTransferred, ReworkDecided), (AssignmentTransferred, ReplyReleased, *ENDS)
    ),
    ClockName.REWORK_DECISION: Rule((ReworkAsked,), (ReworkDecided, ReworkRefused, *ENDS)),
    ClockName.TRACKING: Rule((IssueTracked,), ENDS),
}
PER_ASSIGNMENT = (ClockName.SIGN, ClockName.HOLDING)
