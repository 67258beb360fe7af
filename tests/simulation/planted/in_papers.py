"""Faults planted into papers, their meetings, and what their issues hear."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from services.feedback.paper import decisions
from services.feedback.paper.life import Paper, State
from shared.contract.commands.papers import HearPaper
from shared.domain.decisions import Change
from shared.domain.fan_out import Course
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_decision, told, with_data


@fault(Clause.PAPER_EDITION, alone=False)
def every_edition_of_a_paper_stands_in_the_place_of_none() -> Patches:
    return told(
        "paper.published", lambda values: with_data(values, supersedes=0, edition=values["data"]["edition"])
    )


@fault(Clause.PAPER_SHARE, alone=False)
def a_paper_has_more_than_all() -> Patches:
    return [patch.object(decisions, "_wrong", lambda *given: "")]


@fault(Clause.PAPER_HEARD, alone=False)
def meetings_hear_a_paper_as_often_as_somebody_says_so() -> Patches:
    return [patch.dict(decisions.MOVES, {(State.HEARD, "record_meeting"): State.HEARD})]


@fault(Clause.CASE_CHOSEN, alone=False)
def an_issue_names_another_edition_of_the_paper_that_chose_it() -> Patches:
    return told(
        "typical_case.chosen", lambda values: with_data(values, edition=values["data"]["edition"] + 1)
    )


@fault(Clause.DECISION_TOLD, alone=False)
def an_issue_hears_other_words_than_its_meeting_decided() -> Patches:
    return told("meeting.decided", lambda values: with_data(values, words="另有决定"))


@fault(Clause.DECISION_ONCE, alone=False)
def an_issue_is_told_twice_and_forgets_what_papers_told_it() -> Patches:
    def twice(hears: Callable[..., Any]) -> Callable[..., Any]:
        def again(course: Any, state: Any, fan_out: Any, context: Any) -> Any:
            after, messages = hears(course, state, fan_out, context)
            return after, (*messages, *messages) if isinstance(state, Paper) else messages

        return again

    def wrap(hear: Callable[..., Any]) -> Callable[..., Any]:
        def forgets(issue: Any, command: HearPaper, context: Any) -> Any:
            change = hear(issue, command, context)
            if not isinstance(change, Change):
                return change
            return replace(change, state=change.state.model_copy(update={"heard": ()}))

        return forgets

    return [around(Course, "_ask", twice), in_decision("feedback", "issue", HearPaper, wrap)]


@fault(Clause.DECISION_GIVEN, alone=False)
def what_a_meeting_decided_is_given_in_another_name() -> Patches:
    def renamed(values: Any) -> Any:
        return with_data(values, by="nobody") if values["data"].get("decision") else values

    return told("instruction.given", renamed)
