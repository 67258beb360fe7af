"""Faults planted into decisions: mergers, and the versions of reference data that they go by."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from services.dispatch.builtin import first_commands
from services.supervision.issue import clocks
from shared.contract.commands.dispatch import (
    CheckReply,
    HandOver,
    MergeDepartment,
    ReleaseReply,
    SendBackReply,
    SignAssignment,
    SignOffReply,
)
from shared.contract.events.intake import PromiseStarted
from shared.contract.subjects import id_of
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Reason, Refusal
from tests.simulation.beginning import JURISDICTION
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_decision, in_kind


@fault(Clause.MEMBER_ASKED)
def a_merger_forgets_one_member() -> Patches:
    def wrap(merge: Callable[..., Any]) -> Callable[..., Any]:
        def careless(department: Any, command: Any, context: Any) -> Any:
            return merge(department, command.model_copy(update={"issues": command.issues[1:]}), context)

        return careless

    return [in_decision("dispatch", "department", MergeDepartment, wrap)]


@fault(Clause.TRANSFER_COUNT)
def a_merger_counts_as_a_transfer() -> Patches:
    def wrap(hand_over: Callable[..., Any]) -> Callable[..., Any]:
        def counted(issue: Any, command: Any, context: Any) -> Any:
            if issue is not None:
                issue = issue.model_copy(update={"passed_on": (*issue.passed_on, issue.department)})
            return hand_over(issue, command, context)

        return counted

    return [in_decision("dispatch", "issue", HandOver, wrap)]


@fault(Clause.MERGER_ENDS)
def a_merger_hears_no_answers() -> Patches:
    def wrap(hand_over: Callable[..., Any]) -> Callable[..., Any]:
        def silent(issue: Any, command: Any, context: Any) -> Any:
            change = hand_over(issue, command, context)
            kept = tuple(message for message in change.messages if not message.to.startswith("dept:"))
            return type(change)(change.state, kept, change.outcome)

        return silent

    return [in_decision("dispatch", "issue", HandOver, wrap)]


@fault(Clause.AS_PROMISED, alone=False)
def a_promise_goes_by_the_newest_policy_instead_of_the_one_it_names() -> Patches:
    def wrap(terms: Callable[..., Any]) -> Callable[..., Any]:
        def newest(name: Any, trigger: Any, context: Any) -> Any:
            found = terms(name, trigger, context)
            return found._replace(policy=context.policy) if isinstance(trigger, PromiseStarted) else found

        return newest

    return [around(clocks, "_terms", wrap)]


@fault(Clause.CLICK_DRAFT)
def a_click_counts_for_whatever_draft_there_is() -> Patches:
    def wrap(decide: Callable[..., Any]) -> Callable[..., Any]:
        def blind(issue: Any, command: Any, context: Any) -> Any:
            draft = issue and issue.current_draft
            if draft:
                command = command.model_copy(update={"draft": draft.number, "sha256": draft.sha256})
            return decide(issue, command, context)

        return blind

    clicks = (SignOffReply, CheckReply, SendBackReply, ReleaseReply)

    def loose(kind: AggregateType) -> AggregateType:
        return replace(
            kind, commands={**kind.commands, **{asked: wrap(kind.commands[asked]) for asked in clicks}}
        )

    return [in_kind("dispatch", "issue", loose)]


@fault(Clause.MERGED_HOLDS)
def a_hand_over_is_confirmed_and_not_done() -> Patches:
    def idle(hand_over: Callable[..., Any]) -> Callable[..., Any]:
        def confirm(issue: Any, command: Any, context: Any) -> Any:
            change = hand_over(issue, command, context)
            if isinstance(change, Refusal) or len(change.messages) == 1:
                return change
            return type(change)(issue, change.messages[-1:])

        return confirm

    def waits(sign: Callable[..., Any]) -> Callable[..., Any]:
        def unless_merged(issue: Any, command: Any, context: Any) -> Any:
            merged = issue and context.reference.successor(issue.department) != issue.department
            return Refusal(Reason.NOT_THE_HOLDER) if merged else sign(issue, command, context)

        return unless_merged

    def change(kind: AggregateType) -> AggregateType:
        decide = kind.commands
        both = {HandOver: idle(decide[HandOver]), SignAssignment: waits(decide[SignAssignment])}
        return replace(kind, commands={**decide, **both})

    return [in_kind("dispatch", "issue", change)]


@fault(Clause.SUCCESSOR)
def a_merger_hands_over_to_whoever_comes_first() -> Patches:
    def wrap(hand_over: Callable[..., Any]) -> Callable[..., Any]:
        def careless(issue: Any, command: Any, context: Any) -> Any:
            others = [code for code in FIRST if code not in (command.to, command.department)]
            return hand_over(issue, command.model_copy(update={"to": others[0]}), context)

        return careless

    return [in_decision("dispatch", "issue", HandOver, wrap)]


FIRST = sorted(id_of(subject) for subject, _ in first_commands(JURISDICTION)[:-1])


@fault(Clause.HANDED_ONCE)
def a_successor_is_told_twice() -> Patches:
    def wrap(hand_over: Callable[..., Any]) -> Callable[..., Any]:
        def echoing(issue: Any, command: Any, context: Any) -> Any:
            change = hand_over(issue, command, context)
            if isinstance(change, Refusal) or len(change.messages) == 1:
                return change
            *others, ordered, answered = change.messages
            return type(change)(change.state, (*others, ordered, ordered, answered), change.outcome)

        return echoing

    return [in_decision("dispatch", "issue", HandOver, wrap)]
