"""What a rating round asks of each of its issues: whoever raised it is reminded, as long as it waits for a rating."""

from services.feedback.issue.life import FOLLOWING, Issue
from shared.contract.command import Command
from shared.contract.commands.feedback import ConfirmReminded, RemindToRate
from shared.contract.events.feedback import RatingReminded
from shared.contract.subjects import subject_of
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event
from shared.domain.decisions import command as ask

MOST_KEPT = 24
"""The rating rounds of a year at two levels: nobody asks again longer than that."""


def remind(issue: Issue | None, command: RemindToRate, context: Context) -> Change[Issue] | Refusal:
    """It waits for a rating: its raiser is told, of one rating round once."""
    if issue is None:
        return Refusal(Reason.UNKNOWN_ISSUE, "no such issue is known here")
    if (issue.state, command.verb) not in FOLLOWING:
        return Refusal(Reason.ILLEGAL_MOVE, f"{command.verb} is not possible in state {issue.state}")
    answers = _answer(command, context, reminded=True)
    if command.rating_round in issue.reminded_by:
        return Change(issue, (answers,))
    reminded = RatingReminded(round=issue.round, rating_round=command.rating_round, tell_at=command.tell_at)
    known = (*issue.reminded_by, command.rating_round)[-MOST_KEPT:]
    after = issue.model_copy(update={"reminded_by": known})
    return Change(after, (event(reminded), answers))


def refused(issue: Issue | None, command: Command, context: Context, refusal: Refusal) -> tuple[Message, ...]:
    """The rating round hears that nobody is reminded of it."""
    return (_answer(command, context, reminded=False),) if isinstance(command, RemindToRate) else ()


def _answer(command: RemindToRate, context: Context, *, reminded: bool) -> Message:
    confirms = ConfirmReminded(issue=context.subject, reminded=reminded)
    return ask(subject_of("rating_round", command.rating_round), confirms)
