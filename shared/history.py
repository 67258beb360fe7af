"""Two routes that exist in a history namespace only: commands with their own time, and what is due next.

History is driven in steps (clocks.md 11, docs/decisions/0005): the driver reads the next deadlines from the
same index the timers read, and posts the same command they post, with the deadline's time.
"""

from datetime import UTC
from typing import Any

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from shared.bus.gateway import Gateway, Request
from shared.contract.command import FireDeadline
from shared.contract.registry import COMMANDS, CONTROL
from shared.deadlines import BEGIN, DueDeadline, due_in
from shared.identity.callers import Requires
from shared.store import Aggregates


class Entry(BaseModel):
    """One command with its official time; ``key`` makes it the same one when it is sent again."""

    model_config = ConfigDict(extra="forbid")
    subject: str
    type: str
    data: dict[str, Any]
    actor: str
    key: str
    at: AwareDatetime


def history_routes(gateway: Gateway, store: Aggregates, partitions: int) -> APIRouter:
    """``POST /history/commands`` and ``GET /history/deadlines``."""
    routes = APIRouter(
        prefix="/history", tags=["history"], dependencies=[Depends(Requires("history", "drive"))]
    )

    @routes.post("/commands")
    async def commands(entries: list[Entry]) -> list[dict[str, Any] | None]:
        """Post commands in order and wait for all outcomes; null where one is not known yet."""
        requests: list[Request] = []
        refused: dict[int, dict[str, Any]] = {}
        for number, entry in enumerate(entries):
            shape = COMMANDS.get(entry.type) or CONTROL.get(entry.type)
            try:
                if shape is None:
                    raise ValueError(f"no such command: {entry.type}")
                command = shape.model_validate(entry.data)
            except (ValidationError, ValueError) as error:
                refused[number] = {"status": "refused", "reason": "malformed", "detail": str(error)[:500]}
                continue
            kind = "timer" if shape is FireDeadline else "history"
            requests.append(Request(entry.subject, command, kind, entry.actor, entry.key, entry.at))
        outcomes = iter(await gateway.ask_all(requests))
        return [refused[n] if n in refused else _plain(next(outcomes)) for n in range(len(entries))]

    @routes.get("/deadlines")
    async def deadlines(until: AwareDatetime) -> list[dict[str, str]]:
        """Every deadline up to ``until``: subject, name and instant."""
        found: list[DueDeadline] = []
        for partition in range(partitions):
            found += await due_in(store, partition, BEGIN, until.astimezone(UTC))
        return [{"subject": due.subject, "name": due.name, "at": due.at.isoformat()} for due in found]

    return routes


def _plain(outcome: Any) -> dict[str, Any] | None:
    return None if outcome is None else dict(outcome)
