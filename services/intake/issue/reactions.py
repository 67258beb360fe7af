"""What feedback's events and time change in intake: an answered issue is taken back no more, and a closed one is
closed, unless a look-back opens it again.
"""

from dataclasses import replace

from services.intake.issue import hearing, material
from services.intake.issue.life import EVENT_MOVES, Issue, State
from services.intake.issue.numbers import issue_number
from shared.contract.commands.notices import PrepareNotice
from shared.contract.events.feedback import (
    IssueClosed,
    RatingInvited,
    RatingLapsed,
    RatingReminded,
    ReplyRated,
    ReworkDecided,
)
from shared.contract.words import Occurrence
from shared.domain.decisions import Change, Context, Deadline
from shared.domain.notices import tell


def next_deadline(issue: Issue) -> Deadline | None:
    """What comes first by itself: the end of the office's question, or a talk is asked again."""
    coming = filter(None, (material.end(issue), hearing.next_deadline(issue)))
    return min(coming, default=None, key=lambda deadline: deadline.at)


def expire(issue: Issue, deadline: Deadline, context: Context) -> Change[Issue]:
    """It has come."""
    happens = material.lapse if deadline.name.startswith(material.MATERIAL) else hearing.expire
    return happens(issue, deadline, context)


def follow(
    issue: Issue | None,
    event: RatingInvited | ReplyRated | RatingLapsed | RatingReminded | IssueClosed | ReworkDecided,
    context: Context,
) -> Change[Issue] | None:
    """The move that the table names, and whether a reply waits for its rating; else nothing changes."""
    after = None if issue is None else EVENT_MOVES.get((issue.state, type(event)))
    if issue is None or after is None:
        return None
    unrated = issue.unrated
    if isinstance(event, RatingInvited):
        unrated = event.round
    elif not isinstance(event, RatingReminded):
        unrated = 0
    return Change(issue.model_copy(update={"state": State(after), "unrated": unrated}))


def invited(issue: Issue | None, event: RatingInvited, context: Context) -> Change[Issue] | None:
    """The same, and who raised it is told that a reply is out and asks for a rating.

    Not of an anonymous issue: who reads a mail server's log beside the topics would learn who raised it.
    """
    change = follow(issue, event, context)
    if change is None or change.state.anonymous:
        return change
    about = {"about": Occurrence.RATING_INVITED, "to": change.state.person}
    notice = tell(PrepareNotice, context, {"number": issue_number(context.subject), **about})
    return replace(change, messages=(notice,))


def reminded(issue: Issue | None, event: RatingReminded, context: Context) -> Change[Issue] | None:
    """The one who raised it is reminded that a rating is open: of all that one person has, by one mail.

    Not of an anonymous issue, as above.
    """
    change = follow(issue, event, context)
    if change is None or change.state.anonymous or change.state.unrated != event.round:
        return change
    about = {"about": Occurrence.RATING_REMINDED, "to": change.state.person}
    said = {"number": issue_number(context.subject), **about}
    return replace(change, messages=(tell(PrepareNotice, context, said, opens_at=event.tell_at),))
