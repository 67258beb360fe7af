"""The departments' gateway: what a department's own system says on ``dept.<code>.replies`` becomes commands.

Of dispatch, or of supervision where its orders and breaches are meant: each goes to the topic of who decides
(decision 0051).
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
from shared.bus.records import Bad, Outgoing, Record, instant
from shared.contract.command import Command
from shared.contract.commands.dispatch import (
    AskEnterprise,
    AskExtension,
    AskPause,
    DraftReply,
    EndPause,
    GiveOpinion,
    NameHandler,
    RefuseMessage,
    ReturnAssignment,
    SignAssignment,
)
from shared.contract.commands.supervision import AnswerOrder, ExplainBreach
from shared.contract.envelope import Envelope, Malformed, explain, open_envelope
from shared.contract.event import MAX_REASON_CHARS
from shared.contract.registry import REPLIES_BY_TYPE
from shared.contract.replies import (
    DepartmentAnswersOrder,
    DepartmentAsksEnterprise,
    DepartmentAsksExtension,
    DepartmentAsksPause,
    DepartmentDrafts,
    DepartmentEndsPause,
    DepartmentExplains,
    DepartmentGivesOpinion,
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
MOST_SHOWN = 8_000
"""How many characters of a message that cannot be read stand in its dead letter."""
_ISSUE = re.compile(r"^[0-9A-Z]{13}$")


class _Unreadable(Exception):
    """No command can be made of a message: what it is called, why, and its envelope as far as that can be read."""

    def __init__(self, message: str, reason: str, envelope: Envelope | None = None) -> None:
        self.message, self.reason, self.envelope = message, reason, envelope


def translate_all(
    records: Sequence[Record], source: str, directory: DirectoryAt | None = None
) -> list[tuple[Outgoing, Record]]:
    """Messages of one department that come together -> what is published, each with the message it comes from."""
    made: list[tuple[Outgoing, Record]] = []
    refused: list[tuple[Record, _Unreadable]] = []
    for record in records:
        try:
            made.append((_asked(record, source, directory), record))
        except _Unreadable as why:
            refused.append((record, why))
            if len(refused) <= MOST_REFUSALS:
                made += [(one, record) for one in _set_aside(record, why, source)]
    if others := refused[MOST_REFUSALS:]:
        made += [(one, others[-1][0]) for one in _together(others, source)]
    return made


def translate(record: Record, source: str, directory: DirectoryAt | None = None) -> list[Outgoing]:
    """One message of a department -> the command it asks for, or a dead letter and a refusal.

    Which phone numbers are public is asked for the instant of the record, so that it is the same command again when the
    record is read again.
    """
    return [one for one, _ in translate_all([record], source, directory)]


def _asked(record: Record, source: str, directory: DirectoryAt | None) -> Outgoing:
    """The command that a message asks for; raises _Unreadable."""
    message = f"{record.partition}/{record.offset}"
    try:
        envelope = open_envelope(record.value, record.sha256)
    except Malformed as error:
        raise _Unreadable(message, str(error)) from None
    if len(envelope.id) > MOST_ID_CHARS:  # the command's own id is made of it and must stay one
        raise _Unreadable(message, f"id: at most {MOST_ID_CHARS} characters", envelope)
    try:
        at = instant(max(0, min(LAST_MS, record.timestamp)))
        request, _ = _request(_code(record), envelope).masked(directory, at)
        return sealed(request, source)
    except (Malformed, ValidationError) as error:
        reason = explain(error) if isinstance(error, ValidationError) else str(error)
        raise _Unreadable(envelope.id, f"{envelope.type}: {reason}", envelope) from None


def _code(record: Record) -> str:
    return record.topic.split(".")[1]


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
                answer=reply.answer,
            )
        case DepartmentAsksExtension():
            return AskExtension(assignment=reply.assignment, until=reply.until, reason=reply.reason)
        case DepartmentAsksPause():
            return AskPause(
                assignment=reply.assignment, ground=reply.ground, basis=reply.basis, reason=reply.reason
            )
        case DepartmentAsksEnterprise():
            return AskEnterprise(assignment=reply.assignment, words=reply.words)
        case DepartmentEndsPause():
            return EndPause(assignment=reply.assignment, request=reply.request, reason=reply.reason)
        case DepartmentGivesOpinion():
            return GiveOpinion(assignment=reply.assignment, agrees=reply.agrees, words=reply.words)
        case DepartmentAnswersOrder():
            return AnswerOrder(assignment=reply.assignment, document=reply.document, words=reply.words)
        case DepartmentExplains():
            return ExplainBreach(assignment=reply.assignment, round=reply.round, words=reply.words)
    raise Malformed(f"{reply.type} is in the contract, but no command is made of it")


def _together(refused: Sequence[tuple[Record, _Unreadable]], source: str) -> list[Outgoing]:
    """One dead letter and one refusal for many messages, with the places of the first and the last of them."""
    (first, why), (last, _) = refused[0], refused[-1]
    reason = (
        f"{len(refused)} messages from offset {first.offset} to {last.offset} could not be read; this is the first: "
        f"{why.reason}"
    )
    message = f"{first.partition}/{first.offset}-{last.offset}"
    return _set_aside(first, _Unreadable(message, reason, why.envelope), source)


def _set_aside(record: Record, why: _Unreadable, source: str) -> list[Outgoing]:
    """The dead letter of what cannot be read, and its refusal, both without its phone and identity-card numbers:
    operators browse dead letters, and they are kept for ever.

    Only so much of it is looked through and kept as somebody would read; the department's own topic has all of it as
    it was written, and nobody hands it in again for the department.
    """
    envelope, reason = why.envelope, _hidden(why.reason)
    hidden = record._replace(key=_hidden_bytes(record.key), value=_hidden_bytes(record.value))
    bad = Bad(
        hidden,
        reason,
        subject=_hidden(envelope.subject) if envelope else "",
        type=_hidden(envelope.type) if envelope else "",
    )
    return [bad.dead_letter("dispatch"), _refuse(_code(record), _hidden(why.message), reason, source)]


def _hidden(text: str) -> str:
    """Masked, and cut behind that, so that no number is cut before it is known as one."""
    return mask(text[: 2 * MOST_SHOWN]).text[:MOST_SHOWN]


def _hidden_bytes(raw: bytes | None) -> bytes | None:
    if raw is None:
        return None
    text = raw[: 8 * MOST_SHOWN].decode("utf-8", "surrogateescape")
    return _hidden(text).encode("utf-8", "surrogateescape")


def _refuse(code: str, message: str, detail: str, source: str) -> Outgoing:
    command = RefuseMessage(message=message, reason=Reason.MALFORMED, detail=detail[:MAX_REASON_CHARS])
    subject, actor = subject_of("department", code), f"{SYSTEM}:departments-gateway"
    request = Request(subject, command, f"dept/{code}", actor, f"{message}#refused")
    return sealed(request, source)
