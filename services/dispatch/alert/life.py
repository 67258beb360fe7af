"""What is remembered of an alert: what it says, since when it fires, and when it was over."""

from pydantic import AwareDatetime

from shared.domain.aggregates import AggregateState


class Alert(AggregateState):
    """An alert of the monitoring as it was reported last, of one time at which it fires."""

    name: str
    severity: str = ""
    summary: str = ""
    runbook: str = ""
    started_at: AwareDatetime
    ended_at: AwareDatetime | None = None
