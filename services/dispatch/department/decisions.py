"""Decisions on a department: publish its entry, merge it into another, and tell it of a refused message."""

import re
from datetime import datetime

from services.dispatch.department.life import MOVES, Department
from services.dispatch.publishing import fields_of, next_version
from shared.contract.commands.dispatch import (
    ConfirmHandOver,
    HandOver,
    MergeDepartment,
    PublishDepartment,
    RefuseMessage,
)
from shared.contract.envelope import time_text
from shared.contract.events.dispatch import DepartmentPublished
from shared.contract.orders import OrderRefused
from shared.contract.subjects import id_of
from shared.domain.decisions import Change, Context, Message, Reason, Refusal, event, illegal, order
from shared.domain.decisions import command as ask

CHUNK = 50
"""How many issues of a merger are on their way at once."""
_CODE = re.compile(r"[a-z][a-z0-9_]{0,39}")


def publish(
    department: Department | None, command: PublishDepartment, context: Context
) -> Change[Department] | Refusal:
    """Publish a version of the entry; the same one again changes nothing, a merged department has no next."""
    known, code = department or Department(), id_of(context.subject)
    if not _CODE.fullmatch(code):
        return Refusal(
            Reason.MALFORMED, f"code: {code!r}: write small letters, digits and _, beginning with a letter"
        )
    if (known.state, command.verb) not in MOVES:
        return illegal(MOVES, known.state, command.verb)
    version = next_version(known.entry, command, context)
    if isinstance(version, Refusal):
        return version
    if not version.is_new:
        return Change(known, outcome=version.outcome())
    entry = DepartmentPublished(
        version=version.name,
        in_force_from=version.in_force_from,
        by=context.principal,
        **fields_of(command),
    )
    latest_from = max(version.in_force_from, known.latest_from or version.in_force_from)
    after = known.model_copy(update={"entry": entry, "latest_from": latest_from})
    return Change(after, (event(entry),), version.outcome())


def merge(
    department: Department | None, command: MergeDepartment, context: Context
) -> Change[Department] | Refusal:
    """Another department takes its work over; asked again, the issues given to it meanwhile go too.

    Asked again with nothing new, it asks those once more who have not answered: their command may have been discarded.
    """
    if department is None or department.entry is None:
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"{context.subject} is not in the directory")
    entry, messages = department.entry, list[Message]()
    if entry.merged_into:
        if command.into != entry.merged_into:
            return Refusal(Reason.ILLEGAL_MOVE, f"into: it was merged into {entry.merged_into!r} already")
    elif refusal := _cannot_take_over(department, command.into, context):
        return refusal
    else:
        entry = _merged(entry, command.into, context)
        messages.append(event(entry))
    waiting = department.sent < len(department.merging)
    listed = tuple(dict.fromkeys((*department.merging, *command.issues)))
    again = listed == department.merging
    sent = 0 if again else department.sent
    merged = department.model_copy(update={"entry": entry, "merging": listed, "sent": sent})
    if again or not waiting:
        merged, asked = _send_next(merged, id_of(context.subject))
        messages += asked
    outcome = {
        "version": entry.version,
        "in_force_from": time_text(entry.in_force_from),
        "merging": len(merged.merging),
    }
    return Change(merged, tuple(messages), outcome)


def confirm_hand_over(
    department: Department | None, command: ConfirmHandOver, context: Context
) -> Change[Department] | Refusal:
    """An issue answers the merger; once all that were asked have answered, the next ones are asked."""
    if department is None:
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"{context.subject} is not in the directory")
    if command.issue not in department.merging[: department.sent]:
        return Change(department, outcome={"merging": len(department.merging)})
    left = tuple(issue for issue in department.merging if issue != command.issue)
    answered = department.model_copy(update={"merging": left, "sent": department.sent - 1})
    asked: tuple[Message, ...] = ()
    if answered.sent == 0:
        answered, asked = _send_next(answered, id_of(context.subject))
    return Change(answered, asked, {"merging": len(left)})


def refuse_message(
    department: Department | None, command: RefuseMessage, context: Context
) -> Change[Department] | Refusal:
    """The department is told of a refused message that belongs to no valid issue."""
    known, code = department or Department(), id_of(context.subject)
    if known.entry is None and context.directory.department(code) is None:
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"department: {code!r} is not in the directory")
    notice = OrderRefused(
        message=command.message, reason=command.reason, detail=command.detail, legal=command.legal
    )
    counted = known.model_copy(update={"refusals": known.refusals + 1})
    return Change(counted, (order(code, notice),))


def _cannot_take_over(department: Department, into: str, context: Context) -> Refusal | None:
    """Why this department cannot be merged into that one now; None when it can."""
    if department.latest_from is not None and department.latest_from > context.now:
        coming = time_text(department.latest_from)
        return Refusal(Reason.ILLEGAL_MOVE, f"a version comes into force at {coming}: merge it after that")
    code, successor = id_of(context.subject), context.directory.department(into)
    if successor is None or into == code:
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"into: {into!r} is no other department of the directory")
    if successor.merged_into:
        work = context.directory.successor(into)
        return Refusal(Reason.UNKNOWN_DEPARTMENT, f"into: {into!r} was merged itself; name {work!r}")
    return None


def _merged(entry: DepartmentPublished, into: str, context: Context) -> DepartmentPublished:
    version: dict[str, str | datetime] = {
        "version": str(int(entry.version) + 1),
        "in_force_from": context.now,
        "merged_into": into,
        "by": context.principal,
    }
    return entry.model_copy(update=version)


def _send_next(department: Department, code: str) -> tuple[Department, tuple[Message, ...]]:
    """Ask the next issues of the list to go over, as many as fit beside those on their way."""
    entry = department.entry
    assert entry is not None  # only a merger of a published department has a list
    issues = department.merging[department.sent : CHUNK]
    moves = HandOver(department=code, to=entry.merged_into, by=entry.by)
    asked = department.model_copy(update={"sent": department.sent + len(issues)})
    return asked, tuple(ask(issue, moves) for issue in issues)
