"""What may be asked of intake."""

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool

from shared.contract.attachments import MOST_ATTACHMENTS, Attachment
from shared.contract.command import Command
from shared.contract.event import (
    MAX_REASON_CHARS,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    NOT_BLANK,
    PRINCIPAL,
    FreeText,
    Number,
    Round,
)
from shared.contract.words import Body, Confirmation, Kind, Phase, RejectionGround, Source

REFERENCE = r"^([0-9a-f]{32})?$"
"""A person as events know them: 32 hexadecimal digits (shared/identity/references.py)."""
Ciphertext = Annotated[str, Field(max_length=400_000, pattern=r"^[\w=-]*$")]
"""Of the longest text, and of one whose every character JSON writes with six."""
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=NOT_BLANK)]
"""How another body calls itself or its papers."""


class Sealed(BaseModel):
    """What was said, as nobody but intake can read it: encrypted, in url-safe base64 (services/intake/sealing.py)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    words: Ciphertext
    """Title and text with phone and identity-card numbers masked, under the issue's own key."""
    original: Ciphertext = ""
    """Title and text as they were said, where something was masked, under the key of the person who said it."""
    called_from: Ciphertext = ""
    """The number that a caller of the hotline called from, under the issue's key."""
    private: Ciphertext = ""
    """Of an anonymous issue its enterprise and who raised it, under the issue's key."""


class GivenOccasion(BaseModel):
    """On which occasion an official was given an issue, without what stands nowhere plain."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    on: date | None = None
    visited_by: str = Field(default="", max_length=80, pattern=PRINCIPAL)
    id: str = Field(default="", max_length=90, pattern=r"^[\w-]*$")


class RegisterIssue(Command, type="intake.register.v1", service="intake"):
    """Write an issue down (登记); its words are sealed before anybody sees this command."""

    kind: Kind = Kind.PROBLEM
    origin: Source = Source.ONLINE
    words: Sealed
    masked: Number = 0
    """How many numbers were masked in them."""
    enterprise: str = Field(default="", max_length=18)
    anonymous: StrictBool = False
    person: str = Field(default="", pattern=REFERENCE)
    """For whom an official writes it down, as a reference; empty for one's own."""
    occasion: GivenOccasion | None = None
    phase: Phase | None = None
    urgent: StrictBool = False
    attachments: tuple[Attachment, ...] = Field(default=(), max_length=MOST_ATTACHMENTS)


class NewestWords(BaseModel):
    """Words that were corrected, masked, as who takes an issue on has read them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: Round
    title: str = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS)


class SuppliedText(BaseModel):
    """What the raiser supplied to a question of the office, masked, as who takes the issue on has read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    request: Round
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS)


class AskMaterial(Command, type="intake.ask_material.v1", service="intake"):
    """Ask the raiser for material (请补充材料), where the office cannot decide yet."""

    words: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class AcceptIssue(Command, type="intake.accept.v1", service="intake"):
    """Take an issue on (受理); the gateway adds its words, masked."""

    title: FreeText = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    corrected: NewestWords | None = None
    """Beside them the newest correction, where there is one."""
    supplied: tuple[SuppliedText, ...] = ()
    """And what the raiser was asked for and supplied before."""


class CorrectWords(Command, type="intake.correct_words.v1", service="intake"):
    """Set corrected words beside the first (更正原话), which stay; they are sealed like those."""

    words: Sealed
    masked: Number = 0
    title: FreeText = Field(default="", max_length=MAX_TITLE_CHARS)
    text: FreeText = Field(default="", max_length=MAX_TEXT_CHARS)
    """Masked, of an issue that was taken on: its words stand on the topics."""


class ConfirmWords(Command, type="intake.confirm_words.v1", service="intake"):
    """Confirm that the words were said so (确认原话): the version that was read, 1 as they were registered."""

    version: Round


class SupplyMaterial(Command, type="intake.supply_material.v1", service="intake"):
    """Answer what a department asks, or the office before it takes an issue on (补充材料), in words and with files."""

    request: Round
    """The question that was read."""
    text: FreeText = Field(default="", max_length=MAX_TEXT_CHARS)
    """Masked, of an issue that was taken on: its words stand on the topics."""
    sealed: Ciphertext = ""
    """Of any other, under the issue's own key."""
    attachments: tuple[Attachment, ...] = Field(default=(), max_length=MOST_ATTACHMENTS)


class RejectIssue(Command, type="intake.reject.v1", service="intake"):
    """Do not accept an issue (不予受理): one of four grounds, with an explanation."""

    ground: RejectionGround
    explanation: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class WithdrawIssue(Command, type="intake.withdraw.v1", service="intake"):
    """Take an issue back; who records that for the person says how and when the person confirmed it."""

    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
    confirmed_by: Confirmation | None = None
    confirmed_at: AwareDatetime | None = None
    called_by: str = Field(default="", max_length=80, pattern=PRINCIPAL)
    """Of a call: the account of the official who spoke with the person."""


class Receipt(BaseModel):
    """What the body says that an issue was handed to: the number and date of its own paper."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    number: Name
    on: date


class ReferIssue(Command, type="intake.refer.v1", service="intake"):
    """Hand an issue to the body whose matter it is (转送), which ends it here."""

    body: Body
    addressee: Name
    """Which of them: the name of the authority itself."""
    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
    """Why it is their matter; of a complaint about an official nothing is written down."""
    receipt: Receipt | None = None


class RecordReceipt(Command, type="intake.record_receipt.v1", service="intake"):
    """Write down the receipt of the body that an issue was handed to; a later one stands for the earlier."""

    number: Name
    on: date


class AppealRejection(Command, type="intake.appeal.v1", service="intake"):
    """Ask, once, for a rejection to be looked at again (申请复核); why is sealed like the words."""

    reason: Ciphertext


class DecideAppeal(Command, type="intake.decide_appeal.v1", service="intake"):
    """Decide on an appeal: upheld, then the issue is as good as registered again; or the rejection stands."""

    upheld: StrictBool
    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class MakeLink(Command, type="intake.make_link.v1", service="intake"):
    """Hand the person for whom an issue was written down a link to it; the one before is good no more."""

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the link's secret, which stands nowhere."""


class RevokeLink(Command, type="intake.revoke_link.v1", service="intake"):
    """Make the link to an issue worthless, because it was lost or fell into other hands."""


class DiscloseReply(Command, type="intake.disclose.v1", service="intake"):
    """Make a reply public (脱敏公开), in words that name nobody who raises issues; again, in other words."""

    title: FreeText = Field(min_length=1, max_length=MAX_TITLE_CHARS, pattern=NOT_BLANK)
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS, pattern=NOT_BLANK)
    """The question, as everybody may read it."""
    reply: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS, pattern=NOT_BLANK)
    round: Round
    """Which reply round that is."""


class RestoreReply(Command, type="intake.restore.v1", service="intake"):
    """Take a reply back that was made public, with a reason."""

    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS, pattern=NOT_BLANK)
