"""What may be asked of supervision: to publish a policy or a calendar."""

from pydantic import AwareDatetime, Field

from shared.contract.command import Command
from shared.domain.calendar import Day
from shared.domain.clocks import CompletePolicy


class PublishPolicy(Command, type="supervision.policy.publish.v1", service="supervision", kind="policy"):
    """Publish a version of the policy: limits, warnings, office hours."""

    policy: CompletePolicy
    in_force_from: AwareDatetime | None = None
    """Now, where it is left out."""


class PublishCalendar(
    Command, type="supervision.calendar.publish.v1", service="supervision", kind="calendar"
):
    """Publish a table of work and rest days, whole."""

    published_through: int = Field(ge=2011, le=2149)
    days: tuple[Day, ...] = Field(max_length=20_000)
    in_force_from: AwareDatetime | None = None
