"""Traces, where a collector is named: spans go there over HTTP in the background, and nobody here waits for it.

Which span an event is, and below which, follows from its envelope (shared/bus/spans.py; docs/decisions/0074): so each
process sends what it handled itself, and nothing travels beside the records.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple

import structlog

if TYPE_CHECKING:
    from collections.abc import Sequence

    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
    from opentelemetry.trace import SpanContext

log = structlog.get_logger(__name__)

MOST_WAITING = 16_384
"""Spans that wait to be sent; what comes beyond is dropped, counted, and the log says so."""
EVERY_MS, AT_ONCE, ANSWER_SECONDS = 1_000, 512, 5.0
STOP_MS = 2_000
"""So long a service that stops tries to send what still waits."""
LIBRARY = "qinqing"
FULL, NOT_TAKEN = "queue_full", "not_taken"
"""Why spans are dropped: so many wait already, or no collector took them in time."""
Dropped = Callable[[str, int], object]
"""(why, how many) spans were dropped; it is called from the thread that sends too."""


class Span(NamedTuple):
    """One event or command. ``parent``: the span of its cause, 0 for the first of a trace; instants in seconds."""

    trace: int
    id: int
    parent: int
    name: str
    began: float
    ended: float
    attributes: dict[str, str]
    is_command: bool
    failed: bool = False


class Traces:
    """Sends spans to one collector."""

    def __init__(self, endpoint: str, service: str, jurisdiction: str, dropped: Dropped) -> None:
        """``endpoint``: where OTLP is taken over HTTP. Headers and certificates come from the variables OTEL_EXPORTER_…
        of OpenTelemetry itself."""
        # Imported by who has a collector: these packages and theirs take memory, and a tenth of a start.
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import ReadableSpan
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope

        self._api, self._span = trace, ReadableSpan
        self._resource = Resource.create({"service.name": service, "service.namespace": jurisdiction})
        self._scope = InstrumentationScope(LIBRARY)
        self._dropped, self._is_full = dropped, False
        self._sending = BatchSpanProcessor(
            _counted(OTLPSpanExporter(endpoint, timeout=ANSWER_SECONDS), dropped),
            max_queue_size=MOST_WAITING,
            schedule_delay_millis=EVERY_MS,
            max_export_batch_size=AT_ONCE,
        )

    def send(self, spans: Iterable[Span]) -> None:
        """Put these into the queue until it is full (of what it drops itself nobody hears); returns at once."""
        waiting, left_out = self._sending._batch_processor._queue, 0
        for span in spans:
            if len(waiting) < MOST_WAITING:  # the other side only takes some away
                self._sending.on_end(self._readable(span))
            else:
                left_out += 1
        if left_out:
            self._dropped(FULL, left_out)
            if not self._is_full:
                log.warning("spans dropped, for so many wait already", waiting=MOST_WAITING)
        self._is_full = left_out > 0

    async def stop(self) -> None:
        """Try to send what still waits, for a moment."""
        await asyncio.to_thread(self._sending._batch_processor.shutdown, STOP_MS)

    def _readable(self, span: Span) -> "ReadableSpan":
        api = self._api
        kind = api.SpanKind.CONSUMER if span.is_command else api.SpanKind.PRODUCER
        code = api.StatusCode.ERROR if span.failed else api.StatusCode.UNSET
        return self._span(
            span.name,
            self._context(span.trace, span.id),
            self._context(span.trace, span.parent) if span.parent else None,
            self._resource,
            span.attributes,
            kind=kind,
            status=api.Status(code),
            start_time=int(span.began * 1e9),
            end_time=int(max(span.began, span.ended) * 1e9),
            instrumentation_scope=self._scope,
        )

    def _context(self, trace: int, span: int) -> "SpanContext":
        flags = self._api.TraceFlags(self._api.TraceFlags.SAMPLED)
        return self._api.SpanContext(trace, span, is_remote=True, trace_flags=flags)


def _counted(exporter: "SpanExporter", dropped: Dropped) -> "SpanExporter":
    """The same exporter, which counts what no collector has taken: who asks it to send drops that."""
    send = exporter.export

    def export(spans: "Sequence[ReadableSpan]") -> "SpanExportResult":
        result = send(spans)
        if result.name != "SUCCESS":
            dropped(NOT_TAKEN, len(spans))
        return result

    exporter.export = export  # type: ignore[method-assign]
    return exporter
