"""Faults planted into leaders' instructions, and into what a late ruling or report brings."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from services.supervision.issue import documents, instructing, instructions, reactions
from services.supervision.issue.life import CLOCKS
from shared.contract.events.feedback import IssueClosed
from shared.contract.words import ClockName
from shared.domain.clocks import Limit
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, told, with_data


@fault(Clause.INSTRUCTION_NUMBERED, alone=False)
def an_instruction_is_told_under_the_number_before() -> Patches:
    return told(
        "instruction.given",
        lambda values: with_data(values, instruction=max(1, values["data"]["instruction"] - 1)),
    )


@fault(Clause.INSTRUCTION_BOUND, alone=False)
def leaders_instruct_without_end() -> Patches:
    return [patch.object(instructing, "MOST_OPEN", 99)]


@fault(Clause.INSTRUCTION_BY, alone=False)
def whoever_leads_takes_back_what_another_gave() -> Patches:
    def wrap(open: Callable[..., Any]) -> Callable[..., Any]:
        def anybodys(issue: Any, number: int) -> Any:
            found = open(issue, number)
            return found if not isinstance(found, tuple) else (found[0], _Anybodys(found[1]))

        return anybodys

    return [around(instructing, "_open", wrap), around(instructing, "_without", _by_number)]


class _Anybodys:
    """An instruction that whoever asks has given."""

    def __init__(self, instruction: Any) -> None:
        self.number, self.words, self.by = instruction.number, instruction.words, _Everybody()


class _Everybody:
    def __ne__(self, other: object) -> bool:
        return False


def _by_number(without: Callable[..., Any]) -> Callable[..., Any]:
    def found(issue: Any, instruction: Any) -> Any:
        mine = next(one for one in issue.instructions if one.number == instruction.number)
        return without(issue, mine)

    return found


@fault(Clause.INSTRUCTION_DUE, alone=False)
def the_day_that_a_leader_names_counts_for_nothing() -> Patches:
    return [patch.object(instructing, "limit_until", lambda due_on, context: Limit("5wd"))]


@fault(Clause.INSTRUCTION_ENDS, alone=False)
def nobody_owes_a_report_once_an_issue_is_closed() -> Patches:
    rule = CLOCKS[ClockName.INSTRUCTION]
    closing = rule._replace(stops=(*rule.stops, IssueClosed))
    return [patch.dict(CLOCKS, {ClockName.INSTRUCTION: closing})]


@fault(Clause.INSTRUCTION_BREACHED, alone=False)
def a_late_report_that_comes_before_the_timer_counts_as_in_time() -> Patches:
    def wrap(stop: Callable[..., Any]) -> Callable[..., Any]:
        def forgiving(clock: Any, at: Any, issue: Any) -> Any:
            if clock.name is ClockName.INSTRUCTION:
                clock = clock.model_copy(update={"thresholds": ()})
            return stop(clock, at, issue)

        return forgiving

    return [around(reactions, "stop", wrap)]


@fault(Clause.INSTRUCTION_TOLD, alone=False)
def who_takes_an_issue_over_hears_nothing_of_its_instructions() -> Patches:
    return [patch.object(instructions, "passed_on", lambda issue, happened: ())]


@fault(Clause.REMINDED, alone=False)
def what_is_late_is_reminded_of_with_the_step_alone() -> Patches:
    return [patch.object(documents, "REMIND", ())]
