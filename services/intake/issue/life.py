"""The life of an issue in intake as tables, and what is remembered of it."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

from pydantic import AwareDatetime

from shared.contract.attachments import OpenAttachment
from shared.contract.event import Event
from shared.contract.events.dispatch import DatePutOff, QuestionClosed, QuestionPut
from shared.contract.events.feedback import (
    IssueClosed,
    RatingInvited,
    RatingLapsed,
    RatingReminded,
    ReplyRated,
    ReworkDecided,
)
from shared.contract.events.intake import Occasion
from shared.contract.words import Body, Kind, Phase, Provisional, RejectionGround, Source
from shared.domain.aggregates import AggregateState
from shared.domain.decisions import TERMINAL
from shared.domain.rights import Belongs

NOTHING = "nothing"
"""The state of what was never registered."""


class State(StrEnum):
    """Where an issue stands in intake; ``answered`` (已答复) from its first reply on."""

    REGISTERED = "registered"
    AWAITING_MATERIAL = "awaiting_material"
    ACCEPTED = "accepted"
    ANSWERED = "answered"
    REJECTED = "rejected"
    APPEALED = "appealed"
    REFERRED = "referred"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


_WORDED = (State.REGISTERED, State.AWAITING_MATERIAL, State.ACCEPTED)
"""Where its words still matter to what will be answered."""

_ASKED = (State.ACCEPTED, State.ANSWERED, State.REFERRED, State.WITHDRAWN, State.CLOSED)
"""Where a question may be open, or was when the issue ended here."""

MOVES: dict[tuple[str, str], str] = {
    (NOTHING, "register"): State.REGISTERED,
    (State.REGISTERED, "accept"): State.ACCEPTED,
    (State.REGISTERED, "reject"): State.REJECTED,
    (State.REGISTERED, "refer"): State.REFERRED,
    (State.REGISTERED, "withdraw"): State.WITHDRAWN,
    (State.REGISTERED, "ask_material"): State.AWAITING_MATERIAL,
    (State.AWAITING_MATERIAL, "supply_material"): State.REGISTERED,
    # The office need not wait: answers come by telephone too.
    (State.AWAITING_MATERIAL, "accept"): State.ACCEPTED,
    (State.AWAITING_MATERIAL, "reject"): State.REJECTED,
    (State.AWAITING_MATERIAL, "refer"): State.REFERRED,
    (State.AWAITING_MATERIAL, "withdraw"): State.WITHDRAWN,
    (State.ACCEPTED, "refer"): State.REFERRED,
    (State.ACCEPTED, "withdraw"): State.WITHDRAWN,
    (State.REJECTED, "appeal"): State.APPEALED,
    (State.APPEALED, "decide_appeal"): State.REGISTERED,
    (State.APPEALED, "withdraw"): State.WITHDRAWN,
    (State.REFERRED, "record_receipt"): State.REFERRED,
    **{(state, verb): state for state in _WORDED for verb in ("correct_words", "confirm_words")},
    **{(state, "supply_material"): state for state in (State.ACCEPTED, State.ANSWERED)},
    # Only a reply that is out is made public; its raiser knows it then.
    **{(state, verb): state for state in (State.ANSWERED, State.CLOSED) for verb in ("disclose", "restore")},
}
"""What may be asked. Nobody withdraws or refers an issue once a reply is out, not even in a new round."""

ANYTIME = ("make_link", "revoke_link", "hear_talk")
"""What may be asked in every state and moves nothing."""

FOLLOWING: dict[tuple[str, str], str] = {
    (State.APPEALED, "dismiss_appeal"): State.REJECTED,
    (State.AWAITING_MATERIAL, "lapse_material"): State.REGISTERED,
}
"""What nobody asks for by this name: an appeal is decided, and the rejection stands; nothing is supplied in time."""

EVENT_MOVES: Mapping[tuple[str, type[Event]], str] = {
    (State.ACCEPTED, RatingInvited): State.ANSWERED,
    (State.ANSWERED, RatingInvited): State.ANSWERED,  # a reply of a later round
    **{(State.ANSWERED, event): State.ANSWERED for event in (ReplyRated, RatingLapsed, RatingReminded)},
    (State.ACCEPTED, IssueClosed): State.CLOSED,
    (State.ANSWERED, IssueClosed): State.CLOSED,
    # Closing wins over a withdrawal or a referral that crossed it (docs/loop.md, crossings); an invitation does not.
    (State.WITHDRAWN, IssueClosed): State.CLOSED,
    (State.REFERRED, IssueClosed): State.CLOSED,
    (State.CLOSED, ReworkDecided): State.ANSWERED,  # a look-back found a promise broken
    **{
        (state, event): state
        for state in (State.ACCEPTED, State.ANSWERED)
        for event in (QuestionPut, DatePutOff)
    },
    **{(state, QuestionClosed): state for state in _ASKED},
}
"""What others' events change; in any other state they change nothing."""

