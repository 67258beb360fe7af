"""Intake over HTTP: raise an issue and see its promised date at once."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse

from services.intake.issue.numbers import issue_id
from shared.answers import answer, place_of
from shared.bus import gateway as gateways
from shared.bus.gateway import Gateway
from shared.contract.commands.intake import RegisterIssue
from shared.domain.clocks import SHANGHAI
from shared.domain.rights import Asker
from shared.identity.callers import Requires


def today() -> date:
    """The day in Shanghai."""
    return datetime.now(UTC).astimezone(SHANGHAI).date()


def key_of(body: RegisterIssue, day: date) -> str:
    """The key of who brings none: the same words on the same day are the same issue."""
    words = json.dumps(body.model_dump(mode="json"), sort_keys=True)
    return f"{day}/{hashlib.sha256(words.encode()).hexdigest()[:32]}"


def routes(gateway: Gateway, jurisdiction: str, on: Callable[[], date] = today) -> APIRouter:
    """Registration has a route of its own because the issue's id comes from who asks and with which key."""
    router = APIRouter(tags=["commands"])

    @router.post("/issues", status_code=201, response_model=None)
    async def register(
        asker: Annotated[Asker, Depends(Requires("issue", RegisterIssue.verb))],
        body: RegisterIssue,
        request: Request,
        idempotency_key: str | None = Header(None, max_length=200),
    ) -> JSONResponse:
        """Raise an issue; the same Idempotency-Key gives the same issue, however often it is sent.

        Without one, the same body from the same asker on the same day (Asia/Shanghai) gives the same issue: a request
        that was not answered, or with 503, can be sent again.
        """
        actor = asker.actor
        key = idempotency_key or key_of(body, on())
        subject = issue_id(jurisdiction, actor, key)
        asked = gateways.Request(subject, body, "http", actor, f"register/{key}")
        outcome = await gateway.ask(asked)
        return answer(outcome, request, place_of(subject, asked.id), created=True)

    return router
