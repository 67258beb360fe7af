"""What a department's own system may say; the only messages on the bus that refuse unknown fields."""

from datetime import date
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, StrictBool

from shared.contract.event import (
    EVENTS,
    MAX_DOCUMENT_CHARS,
    MAX_REASON_CHARS,
    MAX_TEXT_CHARS,
    PRINCIPAL,
    REPLIES,
    Round,
)
from shared.contract.words import Outcome, PauseGround

REPLIES_BY_TYPE: dict[str, type["DepartmentReply"]] = {}
"""Every class of what a department may say, by its type string."""

Words = Annotated[str, Field(min_length=1, max_length=MAX_TEXT_CHARS)]
Why = Annotated[str, Field(min_length=1, max_length=MAX_REASON_CHARS)]


class DepartmentReply(BaseModel):
    """What every message of a department's own system names; unknown fields are refused.

    Not an Event: it asks, and dispatch's gateway turns it into a command of the same shape. The envelope's id is
    the idempotency key, its subject the issue, its source ``/<jurisdiction>/dept/<code>``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: ClassVar[str]
    topic: ClassVar[str] = REPLIES
    assignment: str = Field(max_length=100)
    round: Round

    def __init_subclass__(cls, *, type: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type in REPLIES_BY_TYPE or type in EVENTS:
            raise TypeError(f"two messages share the type string {type}")
        cls.type = type
        REPLIES_BY_TYPE[type] = cls


class DepartmentSigns(DepartmentReply, type="department.sign.v1"):
    """Happens when the department signs for its assignment (签收)."""


class DepartmentNamesHandler(DepartmentReply, type="department.name_handler.v1"):
    """Happens when the department names who handles its assignment and who stands in (经办人、代理人)."""

    handler: str = Field(min_length=1, max_length=100, pattern=PRINCIPAL)
    substitute: str = Field(default="", max_length=100, pattern=PRINCIPAL)
    reason: str = Field(default="", max_length=MAX_REASON_CHARS)
    """Needed where somebody was named before."""


class DepartmentDrafts(DepartmentReply, type="department.draft.v1"):
    """Happens when the department hands in a draft reply (拟复), with its leader's signature or without one."""

    outcome: Outcome
    text: Words
    promised_on: date | None = None
    signed_off_by: str = Field(default="", max_length=100, pattern=PRINCIPAL)
    """Account name of the leader who signed this very draft off; empty: it waits for the signature."""
    answer: str = Field(default="", max_length=MAX_REASON_CHARS)
    """With the signature: what is answered to the co-handlers who object."""


class DepartmentReturns(DepartmentReply, type="department.return.v1"):
    """Happens when the department says that it is not its matter (退回)."""

    reason: Why


class DepartmentAsksExtension(DepartmentReply, type="department.ask_extension.v1"):
    """Happens when the department asks for more time (申请延期), at least one working day before the promise is due."""

    until: date
    """The working day on which it would be due instead."""
    reason: Why


class DepartmentAsksPause(DepartmentReply, type="department.ask_pause.v1"):
    """Happens when the department asks for a pause (申请暂停计时) on one of three grounds."""

    ground: PauseGround
    basis: str = Field(default="", max_length=200)
    """The legal basis; needed where the ground is a statutory procedure."""
    reason: Why


class DepartmentAsksEnterprise(DepartmentReply, type="department.ask_enterprise.v1"):
    """Happens when the department needs something of the raiser to go on (请企业补充): its holding clock pauses."""

    words: Why
    """The question, as the raiser reads it."""


class DepartmentEndsPause(DepartmentReply, type="department.end_pause.v1"):
    """Happens when the department says that what it waited for has come (恢复计时), or takes its question back."""

    request: Round
    """The pause or question that its order named."""
    reason: str = Field(default="", max_length=MAX_REASON_CHARS)


class DepartmentGivesOpinion(DepartmentReply, type="department.give_opinion.v1"):
    """Happens when a co-handler gives the lead its opinion (会签): it agrees or objects."""

    agrees: StrictBool
    words: str = Field(default="", max_length=MAX_REASON_CHARS)
    """Needed of an objection."""


class DepartmentAnswersOrder(DepartmentReply, type="department.answer_order.v1"):
    """Happens when the department answers a supervision order in words (答复督办单); only a reply ends the climb."""

    document: str = Field(min_length=1, max_length=MAX_DOCUMENT_CHARS)
    """The order, as ``order.ordered.v1`` named it."""
    words: Why


class DepartmentExplains(DepartmentReply, type="department.explain.v1"):
    """Happens when the department explains why a promise was broken (情况说明): once, before the supervision order."""

    words: Why
