"""What operators see of the projection; served by the portal, explained in docs/metrics.md."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.portal.projection.batch import Changed


class ProjectionMetrics:
    """The metrics of the projection, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.records = self._counter("projection_records_total", "records read into the projection")
        self.unreadable = self._counter(
            "projection_unreadable_total", "records that could not be read and were passed over"
        )
        self.failures = self._counter("projection_failures_total", "times that reading had to begin again")
        self.behind = self._gauge("lag_records", "records not in the projection yet")
        self.age = self._gauge(
            "age_seconds", "time since everything on the topics was last known to be in the projection"
        )
        self.held = self._gauge("held_events", "events that wait for their predecessor")
        self.listeners = self._gauge("listeners", "open pages that are told of every change")

    def applied(self, changed: Changed, records: int) -> None:
        """One transaction was written."""
        self.records.inc(records)
        self.unreadable.inc(changed.unreadable)

    def _gauge(self, name: str, what: str) -> Gauge:
        return Gauge(f"qinqing_projection_{name}", what, registry=self.registry)

    def _counter(self, name: str, what: str) -> Counter:
        return Counter(f"qinqing_{name}", what, registry=self.registry)
