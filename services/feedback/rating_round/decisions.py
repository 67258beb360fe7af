"""Decisions on a rating round: ask each of its issues to be reminded of, in chunks, and count what each answers."""

from datetime import timedelta

from services.feedback.rating_round.life import MOVES, RatingRound, State
from shared.contract.commands.feedback import ConfirmReminded, RemindToRate, StartRatingRound
from shared.contract.events.feedback import RatingRoundDone, RatingRoundStarted
from shared.contract.subjects import id_of
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event, illegal
from shared.domain.decisions import command as ask
from shared.domain.fan_out import Course
from shared.domain.office_hours import opening

GATHERED = timedelta(minutes=10)
"""So long what one person is reminded of comes together before it goes out, as one mail."""


def round_id(jurisdiction: str, month: str, level: str) -> str:
    """The id of a rating round: a month and level have one, so starting it twice is starting the same."""
    return f"{jurisdiction}-{month}-{level}"


def start(
    known: RatingRound | None, command: StartRatingRound, context: Context
) -> Change[RatingRound] | Refusal:
    """The month's round of a level begins: whoever has not rated is reminded, in office hours."""
    if known is not None:
        return illegal(MOVES, known.state, command.verb)
    if id_of(context.subject) != round_id(context.jurisdiction, command.month, command.level):
        return Refusal(Reason.MALFORMED, "month, level: not those of this round's id")
    if command.month > f"{context.now.astimezone(SHANGHAI):%Y-%m}":
        return Refusal(Reason.MALFORMED, "month: this one or an earlier one")
    if len(set(command.issues)) < len(command.issues):
        return Refusal(Reason.MALFORMED, "issues: one of them stands there twice")
    tell_at = opening(context.now + GATHERED, context.policy, context.calendar)
    begun = RatingRound(
        state=State.RUNNING,
        month=command.month,
        level=command.level,
        tell_at=tell_at,
        issues=command.issues,
    )
    happened = event(
        RatingRoundStarted(
            month=command.month,
            level=command.level,
            issues=command.issues,
            tell_at=tell_at,
            by=context.principal,
        )
    )
    asked, messages = ASKING.begin(begun, command.issues, context)
    return Change(asked, (happened, *messages), {"state": State.RUNNING.value, "issues": len(command.issues)})


def confirm(
    known: RatingRound | None, command: ConfirmReminded, context: Context
) -> Change[RatingRound] | Refusal:
    """One of them has answered; once all that were asked have, the next are asked, and the last one ends it."""
    if known is None:
        return Refusal(Reason.MALFORMED, "no such rating round was started")
    if not ASKING.waits_for(known, command.issue):
        return Change(known)
    passed = known.passed if command.reminded else (*known.passed, command.issue)
    after, messages = ASKING.hear(known.model_copy(update={"passed": passed}), command.issue, context)
    if after.fan_out is None:
        done = after.model_copy(update={"state": State.DONE})
        happened = RatingRoundDone(reminded=len(known.issues) - len(passed), passed=passed)
        return Change(done, (event(happened),))
    return Change(after, messages)


def _asks(known: RatingRound, issues: tuple[str, ...], context: Context) -> tuple[Message, ...]:
    remind = RemindToRate(rating_round=id_of(context.subject), tell_at=known.tell_at)
    return tuple(ask(issue, remind) for issue in issues)


ASKING = Course(_asks, name=lambda known: "reminding/1")
