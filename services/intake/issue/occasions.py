"""On which occasion an official was given an issue: what must be said of it, by source, and what may be."""

from collections.abc import Mapping

from shared.contract.commands.intake import RegisterIssue
from shared.contract.words import Source

NEEDED: Mapping[Source, tuple[str, ...]] = {
    Source.HOTLINE: ("called_from",),
    Source.WRITTEN: ("on",),
    Source.VISIT: ("on", "visited_by"),
}
"""What an official says who writes it down for somebody: the number called from, a letter's date, who visited when."""

ALLOWED: Mapping[Source, tuple[str, ...]] = {
    **NEEDED,
    Source.VISIT: ("on", "visited_by", "id"),
    Source.TALK: ("on", "id"),
    Source.MONITORING_POINT: ("on", "id"),
    Source.DELIBERATION: ("on", "id"),
}


def wrong_occasion(command: RegisterIssue) -> str:
    """What is missing, or does not belong to this source; "" where nothing is wrong."""
    said = {name for name in ("on", "visited_by", "id") if getattr(command.occasion, name, None)}
    said |= {"called_from"} if command.words.called_from else set()
    source = command.origin
    if other := sorted(said - set(ALLOWED.get(source, ()))):
        return f"occasion.{other[0]}: not of an issue whose source is {source.value}"
    missing = [name for name in NEEDED.get(source, ()) if name not in said]
    if missing and command.person:
        return f"occasion.{missing[0]}: needed where the source is {source.value}"
    if command.phase is not None and source is not Source.TALK:
        return "phase: before, at or after a talk"
    return ""
