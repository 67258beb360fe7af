"""What departments do at the talk itself: claim an issue, or answer on the spot. Only those that are there may.

Who claims has signed for it. What a leader says there before everybody is draft and signature in one; the office checks
and releases it as every reply, so who answers still does not let it out.
"""

from dataclasses import replace

from services.dispatch.issue.asking import asked, department_of, may_not_sign
from services.dispatch.issue.assigning import Lead, given_to
from services.dispatch.issue.co_handling import may_not_sign_off
from services.dispatch.issue.life import MOVES, Issue, State, without_old_texts
from services.dispatch.issue.replying import names, unfit, written
from shared.contract.commands.dispatch import AnswerOnTheSpot, ClaimIssue, DraftReply
from shared.contract.events.dispatch import (
    AnsweredOnTheSpot,
    AssignmentSigned,
    IssueAssigned,
    IssueClaimed,
    ReplyDrafted,
    ReplySignedOff,
)
from shared.contract.words import Chooser
from shared.domain.decisions import Change, Context, Reason, Refusal, event
from shared.domain.reference import NotPublished


def claim(issue: Issue | None, command: ClaimIssue, context: Context) -> Change[Issue] | Refusal:
    """The department leads it at once, and has signed for it."""
    known = _held_by_another(issue, context) or asked(issue, command)
    if isinstance(known, Refusal):
        return known
    return _not_there(known, context) or _claimed(known, State(MOVES[(known.state, command.verb)]), context)


def answer(issue: Issue | None, command: AnswerOnTheSpot, context: Context) -> Change[Issue] | Refusal:
    """Its leader answers: an issue that nobody holds is claimed with it, another department's is not answered."""
    known = _held_by_another(issue, context) or asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if refusal := _not_there(known, context):
        return refusal
    is_free = known.state is State.WAITING
    change = _claimed(known, State.IN_PROGRESS, context) if is_free else Change(known)
    held = change.state
    said = DraftReply(
        assignment=held.assignment,
        outcome=command.outcome,
        text=command.text,
        promised_on=command.promised_on,
    )
    if refusal := (
        may_not_sign(held, context) or may_not_sign_off(held, "", context) or unfit(held, said, context)
    ):
        return refusal
    draft = written(held, said, context).model_copy(update={"signed_off_by": context.actor})
    about, by = names(held, draft), context.principal
    happened = (
        AnsweredOnTheSpot(**about, outcome=command.outcome, talk=_talk(held), by=by),
        ReplyDrafted(**about, outcome=command.outcome, by=by),
        ReplySignedOff(**about, by=by),
    )
    drafts = without_old_texts((*held.drafts, draft))
    state = State(MOVES[(known.state, command.verb)])
    return replace(
        change,
        state=held.model_copy(update={"state": state, "drafts": drafts}),
        messages=(*change.messages, *map(event, happened)),
        outcome={**change.outcome, "state": state.value, "draft": draft.number, "sha256": draft.sha256},
    )


def _claimed(issue: Issue, after: State, context: Context) -> Change[Issue]:
    department = department_of(context.actor)
    entry = context.directory.department(department)
    if entry is None:
        raise NotPublished(f"department {department!r} is not known here yet")
    lead = Lead(department, entry.head, Chooser.CLAIM)
    claimed, orders = given_to(issue, after, lead, context)
    about, by = {"assignment": claimed.assignment, "department": department}, context.principal
    happened = (
        IssueAssigned(**about, round=claimed.round, head=lead.head, chosen_by=lead.chosen_by, by=by),
        IssueClaimed(**about, talk=_talk(issue), by=by),
        AssignmentSigned(**about, by=by),
    )
    outcome = {"state": after.value, **about}
    return Change(claimed, (*map(event, happened), *orders), outcome)


def _held_by_another(issue: Issue | None, context: Context) -> Refusal | None:
    """Of what another department holds nobody hears more than that, as of every move of a holder."""
    if issue is None or issue.department in ("", department_of(context.actor)):
        return None
    return Refusal(Reason.NOT_THE_HOLDER, f"it is held by {issue.department}")


def _not_there(issue: Issue, context: Context) -> Refusal | None:
    department = department_of(context.actor)
    if issue.presence is None:
        return Refusal(Reason.NOT_AT_THE_TALK, "it is of no talk that is to come or under way")
    if department in issue.presence.departments:
        return None
    there = ", ".join(issue.presence.departments) or "none"
    return Refusal(Reason.NOT_AT_THE_TALK, f"at {issue.presence.talk} are {there}, and not {department}")


def _talk(issue: Issue) -> str:
    return issue.presence.talk if issue.presence is not None else ""
