"""Decisions on a batch: ask each of its issues to be assigned, in chunks, and write down what each answers."""

from services.dispatch.batch.life import MOVES, Batch, State
from shared.contract.commands.dispatch import AssignInBatch, AssignMany, ConfirmAssigned
from shared.contract.events.dispatch import BatchBegun, BatchDone, InBatch
from shared.contract.subjects import id_of
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event, illegal
from shared.domain.decisions import command as ask
from shared.domain.fan_out import Course


def assign(batch: Batch | None, command: AssignMany, context: Context) -> Change[Batch] | Refusal:
    """The office wants each of these at its department."""
    if batch is not None:
        return illegal(MOVES, batch.state, command.verb)
    issues = tuple(one.issue for one in command.members)
    if len(set(issues)) < len(issues):
        return Refusal(Reason.MALFORMED, "members: one of them stands there twice")
    members = tuple(InBatch(issue=one.issue, department=one.department) for one in command.members)
    begun = Batch(state=State.RUNNING, by=context.actor, talk=command.talk, members=members)
    happened = event(BatchBegun(members=members, talk=command.talk, by=context.principal))
    asked, messages = ASKING.begin(begun, issues, context)
    return Change(asked, (happened, *messages), {"state": State.RUNNING.value, "members": len(issues)})


def confirm(batch: Batch | None, command: ConfirmAssigned, context: Context) -> Change[Batch] | Refusal:
    """One of them has answered; once all that were asked have, the next are asked, and the last one ends it."""
    if batch is None:
        return Refusal(Reason.MALFORMED, "no such batch was begun")
    if not ASKING.waits_for(batch, command.issue):
        return Change(batch)
    known = tuple(_with(one, command) if one.issue == command.issue else one for one in batch.members)
    answered = batch.model_copy(update={"members": known})
    after, messages = ASKING.hear(answered, command.issue, context)
    if after.fan_out is None:
        assigned = sum(not one.refused for one in known)
        done = after.model_copy(update={"state": State.DONE})
        return Change(done, (event(BatchDone(members=known, assigned=assigned)),))
    return Change(after, messages)


def _asks(batch: Batch, issues: tuple[str, ...], context: Context) -> tuple[Message, ...]:
    wanted = {one.issue: one.department for one in batch.members}
    id = id_of(context.subject)
    return tuple(
        ask(issue, AssignInBatch(batch=id, department=wanted[issue], by=batch.by)) for issue in issues
    )


ASKING = Course(_asks, name=lambda batch: "batch/1")


def _with(member: InBatch, answer: ConfirmAssigned) -> InBatch:
    return member.model_copy(
        update={"department": answer.department or member.department, "refused": answer.refused}
    )
