"""The life of an issue as supervision sees it: states, moves, timers, its clocks, and what takes it up the ladder."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime

from shared.contract.event import Event
from shared.contract.events.dispatch import (
    AssignmentRecalled,
    AssignmentReturned,
    AssignmentRuled,
    AssignmentSigned,
    AssignmentTransferred,
    CoHandlerAdded,
    CoHandlerHeard,
    CoHandlerReleased,
    IssueAssigned,
    ReplyReleased,
)
from shared.contract.events.feedback import (
    IssueClosed,
    IssueTracked,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)
from shared.contract.events.intake import (
    AppealDismissed,
    AppealUpheld,
    IssueAppealed,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
    PromiseStarted,
)
from shared.contract.events.supervision import (
    InstructionGiven,
    InstructionReported,
    InstructionTakenBack,
)
from shared.contract.words import (
    Across,
    ClockName,
    DocumentEnd,
    DocumentKind,
    Joint,
    JointOffice,
    LadderCause,
    Listed,
)
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import TERMINAL, Moves
from shared.domain.rights import Belongs


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
    APPEALED = "appealed"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"


class Clock(AggregateState):
    """One clock: its facts as (kind, instant, argument), and what was derived from them.

    ``thresholds`` are (name, instant as text) in order; the last is ``due``. Policy and calendar are the versions by
    which it runs: those it started with, as is the grace, or those it was recalculated by since (clocks.md 8).
    """

    name: ClockName
    round: int
    assignment: str = ""
    department: str = ""
    generation: int
    policy: str
    calendar: str
    grace_seconds: int
    history: tuple[tuple[str, AwareDatetime, str], ...]
    began_by: tuple[str, ...] = ()
    """Policy and calendar that it started with, once it was recalculated."""
    due_at: AwareDatetime
    thresholds: tuple[tuple[str, str], ...] = ()
    fired: tuple[str, ...] = ()
    breached: bool = False
    resumes_at: AwareDatetime | None = None
    """When the pause that it is in ends by itself; None where somebody ends it, and in no pause."""

    @property
    def stopped_at(self) -> datetime | None:
        """The earliest stop that is known; None while the clock runs."""
        return min((at for kind, at, _ in self.history if kind == "stopped"), default=None)

    @property
    def pending(self) -> tuple[tuple[str, str], ...]:
        """The thresholds that may still fire: none once the clock is stopped."""
        if self.stopped_at is not None:
            return ()
        return tuple(threshold for threshold in self.thresholds if threshold[0] not in self.fired)

    def deadline_name(self, threshold: str) -> str:
        """``<clock>[@assignment]/<round>/<threshold>/<generation>``."""
        who = f"{self.name}@{self.assignment}" if self.assignment else str(self.name)
        return f"{who}/{self.round}/{threshold}/{self.generation}"


class Climb(AggregateState):
    """What takes an issue up the ladder: the breach of a clock, or a round that dissatisfied again.

    ``steps`` are (step, instant as text) in order, the first is the one it began with; ``reached`` is the last whose
    instant has passed before the end. Policy, calendar and grace are those of the clock, else those in force when it
    began.
    """

    because: LadderCause
    clock: ClockName | None = None
    round: int
    assignment: str = ""
    department: str = ""
    generation: int
    policy: str
    calendar: str
    grace_seconds: int
    began_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    explained_at: AwareDatetime | None = None
    recalculated: int = 0
    """How often steps to come were counted anew."""
    steps: tuple[tuple[int, str], ...] = ()
    reached: int = 0

    def is_of(self, clock: Clock) -> bool:
        """Whether it is the breach of this clock."""
        return (self.clock, self.round, self.assignment) == (clock.name, clock.round, clock.assignment)

    @property
    def to_come(self) -> tuple[tuple[int, str], ...]:
        """The steps that have not been reached, and come before its end where that is known."""
        return tuple((step, at) for step, at in self.steps if step > self.reached and self.came(at))

    def came(self, at: str) -> bool:
        """Whether a step of this instant is from before the end."""
        return self.ended_at is None or datetime.fromisoformat(at) < self.ended_at

    def deadline_name(self, step: int) -> str:
        """``ladder@<clock or reason>[@assignment]/<round>/<step>/<generation>``; what moves it makes another."""
        who = "@".join(filter(None, ("ladder", str(self.clock or self.because), self.assignment)))
        generation = self.generation + (self.explained_at is not None) + self.recalculated
        return f"{who}/{self.round}/{step}/{generation}"


class DocumentState(StrEnum):
    """Where a document stands: without a number yet, unsigned, out, answered, lifted, or void."""

    REQUESTED = "requested"
    DRAFTED = "drafted"
    ISSUED = "issued"
    ANSWERED = "answered"
    LIFTED = "lifted"
    VOID = "void"


class Document(AggregateState):
    """One document of an issue; ``clock``, round and assignment say for which climb, of one that a step brought."""

    id: str
    kind: DocumentKind
    state: DocumentState
    step: int = 0
    policy: str
    """The version whose step brought it; of one by hand, that was in force."""
    round: int
    assignment: str = ""
    clock: ClockName | None = None
    instruction: int = 0
    """Whose late report it reminds of; 0 for every other document."""
    department: str = ""
    year: int
    number: int = 0
    due_at: AwareDatetime
    """The instant of its step; of one by hand when it was asked for."""
    answer_due_at: AwareDatetime | None = None
    words: str = ""
    praise: bool = False
    joint: Joint | None = None
    offices: tuple[JointOffice, ...] = ()
    across: tuple[Across, ...] = ()
    by: str = ""
    level: str = ""
    """Of who signed it."""
    void_because: DocumentEnd | None = None
    """What overtook it before it had a number."""
    lift_drafted: bool = False
    """Its breach was annulled after a person had signed it."""


class Answered(AggregateState):
    """What was promised in the newest round that was answered, as far as a look-back at it needs that."""

    round: int
    promised_on: date | None = None
    handled_by: tuple[str, ...] = ()
    """The accounts of who drafted and who signed off the reply: they look back at nothing of it."""
    listed: Listed | None = None
    """Why it stands on the list of what is looked at again."""
    broken: bool = False
    """A look-back found it broken: the new round is feedback's to begin."""


