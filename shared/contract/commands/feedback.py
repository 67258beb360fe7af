"""What may be asked of feedback."""

from pydantic import Field, StrictBool

from shared.contract.command import Command
from shared.contract.event import MAX_REASON_CHARS, FreeText, Round
from shared.contract.words import Satisfaction, Solved


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
