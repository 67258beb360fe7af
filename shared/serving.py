"""How an application is served, and how it stops: it says so first, then answers what was asked, then leaves the bus.

Whoever spreads requests over several processes of a service asks ``/health/ready``. From SIGTERM on that is 503; for
``drain_seconds`` all else is served as before, each answer ending its connection, so that nothing new comes over a
connection that is about to be closed. Only then no more connections are taken, and what was begun is brought to its
end. What has none by itself, a stream of events, ends then: whoever follows it comes again, to another process.
"""

import asyncio
import math
import socket

import uvicorn
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READY, STREAM = "/health/ready", b"text/event-stream"
MARGIN_SECONDS = 1
KEEP_ALIVE_SECONDS = 75
"""So long a connection stays open where nothing is asked: longer than load balancers keep theirs, a minute mostly. Who
closes first may meet a request that is just on its way."""


class Leaving:
    """The application as it is, until it is about to stop."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self._app, self._name = app, name
        self.begun, self.closing = False, asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; while it stops, the last one of its connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self.begun and scope["path"] == READY:
            body = {"service": self._name, "missing": ["it stops"]}
            await JSONResponse(body, 503, {"Connection": "close"})(scope, receive, send)
        else:

            async def last(message: Message) -> None:
                if self.begun and message["type"] == "http.response.start":
                    message = {**message, "headers": [*message["headers"], (b"connection", b"close")]}
                await send(message)

            if STREAM in dict(scope["headers"]).get(b"accept", b""):
                await self._stream(scope, receive, last)
            else:
                await self._app(scope, receive, last)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A stream of events: when connections are closed the application is told that its reader has gone, as readers
        go all the time, and the reader that no more comes."""
        is_open = False

        async def sent(message: Message) -> None:
            nonlocal is_open
            await send(message)
            is_open = message["type"] == "http.response.start" or message.get("more_body", False)

        async def received() -> Message:
            coming, closing = asyncio.ensure_future(receive()), asyncio.ensure_future(self.closing.wait())
            try:
                await asyncio.wait({coming, closing}, return_when=asyncio.FIRST_COMPLETED)
                return coming.result() if coming.done() else {"type": "http.disconnect"}
            finally:
                coming.cancel()
                closing.cancel()

        await self._app(scope, received, sent)
        if is_open and self.closing.is_set():
            await send({"type": "http.response.body", "body": b"", "more_body": False})


class Server(uvicorn.Server):
    """Serves until SIGTERM or SIGINT, and stops as this module says."""

    def __init__(self, app: ASGIApp, name: str, *, drain: float, answers: float, **how: object) -> None:
        """``drain``: seconds in which it still serves, and is not ready. ``answers``: the seconds that an answer may
        take; so long what was begun is waited for. ``how``: as uvicorn takes it."""
        self._leaving, self._drain = Leaving(app, name), drain
        config = {
            "timeout_keep_alive": KEEP_ALIVE_SECONDS,
            "log_config": None,
            "access_log": False,
            "loop": "uvloop",
            **how,
        }
        graceful = math.ceil(answers) + MARGIN_SECONDS
        super().__init__(uvicorn.Config(self._leaving, timeout_graceful_shutdown=graceful, **config))  # type: ignore[arg-type]

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Be not ready for a while, then take nothing more and end what was begun."""
        self._leaving.begun = True
        await asyncio.sleep(self._drain)  # who asks whether it is ready asks again within that
        self._leaving.closing.set()
        await super().shutdown(sockets)