class Instruction(AggregateState):
    """A leader's instruction whose report is still owed."""

    number: int
    words: str
    by: str


class Issue(AggregateState):
    """One issue's clocks, what takes it up the ladder, and the department that holds it now."""

    state: State
    department: str = ""
    assignment: str = ""
    ended_at: AwareDatetime | None = None
    clocks: tuple[Clock, ...] = ()
    climbs: tuple[Climb, ...] = ()
    documents: tuple[Document, ...] = ()
    instructions: tuple[Instruction, ...] = ()
    """Those that were neither reported on nor taken back."""
    instructed: int = 0
    """How many instructions were given in all."""
    lifted_at: AwareDatetime | None = None
    """When a person lifted what had begun by then: nothing of it rises any more, or reminds anybody."""
    reopened_at: AwareDatetime | None = None
    """When a look-back opened it again: closing ended what had begun by then. It was reached, and nobody lifted it."""
    answered: Answered | None = None

    @property
    def round(self) -> int:
        """The newest round of replies that a clock was started for."""
        rounds = (clock.round for clock in self.clocks if clock.name is not ClockName.INSTRUCTION)
        return max(rounds, default=1)

    @property
    def lamp(self) -> int:
        """The step of the ladder at which it stands; 0 for none, and when it has ended."""
        if self.ended_at is not None:
            return 0
        return max((climb.reached for climb in self.climbs if self.stands(climb)), default=0)

    def is_lifted(self, climb: Climb) -> bool:
        """Whether a person has lifted it since it began."""
        return self.lifted_at is not None and climb.began_at <= self.lifted_at

    def stands(self, climb: Climb) -> bool:
        """Whether the lamp shows it while the issue lives: nobody lifted it, and no closing has come after it."""
        closed = self.reopened_at is not None and climb.began_at <= self.reopened_at
        return not closed and not self.is_lifted(climb)


