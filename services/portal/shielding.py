"""What every answer of the portal says to a browser, and how much of a request is taken in at all."""

import sqlite3
from typing import Any

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.portal.assets import PLACE
from services.portal.links import PLACE as PLACE_OF_LINKS
from services.portal.links import without_secret
from services.portal.pages import MOST_FIELD_BYTES, MOST_FILES, Page, Portal
from services.portal.session import keep_id

log = structlog.get_logger(__name__)

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""No script and no style but files of ours; nothing from anywhere else."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}
_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_NAMES = frozenset(name for name, _ in _HEADERS)
FILE_BYTES = 20_000_000
MOST_BYTES = {"multipart/form-data": MOST_FILES * FILE_BYTES + MOST_FIELD_BYTES}
"""Of a form with files; any other form is at most MOST_FIELD_BYTES."""


class _TooMuch(Exception):
    """The body is larger than any form of ours."""


class Shield:
    """Gives every request its page, and every answer its headers and its cookie."""

    def __init__(self, app: ASGIApp, portal: Portal) -> None:
        self._app, self._portal = app, portal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count what comes in; add to what goes back."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        page = Page(self._portal, request)
        scope.setdefault("state", {})["page"] = page
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                self._dress(page, message)
            await send(message)

        try:
            await self._app(scope, _counted(request, receive), answer)
        except Exception as error:
            if begun:
                raise
            await _said(page, error)(scope, receive, answer)

    def _dress(self, page: Page, message: Message) -> None:
        kept = [header for header in message["headers"] if header[0] not in _NAMES]
        message["headers"], path = [*kept, *_HEADERS], page.request.scope["path"]
        headers = MutableHeaders(scope=message)
        if without_secret(path) == PLACE_OF_LINKS:
            headers["Referrer-Policy"] = "strict-origin"  # the address is the secret
        is_asset = path.startswith(f"{PLACE}/")
        if not is_asset:
            headers.setdefault("Cache-Control", "no-store")
        if page.is_new and not is_asset and headers.get("content-type", "").startswith("text/html"):
            carrier = Response()
            keep_id(carrier, page.id, secure=page.request.url.scheme == "https")
            headers.append("set-cookie", carrier.headers["set-cookie"])


def _said(page: Page, error: Exception) -> Response:
    """The page about what nobody thought of: what it was is for the log alone."""
    if isinstance(error, _TooMuch):
        return page.show("problem.html", 413, title=page.say("That is too much for one form"))
    if isinstance(error, sqlite3.OperationalError) and page.portal.projection.standing().older:
        said = page.say("What pages show is being built anew for a new version: look again in a moment")
        return page.show("problem.html", 503, title=said)
    log.error("a page failed", path=without_secret(page.request.url.path), exc_info=error)
    return page.show("problem.html", 500, title=page.say("Something broke here, and it was written down"))


def _counted(request: Request, receive: Receive) -> Receive:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    most, so_far = MOST_BYTES.get(media_type, MOST_FIELD_BYTES), 0

    async def counted() -> Any:
        nonlocal so_far
        message = await receive()
        so_far += len(message.get("body", b""))
        if so_far > most:
            raise _TooMuch
        return message

    return counted
