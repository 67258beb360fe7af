"""In which ways officials may be told, over HTTP, and which of them one chose: dispatch's settings know the first."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from services.dispatch.staff.life import Staff
from shared.answers import answer, language_of, place_of, refusal
from shared.bus import gateway as gateways
from shared.contract.commands.dispatch import ChooseWays
from shared.contract.subjects import subject_of
from shared.contract.words import MAIL
from shared.domain.decisions import Reason
from shared.domain.reference import Directory, Reference
from shared.domain.rights import Asker
from shared.identity.callers import Requires, caller_of, reads_ways
from shared.store import Aggregates
from shared.ways import Way
from shared.web import Id, Key, nothing


class Offered(BaseModel):
    """A way that somebody may choose; where it leads, and its secrets, are nobody's to read."""

    name: str
    kind: str
    label_zh: str
    label_en: str


class Choice(BaseModel):
    """What an official may choose among, and what they chose."""

    offered: list[Offered]
    chosen: list[str]


BY_MAIL = Offered(name=MAIL, kind=MAIL, label_zh="邮件", label_en="Mail")


def routes(
    gateway: gateways.Gateway, reference: Reference, store: Aggregates, ways: tuple[Way, ...]
) -> APIRouter:
    """What there is to choose, and the choice, which is refused where there is no such way."""
    router = APIRouter()

    @router.get("/staff/{id}/ways", tags=["reading"], response_model=Choice)
    async def offered(id: Id, request: Request) -> Choice | JSONResponse:
        """In which ways this official may be told, and in which they are; for them alone, and for operators."""
        if not reads_ways(caller_of(request), id):
            return nothing("staff")
        offer = offered_to(id, ways, reference.directory(datetime.now(UTC)))
        document = await store.get(subject_of("staff", id))
        chosen = Staff.model_validate((document or {}).get("state") or {}).chosen
        return Choice(offered=list(offer.values()), chosen=[MAIL] if chosen is None else list(chosen.ways))

    @router.post("/staff/{id}/choose-ways", tags=["commands"], response_model=None)
    async def choose(
        id: Id,
        asker: Annotated[Asker, Depends(Requires("staff", ChooseWays.verb))],
        body: ChooseWays,
        request: Request,
        idempotency_key: Key = None,
    ) -> JSONResponse:
        """Choose in which ways one is told that there is work."""
        offer = offered_to(id, ways, reference.directory(datetime.now(UTC)))
        if unknown := [name for name in body.ways if name not in offer]:
            detail = f"ways: {unknown[0]!r} is not one of {', '.join(offer)}"
            return refusal(Reason.UNKNOWN_WAY, language_of(request), detail=detail)
        subject = subject_of("staff", id)
        key = f"choose-ways/{id}/{idempotency_key or uuid4().hex}"
        asked = gateways.Request(subject, body, "http", asker.actor, key)
        return answer(await gateway.ask(asked), request, place_of(asked.subject, asked.id))

    return router


def offered_to(account: str, ways: tuple[Way, ...], directory: Directory) -> Mapping[str, Offered]:
    """Mail, and the ways that are for everybody or for people of this official's department, by name."""
    entry = directory.official(account)
    department = "" if entry is None else entry.department
    found = [way for way in ways if way.department in ("", department)]
    shown = (Offered.model_validate(way, from_attributes=True) for way in found)
    return {MAIL: BY_MAIL, **{offered.name: offered for offered in shown}}
