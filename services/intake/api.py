"""Intake over HTTP: raise an issue and see its promised date at once, and take one on with its words."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict

from services.intake.attachments.folder import Folder, NotThere
from services.intake.attachments.routes import not_there
from services.intake.issue.life import MOVES, TAKEN_ON
from services.intake.reading import known_issue, takes_part
from services.intake.registering import Registering, Registration, brought_to
from services.intake.vault import Erased
from shared.answers import answer, language_of, place_of, refusal
from shared.bus import gateway as gateways
from shared.bus.gateway import Gateway
from shared.contract.commands.intake import AcceptIssue, RegisterIssue
from shared.contract.words import Role
from shared.domain.clocks import SHANGHAI
from shared.domain.decisions import Reason, Refusal, illegal
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.store import Aggregates
from shared.web import Id, Key


class Acceptance(BaseModel):
    """Nothing has to be said to take an issue on: its words are added here."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def today() -> date:
    """The day in Shanghai."""
    return datetime.now(UTC).astimezone(SHANGHAI).date()


def key_of(body: Registration, day: date) -> str:
    """The key of who brings none: the same words on the same day are the same issue."""
    words = json.dumps(body.model_dump(mode="json"), sort_keys=True)
    return f"{day}/{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def routes(
    gateway: Gateway,
    store: Aggregates,
    registering: Registering,
    folder: Folder,
    is_known: Callable[[str], Awaitable[bool]],
    on: Callable[[], date] = today,
) -> APIRouter:
    """Registration and acceptance have routes of their own: the words of an issue are sealed and opened here.

    ``is_known`` says whether intake knows a person: what is written down for nobody, nobody could ever rate.
    """
    router = APIRouter(tags=["commands"])

    @router.post("/issues", status_code=201, response_model=None)
    async def register(
        asker: Annotated[Asker, Depends(Requires("issue", RegisterIssue.verb))],
        body: Registration,
        request: Request,
        idempotency_key: Key = None,
    ) -> JSONResponse:
        """Raise an issue; the same Idempotency-Key gives the same issue, however often it is sent.

        Without one, the same body from the same asker on the same day (Asia/Shanghai) gives the same issue: a request
        that was not answered, or with 503, can be sent again. Phone and identity-card numbers in title and text are
        masked; the outcome says how many.
        """
        if body.person and not await is_known(body.person):
            return _refused(Refusal(Reason.UNKNOWN_PERSON), request)
        talk = brought_to(body) if asker.role == Role.ENTREPRENEUR else ""
        if talk and not await takes_part(store, talk, asker.account):
            why = Refusal(Reason.NOT_ELIGIBLE, f"occasion.id: sign up for {talk} first")
            return _refused(why, request)
        key = idempotency_key or key_of(body, on())
        try:
            files = await asyncio.to_thread(folder.brought, body.attachments) if body.attachments else ()
            asked = await registering.request(body, asker, key, files)
            if isinstance(asked, Refusal):
                return _refused(asked, request)
            if files:
                await asyncio.to_thread(folder.link, asked.subject, files)
        except Erased:
            return _refused(Refusal(Reason.WORDS_ERASED), request)
        except NotThere as error:
            return not_there(error.place)
        outcome = await gateway.ask(asked)
        return answer(outcome, request, place_of(asked.subject, asked.id), created=True)

    @router.post("/issues/{id}/accept", response_model=None)
    async def accept(
        id: Id,
        asker: Annotated[Asker, Depends(Requires("issue", AcceptIssue.verb))],
        body: Acceptance,
        request: Request,
        idempotency_key: Key = None,
    ) -> JSONResponse:
        """Take an issue on (受理): from here on its words stand on the topics, masked.

        Of an issue that was rejected or taken back they are not even asked for there.
        """
        known = await known_issue(store, id)
        if known is None:
            return _refused(Refusal(Reason.UNKNOWN_ISSUE), request)
        if known.state not in TAKEN_ON and (known.state, AcceptIssue.verb) not in MOVES:
            return _refused(illegal(MOVES, known.state, AcceptIssue.verb), request)
        try:
            command = await registering.acceptance(id, known)
        except Erased:
            return _refused(Refusal(Reason.WORDS_ERASED), request)
        key = f"accept/{id}/{idempotency_key or uuid4().hex}"
        asked = gateways.Request(id, command, "http", asker.actor, key)
        return answer(await gateway.ask(asked), request, place_of(id, asked.id))

    return router


def _refused(why: Refusal, request: Request) -> JSONResponse:
    """What is refused before anything is posted."""
    more = {"detail": why.detail} if why.detail else {}
    return refusal(why.reason, language_of(request), **more, **({"legal": why.legal} if why.legal else {}))
