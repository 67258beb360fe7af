"""The reply: drafted by a handler, signed off by the department's leader, checked and released by the office."""

from datetime import date

from services.dispatch.domain.asking import OFFICE, asked, by_holder, by_office, department_of, handled_it
from services.dispatch.domain.life import MOVES, OUTCOME_CLASS, Draft, Issue, State
from shared.clocks import SHANGHAI
from shared.commands import CheckReply, DraftReply, ReleaseReply, SendBackReply, SignOffReply
from shared.events import (
    OUTCOMES,
    Event,
    OrderSentBack,
    Outcome,
    ReplyChecked,
    ReplyDrafted,
    ReplyReleased,
    ReplySentBack,
    ReplySignedOff,
)
from shared.moves import Change, Context, Reason, Refusal


def draft(issue: Issue | None, command: DraftReply, context: Context) -> Change[Issue] | Refusal:
    """A handler hands in a draft whose outcome fits what was raised."""
    known = by_holder(issue, command, context)
    if isinstance(known, Refusal):
        return known
    if command.round not in (None, known.round):
        return Refusal(Reason.STALE_ROUND, f"round {command.round} is over; it is round {known.round} now")
    if command.outcome not in OUTCOMES[known.kind]:
        fitting = ", ".join(OUTCOMES[known.kind])
        return Refusal(
            Reason.OUTCOME_NOT_FOR_KIND, f"outcome: for a {known.kind.value} it is one of {fitting}"
        )
    if not command.text.strip():
        return Refusal(Reason.MALFORMED, "text: must not be blank")
    planned = command.outcome is Outcome.PLANNED
    if planned and (refusal := _no_date(command.promised_on, context)):
        return refusal
    handed_in = Draft(
        outcome=command.outcome, text=command.text, promised_on=command.promised_on if planned else "",
        drafted_by=context.actor,
    )  # fmt: skip
    told = ReplyDrafted(**_names(known), outcome=command.outcome, by=context.principal)
    return _moved(known, command.verb, told, draft=handed_in)


def sign_off(issue: Issue | None, command: SignOffReply, context: Context) -> Change[Issue] | Refusal:
    """The department's leader signs it off: another person than who drafted it."""
    known = by_holder(issue, command, context)
    if isinstance(known, Refusal):
        return known
    assert known.draft is not None  # by the table: only a draft leads here
    if context.actor == known.draft.drafted_by:
        return Refusal(Reason.SAME_PERSON, "who drafted a reply may not sign it off")
    signed = known.draft.model_copy(update={"signed_off_by": context.actor})
    return _moved(known, command.verb, ReplySignedOff(**_names(known), by=context.principal), draft=signed)


def check(issue: Issue | None, command: CheckReply, context: Context) -> Change[Issue] | Refusal:
    """The office finds it fit to go out."""
    known = by_office(issue, command, context)
    if isinstance(known, Refusal):
        return known
    if handled_it(known, context):
        return Refusal(Reason.SAME_PERSON, "who drafted or signed off a reply may not check it")
    return _moved(known, command.verb, ReplyChecked(**_names(known), by=context.principal))


def send_back(issue: Issue | None, command: SendBackReply, context: Context) -> Change[Issue] | Refusal:
    """The office, or the department itself while only drafted, hands it back to the handler with a reason."""
    known = asked(issue, command.verb, command.assignment)
    if isinstance(known, Refusal):
        return known
    own = department_of(context.actor) == known.department and known.state is State.DRAFTED
    if context.role != OFFICE and not own:
        return Refusal(Reason.WRONG_ROLE, "the office sends back; the department only what is not signed off")
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the handler is told what is missing")
    told = ReplySentBack(**_names(known), reason=reason, by=context.principal)
    order = OrderSentBack(assignment=known.assignment, round=known.round, reason=reason)
    moved = _moved(known, command.verb, told, draft=None)
    return Change(moved.state, moved.events, ((known.department, order),), outcome=moved.outcome)


def release(issue: Issue | None, command: ReleaseReply, context: Context) -> Change[Issue] | Refusal:
    """The office lets it go out: from here the issue is handled."""
    known = by_office(issue, command, context)
    if isinstance(known, Refusal):
        return known
    if handled_it(known, context):
        return Refusal(Reason.SAME_PERSON, "who drafted or signed off a reply may not release it")
    reply = known.draft
    assert reply is not None  # by the table
    told = ReplyReleased(
        **_names(known), outcome=reply.outcome, outcome_class=OUTCOME_CLASS[reply.outcome], text=reply.text,
        promised_on=reply.promised_on, by=context.principal,
    )  # fmt: skip
    return _moved(known, command.verb, told)


def _no_date(promised_on: str, context: Context) -> Refusal | None:
    if not promised_on:
        return Refusal(Reason.DATE_MISSING, "promised_on: a planned outcome needs its date")
    try:
        promised = date.fromisoformat(promised_on)
    except ValueError:
        return Refusal(Reason.MALFORMED, f"promised_on: {promised_on!r} is not a date")
    if promised < context.now.astimezone(SHANGHAI).date():
        return Refusal(Reason.MALFORMED, f"promised_on: {promised_on} is past")
    return None


def _names(issue: Issue) -> dict[str, object]:
    return {"assignment": issue.assignment, "department": issue.department, "round": issue.round}


def _moved(issue: Issue, verb: str, told: Event, **values: object) -> Change[Issue]:
    state = State(MOVES[(issue.state, verb)])
    outcome = {"state": state.value, "round": issue.round}
    return Change(issue.model_copy(update={"state": state, **values}), (told,), outcome=outcome)
