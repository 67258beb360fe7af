"""Faults planted into talks, their issues, claims and batches."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from services.dispatch.issue import asking, claiming
from services.intake.agenda import decisions as agenda
from services.intake.issue import hearing
from services.intake.talk import decisions as talks
from services.intake.talk import noticing, telling
from services.intake.talk.life import State
from shared.contract.commands.talks import HearTalk
from shared.contract.words import TalkNews
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_decision, told, with_data


@fault(Clause.TALK_START, alone=False)
def a_promise_runs_from_when_its_issue_hears_of_the_end() -> Patches:
    def late(hear: Callable[..., Any]) -> Callable[..., Any]:
        def heard(issue: Any, command: HearTalk, context: Any) -> Any:
            if command.what is TalkNews.HELD:
                command = command.model_copy(update={"at": context.now + timedelta(seconds=1)})
            return hear(issue, command, context)

        return heard

    return [in_decision("intake", "issue", HearTalk, late)]


@fault(Clause.TALK_START, alone=False)
def an_issue_of_a_talk_to_come_starts_at_once() -> Patches:
    def wrap(stands: Callable[..., Any]) -> Callable[..., Any]:
        return lambda talk: (TalkNews.HELD, talk.starts_at - timedelta(days=30))

    return [around(telling, "_stands", wrap)]


@fault(Clause.TALK_EXPECTED, alone=False)
def what_is_expected_is_not_said_to_be_provisional() -> Patches:
    return told("promise.expected", lambda values: with_data(values, provisional_because="because"))


@fault(Clause.TALK_TOLD, alone=False)
def the_last_of_a_chunk_is_never_told() -> Patches:
    def wrap(chunk: Callable[..., Any]) -> Callable[..., Any]:
        def short(one: Any, now: Any) -> Any:
            after, asked = chunk(one, now)
            if len(asked) == 1:
                return after, asked
            left = tuple(issue for issue in after.left if issue != asked[-1])
            return after.model_copy(update={"left": left, "sent": after.sent - 1}), asked[:-1]

        return short

    return [around(telling, "chunk", wrap)]


@fault(Clause.LEGAL_MOVE, alone=False)
def an_issue_starts_as_often_as_it_is_told() -> Patches:
    def wrap(runs: Callable[..., Any]) -> Callable[..., Any]:
        def again(issue: Any, waiting: Any, command: Any, context: Any) -> Any:
            after, messages = runs(issue, waiting, command, context)
            return after, (*messages, *messages)

        return again

    return [around(hearing, "_runs", wrap)]


@fault(Clause.TALK_NEWS, alone=False)
def of_what_becomes_of_a_talk_nobody_is_told() -> Patches:
    return [patch.object(noticing, "_people", lambda decided, about, context: decided)]


@fault(Clause.TALK_DEPARTMENTS)
def departments_hear_nothing_of_a_talk_that_changes() -> Patches:
    return [patch.object(noticing, "_officials", lambda decided, *heard: decided)]


@fault(Clause.TALK_DEPARTMENTS)
def who_leads_a_talk_does_not_hear_that_it_changes() -> Patches:
    def wrap(officials: Callable[..., Any]) -> Callable[..., Any]:
        return lambda decided, departments, leaders, about, by: officials(decided, departments, (), about, by)

    return [around(noticing, "_officials", wrap)]


@fault(Clause.ATTENDED)
def who_has_come_is_written_down_only_until_the_talk_is_over() -> Patches:
    moves = {move: after for move, after in talks.MOVES.items() if move != (State.HELD, "attend")}
    return [patch.object(talks, "MOVES", moves)]


@fault(Clause.LEADER_ONCE, alone=False)
def a_leader_is_wherever_somebody_wants() -> Patches:
    return [patch.object(agenda, "_engaged", lambda *given: None)]


@fault(Clause.CLAIM_THERE, alone=False)
def whoever_wants_to_claims() -> Patches:
    return [patch.object(claiming, "_not_there", lambda issue, context: None)]


@fault(Clause.RECORDED_BY, alone=False)
def who_wrote_an_answer_down_lets_it_out() -> Patches:
    def wrap(handlers_of: Callable[..., Any]) -> Callable[..., Any]:
        return lambda draft: handlers_of(draft.model_copy(update={"recorded_by": ""}))

    return [around(asking, "handlers_of", wrap)]


@fault(Clause.BATCH_WHOLE, alone=False)
def a_batch_answers_for_all_but_the_first() -> Patches:
    return told("batch.done", lambda values: with_data(values, members=values["data"]["members"][1:]))


@fault(Clause.BATCH_ASSIGNED, alone=False)
def a_batch_hides_what_was_refused() -> Patches:
    def hidden(values: Any) -> Any:
        return with_data(values, members=[{**one, "refused": ""} for one in values["data"]["members"]])

    return told("batch.done", hidden)
