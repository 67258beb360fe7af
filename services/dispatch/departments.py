"""The departments' door: what a department's own system says on ``dept.<code>.replies`` becomes commands.

The topic names the sender: only that department's key may write there. A message that cannot be read goes to the
dead letters with its reason, and comes back to the department as a ``refused`` order.
"""

import re

from pydantic import ValidationError

from shared.bus.door import Request, sealed
from shared.bus.records import Bad, Outgoing, Record
from shared.commands import (
    Command,
    DraftReply,
    RefuseDepartment,
    ReturnAssignment,
    SignAssignment,
    SignOffReply,
)
from shared.envelope import Envelope, Malformed, explain, open_envelope
from shared.events import (
    REPLIES_BY_TYPE,
    DepartmentDrafts,
    DepartmentReply,
    DepartmentReturns,
    DepartmentSigns,
)
from shared.moves import Reason

GROUP = "dispatch-door"
MOST_ID_CHARS = 200
_ISSUE = re.compile(r"^[0-9A-Z]{13}$")


def translate(record: Record, source: str) -> list[Outgoing]:
    """One message of a department -> the commands it asks for, or a dead letter and a refusal."""
    code = record.topic.split(".")[1]
    try:
        envelope = open_envelope(record.value, record.sha256)
    except Malformed as error:
        message = f"{record.partition}/{record.offset}"
        return [_letter(record, str(error)), _refuse(code, message, str(error), source)]
    if len(envelope.id) > MOST_ID_CHARS:  # the command's own id is made of it and must stay one
        message, reason = f"{record.partition}/{record.offset}", f"id: at most {MOST_ID_CHARS} characters"
        return [_letter(record, reason, envelope), _refuse(code, message, reason, source)]
    try:
        return [sealed(request, source) for request in _requests(code, envelope)]
    except (Malformed, ValidationError) as error:
        reason = explain(error) if isinstance(error, ValidationError) else str(error)
        reason = f"{envelope.type}: {reason}"
        return [_letter(record, reason, envelope), _refuse(code, envelope.id, reason, source)]


def _requests(code: str, envelope: Envelope) -> list[Request]:
    shape = REPLIES_BY_TYPE.get(envelope.type)
    if shape is None:
        raise Malformed(f"no such message; known are {', '.join(sorted(REPLIES_BY_TYPE))}")
    if not _ISSUE.match(envelope.subject):
        raise Malformed(f"subject {envelope.subject[:40]!r} is not an issue's id (13 letters and digits)")
    reply = shape.read(envelope.data)
    steps = _steps(code, reply)
    if not steps:
        raise Malformed("this message is known but not taken yet")
    return [
        Request(envelope.subject, command, "dept", f"dept:{code}{person}", f"{envelope.id}{suffix}")
        for command, person, suffix in steps
    ]


def _steps(code: str, reply: DepartmentReply) -> list[tuple[Command, str, str]]:
    """(command, person within the department, suffix of the key) for one reply."""
    if isinstance(reply, DepartmentSigns):
        return [(SignAssignment(assignment=reply.assignment), "", "")]
    if isinstance(reply, DepartmentReturns):
        return [(ReturnAssignment(assignment=reply.assignment, reason=reply.reason), "", "")]
    if isinstance(reply, DepartmentDrafts):
        draft = DraftReply(
            assignment=reply.assignment,
            outcome=reply.outcome,
            text=reply.text,
            promised_on=reply.promised_on,
            round=reply.round,
        )
        steps: list[tuple[Command, str, str]] = [(draft, "", "")]
        if reply.signed_off_by:
            steps.append((SignOffReply(assignment=reply.assignment), f"/{reply.signed_off_by}", "#sign_off"))
        return steps
    return []


def _letter(record: Record, reason: str, envelope: Envelope | None = None) -> Outgoing:
    bad = Bad(record, reason)
    if envelope is not None:
        bad = Bad(record, reason, subject=envelope.subject, type=envelope.type)
    return bad.dead_letter("dispatch")


def _refuse(code: str, message: str, detail: str, source: str) -> Outgoing:
    command = RefuseDepartment(
        department=code, message=message, reason=Reason.MALFORMED, detail=detail[:2000]
    )
    return sealed(Request(f"dept:{code}", command, "dept", f"dept:{code}", f"{message}#refused"), source)
