"""What may be asked of intake."""

from pydantic import Field, StrictBool, field_validator

from shared.contract.command import Command
from shared.contract.event import MAX_REASON_CHARS, MAX_TEXT_CHARS, MAX_TITLE_CHARS, FreeText
from shared.contract.words import Kind, RejectionGround, Source


class RegisterIssue(Command, type="intake.register.v1", service="intake"):
    """Write an issue down (登记)."""

    kind: Kind = Kind.PROBLEM
    origin: Source = Source.ONLINE
    title: FreeText = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    text: FreeText = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    enterprise: str = Field(default="", max_length=18)
    anonymous: StrictBool = False
    on_behalf_of: str = Field(default="", max_length=80, pattern=r"^[\w.@/-]*$")
    """The entrepreneur whose words an official writes down, as the sign-in knows that person; empty for one's own."""

    @field_validator("title", "text")
    @classmethod
    def _not_blank(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be blank")
        return value


class AcceptIssue(Command, type="intake.accept.v1", service="intake"):
    """Take an issue on (受理)."""


class RejectIssue(Command, type="intake.reject.v1", service="intake"):
    """Do not accept an issue (不予受理): one of four grounds, with an explanation."""

    ground: RejectionGround
    explanation: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class WithdrawIssue(Command, type="intake.withdraw.v1", service="intake"):
    """Take an issue back."""

    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)
