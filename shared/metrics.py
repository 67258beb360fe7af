"""What operators see of one service: one class, every metric named and explained in docs/metrics.md.

The service is the scrape job, not part of a name. Labels are closed sets (topics, reasons, statuses), never ids.
"""

import re
import time
from collections import Counter as Count
from collections.abc import Collection, Sequence
from itertools import product
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from shared.contract.event import SUPERVISION
from shared.contract.words import ClockName, LadderStep, Provisional
from shared.traces import FULL, NOT_TAKEN

if TYPE_CHECKING:
    from shared.bus.processor import Batch
    from shared.bus.records import Outgoing, Record

BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SECONDS_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LATE_BUCKETS = (0.05, 0.1, 0.5, 1, 5, 30, 120, 300, 3600, 86400)
YEAR_UNKNOWN = f'"provisional_because":"{Provisional.YEAR_NOT_PUBLISHED}"'.encode()
"""How a record says it. Nobody's words can: a quotation mark within a text is escaped."""
HAPPENED = re.compile(rb'"type":"(?:(clock)|ladder)\.(\w+)\.v')
CLOCK, STEP = re.compile(rb'"clock":"(\w+)"'), re.compile(rb'"called":"(\w+)"')
CLOCKS, STEPS = frozenset(ClockName), frozenset(LadderStep)
HAPPENS = {
    "clock": ("started", "warned", "breached", "breach_annulled", "recalculated", "stopped"),
    "ladder": ("raised", "ended", "lifted"),
}
"""What is counted of clocks and of the ladder: the second word of the type of the event."""


