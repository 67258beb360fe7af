"""Dispatch over HTTP, beside the command routes that follow from the contract: the directory, suggestions, mergers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.routing import ranked
from services.dispatch.store import open_issues_of
from shared.answers import answer, place_of
from shared.bus import gateway as gateways
from shared.contract.commands.dispatch import AssignIssue, MergeDepartment
from shared.contract.event import MAX_TEXT_CHARS, MAX_TITLE_CHARS
from shared.contract.subjects import subject_of
from shared.domain.reference import Directory, Reference
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.store import Aggregates
from shared.web import ID_PATTERN, Key

MOST_ISSUES = 5_000
"""How many issues one command of a merger names: well below the size of a record."""

MOST_SOUGHT, MOST_SUGGESTED = 50, 3
"""Of how many issues at once somebody may ask whose matter they are, and how many departments each is answered."""

Code = Annotated[str, Path(max_length=40, pattern=ID_PATTERN, examples=["housing"])]


class Merger(BaseModel):
    """What a merger asks: the department that takes the work over."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    into: str = Field(min_length=1, max_length=40)


class Said(BaseModel):
    """What one issue is about: as whoever may assign it has read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: str = Field(max_length=MAX_TITLE_CHARS)
    text: str = Field(max_length=MAX_TEXT_CHARS)


class Sought(BaseModel):
    """The issues of which somebody wants to know whose matter they are; in a body, so that words stand in no log."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    issues: tuple[Said, ...] = Field(max_length=MOST_SOUGHT)


class Suggestion(BaseModel):
    """A department, and the words that speak for it."""

    department: str
    terms: tuple[str, ...]


class Suggested(BaseModel):
    """For each issue the departments that the rules of this version speak for, the best first; none where none do."""

    rules: str
    issues: list[list[Suggestion]]


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

    @router.post("/suggestions", tags=["reading"])
    async def suggestions(
        asker: Annotated[Asker, Depends(Requires("issue", AssignIssue.verb))], body: Sought
    ) -> Suggested:
        """Whose matter each of these issues is by the routing rules in force, and by which words.

        It is what assigning without a department would choose; nothing is changed, nothing is kept.
        """
        return suggested(body, reference.directory(datetime.now(UTC)))

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


def suggested(body: Sought, directory: Directory) -> Suggested:
    """The best departments for each issue; of a merged department the one that has its work."""
    rules, answers = directory.rules(), []
    for said in body.issues:
        by_code: dict[str, tuple[str, ...]] = {}
        for code, terms in ranked(said.title, said.text, rules):
            by_code.setdefault(directory.successor(code), terms)
        best = list(by_code.items())[:MOST_SUGGESTED]
        answers.append([Suggestion(department=code, terms=terms) for code, terms in best])
    return Suggested(rules=rules.version, issues=answers)


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