VERBS: Mapping[type[Event], str] = {
    IssueAssigned: "assign",
    AssignmentRecalled: "recall",
    ReplyReleased: "answer",
    ReworkAsked: "ask_rework",
    ReworkDecided: "decide_rework",
    ReworkRefused: "refuse_rework",
    IssueTracked: "track",
    IssueClosed: "close",
    IssueRejected: "reject",
    IssueAppealed: "appeal",
    AppealUpheld: "uphold",
    AppealDismissed: "dismiss",
    IssueReferred: "refer",
    IssueWithdrawn: "withdraw",
}
"""The events that move an issue; every other event only touches clocks."""

_OPEN = (
    State.REGISTERED,
    State.ASSIGNED,
    State.ANSWERED,
    State.REWORK_ASKED,
    State.REWORK,
    State.TRACKED,
)

MOVES: Moves = {
    (State.REGISTERED, "assign"): State.ASSIGNED,
    (State.REGISTERED, "reject"): State.REJECTED,
    # In a new round it stays that: nobody holds it, and its promise runs on.
    (State.ASSIGNED, "recall"): State.REGISTERED,
    (State.REJECTED, "appeal"): State.APPEALED,
    (State.APPEALED, "uphold"): State.REGISTERED,
    (State.APPEALED, "dismiss"): State.REJECTED,
    (State.ASSIGNED, "answer"): State.ANSWERED,
    (State.ANSWERED, "ask_rework"): State.REWORK_ASKED,
    (State.ANSWERED, "track"): State.TRACKED,
    (State.ANSWERED, "close"): State.CLOSED,
    (State.REWORK_ASKED, "decide_rework"): State.REWORK,
    (State.REWORK_ASKED, "refuse_rework"): State.ANSWERED,
    (State.REWORK, "answer"): State.ANSWERED,
    (State.TRACKED, "close"): State.CLOSED,
    # A look-back found a promise broken: a new round begins, whether it was tracked or closed.
    (State.TRACKED, "decide_rework"): State.REWORK,
    (State.CLOSED, "decide_rework"): State.REWORK,
    **{(state, "refer"): State.REFERRED for state in _OPEN},
    **{(state, "withdraw"): State.WITHDRAWN for state in (*_OPEN, State.APPEALED)},
    # Closing wins over a withdrawal or a referral that crossed it, whichever is read first (docs/loop.md, crossings).
    (State.WITHDRAWN, "close"): State.CLOSED,
    (State.REFERRED, "close"): State.CLOSED,
}

FOLLOWING: Moves = {(State.TRACKED, "keep"): State.ANSWERED}
"""What nobody asks for by this name: a look-back finds a promise of a tracked issue kept, which is a reply."""

ANYTIME = (
    "explain",
    "lift_ladder",
    "recalculate",
    "issue_document",
    "sign_document",
    "answer_order",
    "lift_document",
    "record_number",
    "record_look_back",
    "give_instruction",
    "report_instruction",
    "take_back_instruction",
)
"""What may be asked in every state: where the issue stands on its ladder, which clocks run, each document and what was
answered decide.
"""

TIMERS: Mapping[str, str] = {
    State.REGISTERED: "assign and promise clocks, the ladder",
    State.ASSIGNED: "promise, sign, ruling, holding and co-handlers' clocks, the ladder",
    State.ANSWERED: "feedback: the rating lapses",
    State.REWORK_ASKED: "rework_decision clock, the ladder",
    State.REWORK: "promise, holding and co-handlers' clocks of the new round, the ladder",
    State.TRACKED: "tracking clock",
    State.CLOSED: TERMINAL,
    State.REJECTED: TERMINAL,
    State.APPEALED: "promise clock, the ladder",
    State.REFERRED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
}

NOBODY_HANDLES = (State.ANSWERED, State.REWORK_ASKED, State.TRACKED)
"""The states in which a reply is out: who takes the department over has nothing to sign for or to answer."""


class Rule(NamedTuple):
    """Which events start a clock and which stop it; its limit and warnings stand in the policy by its name."""

    starts: tuple[type[Event], ...]
    stops: tuple[type[Event], ...]
    resumes: tuple[type[Event], ...] = ()
    """Which let it run on after the rejection that stopped it (docs/decisions/0031)."""
    limit: str = ""
    """What it takes under a policy that was published before there was this clock; empty for the first clocks."""


