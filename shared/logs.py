"""Logs are one entry a line, JSON or plain, with the service's name; and a line for each record that was handled.

Of a record its ids, its type and what became of it: nothing of what anybody wrote, and nobody's name.
"""

import logging
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import structlog

from shared.contract.envelope import time_text
from shared.ids import shown_command, shown_event, shown_subject, shown_type

if TYPE_CHECKING:
    from shared.bus.handled import Handled

Format = Literal["json", "plain"]
HANDLED = logging.getLogger("qinqing.handled")


def configure(service: str, level: str = "INFO", format: Format = "json") -> None:
    """Send structlog and the standard library's loggers to stderr, one line an entry."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_written(format)],
        )
    )
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for noisy in ("aiokafka", "httpcore", "httpx", "mail.log", "pymongo", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(service=service)
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(HandledLines(service, format))
    HANDLED.handlers, HANDLED.propagate = [lines], False


def _written(format: Format) -> list[Any]:
    """What makes text of an entry. Of a traceback the lines of code alone: what stood in variables is somebody's."""
    if format == "plain":
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def say_handled(records: "Sequence[Handled]") -> None:
    """A line for each of these records, written at once: an entry for each would cost ten times as much."""
    if records and HANDLED.isEnabledFor(logging.INFO):
        HANDLED.info("%s records were handled", len(records), extra={"handled": records})


class HandledLines(logging.Formatter):
    """Writes an entry of ``say_handled`` as one line for each of its records.

    The lines are put together by hand, for they are many: nothing in them can need an escape (shared/ids.py).
    """

    def __init__(self, service: str, format: Format) -> None:
        super().__init__()
        self._service, self._line = service, JSON if format == "json" else PLAIN

    def format(self, record: logging.LogRecord) -> str:
        """The lines."""
        at, service, line = time_text(datetime.fromtimestamp(record.created, UTC)), self._service, self._line
        handled: Sequence[Handled] = getattr(record, "handled", ())
        return "\n".join([line % (*_said(one), service, at) for one in handled])


JSON = (
    '{"event":"handled","became":"%s","reason":"%s","type":"%s","subject":"%s","id":"%s","record":"%s/%d/%d",'
    '"service":"%s","level":"info","timestamp":"%s"}'
)
PLAIN = (
    "[info     ] handled became=%s reason=%s type=%s subject=%s id=%s record=%s/%d/%d service=%s timestamp=%s"
)


def _said(one: "Handled") -> tuple[object, ...]:
    """What a line says of a record; "" for what could not be read."""
    id = shown_event(one.id) if one.is_event else one.id and shown_command(one.id)
    topic, partition, offset = one.record[:3]
    return (
        one.became.value,
        one.reason,
        shown_type(one.type),
        shown_subject(one.subject),
        id,
        topic,
        partition,
        offset,
    )
