"""The HTTP door all four services share: health, metrics, problem+json, command routes, a cap on bodies.

A refusal is an answer, not a crash: RFC 9457 problem documents name the field and the rule, in Chinese or
English as Accept-Language asks.
"""

import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, FastAPI, Header, HTTPException, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.asyncapi import text as asyncapi_text
from shared.auth import WrongActor, actor_of
from shared.bus import door
from shared.bus.kafka import Infrastructure
from shared.commands import Command
from shared.language import reason_text, rule_text
from shared.moves import Reason

Subject = Annotated[str, Path(max_length=100)]
"""What an envelope takes as subject: a longer one would be acknowledged and never answered."""

STATUS = {
    Reason.UNKNOWN_ISSUE: 404,
    Reason.ID_REUSED: 422,
    Reason.MALFORMED: 422,
    Reason.WRONG_CREDIT_CODE: 422,
    Reason.DATE_MISSING: 422,
    Reason.REASON_MISSING: 422,
    Reason.OUTCOME_NOT_FOR_KIND: 422,
    Reason.UNKNOWN_DEPARTMENT: 422,
    Reason.WRONG_ROLE: 403,
    Reason.SAME_PERSON: 403,
    Reason.NOT_THE_HOLDER: 403,
    Reason.FAILED: 500,
}
"""HTTP status of each refusal; everything else is 409, a conflict with the present state."""


def language_of(request: Request) -> str:
    """``en`` when English is asked for before Chinese, else ``zh``."""
    wanted = request.headers.get("accept-language", "zh").lower()
    english, chinese = wanted.find("en"), wanted.find("zh")
    return "en" if english >= 0 and (chinese < 0 or english < chinese) else "zh"


def problem(status: int, title: str, **more: Any) -> JSONResponse:
    """One RFC 9457 problem document."""
    body = {"type": "about:blank", "title": title, "status": status, **more}
    return JSONResponse(body, status, media_type="application/problem+json")


def answer(
    outcome: Mapping[str, Any] | None, request: Request, place: str, *, created: bool = False
) -> JSONResponse:
    """A command's outcome as HTTP: done, refused with its reason, or 202 with a place to look."""
    if outcome is None:
        return JSONResponse({"status": "pending", "look": place}, 202, headers={"Location": place})
    if outcome["status"] == "refused":
        reason = outcome["reason"]
        more = {key: outcome[key] for key in ("detail", "legal") if outcome.get(key)}
        status = STATUS.get(Reason(reason), 409)
        title = reason_text(reason, language_of(request))
        return problem(status, title, type=f"urn:qinqing:refused:{reason}", reason=reason, **more)
    return JSONResponse(dict(outcome), 201 if created else 200)


def place_of(issue: str, command: str) -> str:
    """Where the outcome of a command is read later."""
    return f"/issues/{issue}/outcomes?command={quote(command, safe='')}"


class BodyLimit:
    """Refuses bodies over a size before they are read into memory (413 problem+json)."""

    def __init__(self, app: ASGIApp, most_bytes: int) -> None:
        self._app, self._most = app, most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes as they come; a missing or wrong content-length does not help."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self._most:
            await self._refuse(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._most:
                await self._refuse(scope, receive, send)
                return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        rule = f"at most {self._most} bytes"
        response = problem(413, "内容太长 / the body is too large", errors=[{"field": "body", "rule": rule}])
        await response(scope, receive, send)


def install_problems(app: FastAPI, most_bytes: int) -> None:
    """Make every error of this application a problem document that names field and rule."""
    app.add_middleware(BodyLimit, most_bytes=most_bytes)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        english = language_of(request) == "en"
        errors = []
        for item in error.errors()[:20]:
            field = ".".join(str(step) for step in item["loc"] if step != "body") or "body"
            rule = rule_text(item["type"], item["msg"], item.get("ctx") or {}, language_of(request))
            errors.append({"field": field, "rule": rule})
        title = "the request does not fit its form" if english else "请求内容不符合要求"
        status = 400 if any(item["type"] == "json_invalid" for item in error.errors()) else 422
        return problem(status, title, type="urn:qinqing:refused:malformed", reason="malformed", errors=errors)

    @app.exception_handler(WrongActor)
    async def _actor(_: Request, error: WrongActor) -> JSONResponse:
        return problem(
            422, "身份不正确 / wrong actor", errors=[{"field": "Qinqing-Actor", "rule": str(error)}]
        )

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        return problem(error.status_code, str(error.detail) or HTTPStatus(error.status_code).phrase)

    async def _away(_: Request, error: Exception) -> JSONResponse:
        title = "系统暂时没有应答，请用同一编号再试 / the store or the bus did not answer; try again with the same key"
        return problem(503, title)

    for kind in Infrastructure:
        app.add_exception_handler(kind, _away)


def operations_routes(service: Any) -> APIRouter:
    """Health and metrics. Ready means: partitions owned, polled lately, store answers."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live", "service": service.name}

    @routes.get("/health/ready", response_model=None)
    async def ready() -> JSONResponse:
        missing = await service.not_ready()
        return JSONResponse({"service": service.name, "missing": missing}, 503 if missing else 200)

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        await service.measure()
        return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @routes.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi() -> Response:
        return Response(asyncapi_text(), media_type="application/json")

    return routes


def command_routes(service: Any, commands: Mapping[type[Command], str]) -> APIRouter:
    """``POST /issues/{issue}/<verb>`` for each command class; the value is the role it has by default."""
    routes = APIRouter(tags=["commands"])
    for shape, role in commands.items():
        _command_route(routes, service, shape, role)
    return routes


def _command_route(routes: APIRouter, service: Any, shape: type[Command], role: str) -> None:
    verb = shape.verb.replace("_", "-")

    async def endpoint(
        issue: Subject,
        request: Request,
        body: shape,  # type: ignore[valid-type]
        idempotency_key: str | None = Header(None, max_length=200),
    ) -> JSONResponse:
        key = f"{verb}/{issue}/{idempotency_key or uuid4().hex}"
        asked = door.Request(issue, body, "http", actor_of(request, f"{role}:demo"), key)
        outcome = await service.door.ask(asked)
        return answer(outcome, request, place_of(issue, asked.id))

    routes.add_api_route(
        f"/issues/{{issue}}/{verb}", endpoint, methods=["POST"], name=shape.__name__, summary=shape.__doc__,
        response_model=None,
    )  # fmt: skip


def reading_routes(service: Any) -> APIRouter:
    """What a service knows of one issue, and the outcome of one command on it."""
    routes = APIRouter(tags=["reading"])

    @routes.get("/issues/{issue}", response_model=None)
    async def read(issue: str) -> JSONResponse:
        document = await service.store.get(issue)
        if document is None or document.get("state") is None:
            return problem(404, "没有这件问题 / there is no such issue")
        return JSONResponse(
            {"id": issue, "version": document["v"], "due": document.get("due"), **document["state"]}
        )

    @routes.get("/issues/{issue}/outcomes", response_model=None)
    async def outcome(issue: str, command: str, request: Request) -> JSONResponse:
        return answer(await service.door.look(issue, command), request, place_of(issue, command))

    return routes


def age(since: float) -> float:
    """Seconds since an instant of time.time()."""
    return max(0.0, time.time() - since)
