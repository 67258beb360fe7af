"""Giving documents their numbers, without a gap: number and counter stand in one write (clocks.md, The ladder)."""

from services.supervision.register.life import Register
from shared.contract.commands.supervision import EnterDocument, RecordNumber
from shared.contract.events.supervision import DocumentRegistered
from shared.domain.decisions import Change, Context, event
from shared.domain.decisions import command as ask


def enter(register: Register | None, command: EnterDocument, context: Context) -> Change[Register]:
    """The next number; the document's issue is told."""
    number = 1 + (0 if register is None else register.last)
    entered = DocumentRegistered(number=number, issue=command.issue, document=command.document)
    answer = ask(command.issue, RecordNumber(document=command.document, number=number))
    return Change(Register(last=number), (event(entered), answer), {"number": number})
