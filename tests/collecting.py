"""A collector of traces on loopback: takes OTLP over HTTP as a real one does, and keeps every span that comes."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.serving import served

PATIENCE_SECONDS = 60.0


class Taken(NamedTuple):
    """One span as it came."""

    trace: str
    id: str
    parent: str
    name: str
    service: str
    attributes: dict[str, str]


class Collector:
    """What came so far; as an ASGI application it takes more."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self._came = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.taken += _spans(ExportTraceServiceRequest.FromString(body))
        self._came.set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def until(self, true: Callable[[], object]) -> None:
        """Return when it is true after some spans came."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not true():
                self._came.clear()
                await self._came.wait()


@asynccontextmanager
async def collector() -> AsyncIterator[tuple[str, Collector]]:
    """The address that services are told, and what comes there."""
    one = Collector()
    async with served(one, lifespan="off", log_config=None) as url:
        yield f"{url}/v1/traces", one


def hashed(text: str, size: int) -> str:
    """The id of a trace (of 16 bytes) or a span (of 8), as the decision says it."""
    return hashlib.sha256(text.encode()).digest()[:size].hex()


def _spans(request: Any) -> list[Taken]:
    return [
        Taken(
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.name,
            _texts(group.resource.attributes)["service.name"],
            _texts(span.attributes),
        )
        for group in request.resource_spans
        for scope in group.scope_spans
        for span in scope.spans
    ]


def _texts(attributes: Any) -> dict[str, str]:
    return {one.key: one.value.string_value for one in attributes}
