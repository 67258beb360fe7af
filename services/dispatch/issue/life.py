"""The life of an issue in dispatch as tables, and what is remembered of it."""

import json
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from hashlib import sha256

from pydantic import AwareDatetime

from shared.contract.attachments import OpenAttachment
from shared.contract.event import Event
from shared.contract.events.feedback import IssueClosed, ReworkDecided
from shared.contract.events.intake import (
    AppealUpheld,
    CorrectedWords,
    IssueAccepted,
    IssueReferred,
    IssueRejected,
    IssueWithdrawn,
)
from shared.contract.orders import Answer
from shared.contract.words import OpenKind, OpenPauseGround, Outcome
from shared.domain.aggregates import AggregateState
from shared.domain.clocks import Entry
from shared.domain.decisions import TERMINAL, Moves
from shared.domain.rights import Belongs


class State(StrEnum):
    """Where an issue stands in dispatch."""

    REGISTERED = "registered"
    WAITING = "waiting"
    ASSIGNED = "assigned"
    RETURNED = "returned"
    IN_PROGRESS = "in_progress"
    SUSPENDED = "suspended"
    DRAFTED = "drafted"
    SIGNED_OFF = "signed_off"
    CHECKED = "checked"
    REPLIED = "replied"
    REJECTED = "rejected"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


HELD = (
    State.ASSIGNED,
    State.RETURNED,
    State.IN_PROGRESS,
    State.SUSPENDED,
    State.DRAFTED,
    State.SIGNED_OFF,
    State.CHECKED,
)
"""The states in which a department has work to do: from each of them a merger hands the issue over."""

MOVES: Moves = {
    (State.WAITING, "assign"): State.ASSIGNED,
    # At its talk: who claims it has signed for it, and what a leader answers there is draft and signature in one.
    (State.WAITING, "claim"): State.IN_PROGRESS,
    (State.WAITING, "answer_on_the_spot"): State.SIGNED_OFF,
    (State.IN_PROGRESS, "answer_on_the_spot"): State.SIGNED_OFF,
    (State.ASSIGNED, "sign"): State.IN_PROGRESS,
    (State.ASSIGNED, "return"): State.RETURNED,
    (State.IN_PROGRESS, "return"): State.RETURNED,
    # Upheld or not, somebody has it to sign for: the next department, or the same one again.
    (State.RETURNED, "rule"): State.ASSIGNED,
    (State.IN_PROGRESS, "draft"): State.DRAFTED,
    (State.DRAFTED, "sign_off"): State.SIGNED_OFF,
    (State.DRAFTED, "send_back"): State.IN_PROGRESS,
    (State.SIGNED_OFF, "check"): State.CHECKED,
    (State.SIGNED_OFF, "send_back"): State.IN_PROGRESS,
    (State.CHECKED, "release"): State.REPLIED,
    (State.CHECKED, "send_back"): State.IN_PROGRESS,
    # What was returned is ruled on, and what is signed off is sent back first.
    (State.ASSIGNED, "recall"): State.WAITING,
    (State.IN_PROGRESS, "recall"): State.WAITING,
    (State.DRAFTED, "recall"): State.WAITING,
    (State.ASSIGNED, "name_handler"): State.ASSIGNED,
    (State.IN_PROGRESS, "name_handler"): State.IN_PROGRESS,
    (State.DRAFTED, "name_handler"): State.DRAFTED,
    (State.SIGNED_OFF, "name_handler"): State.SIGNED_OFF,
    (State.CHECKED, "name_handler"): State.CHECKED,
    # A question to the raiser is a pause that is asked for: who asked it works on, and ends it as a pause.
    (State.IN_PROGRESS, "ask_enterprise"): State.IN_PROGRESS,
    (State.IN_PROGRESS, "end_pause"): State.IN_PROGRESS,
    # While it is paused nobody drafts or returns it: whoever wants to ends the pause first.
    (State.IN_PROGRESS, "ask_pause"): State.IN_PROGRESS,
    (State.IN_PROGRESS, "grant_pause"): State.SUSPENDED,
    (State.IN_PROGRESS, "refuse_pause"): State.IN_PROGRESS,
    (State.SUSPENDED, "end_pause"): State.IN_PROGRESS,
    (State.SUSPENDED, "recall"): State.WAITING,
    (State.SUSPENDED, "name_handler"): State.SUSPENDED,
    **{
        (state, f"{verb}_extension"): state
        for state in (State.IN_PROGRESS, State.DRAFTED)
        for verb in ("ask", "grant", "refuse")
    },
    # Only while somebody leads who reads the opinion, and signs nothing off before that.
    **{
        (state, "add_co_handler"): state
        for state in (State.ASSIGNED, State.IN_PROGRESS, State.SUSPENDED, State.DRAFTED)
    },
    # Who was asked is heard until a reply is out, whoever leads by then, and also while nobody does.
    **{
        (state, verb): state
        for state in (State.WAITING, *HELD)
        for verb in ("give_opinion", "release_co_handler")
    },
    (State.REPLIED, "correct"): State.REPLIED,
    (State.CLOSED, "correct"): State.CLOSED,
}
"""What may be asked."""

