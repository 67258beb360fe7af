"""A room is all the loop must know of one service: which requests and facts it takes, and what decides on each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from shared.commands import Command, commands_topic
from shared.moves import Change, Context, Deadline, Refusal

Decide = Callable[[Any, Any, Context], Change | Refusal]
Note = Callable[[Any, Any, Context], Change | None]


@dataclass(frozen=True)
class Room:
    """One service's handlers, by the class of what comes in.

    ``commands``: (state or None, command, context) -> Change | Refusal.
    ``facts``: (state or None, event, context) -> Change | None (None: noted, nothing changes). A fact is never
    refused: it happened.
    ``fire``: (state, deadline, context) -> Change, when its next deadline is due.
    ``refused``: (state or None, command, context, refusal) -> what else goes out then (a department is told).
    ``own_deadlines_first``: deadlines that depend only on this service's own commands fire before a later
    command is applied (clocks.md 7); supervision's depend on others' facts and do not.
    """

    service: str
    jurisdiction: str
    state: type[BaseModel]
    reads: tuple[str, ...]
    commands: Mapping[type[Command], Decide]
    facts: Mapping[Any, Note]
    next_deadline: Callable[[Any], Deadline | None] = lambda state: None
    fire: Callable[[Any, Deadline, Context], Change] | None = None
    refused: Callable[[Any, Any, Context, Refusal], Change | None] | None = None
    own_deadlines_first: bool = True
    history: bool = False
    topics: tuple[str, ...] = field(init=False)
    commands_topic: str = field(init=False)
    source: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "commands_topic", commands_topic(self.service))
        object.__setattr__(self, "topics", (self.commands_topic, *self.reads))
        object.__setattr__(self, "source", f"/{self.jurisdiction}/{self.service}")
