"""Routes that exist in processes of history only: commands with their own time, and what is due next.

History is driven in steps (clocks.md 11, docs/decisions/0005): the driver reads the next deadlines from the
same index the timers read, and posts the same command they post, with the instant at which it fires. A supplied time
becomes the timestamp of the command's record (shared/bus/publisher.py), so that whoever reads it later reads the same.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from shared.bus.ending import Ending
from shared.bus.gateway import Gateway, Request
from shared.contract.command import Command, Control, FireDeadline
from shared.contract.registry import COMMANDS, CONTROL
from shared.deadlines import BEGIN, DueDeadline, due_in, fire_at_of
from shared.identity.callers import Requires
from shared.store import Aggregates

ENDED = "历史已结束 / the history that this namespace began with has ended; from now on it is live"


class Entry(BaseModel):
    """One command with its official time; ``key`` makes it the same one when it is sent again."""

    model_config = ConfigDict(extra="forbid")
    subject: str
    type: str
    data: dict[str, Any]
    actor: str
    key: str
    at: AwareDatetime


Prepare = Callable[[Entry, Sequence[Entry]], Awaitable[Command | None]]
"""(entry, all of its request) -> its command, where that is not what the driver says; None: it cannot be made yet."""


def history_routes(
    gateway: Gateway,
    store: Aggregates,
    partitions: int,
    prepared: Mapping[str, Prepare],
    ending: Ending | None,
) -> APIRouter:
    """``POST /history/commands``, ``GET /history/deadlines``; where a live namespace begins, ``POST /history/end``.

    Once that history was ended, no command with a time of its own is taken any more.
    """
    routes = APIRouter(
        prefix="/history", tags=["history"], dependencies=[Depends(Requires("history", "drive"))]
    )

    @routes.post("/commands")
    async def commands(entries: list[Entry]) -> list[dict[str, Any] | None]:
        """Post commands in order and wait for all outcomes; null where one is not known yet."""
        if ending is not None and await ending.has_come():
            raise HTTPException(409, ENDED)
        made = await asyncio.gather(*(_command(entry, entries, prepared) for entry in entries))
        requests = [
            Request(entry.subject, command, _kind(command), entry.actor, entry.key, entry.at)
            for entry, command in zip(entries, made, strict=True)
            if isinstance(command, Command | Control)
        ]
        outcomes = iter(await gateway.ask_all(requests))
        return [
            _plain(next(outcomes) if isinstance(command, Command | Control) else command) for command in made
        ]

    @routes.get("/deadlines")
    async def deadlines(until: AwareDatetime) -> list[dict[str, str]]:
        """Every deadline that fires up to ``until``: subject, name, when it was due and when it fires."""
        found: list[DueDeadline] = []
        for partition in range(partitions):
            found += await due_in(store, partition, BEGIN, until.astimezone(UTC))
        return [
            {
                "subject": due.subject,
                "name": due.name,
                "at": due.at.isoformat(),
                "fire_at": fire_at_of(due.deadline).isoformat(),
            }
            for due in found
        ]

    if ending is not None:

        @routes.get("/end")
        async def ended() -> dict[str, bool]:
            """Whether that history was ended."""
            return {"ended": await ending.has_come()}

        @routes.post("/end")
        async def end() -> dict[str, str]:
            """End the history for good: the mark is written on every partition of this service's commands."""
            await ending.come()
            return {"status": "done"}

    return routes


async def _command(
    entry: Entry, entries: Sequence[Entry], prepared: Mapping[str, Prepare]
) -> Command | Control | dict[str, Any] | None:
    """The command of one entry, the outcome of one that is none, or None where it cannot be made yet."""
    shape = COMMANDS.get(entry.type) or CONTROL.get(entry.type)
    try:
        if shape is None:
            raise ValueError(f"no such command: {entry.type}")
        if (prepare := prepared.get(entry.type)) is not None:
            return await prepare(entry, entries)
        return shape.model_validate(entry.data)
    except (ValidationError, ValueError) as error:
        return {"status": "refused", "reason": "malformed", "detail": str(error)[:500]}


def _kind(command: Command | Control) -> str:
    return "timer" if isinstance(command, FireDeadline) else "history"


def _plain(outcome: Any) -> dict[str, Any] | None:
    return None if outcome is None else dict(outcome)
