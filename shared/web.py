"""The HTTP side all four services share: health, metrics, problem+json, command routes, a cap on bodies.

A refusal is an answer, not a crash: RFC 9457 problem documents name the field and the rule, in Chinese or
English as Accept-Language asks.
"""

from collections.abc import Awaitable, Callable, Collection, Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

from fastapi import APIRouter, FastAPI, Header, HTTPException, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.bus import gateway as gateways
from shared.bus.consumer import Infrastructure
from shared.bus.document import SWEEP
from shared.bus.gateway import Gateway
from shared.bus.reference import Version
from shared.contract.asyncapi import text as asyncapi_text
from shared.contract.command import Command
from shared.contract.subjects import KINDS, id_of, kind_of, subject_of
from shared.domain.aggregates import Consumer
from shared.domain.decisions import Reason
from shared.identity import WrongActor, actor_of
from shared.language import reason_text, rule_text
from shared.metrics import Metrics
from shared.store import Aggregates

Id = Annotated[str, Path(max_length=90, pattern="^[^:]+$")]
"""What an envelope takes as subject behind a kind's prefix: another one would be acknowledged and never answered."""

STATUS = {
    Reason.UNKNOWN_ISSUE: 404,
    Reason.ID_REUSED: 422,
    Reason.MALFORMED: 422,
    Reason.WRONG_CREDIT_CODE: 422,
    Reason.DATE_MISSING: 422,
    Reason.DATE_PAST: 422,
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


def place_of(subject: str, command: str) -> str:
    """Where the outcome of a command is read later."""
    path = KINDS[kind_of(subject)].path
    return f"/{path}/{quote(id_of(subject), safe='')}/outcomes?command={quote(command, safe='')}"


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


def operations_routes(
    name: str,
    metrics: Metrics,
    not_ready: Callable[[], Awaitable[list[str]]],
    measure: Callable[[], Awaitable[None]],
) -> APIRouter:
    """Health and metrics. Ready means: reference data there, partitions owned, polled lately, store answers."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live", "service": name}

    @routes.get("/health/ready", response_model=None)
    async def ready() -> JSONResponse:
        missing = await not_ready()
        return JSONResponse({"service": name, "missing": missing}, 503 if missing else 200)

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def scrape() -> Response:
        await measure()
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @routes.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi() -> Response:
        return Response(asyncapi_text(), media_type="application/json")

    return routes


def command_routes(gateway: Gateway, consumer: Consumer, routed: Collection[type[Command]] = ()) -> APIRouter:
    """``POST /<kind's path>/{id}/<verb>`` for each command that somebody may give and that is not ``routed`` yet."""
    routes = APIRouter(tags=["commands"])
    for kind in consumer.aggregates:
        for shape in kind.commands:
            if shape.role and shape not in routed:
                _command_route(routes, gateway, consumer, shape)
    return routes


def _command_route(routes: APIRouter, gateway: Gateway, consumer: Consumer, shape: type[Command]) -> None:
    verb = shape.verb.replace("_", "-")

    async def endpoint(
        id: Id,
        request: Request,
        body: shape,  # type: ignore[valid-type]
        idempotency_key: str | None = Header(None, max_length=200),
    ) -> JSONResponse:
        key = f"{verb}/{id}/{idempotency_key or uuid4().hex}"
        actor = actor_of(request, f"{shape.role}:demo")
        asked = gateways.Request(subject_of(shape.aggregate, id), body, "http", actor, key)
        if consumer.kind(asked.subject) is None:
            return problem(404, f"只有 {consumer.jurisdiction} / there is only {consumer.jurisdiction}")
        return answer(await gateway.ask(asked), request, place_of(asked.subject, asked.id))

    routes.add_api_route(
        f"/{KINDS[shape.aggregate].path}/{{id}}/{verb}",
        endpoint,
        methods=["POST"],
        name=shape.__name__,
        summary=shape.__doc__,
        response_model=None,
    )


def reading_routes(gateway: Gateway, store: Aggregates, consumer: Consumer) -> APIRouter:
    """What a service knows of one aggregate, and the outcome of one command on it."""
    routes = APIRouter(tags=["reading"])
    for kind in consumer.aggregates:
        _reading_route(routes, gateway, store, kind.name)
    return routes


def _reading_route(routes: APIRouter, gateway: Gateway, store: Aggregates, kind: str) -> None:
    path = f"/{KINDS[kind].path}/{{id}}"

    async def read(id: Id) -> JSONResponse:
        document = await store.get(subject_of(kind, id))
        if document is None or document.get("state") is None:
            return problem(
                404, "没有这件问题 / there is no such issue" if kind == "issue" else "没有 / there is none"
            )
        due = document.get("due")
        if due is not None and due["name"].startswith(f"{SWEEP}/"):
            due = None  # the sweep is of the document, nothing that the issue still has before it
        return JSONResponse({"id": id, "version": document["v"], "due": due, **document["state"]})

    async def outcome(id: Id, command: str, request: Request) -> JSONResponse:
        subject = subject_of(kind, id)
        return answer(await gateway.look(subject, command), request, place_of(subject, command))

    routes.add_api_route(path, read, name=f"read_{kind}", response_model=None)
    routes.add_api_route(f"{path}/outcomes", outcome, name=f"outcome_{kind}", response_model=None)


def reference_routes(versions: Mapping[tuple[str, str], Version]) -> APIRouter:
    """Every published version of reference data that this service knows."""
    routes = APIRouter(tags=["reading"])

    @routes.get("/reference")
    async def reference() -> list[dict[str, Any]]:
        return [version._asdict() for version in versions.values()]

    return routes
