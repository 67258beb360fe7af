"""Decisions on the reply: drafted, signed off in the department, checked and released by the office."""

from dataclasses import replace
from datetime import date

from services.dispatch.issue.asking import (
    asked,
    before_its_promise,
    from_own_system,
    handled_it,
    handlers_of,
    may_not_draft,
    may_not_sign,
    person_of,
)
from services.dispatch.issue.co_handling import all_ended, answered, may_not_sign_off
from services.dispatch.issue.life import (
    MOVES,
    OUTCOME_CLASS,
    Draft,
    Issue,
    State,
    draft_hash,
    without_old_texts,
)
from services.dispatch.issue.timing import let_go
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    CheckReply,
    DraftReply,
    ReleaseReply,
    SendBackReply,
    SignOffReply,
)
from shared.contract.event import Event
from shared.contract.events.dispatch import (
    ReplyChecked,
    ReplyDrafted,
    ReplyReleased,
    ReplySentBack,
    ReplySignedOff,
)
from shared.contract.orders import OrderSentBack
from shared.contract.words import OUTCOMES, CoHandlingEnd, Outcome, Role
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event, order
from shared.domain.rights import Asker

AboutDraft = SignOffReply | CheckReply | SendBackReply | ReleaseReply
"""What somebody asks who has read one draft."""


def draft(issue: Issue | None, command: DraftReply, context: Context) -> Change[Issue] | Refusal:
    """A handler hands in a draft; from a department's own system it may come with its leader's signature."""
    drafted = _drafted(issue, command, context)
    if isinstance(drafted, Refusal) or not command.signed_off_by:
        return drafted
    if not from_own_system(context):
        return Refusal(Reason.WRONG_ROLE, "signed_off_by: only a department's own system sends it along")
    number, sha256 = drafted.outcome["draft"], drafted.outcome["sha256"]
    signs = SignOffReply(assignment=command.assignment, draft=number, sha256=sha256, answer=command.answer)
    leader = Asker(Role.DEPARTMENT_LEADER, command.signed_off_by, drafted.state.department)
    signed = sign_off(drafted.state, signs, context._replace(actor=leader.actor))
    if isinstance(signed, Refusal):
        return signed
    return replace(signed, messages=(*drafted.messages, *signed.messages))


def _drafted(issue: Issue | None, command: DraftReply, context: Context) -> Change[Issue] | Refusal:
    """The draft alone, under the next number, if its outcome fits what was raised."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if refusal := may_not_draft(known, context) or unfit(known, command, context):
        return refusal
    handed_in = written(known, command, context)
    happened = ReplyDrafted(**names(known, handed_in), outcome=command.outcome, by=context.principal)
    drafted = known.model_copy(update={"drafts": without_old_texts((*known.drafts, handed_in))})
    return _moved(drafted, command, handed_in, happened)


def sign_off(issue: Issue | None, command: SignOffReply, context: Context) -> Change[Issue] | Refusal:
    """The department's leader, a person whom the directory names, signs it off: not who drafted it, and not before
    the co-handlers were heard or are overdue, and an objection is answered."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    current = _read(known, command)
    if isinstance(current, Refusal):
        return current
    if refusal := may_not_sign(known, context):
        return refusal
    if person_of(context.actor) == person_of(current.drafted_by):
        return Refusal(Reason.SAME_PERSON, "who drafted a reply may not sign it off")
    answer = command.answer.strip()
    if refusal := may_not_sign_off(known, answer, context):
        return refusal
    known, orders = answered(known, answer)
    signed = current.model_copy(update={"signed_off_by": context.actor, "answer": answer if orders else ""})
    happened = ReplySignedOff(**names(known, signed), by=context.principal)
    return _moved(known, command, signed, happened, *orders)


def check(issue: Issue | None, command: CheckReply, context: Context) -> Change[Issue] | Refusal:
    """The office finds it fit to go out."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    current = _read(known, command)
    if isinstance(current, Refusal):
        return current
    if handled_it(known, context):
        return Refusal(Reason.SAME_PERSON, "who drafted or signed off a reply may not check it")
    return _moved(known, command, current, ReplyChecked(**names(known, current), by=context.principal))


def send_back(issue: Issue | None, command: SendBackReply, context: Context) -> Change[Issue] | Refusal:
    """The office, or the department itself while only drafted, hands it back to the handler with a reason."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if context.role != Role.OFFICE and known.state is not State.DRAFTED:
        return Refusal(Reason.WRONG_ROLE, "the office sends back; the department only what is not signed off")
    current = _read(known, command)
    if isinstance(current, Refusal):
        return current
    reason = command.reason.strip()
    if not reason:
        return Refusal(Reason.REASON_MISSING, "reason: the handler is told what is missing")
    back = current.model_copy(update={"sent_back_reason": reason})
    happened = ReplySentBack(**names(known, back), reason=reason, by=context.principal)
    ordered = OrderSentBack(assignment=known.assignment, round=known.round, draft=back.number, reason=reason)
    return _moved(known, command, back, happened, order(known.department, ordered))


