"""The tables of docs/metrics.md: all but their last column is what the metrics themselves say."""

from collections.abc import Mapping

from prometheus_client.metrics import MetricWrapperBase
from prometheus_client.metrics_core import Metric

from services.portal.projection.metrics import ProjectionMetrics
from services.portal.promise_metrics import PromiseMetrics
from shared.metrics import Metrics
from tests.house.tables.markdown import code, table

ACTIONS = {
    "qinqing_batch_records": "Full batches (500) for a long time mean it is catching up: watch the lag.",
    "qinqing_batch_seconds": "If it grows while batches do not, look at the store, then at the broker.",
    "qinqing_round_trips_total": "Divided by records: about 0.01 under load. More means small batches, or conflicts.",
    "qinqing_document_writes_total": "Divided by records: below 1. If it rises, batches are small or conflicts many.",
    "qinqing_rewinds_total": "Grows: the store or the broker fails; the log names the error and the pause.",
    "qinqing_conflicts_total": "A few while partitions move. Else two workers own one: look for a stray process.",
    "qinqing_records_total": "Stands still while lag grows: see `qinqing_poll_age_seconds`.",
    "qinqing_published_total": "Compare with records; many more than before a restart are sent again and harmless.",
    "qinqing_producers_dropped_total": "Grows: the broker refuses records or is silent; see log and dead letters.",
    "qinqing_unknown_types_total": "An older version reads a newer one's events: finish the update.",
    "qinqing_consumer_lag_records": "Grows: is the service ready, is its store slow, are there rewinds?",
    "qinqing_poll_age_seconds": "Above 60 the service is not ready: read its log, then restart it.",
    "qinqing_watermark_age_seconds": "Above 120: [runbook](operations.md#runbook-deadlines-do-not-fire).",
    "qinqing_held_events": "Short peaks are normal. See the [runbook](operations.md#runbook-held-events).",
    "qinqing_held_age_seconds": "Above a minute: [runbook](operations.md#runbook-held-events).",
    "qinqing_dead_letters_total": "Any growth: [runbook](operations.md#runbook-dead-letters).",
    "qinqing_outcomes_total": "Much void: deadlines are sent twice, look at the timers.",
    "qinqing_refusals_total": "A sudden reason: a client or a department's system changed. `failed` is a bug of ours.",
    "qinqing_outcome_seconds": "Above a second people notice; look at lag and batch time.",
    "qinqing_provisional_total": "Above 0: import that year's notice ([operations](operations.md#reference-data)).",
    "qinqing_clock_events_total": "Much `breached` at once: [runbook](operations.md#runbook-promises-are-missed).",
    "qinqing_ladder_events_total": "Many raises at once are many breaches, or a calendar that was read too late.",
    "qinqing_timer_late_seconds": "Seconds are normal in a storm; minutes mean the timers stood still.",
    "qinqing_timer_overdue_deadlines": "Above 0 twice in a row: is the service behind? What fails is a dead letter.",
    "qinqing_timer_held_deadlines": "Above 0: a predecessor is missing; [runbook](operations.md#runbook-held-events).",
    "qinqing_timer_waiting_deadlines": "Above 0 for long: [runbook](operations.md#runbook-deadlines-do-not-fire).",
    "qinqing_timer_heartbeat_seconds": "Above 60: the timers' task fails again and again; read the log.",
    "qinqing_notices_total": "`later` grows: the mail server puts mails off. See [mail](operations.md#mail).",
    "qinqing_waiting_notices_records": "Grows: the mail server is away, or none is named ([mail](operations.md#mail)).",
    "qinqing_spans_dropped_total": "`not_taken`: the collector is away or refuses. `queue_full`: it is too slow.",
}
"""What an operator does about each metric: the one column that people write."""
PORTAL = {
    "qinqing_projection_records_total": "Stands still while the lag grows: read the portal's log.",
    "qinqing_projection_unreadable_total": "Grows: somebody writes to an events topic; `qinqing report` says how many.",
    "qinqing_projection_failures_total": "Grows: the broker or the disk is away; pages show what was there before.",
    "qinqing_projection_age_seconds": "Above 60: pages show the past. Is the broker away, the disk full? Read the log.",
    "qinqing_projection_delay_seconds": "Above a second: [runbook](operations.md#runbook-pages-are-behind).",
    "qinqing_projection_held_events": "Short peaks are normal. For long: an owner's event is missing on its topic.",
    "qinqing_projection_open_pages": "How many boards and pages are open; watch memory and processor beside it.",
    "qinqing_projection_lag_records": "Above 0 for long: pages are behind; is the portal's machine busy?",
    "qinqing_disk_free_bytes": "Below a tenth of the size: [runbook](operations.md#runbook-a-disk-is-full).",
    "qinqing_disk_size_bytes": "What the free bytes are a part of.",
    "qinqing_talks_missing": "Above 0 on a Tuesday: the federation sees under Talks which place has none.",
}
"""The same of the portal's."""
PROMISES = {
    "qinqing_due_issues": "`due`: overdue, today (later today), day (in 24 hours), all of which a clock runs.",
    "qinqing_due_clocks": "`due`: overdue, day. `assign` is the office's, `sign` and `holding` are departments'.",
    "qinqing_lamp_issues": "Rises: departments do not answer, or replies do not get through; compare with held events.",
    "qinqing_recent_issues": "Rate: numerator by denominator. Counts have a numerator alone ([figures](figures.md)).",
    "qinqing_recent_replies": "Much not_possible_now or planned: what is tracked grows.",
    "qinqing_recent_ratings": "With the figure participation beside it: who does not rate is not satisfied.",
    "qinqing_first_reply_seconds": "On the wall clock, for `histogram_quantile`; it falls when a month begins.",
    "qinqing_objective_due_issues": "By official due time: 0 of 0 on a quiet weekend is neither good nor bad.",
    "qinqing_objective_missed_issues": "Rises: [runbook](operations.md#runbook-promises-are-missed).",
}
"""What people write of the metrics of the promise."""


