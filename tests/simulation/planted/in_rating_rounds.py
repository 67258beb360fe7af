"""Faults planted into rating rounds, their reminders, and what is made public."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from services.feedback.issue import reminding
from services.feedback.issue.life import State as Feedback
from services.intake.issue import moving, reactions
from services.intake.issue.life import State
from shared.contract.commands.feedback import RemindToRate
from shared.contract.commands.intake import DiscloseReply
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_decision, told, with_data


@fault(Clause.RATING_REMINDED, alone=False)
def a_rating_round_reminds_of_whatever_it_names() -> Patches:
    anywhere = {(state, "remind"): state for state in Feedback}
    return [patch.object(reminding, "FOLLOWING", anywhere)]


@fault(Clause.RATING_REMINDED, alone=False)
def a_rating_round_reminds_as_often_as_it_asks() -> Patches:
    def twice(remind: Callable[..., Any]) -> Callable[..., Any]:
        def reminds(issue: Any, command: RemindToRate, context: Any) -> Any:
            decided = remind(issue, command, context)
            messages = getattr(decided, "messages", ())
            if len(messages) < 2:
                return decided
            return replace(decided, messages=(messages[0], *messages))

        return reminds

    return [in_decision("feedback", "issue", RemindToRate, twice)]


@fault(Clause.RATING_ROUND_WHOLE, alone=False)
def a_rating_round_counts_those_that_it_passed_over() -> Patches:
    return told("rating_round.done", lambda values: with_data(values, reminded=10**6))


@fault(Clause.ONE_REMINDER, alone=False)
def each_reminder_goes_into_a_mail_of_its_own() -> Patches:
    def wrap(tell: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *given, opens_at=None, **more: tell(*given, **more)

    return [around(reactions, "tell", wrap)]


@fault(Clause.DISCLOSED_TOLD)
def who_raised_it_hears_each_time_that_it_is_public() -> Patches:
    def forgetful(disclose: Callable[..., Any]) -> Callable[..., Any]:
        def told_again(issue: Any, command: Any, context: Any) -> Any:
            return disclose(issue and issue.model_copy(update={"knows_of_it": False}), command, context)

        return told_again

    return [in_decision("intake", "issue", DiscloseReply, forgetful)]


@fault(Clause.DISCLOSED_ANSWERED, alone=False)
def the_office_makes_public_what_nobody_has_answered() -> Patches:
    more = {**moving.MOVES, (State.ACCEPTED, "disclose"): State.ACCEPTED}
    return [patch.object(moving, "MOVES", more)]
