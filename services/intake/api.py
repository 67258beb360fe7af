"""Intake over HTTP: raise an issue and see its promised date at once; accept, reject, withdraw."""

from uuid import uuid4

from fastapi import APIRouter, Header, Request
from fastapi.responses import JSONResponse

from services.intake.domain import issue_id
from shared.auth import actor_of
from shared.bus import door
from shared.commands import AcceptIssue, Command, RegisterIssue, RejectIssue, WithdrawIssue
from shared.service import Service
from shared.web import answer, command_routes, place_of

ROLES: dict[type[Command], str] = {
    AcceptIssue: "office",
    RejectIssue: "office",
    WithdrawIssue: "entrepreneur",
}


def routes(service: Service) -> APIRouter:
    """Registration has a route of its own because the issue's id comes from who asks and with which key."""
    router = command_routes(service, ROLES)

    @router.post("/issues", status_code=201, response_model=None)
    async def register(
        body: RegisterIssue, request: Request, idempotency_key: str | None = Header(None, max_length=200)
    ) -> JSONResponse:
        """Raise an issue; the same Idempotency-Key gives the same issue, however often it is sent."""
        actor = actor_of(request, "entrepreneur:demo")
        key = idempotency_key or uuid4().hex
        subject = issue_id(actor, key)
        asked = door.Request(subject, body, "http", actor, f"register/{key}")
        outcome = await service.door.ask(asked)
        return answer(outcome, request, place_of(subject, asked.id), created=True)

    return router
