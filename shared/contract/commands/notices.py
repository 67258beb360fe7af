"""What is asked about notices, by nobody but the system itself: prepare, begin to send, record, give up.

Intake tells who raised an issue, dispatch tells officials; both ask alike, each of itself.
"""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from shared.contract.command import Command
from shared.contract.event import Number
from shared.contract.words import MAIL, WAY_NAME, Occurrence, Unsent


class Prepared(BaseModel):
    """Who is to be told of what; no address and no word of the issue."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issue: str = Field(max_length=90)
    number: str = Field(max_length=40)
    """The issue's number, as people read it."""
    about: Occurrence
    to: str = Field(max_length=90)
    """Who is told: a person by reference, an official by account."""
    way: str = Field(default=MAIL, pattern=WAY_NAME)
    """In which way: by mail, or another that the deployment has."""
    until: AwareDatetime | None = None
    """Until when it is tried, where another notice had it before; else that follows from when it is prepared."""
    opens_at: AwareDatetime | None = None
    """Not before this: what one person is told of together is gathered until then."""
    at_once: bool = False
    """Also while offices are closed: somebody has to see to it now."""
    passed_on: bool = False
    """A digest was full, or on its way already: what is prepared so takes its place and joins none."""


class GivenUp(BaseModel):
    """Why it is no use to try any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    why: Unsent
    said: str = Field(default="", max_length=80)
    """What whoever refused it said: a code, no address and no words of the notice."""


class Taken(BaseModel):
    """What was not in the mail, by its place among what the notice tells of: there was nothing to be told any more."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    left_out: tuple[Number, ...] = ()


class PrepareNotice(Command, Prepared, type="intake.notice.prepare.v1", service="intake", kind="notice"):
    """Tell who raised an issue what happened to it, by mail."""


class BeginNotice(Command, type="intake.notice.begin.v1", service="intake", kind="notice"):
    """Begin to send a notice: for a while nobody else does."""


class RecordNotice(Command, Taken, type="intake.notice.record.v1", service="intake", kind="notice"):
    """Write down that the mail server has taken a notice."""


class GiveUpNotice(Command, GivenUp, type="intake.notice.give_up.v1", service="intake", kind="notice"):
    """Give a notice up that can never be sent."""


class PrepareStaffNotice(
    Command, Prepared, type="dispatch.notice.prepare.v1", service="dispatch", kind="notice"
):
    """Tell an official that there is work, in one of the ways they chose."""


class BeginStaffNotice(Command, type="dispatch.notice.begin.v1", service="dispatch", kind="notice"):
    """Begin to send a notice to an official: for a while nobody else does."""


class RecordStaffNotice(Command, Taken, type="dispatch.notice.record.v1", service="dispatch", kind="notice"):
    """Write down that a notice to an official was taken: by the mail server, a robot or a webhook."""


class GiveUpStaffNotice(
    Command, GivenUp, type="dispatch.notice.give_up.v1", service="dispatch", kind="notice"
):
    """Give a notice to an official up that can never be sent."""
