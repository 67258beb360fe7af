"""Whatever goes wrong over HTTP is a problem document: wrong bodies, fields, headers, paths, a bus that is away, bugs.

Bodies are looked at before any route: too large, not called JSON, or no JSON that every reader takes alike (a key
twice, NaN, half of a surrogate pair). Only a route that reads files as they come has its body untouched.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus
from typing import Any, NamedTuple

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic_core import from_json
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.after import Behind
from shared.answers import REFUSED, come_later, language_of, problem, refusal
from shared.bus.consumer import Infrastructure
from shared.domain.decisions import Reason
from shared.identity.callers import NotSignedIn, WrongRole
from shared.language import rule_text

log = structlog.get_logger(__name__)

MOST_ERRORS = 20
MALFORMED = {"type": f"{REFUSED}{Reason.MALFORMED}", "reason": Reason.MALFORMED}


class Bodies:
    """Refuses bodies that no route should look at: over a size (before they are in memory), or no clean JSON."""

    def __init__(self, app: ASGIApp, most_bytes: int, streamed: Collection[str]) -> None:
        self._app, self._most, self._streamed = app, most_bytes, tuple(streamed)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count the bytes as they come; a missing or wrong content-length does not help."""
        if scope["type"] != "http" or scope["path"].endswith(self._streamed):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        declared = request.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > self._most:
            await self._too_large()(scope, receive, send)
            return
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._most:
                await self._too_large()(scope, receive, send)
                return
        if body and (wrong := _wrong_body(request, body)) is not None:
            await wrong(scope, receive, send)
            return
        sent = False

        async def replay() -> Message:
            nonlocal sent
            if sent:
                return await receive()
            sent = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    def _too_large(self) -> JSONResponse:
        rule = f"at most {self._most} bytes"
        return problem(413, "内容太长 / the body is too large", errors=[{"field": "body", "rule": rule}])


def _wrong_body(request: Request, body: bytes) -> JSONResponse | None:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json" and not media_type.endswith("+json"):
        rule = "Content-Type: application/json"
        return problem(
            415, "内容类型不正确 / wrong content type", errors=[{"field": "Content-Type", "rule": rule}]
        )
    try:
        from_json(body, allow_inf_nan=False)
        json.loads(body, object_pairs_hook=_each_key_once)
    except (ValueError, RecursionError) as error:
        fault = _Fault("body", "json_invalid", f"JSON: {error}", {"error": str(error)})
        return _malformed(request, 400, [fault])
    return None


def _each_key_once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands twice in one object")
    return found


class _Fault(NamedTuple):
    """One wrong field as pydantic names it: the place, the type of the error, its sentence and its numbers."""

    field: str
    type: str
    message: str
    context: Mapping[str, object]


def _malformed(request: Request, status: int, faults: Sequence[_Fault]) -> JSONResponse:
    """The problem document that names each wrong field with its rule, in the language asked for."""
    language = language_of(request)
    title = "the request does not fit its form" if language == "en" else "请求内容不符合要求"
    errors = [
        {"field": fault.field, "rule": rule_text(fault.type, fault.message, fault.context, language)}
        for fault in faults
    ]
    return problem(status, title, errors=errors, **MALFORMED)


def install_problems(app: FastAPI, most_bytes: int, streamed: Collection[str] = ()) -> None:
    """Make every error of this application a problem document that names field and rule.

    ``streamed``: the ends of the paths of routes that read their bodies as they come, with a limit of their own.
    """
    app.add_middleware(Bodies, most_bytes=most_bytes, streamed=streamed)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        faults = [
            _Fault(
                ".".join(str(step) for step in item["loc"] if step != "body") or "body",
                item["type"],
                item["msg"],
                item.get("ctx") or {},
            )
            for item in error.errors()[:MOST_ERRORS]
        ]
        return _malformed(request, 422, faults)

    @app.exception_handler(NotSignedIn)
    async def _stranger(_: Request, error: NotSignedIn) -> JSONResponse:
        title = "请先登录，或登录已过期 / sign in first, or again"
        response = problem(401, title, detail=str(error))
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    @app.exception_handler(WrongRole)
    async def _role(request: Request, error: WrongRole) -> JSONResponse:
        return refusal(Reason.WRONG_ROLE, language_of(request), detail=str(error))

    @app.exception_handler(HTTPException)
    async def _http(_: Request, error: HTTPException) -> JSONResponse:
        response = problem(error.status_code, str(error.detail) or HTTPStatus(error.status_code).phrase)
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def _bug(_: Request, error: Exception) -> JSONResponse:
        return problem(500, "系统出错，已记录 / a fault of the system; it was logged")

    @app.exception_handler(Behind)
    async def _behind(_: Request, error: Behind) -> JSONResponse:
        title = "刚才办的还在路上，请稍候再试 / what was done just before has not come here yet: ask again"
        return come_later(409, title, 1)

    async def _away(_: Request, error: Exception) -> JSONResponse:
        title = (
            "系统暂时没有应答，请稍后再试；命令用同一 Idempotency-Key 再试，不会重复办理 / "
            "the store or the bus did not answer: ask again; under the same Idempotency-Key a command is the same one"
        )
        return come_later(503, title, 1)

    for kind in Infrastructure:
        app.add_exception_handler(kind, _away)
