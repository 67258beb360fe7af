"""What feedback tells: invitations, ratings, rework, tracking, closing."""

from datetime import date

from pydantic import AwareDatetime

from shared.contract.event import FEEDBACK, Event, Number, Round
from shared.contract.words import OpenCloseReason, OpenLevel, OpenOutcome, OpenSatisfaction, OpenSolved


class RatingInvited(Event, type="rating.invited.v1", topic=FEEDBACK):
    """Happens when a reply is out: the one who raised the issue is asked to rate this round."""

    round: Round
    open_until: AwareDatetime


class ReplyRated(Event, type="reply.rated.v1", topic=FEEDBACK):
    """Happens when the one who raised the issue rates a reply round, once."""

    round: Round
    satisfaction: OpenSatisfaction
    solved: OpenSolved
    reason: str = ""


class RatingLapsed(Event, type="rating.lapsed.v1", topic=FEEDBACK):
    """Happens when the invitation ran out without a rating: the reply counts as not rated."""

    round: Round


class ReworkAsked(Event, type="rework.asked.v1", topic=FEEDBACK):
    """Happens when a rating says dissatisfied or not solved: a person has to decide on a new round."""

    round: Round
    reason: str


class ReworkDecided(Event, type="rework.decided.v1", topic=FEEDBACK, must_understand=True):
    """Happens when a person grants a new round; its promise clock starts now."""

    round: Round
    reason: str = ""
    by: str


class ReworkRefused(Event, type="rework.refused.v1", topic=FEEDBACK, must_understand=True):
    """Happens when a person refuses a new round, with the reason that is told to the raiser."""

    round: Round
    reason: str
    by: str


class IssueTracked(Event, type="issue.tracked.v1", topic=FEEDBACK):
    """Happens when a reply promised something for later, or nothing is possible now: kept until finished."""

    round: Round
    outcome: OpenOutcome
    promised_on: date | None = None


class IssueClosed(Event, type="issue.closed.v1", topic=FEEDBACK, must_understand=True):
    """Happens when an issue is handled, and rated or lapsed; or ruled finished after tracking."""

    round: Round
    reason: OpenCloseReason
    words: str = ""
    """What the person said who ruled it finished."""
    by: str = ""


class RatingRoundStarted(Event, type="rating_round.started.v1", topic=FEEDBACK):
    """Happens when a month's rating round begins at a level: who has open invitations is to be reminded."""

    month: str
    level: OpenLevel
    issues: tuple[str, ...]
    tell_at: AwareDatetime
    """When the reminders go out, in office hours: one to each person."""
    by: str


class RatingReminded(Event, type="rating.reminded.v1", topic=FEEDBACK):
    """Happens for each issue of a rating round whose reply is still to be rated: its raiser is reminded."""

    round: Round
    rating_round: str
    tell_at: AwareDatetime


class RatingRoundDone(Event, type="rating_round.done.v1", topic=FEEDBACK):
    """Happens when every issue of a rating round has answered."""

    reminded: Number
    passed: tuple[str, ...] = ()
    """Those of which nobody was reminded: rated meanwhile, or their time was over."""