FOLLOWING: Moves = {
    **{(state, "hand_over"): State.ASSIGNED for state in HELD},
    (State.WAITING, "assign_in_batch"): State.ASSIGNED,
}
"""What nobody asks for by this name: the holder was merged, and its own aggregate hands the issue over; or the office
asked for many at once, and their batch asks each.
"""

_OPEN = (State.REGISTERED, State.WAITING, *HELD, State.REPLIED)

EVENT_MOVES: Mapping[tuple[str, type[Event]], str] = {
    (State.REGISTERED, IssueAccepted): State.WAITING,
    (State.REGISTERED, IssueRejected): State.REJECTED,
    (State.REJECTED, AppealUpheld): State.REGISTERED,
    # A withdrawal is possible while an appeal waits, of which dispatch takes no notice.
    **{(state, IssueWithdrawn): State.WITHDRAWN for state in (*_OPEN, State.REJECTED)},
    **{(state, IssueReferred): State.REFERRED for state in _OPEN},
    (State.REPLIED, ReworkDecided): State.IN_PROGRESS,
    (State.CLOSED, ReworkDecided): State.IN_PROGRESS,  # a look-back found its promise broken
    (State.REPLIED, IssueClosed): State.CLOSED,
    # Closing wins over a withdrawal or a referral that crossed it (docs/loop.md, crossings).
    (State.WITHDRAWN, IssueClosed): State.CLOSED,
    (State.REFERRED, IssueClosed): State.CLOSED,
}
"""Other owners' events that move an issue; in any other state they change nothing."""

TIMERS: dict[str, str] = {
    State.REGISTERED: "supervision: assign clock",
    State.WAITING: "supervision: assign clock",
    State.ASSIGNED: "supervision: sign clock",
    State.RETURNED: "supervision: ruling clock",
    State.IN_PROGRESS: "supervision: holding clock; a question ends",
    State.SUSPENDED: "the pause ends",
    State.DRAFTED: "supervision: holding clock",
    State.SIGNED_OFF: "supervision: holding clock",
    State.CHECKED: "supervision: holding clock",
    State.REPLIED: "feedback: the rating lapses",
    State.REJECTED: TERMINAL,
    State.REFERRED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
    State.CLOSED: TERMINAL,
}
"""Who sees to it that an issue does not stay in a state for ever."""

OUTCOME_CLASS: dict[Outcome, str] = {
    Outcome.SOLVED: "A",
    Outcome.PARTLY_SOLVED: "B",
    Outcome.EXPLAINED: "C",
    Outcome.PLANNED: "B",
    Outcome.NOT_POSSIBLE_NOW: "C",
    Outcome.ADOPTED: "A",
    Outcome.PARTLY_ADOPTED: "B",
    Outcome.KEPT_FOR_REFERENCE: "C",
    Outcome.NOT_ADOPTED: "C",
}
"""The usual class: A solved or adopted, B under way or planned, C explained or kept for reference."""


MOST_TEXTS = 50
"""Every draft is kept, the newest ones with their texts: a document that grows without end would stop one day."""


class Draft(AggregateState):
    """One draft of a reply; its words stay in this document until released (docs/local-state.md)."""

    number: int
    """Counted from 1 over the whole life of the issue; no number is used twice."""
    assignment: str = ""
    sha256: str
    outcome: Outcome
    text: str
    promised_on: date | None = None
    drafted_by: str
    signed_off_by: str = ""
    recorded_by: str = ""
    """The actor who wrote down in a talk's room what a leader answered there; else empty."""
    answer: str = ""
    """What its leader answered to the co-handlers who object."""
    sent_back_reason: str = ""
    """Why it went back to its handler; empty as long as it did not."""


class Correction(AggregateState):
    """The newest corrected version of the reply that is out; its words are on ``reply.corrected.v1``."""

    version: int
    """Counted within the round: the reply as it was released is 1."""
    sha256: str
    promised_on: date | None = None


class CoHandler(AggregateState):
    """A department that was asked for its opinion: it is waited for until it is heard; released, it is not here."""

    assignment: str
    """``<issue>.c<n>``: its own, which no lead's is."""
    department: str
    round: int
    wanted: str
    due_at: AwareDatetime
    agrees: bool | None = None
    """None until it is heard."""
    words: str = ""
    heard_by: str = ""
    """The actor who said it."""
    answer: str = ""
    """What the lead's leader answered last, where it objects."""


