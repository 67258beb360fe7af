"""Intake over HTTP: raise an issue and see its promised date at once."""

from uuid import uuid4

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse

from services.intake.issue.numbers import issue_id
from shared.bus import gateway as gateways
from shared.bus.gateway import Gateway
from shared.contract.commands.intake import RegisterIssue
from shared.identity import actor_of
from shared.web import answer, place_of


def routes(gateway: Gateway, jurisdiction: str) -> APIRouter:
    """Registration has a route of its own because the issue's id comes from who asks and with which key."""
    router = APIRouter(tags=["commands"])

    @router.post("/issues", status_code=201, response_model=None)
    async def register(
        body: RegisterIssue, request: Request, idempotency_key: str | None = Header(None, max_length=200)
    ) -> JSONResponse:
        """Raise an issue; the same Idempotency-Key gives the same issue, however often it is sent."""
        actor = actor_of(request, "entrepreneur:demo")
        key = idempotency_key or uuid4().hex
        subject = issue_id(jurisdiction, actor, key)
        asked = gateways.Request(subject, body, "http", actor, f"register/{key}")
        outcome = await gateway.ask(asked)
        return answer(outcome, request, place_of(subject, asked.id), created=True)

    return router