def release(issue: Issue | None, command: ReleaseReply, context: Context) -> Change[Issue] | Refusal:
    """The office lets it go out: from here the issue is handled."""
    known = asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if refusal := before_its_promise(known):
        return refusal
    reply = _read(known, command)
    if isinstance(reply, Refusal):
        return reply
    if handled_it(known, context):
        return Refusal(Reason.SAME_PERSON, "who drafted or signed off a reply may not release it")
    happened = ReplyReleased(
        **names(known, reply),
        outcome=reply.outcome,
        outcome_class=OUTCOME_CLASS[reply.outcome],
        text=reply.text,
        promised_on=reply.promised_on,
        by=context.principal,
        handled_by=handlers_of(reply),
    )
    free, ended = let_go(known, context, over=True)
    free, unheard = all_ended(free, CoHandlingEnd.REPLIED)
    released = free.model_copy(update={"released": (*known.released, reply.number)})
    return _moved(released, command, reply, happened, *ended, *unheard)


def written(issue: Issue, command: DraftReply, context: Context) -> Draft:
    """The draft under the next number; only what is planned promises a date."""
    promised_on = command.promised_on if command.outcome is Outcome.PLANNED else None
    return Draft(
        number=issue.next_draft,
        assignment=issue.assignment,
        sha256=draft_hash(command.outcome, command.text, promised_on),
        outcome=command.outcome,
        text=command.text,
        promised_on=promised_on,
        drafted_by=context.actor,
    )


def unfit(issue: Issue, command: DraftReply, context: Context) -> Refusal | None:
    """Why a draft cannot be taken as it is; None when it can."""
    if command.round not in (None, issue.round):
        return Refusal(Reason.STALE_ROUND, f"round {command.round} is over; it is round {issue.round} now")
    # A kind that this version does not know may be answered with any outcome.
    fitting = OUTCOMES.get(issue.kind, tuple(Outcome))
    if command.outcome not in fitting:
        one_of = ", ".join(fitting)
        return Refusal(Reason.OUTCOME_NOT_FOR_KIND, f"outcome: for a {issue.kind} it is one of {one_of}")
    if not command.text.strip():
        return Refusal(Reason.MALFORMED, "text: must not be blank")
    if command.outcome is Outcome.PLANNED:
        return unfit_date(command.promised_on, context)
    return None


def unfit_date(promised_on: date | None, context: Context) -> Refusal | None:
    """Why a planned outcome cannot promise this date; None when it can."""
    if promised_on is None:
        return Refusal(Reason.DATE_MISSING, "promised_on: a planned outcome needs its date")
    if promised_on < context.now.astimezone(SHANGHAI).date():
        return Refusal(Reason.DATE_PAST, f"promised_on: {promised_on} is past")
    return None


def _read(issue: Issue, command: AboutDraft) -> Draft | Refusal:
    """The current draft, if it is the one that whoever asks has read; else what is current."""
    current = issue.current_draft
    assert current is not None  # by the table of moves: only a draft leads here
    if (command.draft, command.sha256) == (current.number, current.sha256):
        return current
    detail = f"the current draft is number {current.number} with sha256 {current.sha256}: read it first"
    return Refusal(Reason.STALE_DRAFT, detail)


def names(issue: Issue, draft: Draft) -> dict[str, object]:
    return {
        "assignment": issue.assignment,
        "department": issue.department,
        "round": issue.round,
        "draft": draft.number,
        "sha256": draft.sha256,
    }


def _moved(issue: Issue, command: Command, draft: Draft, happened: Event, *more: Message) -> Change[Issue]:
    """The move of the table, with this draft in its place among the drafts."""
    state = State(MOVES[(issue.state, command.verb)])
    drafts = (*(one for one in issue.drafts if one.number < draft.number), draft)
    outcome = {"state": state.value, "round": issue.round, "draft": draft.number, "sha256": draft.sha256}
    moved = issue.model_copy(update={"state": state, "drafts": drafts})
    return Change(moved, (event(happened), *more), outcome)
