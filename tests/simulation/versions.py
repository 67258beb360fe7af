"""Two versions side by side: what an older worker does not know, while it is its turn."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from shared.bus import records, upgrades
from shared.contract.registry import COMMANDS, EVENTS

LACKED = {
    "intake": ("rating.invited.v1", "issue.closed.v1", "intake.reject.v1", "intake.appeal.v1"),
    "dispatch": (
        "issue.tracked.v1",
        "issue.withdrawn.v1",
        "rework.decided.v1",
        "appeal.upheld.v1",
        "dispatch.send_back.v1",
    ),
    "supervision": (
        "issue.tracked.v1",
        "issue.withdrawn.v1",
        "issue.appealed.v1",
        "reply.released.v1",
        "assignment.signed.v1",
    ),
    "feedback": ("reply.released.v1", "issue.rejected.v1", "feedback.decide_rework.v1"),
}
"""What an older version of a service may lack: events that are passed over or held, and commands."""


lacking: frozenset[str] = frozenset()
"""What the version lacks whose turn it is."""


@lru_cache
def _known(lacks: frozenset[str]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """(events, commands) that a version knows."""
    events = {type: shape for type, shape in EVENTS.items() if type not in lacks}
    return events, {type: shape for type, shape in COMMANDS.items() if type not in lacks}


@contextmanager
def as_version(lacks: frozenset[str]) -> Iterator[None]:
    """The code of a version that lacks these types."""
    global lacking
    events, commands = _known(lacks)
    lacking = lacks
    records.EVENTS, records.COMMANDS, upgrades.EVENTS = events, commands, events  # type: ignore[assignment]
    try:
        yield
    finally:
        lacking = frozenset()
        records.EVENTS, records.COMMANDS, upgrades.EVENTS = EVENTS, COMMANDS, EVENTS
