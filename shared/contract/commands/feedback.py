"""What may be asked of feedback."""

from typing import Annotated

from pydantic import AwareDatetime, Field, StrictBool

from shared.contract.command import Command
from shared.contract.event import MAX_REASON_CHARS, FreeText, Round
from shared.contract.words import Level, Satisfaction, Solved

MOST_REMINDED = 5_000
"""Of how many issues one rating round reminds: well below the size of a record."""


class RateReply(Command, type="feedback.rate.v1", service="feedback"):
    """Rate a reply round (评价); dissatisfied or not solved needs a reason."""

    round: Round
    satisfaction: Satisfaction
    solved: Solved
    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)


class DecideRework(Command, type="feedback.decide_rework.v1", service="feedback"):
    """Grant or refuse a new round (重新办理)."""

    round: Round
    granted: StrictBool
    reason: FreeText = Field(default="", max_length=MAX_REASON_CHARS)


class FinishTracking(Command, type="feedback.finish_tracking.v1", service="feedback"):
    """Rule a tracked issue finished: the level's leader, with a reason."""

    reason: FreeText = Field(min_length=1, max_length=MAX_REASON_CHARS)


class StartRatingRound(
    Command, type="feedback.rating_round.start.v1", service="feedback", kind="rating_round"
):
    """Start a month's rating round of a level: whoever has not rated these is reminded, in one mail each."""

    month: str = Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")
    level: Level
    issues: tuple[Annotated[str, Field(min_length=1, max_length=90)], ...] = Field(
        min_length=1, max_length=MOST_REMINDED
    )
    """Those that wait for a rating, as who asks sees them; what is rated meanwhile is passed over."""


class RemindToRate(Command, type="feedback.remind.v1", service="feedback"):
    """Of one of the issues of a rating round its raiser is reminded, as long as it waits for a rating."""

    rating_round: str = Field(max_length=90)
    tell_at: AwareDatetime


class ConfirmReminded(
    Command, type="feedback.rating_round.confirm.v1", service="feedback", kind="rating_round"
):
    """One of the issues of a rating round answers: it waits for its rating, or not."""

    issue: str = Field(max_length=90)
    reminded: StrictBool