class Metrics:
    """The metrics of one service, on a registry of their own."""

    def __init__(self, *, of_promises: bool = False) -> None:
        """``of_promises``: clocks and the ladder are this service's. What has closed labels begins at 0, so that the
        first time something happens is a growth too.
        """
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._batches()
        self._bus()
        self._outcomes()
        self._promises(of_promises)
        self._timers()
        self._mail()
        self._traces()

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"qinqing_{name}", what, labels, registry=self.registry)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"qinqing_{name}", what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str, buckets: Sequence[float]) -> Histogram:
        return Histogram(f"qinqing_{name}", what, buckets=buckets, registry=self.registry)

    def _batches(self) -> None:
        self.batch_records = self._histogram("batch_records", "records in one batch", BATCH_BUCKETS)
        self.batch_seconds = self._histogram(
            "batch_seconds", "time one batch took, from its records to its commit", SECONDS_BUCKETS
        )
        self.round_trips = self._counter(
            "round_trips_total", "broker and store round trips of the batches, the fetch left out"
        )
        self.document_writes = self._counter(
            "document_writes_total", "documents written, the sweep of finished ones apart", "purpose"
        )
        for purpose in ("change", "sweep"):
            self.document_writes.labels(purpose)
        self.rewinds = self._counter("rewinds_total", "batches tried again after a failure")
        self.conflicts = self._counter("conflicts_total", "documents that another worker had changed")

    def _bus(self) -> None:
        self.records = self._counter("records_total", "records read", "topic")
        self.published = self._counter("published_total", "records published", "topic")
        self.producers_dropped = self._counter(
            "producers_dropped_total", "producers made anew, because a record failed or no answer came"
        )
        self.unknown_types = self._counter(
            "unknown_types_total", "events of a type this version does not know"
        )
        self.lag = self._gauge("consumer_lag_records", "records not yet applied", "topic")
        self.poll_age = self._gauge("poll_age_seconds", "time since the consumer last polled")
        self.watermark_age = self._gauge(
            "watermark_age_seconds",
            "how far the instant up to which all topics were read lies behind now, where deadlines wait for topics",
        )
        self.held = self._gauge("held_events", "events that wait for their predecessor")
        self.held_age = self._gauge("held_age_seconds", "age of the oldest held event")
        self.dead_letters = self._counter("dead_letters_total", "records set aside")

    def _outcomes(self) -> None:
        self.outcomes = self._counter("outcomes_total", "commands by outcome", "status")
        for status in ("done", "refused", "void"):
            self.outcomes.labels(status)
        self.refusals = self._counter("refusals_total", "refused commands by reason", "reason")
        self.outcome_seconds = self._histogram(
            "outcome_seconds", "time from a command's arrival at the broker to its outcome", SECONDS_BUCKETS
        )

    def _promises(self, are_ours: bool) -> None:
        self.provisional = self._counter(
            "provisional_total", "due dates of clocks in a year whose calendar is not published"
        )
        self.clock_events = self._counter("clock_events_total", "what happened to clocks", "clock", "event")
        self.ladder_events = self._counter(
            "ladder_events_total", "what happened on the ladder; of a raise to which step", "event", "step"
        )
        if are_ours:
            for clock, event in product(ClockName, HAPPENS["clock"]):
                self.clock_events.labels(clock, event)
            for event, steps in {"raised": tuple(LadderStep), "ended": ("",), "lifted": ("",)}.items():
                for step in steps:
                    self.ladder_events.labels(event, step)

    def _timers(self) -> None:
        self.timer_late = self._histogram(
            "timer_late_seconds", "how late a deadline was posted", LATE_BUCKETS
        )
        self.timer_overdue = self._gauge(
            "timer_overdue_deadlines",
            "deadlines found five minutes late by the auditor, that wait for nothing else",
        )
        self.timer_held = self._gauge(
            "timer_held_deadlines", "late deadlines that wait because their aggregate holds events"
        )
        self.timer_waiting = self._gauge(
            "timer_waiting_deadlines", "late deadlines that wait because other topics are not read up to them"
        )
        self.timer_heartbeat = self._gauge(
            "timer_heartbeat_seconds", "time since the timers last completed a round"
        )

    def _mail(self) -> None:
        self.notices = self._counter(
            "notices_total", "notices by what became of one try: sent, later or given_up", "result"
        )
        for result in ("sent", "later", "given_up"):
            self.notices.labels(result)
        self.notices_waiting = self._gauge("waiting_notices_records", "notices that wait to be sent")

    def _traces(self) -> None:
        self.spans_dropped = self._counter(
            "spans_dropped_total",
            "spans that no collector was sent: too many waited, or it did not take them",
            "reason",
        )
        for reason in (FULL, NOT_TAKEN):
            self.spans_dropped.labels(reason)

    def drop_spans(self, reason: str, count: int) -> None:
        """Count spans that were dropped."""
        self.spans_dropped.labels(reason).inc(count)

    def measure(self, batch: "Batch", records: "Sequence[Record]", seconds: float) -> None:
        """Count one batch that was committed; ``seconds`` from its records to its commit."""
        self.batch_records.observe(batch.records)
        self.batch_seconds.observe(seconds)
        self.round_trips.inc(batch.round_trips + 1)
        self.conflicts.inc(batch.conflicts)
        self.unknown_types.inc(len(batch.unknown_types))
        swept = sum(document.get("sweeps", 0) > 0 for document in batch.written)
        self.document_writes.labels("sweep").inc(swept)
        self.document_writes.labels("change").inc(len(batch.written) - swept)
        for topic, count in Count(record.topic for record in records).items():
            self.records.labels(topic).inc(count)
        self._count_promises(batch.outgoing)
        now = time.time()
        for answer in batch.answers:
            status = answer.outcome["status"]
            self.outcomes.labels(status).inc()
            if status == "refused":
                self.refusals.labels(answer.outcome["reason"]).inc()
            self.outcome_seconds.observe(max(0.0, now - answer.record.timestamp / 1000))

    def _count_promises(self, outgoing: "Sequence[Outgoing]") -> None:
        """Supervision dates every clock, whoever promised what; a date that waits for a talk starts none."""
        for value in (one.value for one in outgoing if one.topic == SUPERVISION):
            self.provisional.inc(YEAR_UNKNOWN in value)
            if (found := HAPPENED.search(value)) is None:
                continue
            kind, event = ("clock" if found[1] else "ladder"), found[2].decode()
            if event not in HAPPENS[kind]:
                continue
            if kind == "clock":
                self.clock_events.labels(_word(CLOCK, value, CLOCKS), event).inc()
            else:
                self.ladder_events.labels(event, _word(STEP, value, STEPS) if event == "raised" else "").inc()


def _word(pattern: re.Pattern[bytes], value: bytes, known: Collection[str]) -> str:
    """The word that stands there; ``other`` for one that this version does not know."""
    found = pattern.search(value)
    word = found[1].decode() if found else ""
    return word if word in known else "other"
