"""What feedback's events change in intake: an answered issue is taken back no more, and a closed one is closed."""

from services.intake.issue.life import EVENT_MOVES, Issue, State
from shared.contract.events.feedback import IssueClosed, RatingInvited
from shared.domain.decisions import Change, Context


def follow(issue: Issue | None, event: RatingInvited | IssueClosed, context: Context) -> Change[Issue] | None:
    """The move that the table names; where it names none, nothing changes."""
    after = None if issue is None else EVENT_MOVES.get((issue.state, type(event)))
    if issue is None or after is None:
        return None
    return Change(issue.model_copy(update={"state": State(after)}))
