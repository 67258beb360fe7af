"""The departments' gateway: what a department's own system says on ``dept.<code>.replies`` becomes commands.

The topic names the sender: only that department's key may write there. A message that cannot be read goes to the
dead letters with its reason, and comes back to the department as a ``refused`` order.
"""

import re

from pydantic import ValidationError

from shared.bus.gateway import Request, sealed
from shared.bus.records import Bad, Outgoing, Record
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    DraftReply,
    RefuseMessage,
    ReturnAssignment,
    SignAssignment,
    SignOffReply,
)
from shared.contract.envelope import Envelope, Malformed, explain, open_envelope
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.registry import REPLIES_BY_TYPE
from shared.contract.replies import DepartmentDrafts, DepartmentReply, DepartmentReturns, DepartmentSigns
from shared.contract.subjects import subject_of
from shared.domain.decisions import Reason

MOST_ID_CHARS = 200
_ISSUE = re.compile(r"^[0-9A-Z]{13}$")


def translate(record: Record, source: str) -> list[Outgoing]:
    """One message of a department -> the commands it asks for, or a dead letter and a refusal."""
    code = record.topic.split(".")[1]
    message = f"{record.partition}/{record.offset}"
    try:
        envelope = open_envelope(record.value, record.sha256)
    except Malformed as error:
        return [_dead_letter(record, str(error)), _refuse(code, message, str(error), source)]
    if len(envelope.id) > MOST_ID_CHARS:  # the command's own id is made of it and must stay one
        reason = f"id: at most {MOST_ID_CHARS} characters"
        return [_dead_letter(record, reason, envelope), _refuse(code, message, reason, source)]
    try:
        return [sealed(request, source) for request in _requests(code, envelope)]
    except (Malformed, ValidationError) as error:
        reason = explain(error) if isinstance(error, ValidationError) else str(error)
        reason = f"{envelope.type}: {reason}"
        return [_dead_letter(record, reason, envelope), _refuse(code, envelope.id, reason, source)]


def _requests(code: str, envelope: Envelope) -> list[Request]:
    shape = REPLIES_BY_TYPE.get(envelope.type)
    if shape is None:
        raise Malformed(f"no such message; known are {', '.join(sorted(REPLIES_BY_TYPE))}")
    if not _ISSUE.match(envelope.subject):
        raise Malformed(f"subject {envelope.subject[:40]!r} is not an issue's id (13 letters and digits)")
    reply = shape.model_validate(envelope.data)
    return [
        Request(envelope.subject, command, "dept", f"dept:{code}{person}", f"{envelope.id}{suffix}")
        for command, person, suffix in _steps(reply)
    ]


def _steps(reply: DepartmentReply) -> list[tuple[Command, str, str]]:
    """(command, person within the department, suffix of the key) for one reply."""
    match reply:
        case DepartmentSigns():
            return [(SignAssignment(assignment=reply.assignment), "", "")]
        case DepartmentReturns():
            return [(ReturnAssignment(assignment=reply.assignment, reason=reply.reason), "", "")]
        case DepartmentDrafts():
            return _draft_steps(reply)
    raise Malformed(f"{reply.type} is in the contract, but no command is made of it")


def _draft_steps(reply: DepartmentDrafts) -> list[tuple[Command, str, str]]:
    """The draft, and its signature where it came with one."""
    draft = DraftReply(
        assignment=reply.assignment,
        outcome=reply.outcome,
        text=reply.text,
        promised_on=reply.promised_on,
        round=reply.round,
    )
    if not reply.signed_off_by:
        return [(draft, "", "")]
    signature = SignOffReply(assignment=reply.assignment)
    return [(draft, "", ""), (signature, f"/{reply.signed_off_by}", "#sign_off")]


def _dead_letter(record: Record, reason: str, envelope: Envelope | None = None) -> Outgoing:
    bad = Bad(record, reason)
    if envelope is not None:
        bad = Bad(record, reason, subject=envelope.subject, type=envelope.type)
    return bad.dead_letter("dispatch")


def _refuse(code: str, message: str, detail: str, source: str) -> Outgoing:
    command = RefuseMessage(message=message, reason=Reason.MALFORMED, detail=detail[:MAX_REASON_CHARS])
    request = Request(subject_of("department", code), command, "dept", f"dept:{code}", f"{message}#refused")
    return sealed(request, source)
