"""What operators see of the projection; served by the portal, explained in docs/metrics.md."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from shutil import disk_usage

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

from services.portal.projection.batch import Changed
from shared.bus.records import Record
from shared.metrics import SECONDS_BUCKETS


class ProjectionMetrics:
    """The metrics of the projection, on a registry of their own."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.registry, self._clock = CollectorRegistry(), clock
        ProcessCollector(registry=self.registry)
        self.complete_at: datetime | None = None
        """When the rows were last known to hold all that the topics had."""
        self.records = self._counter("projection_records_total", "records read into the projection")
        self.unreadable = self._counter(
            "projection_unreadable_total", "records that could not be read and were passed over"
        )
        self.delay = Histogram(
            "qinqing_projection_delay_seconds",
            "time from a record's publication until its rows were written, of what came while the topics were followed",
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self.failures = self._counter("projection_failures_total", "times that reading had to begin again")
        self.behind = self._gauge("lag_records", "records not in the projection yet")
        self.age = self._gauge(
            "age_seconds",
            "time since the projection last held all that the topics had; -1 before it ever did",
        )
        self.held = self._gauge("held_events", "events that wait for their predecessor")
        self.open_pages = self._gauge("open_pages", "open pages that are told of every change")
        self.age.set_function(self._age)
        self.talks_missing = Gauge(
            "qinqing_talks_missing",
            "places without a talk this week, of the counties that hold talks and those of the rotation",
            ("level",),
            registry=self.registry,
        )
        self.disk_free = self._of_disk("free", "free space on the disk of its folder")
        self.disk_size = self._of_disk("size", "size of the disk of its folder")
        self.records_behind = 0

    def applied(self, changed: Changed, records: Sequence[Record], *, live: bool) -> None:
        """One transaction was written; ``live``: all there was at the start had been read before."""
        self.records.inc(len(records))
        self.unreadable.inc(changed.unreadable)
        now = self._clock().timestamp() * 1000
        for record in records if live else ():
            self.delay.observe(max(0.0, (now - record.timestamp) / 1000))

    def polled(self, behind: int, *, complete: bool) -> None:
        """The broker was asked; ``complete``: all there was at the start was read."""
        self.records_behind = behind
        self.behind.set(behind)
        if complete and not behind:
            self.complete_at = self._clock()

    def _age(self) -> float:
        if self.complete_at is None:
            return -1.0
        return max(0.0, (self._clock() - self.complete_at).total_seconds())

    def of_disk(self, folder: Path) -> None:
        """The disk as it is now."""
        usage = disk_usage(folder)
        self.disk_free.set(usage.free)
        self.disk_size.set(usage.total)

    def _of_disk(self, name: str, what: str) -> Gauge:
        return Gauge(f"qinqing_disk_{name}_bytes", what, registry=self.registry)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"qinqing_projection_{name}", what, registry=self.registry)

    def _counter(self, name: str, what: str) -> Counter:
        return Counter(f"qinqing_{name}", what, registry=self.registry)
