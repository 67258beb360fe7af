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
        self.behind = Gauge(
            "qinqing_projection_lag_records", "records not in the projection yet", registry=self.registry
        )

    def applied(self, changed: Changed, records: int) -> None:
        """One transaction was written."""
        self.records.inc(records)
        self.unreadable.inc(changed.unreadable)

    def _counter(self, name: str, what: str) -> Counter:
        return Counter(f"qinqing_{name}", what, registry=self.registry)
