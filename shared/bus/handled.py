"""What became of each record of a batch, in ids and closed words: a line of the log and a span are made of it."""

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from shared.bus.document import Document
from shared.bus.effects import Applied
from shared.bus.records import Item, Record
from shared.domain.decisions import Reason


class Became(StrEnum):
    """What became of a record."""

    APPLIED = "applied"
    KNOWN = "known"
    """It was handled before."""
    HELD = "held"
    """An event whose predecessor has not come."""
    PASSED = "passed"
    """An event of a type that this version does not know."""
    REFUSED = "refused"
    VOID = "void"
    """A deadline that is not due, or not the next one, any more."""
    DEAD_LETTER = "dead letter"


class Handled(NamedTuple):
    """One record and what became of it; ``id``, ``type`` and ``subject`` are "" where it could not be read."""

    record: Record
    became: Became
    id: str = ""
    type: str = ""
    subject: str = ""
    is_event: bool = False
    reason: str = ""
    """Why a command was refused: the name of a reason."""


def handled(before: Document, item: Item, after: Applied, dead_letters: str) -> Handled:
    """What became of one record of this document; ``dead_letters``: the topic of those of this service."""
    reason = ""
    if item.is_event:
        became = _of_event(before, item, after, dead_letters)
    else:
        became, reason = _of_command(before, item, after)
    return Handled(item.record, became, item.id, item.type, item.subject, item.is_event, reason)


def all_lost(items: Iterable[Item]) -> list[Handled]:
    """Where every record of an aggregate is a dead letter."""
    return [
        Handled(item.record, Became.DEAD_LETTER, item.id, item.type, item.subject, item.is_event)
        for item in items
    ]


def _of_event(before: Document, item: Item, after: Applied, dead_letters: str) -> Became:
    if after.document is before:
        known = item.seq <= before.read.get((item.topic, item.source), 0)
        lost = not known and any(one.topic == dead_letters for one in after.outgoing)
        return Became.DEAD_LETTER if lost else Became.KNOWN
    if len(after.document.held) > len(before.held):
        return Became.HELD
    return Became.PASSED if item.unknown else Became.APPLIED


def _of_command(before: Document, item: Item, after: Applied) -> tuple[Became, str]:
    outcome = after.answers[-1].outcome
    status, reason = outcome["status"], outcome.get("reason", "")
    if before.known(item.id) is not None:
        return Became.KNOWN, ""
    if status == "refused":
        return (Became.DEAD_LETTER, "") if reason == Reason.FAILED else (Became.REFUSED, reason)
    return (Became.VOID, "") if status == "void" else (Became.APPLIED, "")
