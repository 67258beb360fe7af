"""Faults planted into what is decided about alerts."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from services.dispatch.alert import decisions
from shared.contract.commands.dispatch import ReportAlert
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, fault, in_decision

Decide = Callable[..., Any]


@fault(Clause.ALERT_ONCE)
def an_alert_that_is_posted_again_is_told_again() -> Patches:
    def wrap(report: Decide) -> Decide:
        return lambda alert, command, context: report(None, command, context)

    return [in_decision("dispatch", "alert", ReportAlert, wrap)]


@fault(Clause.ALERT_AT_ONCE, alone=False)
def a_page_waits_for_the_office_hours() -> Patches:
    return [patch.object(decisions, "PAGE", "never")]
