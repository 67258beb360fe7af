"""What may be asked of supervision: to explain a breach, to lift an issue off the ladder, to publish reference data."""

from pydantic import AwareDatetime, Field

from shared.contract.command import Command
from shared.contract.event import MAX_REASON_CHARS, FreeText, Round
from shared.contract.words import RecalculationCause
from shared.domain.calendar import Day
from shared.domain.clocks import CompletePolicy


class ExplainBreach(Command, type="supervision.explain.v1", service="supervision"):
    """Explain why the promise of this round was broken (情况说明); it puts the supervision order off, once."""

    round: Round = 1
    words: FreeText = Field(max_length=MAX_REASON_CHARS)


class LiftLadder(Command, type="supervision.lift_ladder.v1", service="supervision"):
    """Lift an issue from the step of the ladder that was read (解除), with a reason."""

    step: int = Field(ge=1, le=6)
    reason: FreeText = Field(max_length=MAX_REASON_CHARS)


class RecalculateClocks(Command, type="supervision.recalculate.v1", service="supervision"):
    """Count the running clocks of an issue anew by a version of calendar or policy that was published for them."""

    because: RecalculationCause
    version: str = Field(min_length=1, max_length=100)
    at: AwareDatetime
    """From when on that version is in force."""
    by: str = Field(max_length=100)
    """Who published it."""


class PublishPolicy(Command, type="supervision.policy.publish.v1", service="supervision", kind="policy"):
    """Publish a version of the policy: limits, warnings, office hours."""

    policy: CompletePolicy
    in_force_from: AwareDatetime | None = None
    """Now, where it is left out."""
    applies_to_running: bool = False
    """Whether clocks that run by then are recalculated by it."""


class PublishCalendar(
    Command, type="supervision.calendar.publish.v1", service="supervision", kind="calendar"
):
    """Publish a table of work and rest days, whole."""

    published_through: int = Field(ge=2011, le=2149)
    days: tuple[Day, ...] = Field(max_length=20_000)
    in_force_from: AwareDatetime | None = None
