"""What feedback reads, and which decision or reaction answers each command and event."""

from services.feedback.issue import decisions, hearing, reactions, reminding
from services.feedback.issue.life import Issue, belongs, finished
from services.feedback.paper import decisions as paper
from services.feedback.paper.life import Paper
from services.feedback.paper.life import finished as all_have_answered
from services.feedback.rating_round import decisions as rating_rounds
from services.feedback.rating_round.life import RatingRound
from services.feedback.rating_round.life import finished as all_are_asked
from shared.contract.command import Command
from shared.contract.commands.feedback import (
    ConfirmReminded,
    DecideRework,
    FinishTracking,
    RateReply,
    RemindToRate,
    StartRatingRound,
)
from shared.contract.commands.papers import ConfirmPaper, HearPaper, PublishPaper, RecordMeeting
from shared.contract.event import DISPATCH, INTAKE, SUPERVISION_LOOK_BACKS
from shared.contract.events.dispatch import ReplyCorrected, ReplyReleased
from shared.contract.events.intake import (
    AppealUpheld,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
)
from shared.contract.events.supervision import PromiseBroken, PromiseKept
from shared.contract.subjects import BESIDE_ISSUES
from shared.domain.aggregates import AggregateType, Consumer, Deadlines
from shared.domain.decisions import Context, Message, Refusal


def _refused(
    issue: Issue | None, command: Command, context: Context, refusal: Refusal
) -> tuple[Message, ...]:
    """What a rating round or a paper hears of an issue that does not do what it is asked."""
    return (
        *hearing.refused(issue, command, context, refusal),
        *reminding.refused(issue, command, context, refusal),
    )


ISSUE = AggregateType(
    "issue",
    Issue,
    commands={
        RateReply: decisions.rate,
        DecideRework: decisions.decide_rework,
        FinishTracking: decisions.finish_tracking,
        RemindToRate: reminding.remind,
        HearPaper: hearing.hear,
    },
    events={
        IssueRegistered: reactions.register,
        IssueRejected: reactions.follow,
        AppealUpheld: reactions.follow,
        IssueReferred: reactions.end,
        IssueWithdrawn: reactions.end,
        ReplyReleased: reactions.invite,
        ReplyCorrected: reactions.correct,
        PromiseKept: reactions.keep,
        PromiseBroken: reactions.begin_again,
    },
    deadlines=Deadlines(next=reactions.next_deadline, expire=reactions.lapse),
    finished=finished,
    belongs=belongs,
    refused=_refused,
)

RATING_ROUND = AggregateType(
    "rating_round",
    RatingRound,
    commands={StartRatingRound: rating_rounds.start, ConfirmReminded: rating_rounds.confirm},
    deadlines=Deadlines(next=rating_rounds.ASKING.next_deadline, expire=rating_rounds.ASKING.expire),
    finished=all_are_asked,
)

PAPER = AggregateType(
    "paper",
    Paper,
    commands={
        PublishPaper: paper.publish,
        RecordMeeting: paper.record_meeting,
        ConfirmPaper: paper.confirm,
    },
    deadlines=Deadlines(next=paper.ASKING.next_deadline, expire=paper.ASKING.expire),
    finished=all_have_answered,
)


def consumer(jurisdiction: str, *, history: bool = False, epoch: int = 0) -> Consumer:
    """Feedback's consumer for one jurisdiction; ``history``: official times come with the records."""
    return Consumer(
        "feedback",
        jurisdiction,
        reads=(INTAKE, DISPATCH, SUPERVISION_LOOK_BACKS),
        aggregates=(ISSUE, RATING_ROUND, PAPER),
        ignores=BESIDE_ISSUES,
        history=history,
        epoch=epoch,
    )
