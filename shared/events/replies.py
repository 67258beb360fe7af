"""What a department's own system may say; the only messages on the bus that refuse unknown fields."""

from datetime import date
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from shared.events.base import EVENTS, MAX_REASON_CHARS, MAX_TEXT_CHARS, REPLIES
from shared.events.words import Outcome, PauseGround

REPLIES_BY_TYPE: dict[str, type["DepartmentReply"]] = {}
"""Every class of what a department may say, by its type string."""

Reference = Annotated[str, Field(min_length=1, max_length=100)]
Words = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARS)]
Why = Annotated[str, Field(min_length=1, max_length=MAX_REASON_CHARS)]


class DepartmentReply(BaseModel):
    """What every message of a department's own system names; unknown fields are refused.

    Not an Event: it asks, and dispatch's door turns it into a command of the same shape. The envelope's id is
    the idempotency key, its subject the issue, its source ``/<jurisdiction>/dept/<code>``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: ClassVar[str]
    topic: ClassVar[str] = REPLIES
    assignment: str = Field(max_length=100)
    round: int = Field(ge=1)

    def __init_subclass__(cls, *, type: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type in REPLIES_BY_TYPE or type in EVENTS:
            raise TypeError(f"two messages share the type string {type}")
        cls.type = type
        REPLIES_BY_TYPE[type] = cls

    @classmethod
    def read(cls, data: dict[str, object]) -> Self:
        """Read the ``data`` of an envelope of this type; raises pydantic.ValidationError."""
        return cls.model_validate(data)


class DepartmentSigns(DepartmentReply, type="department.sign.v1"):
    """Happens when the department signs for its assignment (签收)."""


class DepartmentClaims(DepartmentReply, type="department.claim.v1"):
    """Happens when the department claims an issue that nobody holds yet (领办)."""

    assignment: str = Field(default="", max_length=100, description="empty: there is none yet")
    round: int = Field(default=1, ge=1)


class DepartmentReportsProgress(DepartmentReply, type="department.progress.v1"):
    """Happens when the department notes progress for the raiser to read."""

    text: Words


class DepartmentAsksEnterprise(DepartmentReply, type="department.ask_enterprise.v1"):
    """Happens when the department needs something of the raiser to go on."""

    question: Why


class DepartmentGivesOpinion(DepartmentReply, type="department.give_opinion.v1"):
    """Happens when a co-handler gives the lead its opinion (会签)."""

    agrees: bool
    opinion: Words


class DepartmentDrafts(DepartmentReply, type="department.draft.v1"):
    """Happens when the department hands in a draft reply (拟复), signed off already or not."""

    outcome: Outcome
    text: Words
    promised_on: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    signed_off_by: str = Field(default="", max_length=100)


class DepartmentReturns(DepartmentReply, type="department.return.v1"):
    """Happens when the department says that it is not its matter (退回)."""

    reason: Why


class DepartmentAsksExtension(DepartmentReply, type="department.ask_extension.v1"):
    """Happens when the department asks for more time (延期)."""

    until_on: date
    reason: Why


class DepartmentAsksPause(DepartmentReply, type="department.ask_pause.v1"):
    """Happens when the department asks for a pause (暂停计时) on one of the three grounds."""

    ground: PauseGround
    legal_basis: str = Field(default="", max_length=MAX_REASON_CHARS)
    reason: Why


class DepartmentAnswersOrder(DepartmentReply, type="department.answer_order.v1"):
    """Happens when the department answers a supervision order, or explains a breach."""

    order: Reference
    text: Words
    explanation: bool = False
