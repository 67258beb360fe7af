"""A reply is made public in words that name nobody, and taken back; who raised it is told. Source: loop.md, Events."""

from dataclasses import replace

from services.intake.issue.life import Issue
from services.intake.issue.moving import asked, moved, others
from services.intake.issue.numbers import issue_number
from shared.contract.commands.intake import DiscloseReply, RestoreReply
from shared.contract.commands.notices import PrepareNotice
from shared.contract.events.intake import IssueDisclosed, IssueRestored
from shared.contract.words import Occurrence
from shared.domain.decisions import Change, Context, Reason, Refusal
from shared.domain.notices import tell


def disclose(issue: Issue | None, command: DiscloseReply, context: Context) -> Change[Issue] | Refusal:
    """The office makes it public, or says it anew; the gateway has masked the words, and found no name in them."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    happened = IssueDisclosed(
        title=command.title.strip(),
        text=command.text.strip(),
        reply=command.reply.strip(),
        round=command.round,
        by=context.principal,
    )
    return moved(known.model_copy(update={"disclosed": command.round}), command.verb, happened)


def restore(issue: Issue | None, command: RestoreReply, context: Context) -> Change[Issue] | Refusal:
    """The office takes it back; what is not public cannot be."""
    known = asked(issue, command.verb)
    if isinstance(known, Refusal):
        return known
    if not known.disclosed:
        return Refusal(Reason.ILLEGAL_MOVE, "no reply of it is public", others(known, command.verb))
    happened = IssueRestored(reason=command.reason.strip(), by=context.principal)
    return moved(known.model_copy(update={"disclosed": 0}), command.verb, happened)


def disclose_and_notify(
    issue: Issue | None, command: DiscloseReply, context: Context
) -> Change[Issue] | Refusal:
    """The same, and who raised it is told once; not of an anonymous issue, as of its reply (reactions.py)."""
    change = disclose(issue, command, context)
    if isinstance(change, Refusal) or change.state.anonymous or change.state.knows_of_it:
        return change
    about = {"about": Occurrence.DISCLOSED, "to": change.state.person}
    notice = tell(PrepareNotice, context, {"number": issue_number(context.subject), **about})
    hears = change.state.model_copy(update={"knows_of_it": True})
    return replace(change, state=hears, messages=(*change.messages, notice))