def metrics() -> str:
    """Every metric of a service; raises KeyError for one that says nothing to an operator, or that is gone."""
    return _table(vars(Metrics()), ACTIONS)


def portal() -> str:
    """Every metric of the portal alone."""
    return _table(vars(ProjectionMetrics()), PORTAL)


def promises() -> str:
    """Every metric of the promise, as the portal tells it; raises KeyError as ``metrics`` does."""
    families = promise_families()
    if gone := PROMISES.keys() - {family.name for family in families}:
        raise KeyError(f"no such metric any more: {', '.join(sorted(gone))}")
    rows = [
        (code(one.name), one.type, ", ".join(one._labelnames), one.documentation, PROMISES[one.name])  # type: ignore[attr-defined]
        for one in families
    ]
    return table(("name", "kind", "labels", "meaning", "how to read it"), rows)


def promise_families() -> list[Metric]:
    """The families of the promise in their order."""
    return list(PromiseMetrics(()).collect())


def _table(fields: Mapping[str, object], actions: Mapping[str, str]) -> str:
    found = {full_name(metric): metric for metric in _metrics_in(fields)}
    if gone := actions.keys() - found.keys():
        raise KeyError(f"no such metric any more: {', '.join(sorted(gone))}")
    rows = [
        (code(name), metric._type, ", ".join(metric._labelnames), metric._documentation, actions[name])
        for name, metric in found.items()
    ]
    return table(("name", "kind", "labels", "meaning", "what an operator does"), rows)


def all_metrics() -> list[MetricWrapperBase]:
    """The metrics of one service and of the portal in the order of their definition."""
    return [*_metrics_in(vars(Metrics())), *_metrics_in(vars(ProjectionMetrics()))]


def _metrics_in(fields: Mapping[str, object]) -> list[MetricWrapperBase]:
    return [metric for metric in fields.values() if isinstance(metric, MetricWrapperBase)]


def full_name(metric: MetricWrapperBase) -> str:
    """The name under which it is served."""
    return metric._name + ("_total" if metric._type == "counter" else "")
