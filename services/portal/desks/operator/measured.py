"""What a service measures of itself, read from its metrics (docs/metrics.md): those that say whether it keeps up."""

from collections import defaultdict
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

WITH_WATERMARK = "supervision"
"""Whose deadlines wait until every topic was read up to them."""


class Measures(NamedTuple):
    """Records, events and deadlines are counts, everything else seconds."""

    lag: dict[str, int]
    poll_age: float
    held: int
    held_age: float
    overdue: int
    held_deadlines: int
    waiting_deadlines: int
    heartbeat: float
    watermark_age: float | None
    """None of a service whose deadlines wait for nobody's topics."""
    refused: int
    """Commands that failed since the service started: bugs of ours."""

    @property
    def behind(self) -> int:
        """Records of all topics that are not applied yet."""
        return sum(self.lag.values())


def read(service: str, text: str) -> Measures | None:
    """The metrics of one service; None for what is none."""
    found: dict[str, float] = defaultdict(float)
    lag: dict[str, int] = {}
    failed = 0
    try:
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                found[sample.name] += sample.value
                if sample.name == "qinqing_consumer_lag_records":
                    lag[sample.labels["topic"]] = int(sample.value)
                elif sample.name == "qinqing_refusals_total" and sample.labels.get("reason") == "failed":
                    failed += int(sample.value)
    except (ValueError, KeyError, OverflowError):
        return None
    if "qinqing_poll_age_seconds" not in found:
        return None
    watermark = found["qinqing_watermark_age_seconds"] if service == WITH_WATERMARK else None
    return Measures(
        lag,
        found["qinqing_poll_age_seconds"],
        int(found["qinqing_held_events"]),
        found["qinqing_held_age_seconds"],
        int(found["qinqing_timer_overdue_deadlines"]),
        int(found["qinqing_timer_held_deadlines"]),
        int(found["qinqing_timer_waiting_deadlines"]),
        found["qinqing_timer_heartbeat_seconds"],
        watermark,
        failed,
    )
