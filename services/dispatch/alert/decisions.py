"""Decisions on an alert: the operators are told once that it fires, and once that it is over."""

from collections.abc import Iterator

from services.dispatch.alert.life import Alert
from shared.contract.commands.dispatch import ReportAlert
from shared.contract.commands.notices import PrepareStaffNotice
from shared.contract.words import Occurrence, Role
from shared.domain.decisions import Change, Context, Message
from shared.domain.notices import tell

PAGE = "page"
"""The severity of what somebody has to see to at once, at night too; all else waits for the office hours."""


def report(alert: Alert | None, command: ReportAlert, context: Context) -> Change[Alert]:
    """It fires, or is over. Who watches says so again and again, in other words each time: that changes nothing."""
    if alert is not None and (alert.ended_at is not None or command.ended_at is None):
        return Change(alert, outcome={"unchanged": True})
    about = Occurrence.ALERT_FIRES if command.ended_at is None else Occurrence.ALERT_OVER
    return Change(Alert.model_validate(dict(command)), tuple(_notices(command, about, context)))


def _notices(alert: ReportAlert, about: Occurrence, context: Context) -> Iterator[Message]:
    """One to each operator and way."""
    pages = alert.severity == PAGE
    body = {"number": alert.name, "about": about, "at_once": pages}
    for account in context.directory.acting_as(Role.OPERATOR):
        for way in context.directory.ways(account):
            to = {"to": account, "way": way}
            yield tell(PrepareStaffNotice, context, {**body, **to}, in_office_hours=not pages)
