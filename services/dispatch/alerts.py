"""Alerts of the monitoring over HTTP: each that Alertmanager posts, as its webhooks do, becomes one command.

Alertmanager posts whole groups, and each of them again after hours: what the operators were told of they are not told
of again (alert/decisions.py). The form is Alertmanager's own, version 4; what else newer ones say is passed over.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal, Self

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic_core import PydanticKnownError

from shared.bus.gateway import Gateway, Request
from shared.contract.commands.dispatch import (
    MAX_ALERT_CHARS,
    MAX_RUNBOOK_CHARS,
    MAX_SUMMARY_CHARS,
    ONE_LINE,
    ReportAlert,
)
from shared.contract.subjects import subject_of
from shared.domain.rights import Asker
from shared.identity.callers import Requires

MOST_ALERTS = 500
"""Of one group: `qinqing watch` has Alertmanager leave out what is beyond."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
THEIRS = ConfigDict(frozen=True, extra="ignore")
WRITTEN = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]")


def _written(value: object) -> object:
    """An instant is written out: a number would be taken as seconds, and no document says so."""
    if not (isinstance(value, str) and WRITTEN.match(value)):
        raise PydanticKnownError("datetime_type")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_written)]


class Status(StrEnum):
    """Whether an alert fires still, in Alertmanager's words."""

    FIRING = "firing"
    RESOLVED = "resolved"


class Labels(BaseModel):
    """What an alert is called, and how urgent it is."""

    model_config = THEIRS
    alertname: str = Field(min_length=1, pattern=ONE_LINE, examples=["QinqingProcessIsAway"])
    severity: str = ""


class Annotations(BaseModel):
    """What an alert says to people."""

    model_config = THEIRS
    summary: str = ""
    runbook: str = ""


class Posted(BaseModel):
    """One alert of a group."""

    model_config = THEIRS
    status: Status
    labels: Labels
    annotations: Annotations = Annotations()
    starts_at: Instant = Field(alias="startsAt", ge=EARLIEST, lt=LATEST)
    ends_at: Instant = Field(alias="endsAt")
    """Of what fires Alertmanager says the year 1."""
    fingerprint: str = Field(pattern=r"^[0-9a-f]{16}$", examples=["9c1be6a2f0d84e37"])

    @model_validator(mode="after")
    def _is_over(self) -> Self:
        if self.status is Status.RESOLVED and not EARLIEST <= self.ends_at < LATEST:
            raise ValueError("endsAt：已解除的告警须写明解除时刻 / of an alert that is over, say since when")
        return self


class Group(BaseModel):
    """What Alertmanager posts at once."""

    model_config = THEIRS
    version: Literal["4"]
    alerts: list[Posted] = Field(max_length=MOST_ALERTS)


class Taken(BaseModel):
    """How many alerts were taken, and of how many it is not known yet whether the operators had heard of them."""

    alerts: int
    pending: int


def routes(gateway: Gateway) -> APIRouter:
    """Where Alertmanager posts: nothing that was answered is lost, and what was not it posts again."""
    router = APIRouter()

    @router.post("/alerts", tags=["alerts"])
    async def alerts(
        asker: Annotated[Asker, Depends(Requires("alert", ReportAlert.verb))], body: Group
    ) -> Taken:
        """Tell the operators what fires and what is over: pages at once, all else in office hours."""
        outcomes = await gateway.ask_all([_request(alert, asker) for alert in body.alerts])
        return Taken(alerts=len(outcomes), pending=outcomes.count(None))

    return router


def _request(alert: Posted, asker: Asker) -> Request:
    """One time at which it fires is one aggregate; what it says may differ each time that is posted.

    The instant stands there in hex: a long number in a subject is hidden in logs, for it may be a phone's.
    """
    command = ReportAlert(
        name=alert.labels.alertname[:MAX_ALERT_CHARS],
        severity=_line(alert.labels.severity, MAX_ALERT_CHARS),
        summary=_line(alert.annotations.summary, MAX_SUMMARY_CHARS),
        runbook=_line(alert.annotations.runbook, MAX_RUNBOOK_CHARS),
        started_at=alert.starts_at,
        ended_at=alert.ends_at if alert.status is Status.RESOLVED else None,
    )
    subject = subject_of("alert", f"{alert.fingerprint}-{int(alert.starts_at.timestamp() * 1000):x}")
    digest = sha256(command.model_dump_json().encode()).hexdigest()[:16]
    return Request(subject, command, "http", asker.actor, f"report/{subject}/{alert.status}/{digest}")


def _line(text: str, most_chars: int) -> str:
    """One line of it, cut where it is too long: a notice that says less is better than none."""
    printable = (char if char.isprintable() else " " for char in text)
    return " ".join("".join(printable).split())[:most_chars]