class Promise(AggregateState):
    """What decides when the promise of this round is due: its versions, and its facts as supervision has them."""

    policy: str
    calendar: str
    history: tuple[Entry, ...]


class Presence(AggregateState):
    """The talk of an issue, and the departments that are there: they may claim it, or answer on the spot."""

    talk: str
    departments: tuple[str, ...] = ()


class Extension(AggregateState):
    """An extension that was asked for and is not decided yet."""

    request: int
    by: str
    """The account of who asked; empty for a department's own system."""
    until: date
    days: int


class Pause(AggregateState):
    """A pause that was asked for, and once it is granted the one that is in force.

    A question to the raiser is one too, and stays open where the office refuses the pause.
    """

    request: int
    by: str
    """The account of who asked; empty for a department's own system."""
    ground: OpenPauseGround
    basis: str = ""
    ends_at: AwareDatetime | None = None
    """When a granted one, or a question, ends by itself."""
    question: str = ""
    """What the raiser was asked; empty where nobody was."""
    refused: bool = False
    """Whether the office let the promise run on while the question is open."""


class Issue(AggregateState):
    """An issue as dispatch knows it: the raiser's words for the orders, who holds it, its drafts."""

    state: State
    number: str = ""
    kind: OpenKind
    title: str = ""
    text: str = ""
    corrected: CorrectedWords | None = None
    """The newest correction of those words, which stays beside them."""
    attachments: tuple[OpenAttachment, ...] = ()
    answers: tuple[Answer, ...] = ()
    """What the raiser answered to departments that asked, for whoever holds it next."""
    due_at: AwareDatetime | None = None
    """When the promise is due, by its facts so far."""
    promise: Promise | None = None
    presence: Presence | None = None
    """Where it was raised for a talk or at one."""
    extension: Extension | None = None
    extensions_asked: int = 0
    """Over its whole life: from the third one on it goes up the ladder."""
    pause: Pause | None = None
    pauses_asked: int = 0
    assignment: str = ""
    department: str = ""
    assignments: int = 0
    """How many there were; the last one is ``<issue>.<this>``."""
    return_until: AwareDatetime | None = None
    """The last moment at which this assignment may be returned, fixed when it was made (clocks.md 8)."""
    co_handlers: tuple[CoHandler, ...] = ()
    """Who is waited for, and who was heard, in any round."""
    co_handlers_added: int = 0
    """How many there were; no number is used twice."""
    handler: str = ""
    """Account name of who handles this assignment in its department; empty as long as nobody is named."""
    substitute: str = ""
    kept: bool = False
    """The office ruled that it stays: that is final."""
    passed_on: tuple[str, ...] = ()
    """Departments whose returns were upheld, in order; a merger adds nothing here."""
    round: int
    drafts: tuple[Draft, ...] = ()
    """Every draft of the department that holds it, the ones sent back too, and whatever was released."""
    others_drafts: tuple[Draft, ...] = ()
    """Drafts of departments that held it before: kept, and none of the present one's business."""
    released: tuple[int, ...] = ()
    """The numbers of the drafts that went out."""
    tracked: bool = False
    correction: Correction | None = None

    @property
    def next_draft(self) -> int:
        """The number of the next draft."""
        return 1 + len(self.drafts) + len(self.others_drafts)

    @property
    def current_draft(self) -> Draft | None:
        """The last draft, unless it was sent back: the one to sign off, check, release, or already released."""
        if not self.drafts or self.drafts[-1].sent_back_reason:
            return None
        return self.drafts[-1]


def without_old_texts(drafts: tuple[Draft, ...]) -> tuple[Draft, ...]:
    """These drafts, of which the newest keep their texts."""
    old = drafts[:-MOST_TEXTS]
    return (*(draft.model_copy(update={"text": ""}) for draft in old), *drafts[len(old) :])


def finished(issue: Issue) -> bool:
    """Whether nothing is expected of this issue any more."""
    return TIMERS[issue.state] == TERMINAL


def draft_hash(outcome: Outcome, text: str, promised_on: date | None) -> str:
    """SHA-256 over the JSON of what a reader of a draft sees: keys in order, no spaces, UTF-8."""
    content = {"outcome": outcome, "promised_on": promised_on and promised_on.isoformat(), "text": text}
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def belongs(issue: Issue) -> Belongs:
    """To whom this issue belongs, for the rights that reach no further."""
    return Belongs(
        departments=(issue.department,) if issue.department else (),
        co_handlers=tuple(dict.fromkeys(one.department for one in issue.co_handlers)),
    )
