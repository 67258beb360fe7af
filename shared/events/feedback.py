"""What feedback tells: invitations, ratings, rework, closing, papers and typical cases."""

from pydantic import AwareDatetime

from shared.events.base import FEEDBACK, Event
from shared.events.words import HonourList, Outcome, PaperKind, Satisfaction, Solved


class RatingInvited(Event, type="rating.invited.v1", topic=FEEDBACK):
    """Happens when a reply is out: the one who raised the issue is asked to rate this round."""

    round: int
    open_until: AwareDatetime


class ReplyRated(Event, type="reply.rated.v1", topic=FEEDBACK):
    """Happens when the one who raised the issue rates a reply round, once."""

    round: int
    satisfaction: Satisfaction
    solved: Solved
    reason: str = ""


class RatingLapsed(Event, type="rating.lapsed.v1", topic=FEEDBACK):
    """Happens when the invitation ran out without a rating: the reply counts as not rated."""

    round: int


class ReworkAsked(Event, type="rework.asked.v1", topic=FEEDBACK):
    """Happens when a rating says dissatisfied or not solved: a person has to decide on a new round."""

    round: int
    reason: str


class ReworkDecided(Event, type="rework.decided.v1", topic=FEEDBACK):
    """Happens when a person grants a new round; its promise clock starts now."""

    round: int
    reason: str = ""
    by: str


class ReworkRefused(Event, type="rework.refused.v1", topic=FEEDBACK):
    """Happens when a person refuses a new round, with the reason that is told to the raiser."""

    round: int
    reason: str
    by: str


class IssueTracked(Event, type="issue.tracked.v1", topic=FEEDBACK):
    """Happens when a reply promised something for later, or nothing is possible now: kept until finished."""

    round: int
    outcome: Outcome
    promised_on: str = ""


class IssueClosed(Event, type="issue.closed.v1", topic=FEEDBACK):
    """Happens when an issue is handled, and rated or lapsed; or ruled finished after tracking."""

    round: int
    reason: str
    by: str = ""


class PaperPublished(Event, type="paper.published.v1", topic=FEEDBACK):
    """Happens when a paper is published and frozen, as a page and as an editable document."""

    kind: PaperKind
    period: str
    page_sha256: str
    document_sha256: str
    by: str


class TypicalCaseChosen(Event, type="typical_case.chosen.v1", topic=FEEDBACK):
    """Happens when a person chooses a proposed issue as a typical case of the month."""

    month: str
    department: str
    rule: str
    honours: tuple[HonourList, ...] = ()
    by: str
