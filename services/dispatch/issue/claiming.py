"""What departments do at the talk itself: claim an issue, or answer on the spot. Only those that are there may.

Who claims has signed for it. What a leader says there before everybody is draft and signature in one; the office checks
and releases it as every reply, so who answers still does not let it out. Who keeps the record of the talk may write
either down in the name of a person of the department: what goes out names both, and neither lets the reply out.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

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
from shared.contract.words import Chooser, Role
from shared.domain.decisions import Change, Context, Reason, Refusal, event
from shared.domain.reference import NotPublished
from shared.domain.rights import IN_DEPARTMENTS, Asker

CLAIM, ANSWER = (Role.DEPARTMENT_LEADER, Role.HANDLER), (Role.DEPARTMENT_LEADER,)
"""In which roles a department's person may do either."""


class Saying(NamedTuple):
    """Who does it for the department, as the context of a decision; the actor who writes it down for them, or ""."""

    context: Context
    recorded_by: str = ""

    @property
    def recorder(self) -> str:
        """The same without the role."""
        return self.recorded_by.partition(":")[2]


def claim(issue: Issue | None, command: ClaimIssue, context: Context) -> Change[Issue] | Refusal:
    """The department leads it at once, and has signed for it."""
    said = _said_by(command.official, CLAIM, context)
    if isinstance(said, Refusal):
        return said
    known = _held_by_another(issue, said.context) or asked(issue, command)
    if isinstance(known, Refusal):
        return known
    after = State(MOVES[(known.state, command.verb)])
    return _not_there(known, said.context) or _claimed(known, after, said)


def answer(issue: Issue | None, command: AnswerOnTheSpot, context: Context) -> Change[Issue] | Refusal:
    """Its leader answers: an issue that nobody holds is claimed with it, another department's is not answered."""
    said = _said_by(command.official, ANSWER, context)
    return said if isinstance(said, Refusal) else _answered(issue, command, said)


def _answered(issue: Issue | None, command: AnswerOnTheSpot, said: Saying) -> Change[Issue] | Refusal:
    context = said.context
    known = _held_by_another(issue, context) or asked(issue, command)
    if isinstance(known, Refusal):
        return known
    if refusal := _not_there(known, context):
        return refusal
    is_free = known.state is State.WAITING
    change = _claimed(known, State.IN_PROGRESS, said) if is_free else Change(known)
    held = change.state
    reply = DraftReply(
        assignment=held.assignment,
        outcome=command.outcome,
        text=command.text,
        promised_on=command.promised_on,
    )
    if refusal := (
        may_not_sign(held, context) or may_not_sign_off(held, "", context) or unfit(held, reply, context)
    ):
        return refusal
    signed = {"signed_off_by": context.actor, "recorded_by": said.recorded_by}
    draft = written(held, reply, context).model_copy(update=signed)
    about, by = names(held, draft), context.principal
    happened = (
        AnsweredOnTheSpot(
            **about, outcome=command.outcome, talk=_talk(held), by=by, recorded_by=said.recorder
        ),
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


def _claimed(issue: Issue, after: State, said: Saying) -> Change[Issue]:
    context = said.context
    department = department_of(context.actor)
    entry = context.directory.department(department)
    if entry is None:
        raise NotPublished(f"department {department!r} is not known here yet")
    lead = Lead(department, entry.head, Chooser.CLAIM)
    claimed, orders = given_to(issue, after, lead, context)
    about, by = {"assignment": claimed.assignment, "department": department}, context.principal
    happened = (
        IssueAssigned(**about, round=claimed.round, head=lead.head, chosen_by=lead.chosen_by, by=by),
        IssueClaimed(**about, talk=_talk(issue), by=by, recorded_by=said.recorder),
        AssignmentSigned(**about, by=by),
    )
    outcome = {"state": after.value, **about}
    return Change(claimed, (*map(event, happened), *orders), outcome)


def _said_by(official: str, roles: Sequence[Role], context: Context) -> Saying | Refusal:
    """Whose claim or answer it is: of who asks, or of the person of a department for whom somebody writes it down."""
    if context.role in IN_DEPARTMENTS:
        if official:
            return Refusal(Reason.MALFORMED, "official: who speaks for a department names nobody else")
        return Saying(context)
    if not official:
        return Refusal(Reason.MALFORMED, "official: the account of the department's person who says it")
    entry = context.directory.official(official)
    role = next((role for role in roles if entry is not None and role in entry.roles), None)
    if entry is None or role is None or not entry.department:
        expected = " or ".join(roles)
        return Refusal(Reason.WRONG_ROLE, f"official: {official} is no {expected} of any department")
    speaks = context._replace(actor=Asker(role, official, entry.department).actor)
    return Saying(speaks, context.actor)


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
