"""What intake tells: an issue is registered with its promise, then accepted, rejected, referred or withdrawn."""

from datetime import date

from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared.contract.attachments import OpenAttachment
from shared.contract.event import INTAKE, Event, Round
from shared.contract.words import (
    Kind,
    OpenBody,
    OpenConfirmation,
    OpenGround,
    OpenKind,
    OpenPhase,
    OpenProvisional,
    OpenSource,
    Source,
)


class Occasion(BaseModel):
    """On which occasion an official was given an issue; the number that a caller called from stands nowhere plain."""

    model_config = ConfigDict(frozen=True, extra="allow")
    on: date | None = None
    """The date of a letter or a visit."""
    visited_by: str = ""
    """Who visited: the account of the liaison officer."""
    id: str = ""
    """Which talk, monitoring point or deliberation."""


class IssueRegistered(Event, type="issue.registered.v1", topic=INTAKE):
    """Happens when somebody's words are written down; only their owner reads them until the issue is accepted."""

    number: str
    kind: OpenKind = Kind.PROBLEM
    origin: OpenSource = Source.ONLINE
    occasion: Occasion | None = None
    phase: OpenPhase | None = None
    urgent: bool = False
    enterprise: str = ""
    """The unified social credit code; empty for an anonymous issue and for a person without an enterprise."""
    anonymous: bool = False
    person: str = ""
    """The reference of who raised it, on an anonymous issue one of this issue alone: only this person rates."""
    recorded_by: str = ""
    """The official who wrote it down for them; empty when they did it themselves."""
    attachments: tuple[OpenAttachment, ...] = ()
    """The files handed in with it, without their names; intake serves them (docs/decisions/0026)."""


class PromiseStarted(Event, type="promise.started.v1", topic=INTAKE):
    """Happens right after registration: the date the entrepreneur was told, and the rules it came from."""

    started_at: AwareDatetime
    due_at: AwareDatetime
    limit: str
    provisional_because: OpenProvisional | None = None
    policy: str
    calendar: str
    talk: str = ""
    """Of what was said at a talk and reached it only after its end: which one."""
    departments: tuple[str, ...] = ()
    """And those that were there: they can claim it, or answer as on the spot."""


class CorrectedWords(BaseModel):
    """The newest correction of an issue's words, masked; version 1 are the first words, which stay."""

    model_config = ConfigDict(frozen=True, extra="allow")
    version: Round
    title: str
    text: str


class Supplied(BaseModel):
    """What the office asked the raiser before it took the issue on, and what they supplied, masked."""

    model_config = ConfigDict(frozen=True, extra="allow")
    request: Round
    question: str
    text: str


class MaterialAsked(Event, type="issue.material_asked.v1", topic=INTAKE):
    """Happens when the intake office cannot decide yet and asks the raiser for material."""

    request: Round
    words: str
    ends_at: AwareDatetime
    """When the office decides on what there is."""
    by: str


class MaterialReceived(Event, type="issue.material_received.v1", topic=INTAKE):
    """Happens when the raiser supplies what the intake office asked for: its words come when the issue is accepted."""

    request: Round
    attachments: tuple[OpenAttachment, ...] = ()
    person: str = ""
    by: str = ""
    """The official who wrote it down for them; empty when they did it themselves."""


class MaterialLapsed(Event, type="issue.material_lapsed.v1", topic=INTAKE):
    """Happens when nothing was supplied in time: the office decides on what there is."""

    request: Round


class IssueAccepted(Event, type="issue.accepted.v1", topic=INTAKE):
    """Happens when the intake office takes the issue on: from here on its words stand on the topics, masked."""

    title: str
    text: str
    by: str
    corrected: CorrectedWords | None = None
    """Beside its words the newest correction, where there is one."""
    supplied: tuple[Supplied, ...] = ()
    """What the office had asked the raiser for before, and what they supplied."""


class WordsCorrected(Event, type="words.corrected.v1", topic=INTAKE):
    """Happens when who raised an issue, or who wrote it down for them, sets corrected words beside the first."""

    version: Round
    title: str = ""
    text: str = ""
    """Masked; empty until the issue is taken on, which then carries them."""
    by: str = ""
    """The official who wrote it down for the person; empty when they did it themselves."""


class WordsConfirmed(Event, type="words.confirmed.v1", topic=INTAKE):
    """Happens when who raised an issue confirms its words: version 1 as they were registered, else a correction."""

    version: Round
    person: str


class MaterialSupplied(Event, type="issue.material_supplied.v1", topic=INTAKE):
    """Happens when the raiser answers what the department that holds the issue asked."""

    request: Round
    """The question that it answers."""
    department: str
    """Who asked it."""
    question: str
    text: str
    attachments: tuple[OpenAttachment, ...] = ()
    person: str = ""
    by: str = ""
    """The official who wrote it down for them; empty when they did it themselves."""


class IssueRejected(Event, type="issue.rejected.v1", topic=INTAKE, must_understand=True):
    """Happens when an issue is not accepted because it is already in one of the four procedures."""

    ground: OpenGround
    explanation: str
    by: str
    appeal_until: AwareDatetime | None = None
    """Until when the one who raised it may appeal."""


class IssueAppealed(Event, type="issue.appealed.v1", topic=INTAKE, must_understand=True):
    """Happens when the one who raised an issue appeals against its rejection: the promise runs on from here."""

    person: str = ""
    due_at: AwareDatetime
    """The promised instant, moved by the days at whose end the issue stood rejected; the rest of the promise stays."""
    provisional_because: OpenProvisional | None = None


class AppealUpheld(Event, type="appeal.upheld.v1", topic=INTAKE, must_understand=True):
    """Happens when somebody else than who rejected it finds that it should have been accepted: it is open again."""

    reason: str
    by: str


class AppealDismissed(Event, type="appeal.dismissed.v1", topic=INTAKE, must_understand=True):
    """Happens when the rejection stands, for good."""

    reason: str
    by: str


class IssueReferred(Event, type="issue.referred.v1", topic=INTAKE, must_understand=True):
    """Happens when an issue is handed to the body whose matter it is, which ends it here."""

    body: OpenBody
    addressee: str = ""
    """Which of them, and why: of a complaint about an official that went to discipline inspection both are empty."""
    reason: str = ""
    by: str


class ReferralReceipted(Event, type="referral.receipted.v1", topic=INTAKE):
    """Happens when the body that an issue was handed to has given its receipt; of several the last one counts."""

    number: str
    on: date
    by: str


class IssueWithdrawn(Event, type="issue.withdrawn.v1", topic=INTAKE, must_understand=True):
    """Happens when an issue is taken back by the person who raised it, or recorded by the office for them."""

    person: str = ""
    """Whose withdrawal it is: the reference in the event of registration."""
    by: str = ""
    """The official who recorded it for that person; empty when they did it themselves."""
    reason: str = ""
    confirmed_by: OpenConfirmation | None = None
    """Of what was recorded for the person: how the person confirmed it, when, and which official spoke with them."""
    confirmed_at: AwareDatetime | None = None
    called_by: str = ""


class IssueDisclosed(Event, type="issue.disclosed.v1", topic=INTAKE):
    """Happens when the office makes a reply public (脱敏公开), in words that name nobody; the newest count."""

    title: str
    text: str
    reply: str
    round: Round
    by: str


class IssueRestored(Event, type="issue.restored.v1", topic=INTAKE):
    """Happens when a reply that was made public is taken back: from then on nobody reads it without a sign-in."""

    reason: str
    by: str
