"""Faults planted into decisions: mergers, and the versions of reference data that they go by."""

from collections.abc import Callable
from typing import Any

from services.supervision.issue import clocks
from shared.contract.commands.dispatch import HandOver, MergeDepartment
from shared.contract.events.intake import PromiseStarted
from tests.simulation.planted.planting import Patches, around, fault, in_decision


@fault
def a_merger_forgets_one_member() -> Patches:
    def wrap(merge: Callable[..., Any]) -> Callable[..., Any]:
        def careless(department: Any, command: Any, context: Any) -> Any:
            return merge(department, command.model_copy(update={"issues": command.issues[1:]}), context)

        return careless

    return [in_decision("dispatch", "department", MergeDepartment, wrap)]


@fault
def a_merger_counts_as_a_transfer() -> Patches:
    def wrap(hand_over: Callable[..., Any]) -> Callable[..., Any]:
        def counted(issue: Any, command: Any, context: Any) -> Any:
            if issue is not None:
                issue = issue.model_copy(update={"passed_on": (*issue.passed_on, issue.department)})
            return hand_over(issue, command, context)

        return counted

    return [in_decision("dispatch", "issue", HandOver, wrap)]


@fault
def a_merger_hears_no_answers() -> Patches:
    def wrap(hand_over: Callable[..., Any]) -> Callable[..., Any]:
        def silent(issue: Any, command: Any, context: Any) -> Any:
            change = hand_over(issue, command, context)
            kept = tuple(message for message in change.messages if not message.to.startswith("dept:"))
            return type(change)(change.state, kept, change.outcome)

        return silent

    return [in_decision("dispatch", "issue", HandOver, wrap)]


@fault
def a_promise_goes_by_the_newest_policy_instead_of_the_one_it_names() -> Patches:
    def wrap(terms: Callable[..., Any]) -> Callable[..., Any]:
        def newest(name: Any, trigger: Any, context: Any) -> Any:
            found = terms(name, trigger, context)
            return found._replace(policy=context.policy) if isinstance(trigger, PromiseStarted) else found

        return newest

    return [around(clocks, "_terms", wrap)]
