"""What feedback does with each command, and with each fact of the other owners."""

from services.feedback import domain
from services.feedback.domain import Issue, Rules
from shared.commands import DecideRework, FinishTracking, RateReply
from shared.events import Event, IssueWithdrawn, ReplyReleased
from shared.moves import Change, Context, Deadline, Reason, Refusal

UNKNOWN = Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")


def rate(issue: Issue | None, command: RateReply, context: Context) -> Change[Issue] | Refusal:
    """The one who raised the issue rates a reply."""
    return UNKNOWN if issue is None else domain.rate(issue, command, context)


def decide_rework(issue: Issue | None, command: DecideRework, context: Context) -> Change[Issue] | Refusal:
    """A person grants or refuses a new round."""
    return UNKNOWN if issue is None else domain.decide_rework(issue, command, context)


def finish_tracking(
    issue: Issue | None, command: FinishTracking, context: Context
) -> Change[Issue] | Refusal:
    """The level's leader rules a tracked issue finished."""
    return UNKNOWN if issue is None else domain.finish_tracking(issue, command, context)


def learn(issue: Issue | None, fact: Event, context: Context) -> Change[Issue] | None:
    """A fact that only has to be known: for figures, or because it ends the issue here."""
    known = domain.learn(issue, fact, context.now)
    return None if known is None or known == issue else Change(known)


def ask_for_a_rating(
    rules: Rules, issue: Issue | None, fact: ReplyReleased, context: Context
) -> Change[Issue] | None:
    """A reply is out: invite its rating."""
    known = domain.learn(issue, fact, context.now)
    return None if known is None else domain.invite(known, context.now, rules)


def withdraw(issue: Issue | None, fact: IssueWithdrawn, context: Context) -> Change[Issue] | None:
    """The issue was taken back: no rating any more, unless the invitation had run out before."""
    known = domain.learn(issue, fact, context.now)
    return None if known is None else domain.lapse(known, context.now)


def lapse(issue: Issue, deadline: Deadline, context: Context) -> Change[Issue]:
    """The invitation of this round ran out."""
    return domain.lapse(issue, context.now)
