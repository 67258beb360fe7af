"""Every command: what may be asked of a service, on its own topic ``<service>.commands``.

Doors (HTTP, pages, the command line, departments' replies, timers) post them; only the service's loop acts.
Unknown fields are refused at HTTP and for departments (``extra="forbid"``) and ignored on our own topics.
``ref`` of a reply names assignment and round, so that a late click on an old page is told so.
"""

from typing import Any, ClassVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, field_validator

from shared.events import (
    MAX_REASON_CHARS,
    MAX_TEXT_CHARS,
    MAX_TITLE_CHARS,
    Kind,
    Outcome,
    RejectionGround,
    Satisfaction,
    Solved,
    Source,
)

COMMANDS: dict[str, type["Command"]] = {}
"""Every command class by its type string."""


class Command(BaseModel):
    """One request to change one aggregate; its envelope names the aggregate (subject) and who asks (actor)."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    type: ClassVar[str]
    service: ClassVar[str]
    verb: ClassVar[str]

    def __init_subclass__(cls, *, type: str, service: str, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if type in COMMANDS:
            raise TypeError(f"two commands share the type string {type}")
        cls.type, cls.service = type, service
        cls.verb = type.removeprefix(f"{service}.").rpartition(".")[0]
        COMMANDS[type] = cls


def commands_topic(service: str) -> str:
    """The topic with everything that may change one service's state."""
    return f"{service}.commands"


class _AnyService(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FireDeadline(_AnyService):
    """A deadline of the aggregate is due. ``name`` says which (clock/round/threshold/generation)."""

    name: str = Field(max_length=200)
    due_at: AwareDatetime


class Redeliver(_AnyService):
    """An operator hands a dead letter in again: the raw record, with the place it first stood."""

    topic: str
    partition: int
    offset: int
    value: str
    sha256: str = ""


class Skip(_AnyService):
    """An operator discards a dead letter: its place in the sequence counts as read, so its followers go on."""

    topic: str
    seq: int = Field(ge=1)
    reason: str = Field(min_length=1, max_length=MAX_REASON_CHARS)


CONTROL: dict[str, type[BaseModel]] = {
    "deadline.fire.v1": FireDeadline,
    "record.redeliver.v1": Redeliver,
    "record.skip.v1": Skip,
}
"""Commands every service's loop understands, whoever owns the aggregate."""


# ----------------------------------------------------------------------- intake


class RegisterIssue(Command, type="intake.register.v1", service="intake"):
    """Write an issue down (登记)."""

    kind: Kind = Kind.PROBLEM
    origin: Source = Source.ONLINE
    title: str = Field(min_length=1, max_length=MAX_TITLE_CHARS)
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    enterprise: str = Field(default="", max_length=18)
    anonymous: bool = False

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
    explanation: str = Field(min_length=1, max_length=MAX_REASON_CHARS)


class WithdrawIssue(Command, type="intake.withdraw.v1", service="intake"):
    """Take an issue back."""

    reason: str = Field(default="", max_length=MAX_REASON_CHARS)


# --------------------------------------------------------------------- dispatch


class AssignIssue(Command, type="dispatch.assign.v1", service="dispatch"):
    """Make a department the lead (交办); without one, the routing rules choose and give their reason."""

    department: str = Field(default="", max_length=40)


class SignAssignment(Command, type="dispatch.sign.v1", service="dispatch"):
    """Sign for an assignment (签收)."""

    assignment: str = Field(max_length=100)


class ReturnAssignment(Command, type="dispatch.return.v1", service="dispatch"):
    """Say that it is not this department's matter (退回)."""

    assignment: str = Field(max_length=100)
    reason: str = Field(min_length=1, max_length=MAX_REASON_CHARS)


class RuleOnReturn(Command, type="dispatch.rule.v1", service="dispatch"):
    """Rule on a return: upheld (to ``department``, or routed again) or not (it stays where it is)."""

    assignment: str = Field(max_length=100)
    upheld: bool
    department: str = Field(default="", max_length=40)
    reason: str = Field(default="", max_length=MAX_REASON_CHARS)


class DraftReply(Command, type="dispatch.draft.v1", service="dispatch"):
    """Hand in a draft (拟复)."""

    assignment: str = Field(max_length=100)
    outcome: Outcome
    text: str = Field(min_length=1, max_length=MAX_TEXT_CHARS)
    promised_on: str = Field(default="", pattern=r"^(\d{4}-\d{2}-\d{2})?$")
    round: int | None = Field(default=None, ge=1)
    """The round it answers, where the sender knows it: a late draft of an earlier round is refused."""


class SignOffReply(Command, type="dispatch.sign_off.v1", service="dispatch"):
    """Sign a draft off (签发): the department's leader."""

    assignment: str = Field(max_length=100)


class CheckReply(Command, type="dispatch.check.v1", service="dispatch"):
    """Find a signed draft fit to go out (审核把关): the office."""

    assignment: str = Field(max_length=100)


class SendBackReply(Command, type="dispatch.send_back.v1", service="dispatch"):
    """Hand a draft back to the handler, with a reason."""

    assignment: str = Field(max_length=100)
    reason: str = Field(min_length=1, max_length=MAX_REASON_CHARS)


class ReleaseReply(Command, type="dispatch.release.v1", service="dispatch"):
    """Release the reply (答复): the office."""

    assignment: str = Field(max_length=100)


class RefuseDepartment(Command, type="dispatch.refuse_department.v1", service="dispatch"):
    """Tell a department that one of its messages was refused; keyed ``dept:<code>``."""

    department: str
    message: str
    reason: str
    detail: str = ""
    legal: tuple[str, ...] = ()


# --------------------------------------------------------------------- feedback


class RateReply(Command, type="feedback.rate.v1", service="feedback"):
    """Rate a reply round (评价); dissatisfied or not solved needs a reason."""

    round: int = Field(ge=1)
    satisfaction: Satisfaction
    solved: Solved
    reason: str = Field(default="", max_length=MAX_REASON_CHARS)


class DecideRework(Command, type="feedback.decide_rework.v1", service="feedback"):
    """Grant or refuse a new round (重新办理)."""

    round: int = Field(ge=1)
    granted: bool
    reason: str = Field(default="", max_length=MAX_REASON_CHARS)


class FinishTracking(Command, type="feedback.finish_tracking.v1", service="feedback"):
    """Rule a tracked issue finished: the level's leader, with a reason."""

    reason: str = Field(min_length=1, max_length=MAX_REASON_CHARS)
