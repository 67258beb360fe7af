"""Faults planted into how mistakes are mended: recalls, returns, handlers, corrections."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from services.dispatch.issue import correcting, replying
from services.feedback.issue import decisions as settling
from services.supervision.issue import reactions
from services.supervision.issue.clocks import start
from shared.contract.commands.dispatch import CorrectReply, DraftReply, RecallAssignment, ReturnAssignment
from shared.contract.events.dispatch import AssignmentRecalled, ReplyCorrected
from shared.contract.words import ClockName
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Change, Refusal
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_decision, in_kind, told, with_data


@fault(Clause.RETURNED)
def what_was_sent_back_to_its_handler_is_returned_all_the_same() -> Patches:
    def wrap(give_back: Callable[..., Any]) -> Callable[..., Any]:
        def forgetful(issue: Any, command: Any, context: Any) -> Any:
            if issue is None:
                return give_back(issue, command, context)
            change = give_back(issue.model_copy(update={"drafts": ()}), command, context)
            if isinstance(change, Refusal):
                return change
            return replace(change, state=change.state.model_copy(update={"drafts": issue.drafts}))

        return forgetful

    return [in_decision("dispatch", "issue", ReturnAssignment, wrap)]


@fault(Clause.ASKED_OF)
def a_draft_of_a_recalled_assignment_counts_for_the_next_one() -> Patches:
    def wrap(draft: Callable[..., Any]) -> Callable[..., Any]:
        def generous(issue: Any, command: Any, context: Any) -> Any:
            if issue is not None and issue.assignment:
                command = command.model_copy(update={"assignment": issue.assignment})
            return draft(issue, command, context)

        return generous

    return [in_decision("dispatch", "issue", DraftReply, wrap)]


@fault(Clause.CLOCK_ENDS)
def the_clocks_of_a_recalled_assignment_run_on() -> Patches:
    def wrap(stops: Callable[..., bool]) -> Callable[..., bool]:
        def never(event: Any, clock: Any, issue: Any) -> bool:
            return not isinstance(event, AssignmentRecalled) and stops(event, clock, issue)

        return never

    return [around(reactions, "_stops", wrap)]


@fault(Clause.TOLD)
def a_department_is_not_told_of_a_recall() -> Patches:
    def wrap(recall: Callable[..., Any]) -> Callable[..., Any]:
        def silent(issue: Any, command: Any, context: Any) -> Any:
            change = recall(issue, command, context)
            if isinstance(change, Refusal):
                return change
            return replace(change, messages=change.messages[:1])

        return silent

    return [in_decision("dispatch", "issue", RecallAssignment, wrap)]


# ------------------------------------------------------------------- handlers


@fault(Clause.HANDED_ON)
def a_hand_over_does_not_say_who_had_it() -> Patches:
    return told("handler.named", lambda values: with_data(values, previous_handler=""))


@fault(Clause.DRAFTED_BY)
def anybody_drafts_though_a_handler_is_named() -> Patches:
    return [around(replying, "may_not_draft", lambda refuses: lambda issue, context: None)]


# ---------------------------------------------------------------- corrections


@fault(Clause.CORRECTED)
def a_word_is_added_to_a_correction() -> Patches:
    return told("reply.corrected", lambda values: with_data(values, text=values["data"]["text"] + "。"))


@fault(Clause.CORRECTION_READ)
def a_correction_counts_for_whatever_version_there_is() -> Patches:
    def wrap(correct: Callable[..., Any]) -> Callable[..., Any]:
        def blind(issue: Any, command: Any, context: Any) -> Any:
            newest = issue and (issue.correction or issue.current_draft)
            if newest:
                version = getattr(newest, "version", 1)
                command = command.model_copy(update={"version": version, "sha256": newest.sha256})
            return correct(issue, command, context)

        return blind

    return [in_decision("dispatch", "issue", CorrectReply, wrap)]


@fault(Clause.CORRECTED_BY)
def who_signed_a_reply_off_corrects_it() -> Patches:
    return [around(correcting, "handled_it", lambda asks: lambda issue, context: False)]


@fault(Clause.CORRECTION_QUIET, alone=False)
def a_correction_gives_the_department_its_time_again() -> Patches:
    def change(kind: AggregateType) -> AggregateType:
        def restart(issue: Any, event: Any, context: Any) -> Any:
            if issue is None:
                return None
            clocks, messages = start(ClockName.HOLDING, issue, event, context)
            return Change(issue.model_copy(update={"clocks": (*issue.clocks, *clocks)}), messages)

        return replace(kind, events={**kind.events, ReplyCorrected: restart})

    return [in_kind("supervision", "issue", change)]


@fault(Clause.SETTLED_BY)
def who_signed_a_reply_off_decides_on_its_rework() -> Patches:
    return [around(settling, "_handled_it", lambda handled_it: lambda issue, context: False)]