TAKEN_ON = (State.ACCEPTED, State.ANSWERED, State.CLOSED)
"""In these states the words of an issue stand on the topics, masked."""

TIMERS: dict[str, str] = {
    State.REGISTERED: "supervision: assign clock",
    State.AWAITING_MATERIAL: "the end of the question",
    State.ACCEPTED: "supervision: promise clock",
    State.ANSWERED: "feedback: the rating lapses",
    State.REJECTED: TERMINAL,
    State.APPEALED: "supervision: promise clock",
    State.REFERRED: TERMINAL,
    State.WITHDRAWN: TERMINAL,
    State.CLOSED: TERMINAL,
}


class Sealed(AggregateState):
    """What was said, encrypted; without the keys in the vault it is nothing (services/intake/sealing.py)."""

    words: str
    original: str = ""
    called_from: str = ""
    private: str = ""


class Rejection(AggregateState):
    """Who did not accept an issue, when, and until when its raiser may appeal."""

    by: str
    """The account that rejected it: the same one does not decide on the appeal."""
    at: AwareDatetime
    appeal_until: AwareDatetime


class Appeal(AggregateState):
    """The one appeal against a rejection."""

    reason: str
    """Sealed under the issue's own key."""
    upheld: bool | None = None
    """None as long as nobody has decided."""


class Referral(AggregateState):
    """To whom an issue was handed, and the receipt that came back."""

    body: Body
    addressee: str
    reason: str = ""
    receipt_number: str = ""
    receipt_on: date | None = None


class Link(AggregateState):
    """The newest link to an issue: its number, by whom ("": its person) and when it was made, and whether revoked."""

    serial: int
    made_by: str
    made_at: AwareDatetime
    revoked_at: AwareDatetime | None = None


class Supplied(AggregateState):
    """What the office asked before it took the issue on, and what was supplied: sealed under the issue's own key."""

    request: int
    question: str
    text: str


class Question(AggregateState):
    """What who raised the issue is asked, one at a time: by a department, by its number in dispatch, or by the office
    before it takes the issue on (no department), by a number of its own."""

    request: int
    department: str
    words: str
    ends_at: AwareDatetime


class Waiting(AggregateState):
    """The talk from whose end the promise runs, and when that is asked again: None once it has answered."""

    talk: str
    tries: int = 0
    again_at: AwareDatetime | None = None


class Issue(AggregateState):
    """An issue as intake knows it: the words frozen at registration, sealed, and the promise."""

    state: State
    kind: Kind
    origin: Source
    words: Sealed
    corrections: tuple[Sealed, ...] = ()
    """Words that were set beside the first, in order."""
    confirmed: int = 0
    """The version of its words that the person has confirmed; 1 are the first, 0 is none."""
    occasion: Occasion | None = None
    phase: Phase | None = None
    urgent: bool = False
    enterprise: str = ""
    """Of an anonymous issue it is sealed with its words."""
    anonymous: bool = False
    person: str
    """Who raised it, by the reference on its events: only this person takes it back."""
    recorded_by: str = ""
    """The official who wrote it down for them."""
    registered_at: AwareDatetime
    due_at: AwareDatetime
    provisional_because: Provisional | None = None
    policy: str = ""
    """The version of the policy by which it was promised, and the calendar's below."""
    calendar: str = ""
    ground: RejectionGround | None = None
    explanation: str = ""
    rejection: Rejection | None = None
    appeal: Appeal | None = None
    referral: Referral | None = None
    link: Link | None = None
    link_sha256: str = ""
    """Of its secret; empty where there is no link, or none any more."""
    attachments: tuple[OpenAttachment, ...] = ()
    """The files handed in with it, and with answers; who may read its words may have them (attachments/routes.py)."""
    question: Question | None = None
    """What it is asked now."""
    material_asked: int = 0
    """How often the office asked for material before it took the issue on."""
    supplied: tuple[Supplied, ...] = ()
    """What was supplied then, in order."""
    unrated: int = 0
    """The round of the reply that waits for a rating; 0 where none does."""
    disclosed: int = 0
    """The reply round that everybody may read, without names; 0 for none."""
    knows_of_it: bool = False
    """Who raised it was told that a reply is public: once, also where that is taken back and made public again."""
    waiting: Waiting | None = None
    """Its promise does not run yet, because its talk was not held."""


def finished(issue: Issue) -> bool:
    """Whether nothing is expected of this issue any more."""
    return TIMERS[issue.state] == TERMINAL


def belongs(issue: Issue) -> Belongs:
    """To whom this issue belongs, for the rights that reach no further."""
    return Belongs(
        person=issue.person,
        recorded_by=issue.recorded_by,
        anonymous=issue.anonymous,
        sealed=issue.state not in TAKEN_ON,
    )
