"""What intake reads, and which decision or reaction answers each command and event."""

from services.intake.issue import decisions, reactions
from services.intake.issue.life import Issue, belongs, finished
from shared.contract.commands.intake import AcceptIssue, RegisterIssue, RejectIssue, WithdrawIssue
from shared.contract.event import FEEDBACK
from shared.contract.events.feedback import IssueClosed, RatingInvited
from shared.domain.aggregates import AggregateType, Consumer

ISSUE = AggregateType(
    "issue",
    Issue,
    commands={
        RegisterIssue: decisions.register,
        AcceptIssue: decisions.accept,
        RejectIssue: decisions.reject,
        WithdrawIssue: decisions.withdraw,
    },
    events={
        RatingInvited: reactions.follow,
        IssueClosed: reactions.follow,
    },
    finished=finished,
    belongs=belongs,
)


def consumer(jurisdiction: str, *, history: bool = False) -> Consumer:
    """Intake's consumer for one jurisdiction; ``history``: official times come with the records."""
    return Consumer("intake", jurisdiction, reads=(FEEDBACK,), aggregates=(ISSUE,), history=history)
