"""Faults planted into what is looked at again: the list, its days, who looks, who hears, what feedback makes of it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from services.supervision.issue import tracking
from shared.contract.commands.supervision import RecordLookBack
from shared.contract.events.supervision import DepartmentAddressed, PromiseKept
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_decision, in_kind


@fault(Clause.LISTED)
def the_sample_is_of_all_closed_issues() -> Patches:
    return [patch.object(tracking, "is_in_sample", lambda subject, percent: True)]


@fault(Clause.LOOK_DUE)
def what_was_promised_for_a_day_is_looked_at_a_quarter_later() -> Patches:
    def wrap(start: Callable[..., Any]) -> Callable[..., Any]:
        def late(*args: Any, **values: Any) -> Any:
            return start(*args[:4], None, **values)

        return late

    return [around(tracking, "start", wrap)]


@fault(Clause.LOOKED_BY)
def who_answered_looks_back_at_it() -> Patches:
    def wrap(record: Callable[..., Any]) -> Callable[..., Any]:
        def careless(issue: Any, command: Any, context: Any) -> Any:
            if issue is not None and issue.answered is not None:
                free = issue.answered.model_copy(update={"handled_by": ()})
                issue = issue.model_copy(update={"answered": free})
            return record(issue, command, context)

        return careless

    return [in_decision("supervision", "issue", RecordLookBack, wrap)]


@fault(Clause.LOOK_BACK_TOLD)
def a_look_back_is_due_and_nobody_is_reminded() -> Patches:
    def wrap(remind: Callable[..., Any]) -> Callable[..., Any]:
        def silent(*args: Any) -> Any:
            issue, messages = remind(*args)
            return issue, tuple(one for one in messages if not isinstance(one.body, DepartmentAddressed))

        return silent

    return [around(tracking, "remind", wrap)]


@fault(Clause.LOOK_BACK_HEARD, alone=False)
def feedback_takes_no_notice_of_a_kept_promise() -> Patches:
    def deaf(kind: Any) -> Any:
        return replace(kind, events={**kind.events, PromiseKept: lambda state, event, context: None})

    return [in_kind("feedback", "issue", deaf)]