ENDS: tuple[type[Event], ...] = (
    IssueRejected,
    AppealDismissed,
    IssueReferred,
    IssueWithdrawn,
    IssueClosed,
)
"""After one of these no clock runs, unless an appeal follows."""

CLOCKS: Mapping[ClockName, Rule] = {
    # Of an issue of a talk it starts with the promise, when that was held (loop.md, the contract).
    # What was recalled waits for the office again: the next one starts. The promise runs on whatever happens.
    # Nobody can assign before an appeal is upheld; the raiser waits from the appeal on.
    ClockName.ASSIGN: Rule(
        (IssueRegistered, PromiseStarted, AssignmentRecalled), (IssueAssigned, *ENDS), resumes=(AppealUpheld,)
    ),
    ClockName.PROMISE: Rule(
        (PromiseStarted, ReworkDecided), (ReplyReleased, *ENDS), resumes=(IssueAppealed,)
    ),
    # A return stops the sign clock, for the department has spoken; a ruling against it starts the next one.
    ClockName.SIGN: Rule(
        (IssueAssigned, AssignmentTransferred, AssignmentRuled),
        (
            AssignmentSigned,
            AssignmentReturned,
            AssignmentRecalled,
            AssignmentTransferred,
            ReplyReleased,
            *ENDS,
        ),
    ),
    # A return does not stop the holding clock: until the transfer the department holds the issue.
    ClockName.HOLDING: Rule(
        (IssueAssigned, AssignmentTransferred, ReworkDecided),
        (AssignmentRecalled, AssignmentTransferred, ReplyReleased, *ENDS),
    ),
    # A co-handler is asked about the issue in one round: no change of the lead touches its clock.
    ClockName.CO_HANDLER: Rule((CoHandlerAdded,), (CoHandlerHeard, CoHandlerReleased, ReplyReleased, *ENDS)),
    ClockName.REWORK_DECISION: Rule((ReworkAsked,), (ReworkDecided, ReworkRefused, *ENDS)),
    # Of closed issues for those alone that are looked at again (tracking.py). A look-back stops it too.
    ClockName.TRACKING: Rule((IssueTracked, IssueClosed), (ReworkDecided, *ENDS)),
    # The office rules once. A merger gives the issue to somebody else meanwhile: there is nothing to rule on then.
    ClockName.RULING: Rule(
        (AssignmentReturned,), (AssignmentRuled, AssignmentTransferred, *ENDS), limit="1wd"
    ),
    # It is owed to the leader: neither a reply nor the end of the issue stops it.
    ClockName.INSTRUCTION: Rule(
        (InstructionGiven,), (InstructionReported, InstructionTakenBack), limit="5wd"
    ),
}
PER_ASSIGNMENT = (ClockName.SIGN, ClockName.HOLDING, ClockName.CO_HANDLER, ClockName.RULING)
"""The clocks of one assignment, a lead's or a co-handler's; the others belong to the issue."""
OF_THE_OFFICE = (ClockName.RULING,)
"""What the assigning office owes: no department is reminded of it."""
REMIND = (ClockName.RULING, ClockName.INSTRUCTION)
"""The clocks whose every breach brings its reminder, at whichever step the issue stands already."""


def owed_by(name: ClockName | None, department: str, issue: Issue) -> str:
    """The department that a clock of this name, or a climb for it, is about; "" for the office, or for nobody."""
    return "" if name in OF_THE_OFFICE else department or issue.department


def finished(issue: Issue) -> bool:
    """Whether nothing is expected of this issue any more, and no clock runs."""
    return TIMERS[issue.state] == TERMINAL and all(clock.stopped_at is not None for clock in issue.clocks)


def belongs(issue: Issue) -> Belongs:
    """To whom this issue belongs, for the rights that reach no further."""
    asked = (
        clock.department
        for clock in issue.clocks
        if clock.name is ClockName.CO_HANDLER and clock.stopped_at is None
    )
    return Belongs(
        departments=(issue.department,) if issue.department else (), co_handlers=tuple(dict.fromkeys(asked))
    )
