"""What operators see of one service: one class, every metric named and explained in docs/metrics.md.

Labels are closed sets (topics, reasons, statuses), never ids.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

BATCH_BUCKETS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
SECONDS_BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
LATE_BUCKETS = (0.05, 0.1, 0.5, 1, 5, 30, 120, 300, 3600, 86400)


class Metrics:
    """The metrics of one service, on a registry of their own."""

    def __init__(self, service: str) -> None:
        self.registry = registry = CollectorRegistry()
        pre = f"qinqing_{service}"
        self.batch_records = Histogram(
            f"{pre}_batch_records", "records in one batch", buckets=BATCH_BUCKETS, registry=registry
        )
        self.batch_seconds = Histogram(
            f"{pre}_batch_seconds", "time one batch took, from its records to its commit",
            buckets=SECONDS_BUCKETS, registry=registry,
        )  # fmt: skip
        self.round_trips = Counter(
            f"{pre}_round_trips_total", "broker and store round trips of the loop, the fetch left out",
            registry=registry,
        )  # fmt: skip
        self.records = Counter(f"{pre}_records_total", "records read", ["topic"], registry=registry)
        self.events = Counter(f"{pre}_published_total", "records published", ["topic"], registry=registry)
        self.unknown_types = Counter(
            f"{pre}_unknown_types_total", "events of a type this version does not know", registry=registry
        )
        self.lag = Gauge(f"{pre}_lag_records", "records not yet applied", ["topic"], registry=registry)
        self.poll_age = Gauge(
            f"{pre}_poll_age_seconds", "time since the consumer last polled", registry=registry
        )
        self.held = Gauge(f"{pre}_held_events", "events that wait for their predecessor", registry=registry)
        self.held_age = Gauge(f"{pre}_held_age_seconds", "age of the oldest held event", registry=registry)
        self.dead_letters = Counter(f"{pre}_dead_letters_total", "records set aside", registry=registry)
        self.rewinds = Counter(
            f"{pre}_rewinds_total", "batches tried again after a failure", registry=registry
        )
        self.conflicts = Counter(
            f"{pre}_conflicts_total", "documents that another worker had changed", registry=registry
        )
        self.outcomes = Counter(f"{pre}_outcomes_total", "commands by outcome", ["status"], registry=registry)
        self.refusals = Counter(
            f"{pre}_refusals_total", "refused commands by reason", ["reason"], registry=registry
        )
        self.outcome_seconds = Histogram(
            f"{pre}_outcome_seconds", "time from a command's arrival at the broker to its outcome",
            buckets=SECONDS_BUCKETS, registry=registry,
        )  # fmt: skip
        self.timer_late = Histogram(
            f"{pre}_timer_late_seconds",
            "how late a deadline was posted",
            buckets=LATE_BUCKETS,
            registry=registry,
        )
        self.timer_overdue = Gauge(
            f"{pre}_timer_overdue_deadlines",
            "deadlines found five minutes late by the auditor",
            registry=registry,
        )
        self.timer_held = Gauge(
            f"{pre}_timer_held_deadlines",
            "late deadlines that wait because their issue holds events",
            registry=registry,
        )
        self.timer_heartbeat = Gauge(
            f"{pre}_timer_heartbeat_seconds",
            "time since the timers last completed a round",
            registry=registry,
        )
        self.provisional = Counter(
            f"{pre}_provisional_total",
            "due dates in a year whose calendar is not published",
            registry=registry,
        )
