"""Alerts: each operator hears in each way once that one fires and once that it is over; of pages at any hour."""

from collections import defaultdict
from collections.abc import Iterator

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Evidence

REPORTS, PREPARES = "dispatch.alert.report.v1", "dispatch.notice.prepare.v1"
TOLD = ("alert_fires", "alert_over")


def check_alerts(evidence: Evidence) -> Iterator[Violation]:
    """What was posted against what notices were asked for, and what was handed in."""
    severities: dict[str, str] = {}
    to: dict[str, str] = {}
    for opened in evidence.opened:
        event = opened.event or {}
        if event.get("type") == REPORTS:
            severities[event["subject"]] = event["data"].get("severity", "")
        elif event.get("type") == PREPARES:
            to[event["subject"]] = event["data"]["to"]
    for opened in evidence.opened:
        event = opened.event or {}
        if event.get("type") != PREPARES or event["data"]["about"] not in TOLD:
            continue
        alert, at_once = event["data"]["issue"], event["data"].get("at_once", False)
        if at_once != (severities.get(alert) == "page"):
            yield Clause.ALERT_AT_ONCE(f"{event['subject']}: {alert} is told {at_once=}")
    notices: defaultdict[tuple[str, str, str, str], set[str]] = defaultdict(set)
    for mail in evidence.history.mailed:
        for subject, about in mail.says:
            if about in TOLD:
                name = f"notice:{mail.notice}"
                notices[to.get(name, ""), mail.way, subject, about].add(name)
    for (account, way, alert, about), found in notices.items():
        if len(found) > 1:
            yield Clause.ALERT_ONCE(f"{account} heard by {way} {len(found)} times of {alert}: {about}")
