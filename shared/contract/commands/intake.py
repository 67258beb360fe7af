"""What may be asked of intake."""

from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from shared.contract.command import Command
from shared.contract.event import (
    MAX_REASON_CHARS,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    PRINCIPAL,
    FreeText,
    Number,
)
from shared.contract.words import Kind, Phase, RejectionGround, Source

REFERENCE = r"^([0-9a-f]{32})?$"
"""A person as events know them: 32 hexadecimal digits (shared/identity/references.py)."""
Ciphertext = Annotated[str, Field(max_length=400_000, pattern=r"^[\w=-]*$")]
"""Of the longest text, and of one whose every character JSON writes with six."""


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


class AcceptIssue(Command, type="intake.accept.v1", service="intake"):
    """Take an issue on (受理); the gateway adds its words, masked."""

    title: FreeText = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS)


class RejectIssue(Command, type="intake.reject.v1", service="intake"):
    """Do not accept an issue (不予受理): one of four grounds, with an explanation."""

    ground: RejectionGround
    explanation: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class WithdrawIssue(Command, type="intake.withdraw.v1", service="intake"):
    """Take an issue back."""

    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
