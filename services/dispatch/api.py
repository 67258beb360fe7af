"""Dispatch over HTTP, beside the command routes that follow from the contract: the directory, and mergers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.store import open_issues_of
from shared.answers import answer, place_of
from shared.bus import gateway as gateways
from shared.contract.commands.dispatch import MergeDepartment
from shared.contract.subjects import subject_of
from shared.domain.reference import Reference
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.store import Aggregates
from shared.web import ID_PATTERN, Key

MOST_ISSUES = 5_000
"""How many issues one command of a merger names: well below the size of a record."""

Code = Annotated[str, Path(max_length=40, pattern=ID_PATTERN, examples=["housing"])]


class Merger(BaseModel):
    """What a merger asks: the department that takes the work over."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    into: str = Field(min_length=1, max_length=40)


def routes(gateway: gateways.Gateway, reference: Reference, store: Aggregates) -> APIRouter:
    """The directory in force now, and the merger of a department, which finds the open issues itself."""
    router = APIRouter()

    @router.get("/departments", tags=["reading"])
    async def departments() -> list[dict[str, str]]:
        """Code, names, level and head's post of every department, and which one took a merged one's work over."""
        return [
            {
                "code": code,
                "name_zh": entry.name_zh,
                "name_en": entry.name_en,
                "level": str(entry.level),
                "head": entry.head,
                "merged_into": entry.merged_into,
            }
            for code, entry in reference.directory(datetime.now(UTC)).departments().items()
        ]

    @router.post("/departments/{code}/merge", tags=["commands"], response_model=None)
    async def merge(
        code: Code,
        asker: Annotated[Asker, Depends(Requires("department", MergeDepartment.verb))],
        body: Merger,
        request: Request,
        idempotency_key: Key = None,
    ) -> JSONResponse:
        """Merge a department into another, which takes over every issue that is open there."""
        key = f"merge/{code}/{idempotency_key or uuid4().hex}"
        outcome, asked = await ask_for_all(gateway, store, code, body.into, asker.actor, key)
        return answer(outcome, request, place_of(asked.subject, asked.id))

    return router


async def ask_for_all(
    gateway: gateways.Gateway, store: Aggregates, code: str, into: str, actor: str, key: str
) -> tuple[Mapping[str, Any] | None, gateways.Request]:
    """Ask for the merger with all that the department holds, and again with what was assigned to it meanwhile.

    Returns the last outcome with its request: None when it is still pending. Whatever is assigned later still, by
    a worker that has not read the new directory yet, goes over when the same merger is asked once more.
    """
    asked: set[str] = set()
    while True:
        issues = [issue for issue in await open_issues_of(store, code) if issue not in asked][:MOST_ISSUES]
        # The same key with other issues would be another body under one id: the list is a part of the key.
        digest = sha256(",".join(issues).encode()).hexdigest()[:16]
        command = MergeDepartment(into=into, issues=tuple(issues))
        request = gateways.Request(subject_of("department", code), command, "http", actor, f"{key}/{digest}")
        outcome = await gateway.ask(request)
        asked.update(issues)
        if outcome is None or outcome["status"] != "done" or not issues:
            return outcome, request
