"""The departments' gateway: what a department's own system says on ``dept.<code>.replies`` becomes commands.

The topic names the sender: only that department's key may write there. A message that cannot be read goes to the
dead letters with its reason, and comes back to the department as a ``refused`` order; of very many one dead letter
and one such order speak for all but the first, or a broken system over there would be our flood. What they were
stands on the department's own topic, and so do the phone and identity-card numbers that commands and dead letters
have masked.
"""

import re
from collections.abc import Sequence

from pydantic import ValidationError

from shared.bus.deadletters import LAST_MS
from shared.bus.gateway import DirectoryAt, Request, sealed
from shared.bus.records import MOST_REASON_BYTES, Bad, Outgoing, Record, cut, instant
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    DraftReply,
    NameHandler,
    RefuseMessage,
    ReturnAssignment,
    SignAssignment,
)
from shared.contract.envelope import Envelope, Malformed, explain, open_envelope
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.registry import REPLIES_BY_TYPE
from shared.contract.replies import (
    DepartmentDrafts,
    DepartmentNamesHandler,
    DepartmentReply,
    DepartmentReturns,
    DepartmentSigns,
)
from shared.contract.subjects import subject_of
from shared.domain.decisions import Reason
from shared.domain.masking import mask
from shared.domain.rights import SYSTEM

MOST_ID_CHARS = 200
MOST_REFUSALS = 10
"""How many of a department's messages that come together are set aside and refused one by one."""
_ISSUE = re.compile(r"^[0-9A-Z]{13}$")


def translate_all(
    records: Sequence[Record], source: str, directory: DirectoryAt | None = None
) -> list[tuple[Outgoing, Record]]:
    """Messages of one department that come together -> what is published, each with the message it comes from."""
    made: list[tuple[Outgoing, Record]] = []
    refused: list[Record] = []
    for record in records:
        first, *refusal = translate(record, source, directory)
        if not refusal or len(refused) < MOST_REFUSALS:
            made += [(one, record) for one in (first, *refusal)]
        refused += [record] * bool(refusal)
    if others := refused[MOST_REFUSALS:]:
        made += [(one, others[-1]) for one in _together(others, source)]
    return made


def translate(record: Record, source: str, directory: DirectoryAt | None = None) -> list[Outgoing]:
    """One message of a department -> the command it asks for, or a dead letter and a refusal.

    Which phone numbers are public is asked for the instant of the record, so that it is the same command again when the
    record is read again.
    """
    code = record.topic.split(".")[1]
    message = f"{record.partition}/{record.offset}"
    try:
        envelope = open_envelope(record.value, record.sha256)
    except Malformed as error:
        return _set_aside(record, message, str(error), source)
    if len(envelope.id) > MOST_ID_CHARS:  # the command's own id is made of it and must stay one
        reason = f"id: at most {MOST_ID_CHARS} characters"
        return _set_aside(record, message, reason, source, envelope)
    try:
        at = instant(max(0, min(LAST_MS, record.timestamp)))
        request, _ = _request(code, envelope).masked(directory, at)
        return [sealed(request, source)]
    except (Malformed, ValidationError) as error:
        reason = explain(error) if isinstance(error, ValidationError) else str(error)
        reason = f"{envelope.type}: {reason}"
        return _set_aside(record, envelope.id, reason, source, envelope)


def _request(code: str, envelope: Envelope) -> Request:
    shape = REPLIES_BY_TYPE.get(envelope.type)
    if shape is None:
        raise Malformed(f"no such message; known are {', '.join(sorted(REPLIES_BY_TYPE))}")
    if not _ISSUE.match(envelope.subject):
        raise Malformed(f"subject {envelope.subject[:40]!r} is not an issue's id (13 letters and digits)")
    reply = shape.model_validate(envelope.data)
    return Request(envelope.subject, _command(reply), "dept", f"dept:{code}", envelope.id)


def _command(reply: DepartmentReply) -> Command:
    """A draft with its signature is one command: what was signed is this text and no other."""
    match reply:
        case DepartmentSigns():
            return SignAssignment(assignment=reply.assignment)
        case DepartmentReturns():
            return ReturnAssignment(assignment=reply.assignment, reason=reply.reason)
        case DepartmentNamesHandler():
            return NameHandler(
                assignment=reply.assignment,
                handler=reply.handler,
                substitute=reply.substitute,
                reason=reply.reason,
            )
        case DepartmentDrafts():
            return DraftReply(
                assignment=reply.assignment,
                outcome=reply.outcome,
                text=reply.text,
                promised_on=reply.promised_on,
                round=reply.round,
                signed_off_by=reply.signed_off_by,
            )
    raise Malformed(f"{reply.type} is in the contract, but no command is made of it")


def _together(records: Sequence[Record], source: str) -> list[Outgoing]:
    """One dead letter and one refusal for many messages, with the places of the first and the last of them."""
    first, last = records[0], records[-1]
    dead_letter = translate(first, source)[0]
    headers = dead_letter.headers or {}
    reason = (
        f"{len(records)} messages from offset {first.offset} to {last.offset} could not be read; this is the first: "
        f"{headers.get('reason', '')}"
    )
    headers = {**headers, "reason": cut(reason, MOST_REASON_BYTES)}
    message = f"{first.partition}/{first.offset}-{last.offset}"
    return [
        dead_letter._replace(headers=headers),
        _refuse(first.topic.split(".")[1], message, reason, source),
    ]


def _set_aside(
    record: Record, message: str, reason: str, source: str, envelope: Envelope | None = None
) -> list[Outgoing]:
    """The dead letter of what cannot be read, and its refusal, both without its phone and identity-card numbers:
    operators browse dead letters, and they are kept for ever. The department's own topic has it as it was written.
    """
    hidden = record._replace(key=_masked(record.key), value=_masked(record.value))
    bad = Bad(hidden, mask(reason).text)
    if envelope is not None:
        bad = Bad(hidden, bad.reason, subject=mask(envelope.subject).text, type=mask(envelope.type).text)
    code = record.topic.split(".")[1]
    return [bad.dead_letter("dispatch"), _refuse(code, mask(message).text, bad.reason, source)]


def _masked(raw: bytes | None) -> bytes | None:
    return raw and mask(raw.decode("utf-8", "surrogateescape")).text.encode("utf-8", "surrogateescape")


def _refuse(code: str, message: str, detail: str, source: str) -> Outgoing:
    command = RefuseMessage(message=message, reason=Reason.MALFORMED, detail=detail[:MAX_REASON_CHARS])
    subject, actor = subject_of("department", code), f"{SYSTEM}:departments-gateway"
    request = Request(subject, command, f"dept/{code}", actor, f"{message}#refused")
    return sealed(request, source)
