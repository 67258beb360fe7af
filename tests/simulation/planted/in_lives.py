"""Faults planted into what intake, dispatch and feedback decide and tell."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

from services.dispatch.issue import replying
from services.feedback.issue import life as feedback
from services.feedback.issue.life import Issue, State
from services.intake.issue.life import State as IntakeState
from shared.contract.commands.dispatch import DraftReply, RuleOnReturn, SignAssignment
from shared.contract.commands.feedback import RateReply
from shared.contract.commands.intake import RegisterIssue, WithdrawIssue
from shared.contract.envelope import read_seen, write_seen
from shared.contract.events.feedback import RatingInvited
from shared.contract.events.intake import IssueAccepted, IssueRegistered
from shared.contract.orders import OrderHandedOver
from shared.contract.words import Kind, Role
from shared.domain.aggregates import AggregateType
from shared.domain.decisions import Change, Deadline, Reason, Refusal, event, order
from shared.domain.rights import RIGHTS, Scope
from tests.said import opened
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import (
    Patches,
    Values,
    around,
    fault,
    in_deadlines,
    in_decision,
    in_kind,
    told,
    with_data,
)

# ------------------------------------------------------------------ envelopes


@fault(Clause.TIME)
def an_acceptance_is_dated_an_hour_ahead() -> Patches:
    return told("issue.accepted", lambda values: {"time": values["time"] + timedelta(hours=1)})


@fault(Clause.SAME_ID)
def the_id_of_an_event_leaves_its_number_out() -> Patches:
    return told("reply.", lambda values: {"id": f"{values['type']}:{values['subject']}"})


@fault(Clause.SEEN_EXISTS)
def supervision_says_it_had_seen_more_than_there_was() -> Patches:
    def more(values: Values) -> Values:
        seen = {source: number + 1000 for source, number in read_seen(values["seen"]).items()}
        return {"seen": write_seen(seen)}

    return told("clock.", more)


@fault(Clause.SEEN_GROWS)
def the_stop_of_a_clock_says_nothing_of_what_was_seen() -> Patches:
    return told("clock.stopped", lambda values: {"seen": ""})


@fault(Clause.SEEN_CAUSE)
def supervision_never_says_what_it_had_seen() -> Patches:
    return told("clock.", lambda values: {"seen": ""})


# ---------------------------------------------------------------------- files


@fault(Clause.FILES_CARRIED)
def an_order_leaves_the_files_of_its_issue_out() -> Patches:
    return told("order.assigned", lambda values: with_data(values, attachments=[]))


@fault(Clause.FILES_CARRIED)
def a_registration_tells_of_one_file_alone() -> Patches:
    return told(
        "issue.registered", lambda values: with_data(values, attachments=values["data"]["attachments"][:1])
    )


# ---------------------------------------------------------------------- lives


@fault(Clause.LEGAL_MOVE)
def an_assignment_is_signed_twice() -> Patches:
    def wrap(sign: Callable[..., Any]) -> Callable[..., Any]:
        def twice(issue: Any, command: Any, context: Any) -> Any:
            if issue is not None and issue.state == "in_progress":
                issue = issue.model_copy(update={"state": "assigned"})
            return sign(issue, command, context)

        return twice

    return [in_decision("dispatch", "issue", SignAssignment, wrap)]


@fault(Clause.TAKEN_BACK)
def an_issue_is_taken_back_once_its_raiser_is_invited_to_rate() -> Patches:
    def change(kind: AggregateType) -> AggregateType:
        withdraw, follow = kind.commands[WithdrawIssue], kind.events[RatingInvited]

        def at_once(issue: Any, event: Any, context: Any) -> Any:
            if issue is None or issue.state is not IntakeState.ACCEPTED:
                return follow(issue, event, context)
            return withdraw(
                issue, WithdrawIssue(reason="已答复"), context._replace(actor=f"entrepreneur:{issue.person}")
            )

        return replace(kind, events={**kind.events, RatingInvited: at_once})

    return [in_kind("intake", "issue", change)]


@fault(Clause.ROUND_GRANTED)
def a_check_names_the_round_after() -> Patches:
    return told("reply.checked", lambda values: with_data(values, round=values["data"]["round"] + 1))


@fault(Clause.ONE_RELEASE)
def every_reply_is_released_as_the_first() -> Patches:
    return told("reply.released", lambda values: with_data(values, round=1))


@fault(Clause.DRAFT_NAMED)
def drafts_are_numbered_by_twos() -> Patches:
    def wrap(drafted: Callable[..., Any]) -> Callable[..., Any]:
        def by_twos(**values: Any) -> Any:
            return drafted(**{**values, "number": 2 * values["number"]})

        return by_twos

    return [around(replying, "Draft", wrap)]


@fault(Clause.DRAFT_RELEASED)
def a_word_is_added_at_the_release() -> Patches:
    return told("reply.released", lambda values: with_data(values, text=values["data"]["text"] + "。"))


@fault(Clause.CLICK_SIGNED)
def a_draft_counts_as_signed_when_it_comes_in() -> Patches:
    def wrap(draft: Callable[..., Any]) -> Callable[..., Any]:
        def eager(issue: Any, command: Any, context: Any) -> Any:
            drafted = draft(issue, command, context)
            if isinstance(drafted, Refusal) or command.signed_off_by:
                return drafted
            signs = replying.SignOffReply(
                assignment=command.assignment,
                draft=drafted.outcome["draft"],
                sha256=drafted.outcome["sha256"],
            )
            signed = replying.sign_off(
                drafted.state, signs, context._replace(actor=f"{context.actor}/leader")
            )
            if isinstance(signed, Refusal):
                return drafted
            return replace(signed, messages=(*drafted.messages, *signed.messages))

        return eager

    return [in_decision("dispatch", "issue", DraftReply, wrap)]


# ------------------------------------------------------- words, and who may speak


@fault(Clause.WORDS_SEALED)
def a_registration_says_the_title_in_place_of_the_enterprise() -> Patches:
    def wrap(register: Callable[..., Any]) -> Callable[..., Any]:
        def talkative(issue: Any, command: Any, context: Any) -> Any:
            change = register(issue, command, context)
            if isinstance(change, Refusal):
                return change
            title, _, _ = opened(context.subject, command.words.words).partition("\n")
            registered, *others = change.messages
            body = registered.body.model_copy(update={"enterprise": title})
            return replace(change, messages=(event(body), *others))

        return talkative

    return [in_decision("intake", "issue", RegisterIssue, wrap)]


@fault(Clause.WORDS_SAME)
def a_word_is_added_at_the_acceptance() -> Patches:
    return told("issue.accepted", lambda values: with_data(values, text=values["data"]["text"] + "。"))


@fault(Clause.RAISED_BY)
def what_is_written_down_belongs_to_who_wrote_it() -> Patches:
    def own(values: Values) -> Values:
        official = values["data"]["recorded_by"]
        return with_data(values, person=official) if official else {}

    return told("issue.registered", own)


@fault(Clause.RAISER_ONLY)
def whoever_asks_may_rate() -> Patches:
    return [patch.dict(RIGHTS, {("issue", RateReply.verb): {Role.ENTREPRENEUR: Scope.JURISDICTION}})]


# -------------------------------------------------------------------- mergers


@fault(Clause.TRANSFER_OF_HELD)
def a_transfer_names_another_assignment_than_was_held() -> Patches:
    def other(values: Values) -> Values:
        return with_data(values, previous_assignment="none") if values["data"]["why"] == "return" else {}

    return told("assignment.transferred", other)


@fault(Clause.TRANSFER_WHY)
def a_ruling_names_another_assignment() -> Patches:
    def other(values: Values) -> Values:
        return with_data(values, assignment="none") if values["data"]["upheld"] else {}

    return told("assignment.ruled", other)


@fault(Clause.MERGER_STOPS)
def an_upheld_return_tells_the_department_that_it_was_merged() -> Patches:
    def wrap(rule: Callable[..., Any]) -> Callable[..., Any]:
        def wrong(issue: Any, command: Any, context: Any) -> Any:
            change = rule(issue, command, context)
            if isinstance(change, Refusal) or not command.upheld:
                return change
            body = OrderHandedOver(assignment=issue.assignment, department=change.state.department)
            return replace(change, messages=(*change.messages, order(issue.department, body)))

        return wrong

    return [in_decision("dispatch", "issue", RuleOnReturn, wrap)]


# -------------------------------------------------------------------- feedback


@fault(Clause.FIGURES_KNOWN)
def a_command_about_what_nobody_raised_is_kept() -> Patches:
    def wrap(decide: Callable[..., Any]) -> Callable[..., Any]:
        def credulous(issue: Any, command: Any, context: Any) -> Any:
            if issue is None:
                return Change(Issue(state=State.REJECTED, kind=Kind.PROBLEM))
            return decide(issue, command, context)

        return credulous

    def change(kind: AggregateType) -> AggregateType:
        return replace(kind, commands={asked: wrap(decide) for asked, decide in kind.commands.items()})

    return [in_kind("feedback", "issue", change)]


@fault(Clause.FIGURES_SAME)
def feedback_takes_everything_for_a_suggestion() -> Patches:
    def change(kind: AggregateType) -> AggregateType:
        register = kind.events[IssueRegistered]

        def wrong(issue: Any, event: Any, context: Any) -> Any:
            return register(issue, event.model_copy(update={"kind": Kind.SUGGESTION}), context)

        return replace(kind, events={**kind.events, IssueRegistered: wrong})

    return [in_kind("feedback", "issue", change)]


@fault(Clause.TIMER_OWN)
def an_invitation_has_no_end_and_nobody_may_rate() -> Patches:
    def change(kind: AggregateType) -> AggregateType:
        assert kind.deadlines is not None
        commands = {**kind.commands, RateReply: lambda issue, command, context: Refusal(Reason.WRONG_ROLE)}
        return replace(kind, commands=commands, deadlines=replace(kind.deadlines, next=lambda state: None))

    return [in_kind("feedback", "issue", change)]


@fault(Clause.TERMINAL_QUIET, alone=False)
def what_is_closed_has_a_deadline_in_ten_years() -> Patches:
    def wrap(next_deadline: Callable[..., Any]) -> Callable[..., Any]:
        def more(state: Any) -> Any:
            if state.state != State.CLOSED or state.reply is None:
                return next_deadline(state)
            at = state.reply.open_until + timedelta(days=3650)
            return Deadline("rating/1/again/1", at, at)

        return more

    return [in_deadlines("feedback", next=wrap)]


@fault(Clause.STATE_KNOWN)
def the_table_of_timers_forgets_a_state() -> Patches:
    timers = {state: timer for state, timer in feedback.TIMERS.items() if state != State.CLOSED}
    return [
        patch.object(feedback, "TIMERS", timers),
        in_kind("feedback", "issue", lambda kind: replace(kind, finished=lambda state: False)),
    ]


@fault(Clause.BUILT_AGAIN, alone=False)  # the words that come out are others too
def what_is_kept_depends_on_how_often_something_was_asked() -> Patches:
    def change(kind: AggregateType) -> AggregateType:
        accept, numbers = kind.events[IssueAccepted], count()

        def numbered(issue: Any, event: Any, context: Any) -> Any:
            return accept(issue, event.model_copy(update={"title": f"{next(numbers)}"}), context)

        return replace(kind, events={**kind.events, IssueAccepted: numbered})

    return [in_kind("dispatch", "issue", change)]
