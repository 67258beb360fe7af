"""The tables of feedback, both ways: what they name works, what they do not name changes nothing."""

import pytest

from services.feedback.consumer import ISSUE
from services.feedback.issue.life import (
    ANYTIME,
    EVENT_MOVES,
    FOLLOWING,
    LATER,
    MOVES,
    NOTHING,
    PASSING,
    TIMERS,
    Issue,
    ReplyRound,
    State,
    walk,
)
from services.feedback.issue.reactions import lapse
from shared.contract.command import Command
from shared.contract.commands.feedback import DecideRework, FinishTracking, RateReply
from shared.contract.event import Event
from shared.contract.events.dispatch import ReplyCorrected, ReplyReleased
from shared.contract.events.feedback import (
    IssueClosed,
    IssueTracked,
    RatingInvited,
    RatingLapsed,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)
from shared.contract.events.intake import (
    AppealUpheld,
    IssueReferred,
    IssueRegistered,
    IssueRejected,
    IssueWithdrawn,
)
from shared.contract.events.supervision import PromiseBroken, PromiseKept
from shared.contract.words import Body, Kind, Outcome, RejectionGround, Satisfaction, Solved
from shared.domain.decisions import TERMINAL, Change, Context, Deadline, Reason, Refusal
from tests.said import REFERENCES, raiser
from tests.unit.one_aggregate import after
from tests.unit.reference import builtin_reference

OPEN_UNTIL = after(days=15)
CONTEXT = Context("issue-1", after(days=2), builtin_reference(), "leader:wang", "cause")
GOOD = RateReply(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES)
BAD = RateReply(round=1, satisfaction=Satisfaction.DISSATISFIED, solved=Solved.NO, reason="未解决")
ASKS: list[tuple[Command, str, str, type[Event]]] = [
    (GOOD, raiser("li"), "rate", ReplyRated),
    (BAD, raiser("li"), "rate", ReplyRated),
    (DecideRework(round=1, granted=True), "office:chen", "decide_rework", ReworkDecided),
    (DecideRework(round=1, granted=False, reason="已解释"), "office:chen", "refuse_rework", ReworkRefused),
    (FinishTracking(reason="已建成"), "leader:wang", "finish_tracking", IssueClosed),
]
"""A command, who asks it, the step by which the decision begins, and its first event."""
STEPS: dict[type[Event], str] = {
    ReplyRated: "rate",
    RatingLapsed: "lapse",
    ReworkAsked: "ask_rework",
    ReworkDecided: "decide_rework",
    ReworkRefused: "refuse_rework",
    IssueTracked: "track",
    IssueClosed: "close",
}
"""Which step each of feedback's own events is."""
OTHERS: list[Event] = [
    IssueRegistered(number="HZ-1", person=REFERENCES.person("li")),
    IssueRejected(ground=RejectionGround.PETITION, explanation="已在信访程序中", by="chen"),
    AppealUpheld(reason="确已撤诉", by="wang"),
    IssueReferred(body=Body.COURT, addressee="法院", reason="已起诉", by="chen"),
    IssueWithdrawn(reason="已解决"),
    ReplyReleased(
        assignment="a1",
        department="traffic",
        round=2,
        draft=1,
        sha256="0" * 64,
        outcome=Outcome.SOLVED,
        outcome_class="A",
        text="已划线",
        by="chen",
    ),
    ReplyCorrected(
        assignment="a1",
        department="traffic",
        round=1,
        version=2,
        sha256="1" * 64,
        outcome=Outcome.SOLVED,
        text="已于三月划线",
        reason="写漏了日期",
        by="chen",
    ),
    PromiseKept(round=1, words="已建成", by="gu"),
    PromiseBroken(round=1, words="未动工", by="gu"),
]


def standing(state: State, outcome: Outcome = Outcome.SOLVED) -> Issue:
    reply = ReplyRound(round=1, outcome=outcome, open_until=OPEN_UNTIL)
    return Issue(state=state, kind=Kind.PROBLEM, person=REFERENCES.person("li"), reply=reply)


def walked(state: State, change: Change[Issue]) -> State:
    """Where the tables say that the change's events lead."""
    for message in change.messages:
        step = STEPS[type(message.body)]  # type: ignore[index]
        tracked = (state, step) == (State.TRACKED, "close")
        state = walk(state, "finish_tracking" if tracked else step)
    return state


@pytest.mark.parametrize("outcome", [Outcome.SOLVED, Outcome.PLANNED])
@pytest.mark.parametrize(("command", "actor", "step", "first"), ASKS)
@pytest.mark.parametrize("state", [state for state in State if state not in PASSING])
def test_a_command_does_what_the_tables_say_and_is_refused_elsewhere_with_what_is_legal(
    state: State, command: Command, actor: str, step: str, first: type[Event], outcome: Outcome
) -> None:
    issue, verb = standing(state, outcome), command.verb
    decision = ISSUE.commands[type(command)](issue, command, CONTEXT._replace(actor=actor))
    if (state, verb) in MOVES:
        assert isinstance(decision, Change)
        assert isinstance(decision.messages[0].body, first)
        assert (state, step) in {**MOVES, **FOLLOWING}
        assert decision.state.state == walked(state, decision)
        assert decision.state.state not in PASSING
        if command is GOOD:
            assert decision.state.state == (State.TRACKED if outcome in LATER else State.CLOSED)
    else:
        legal = tuple(other for at, other in MOVES if at == state)
        assert decision == Refusal(Reason.ILLEGAL_MOVE, f"{verb} is not possible in state {state}", legal)


@pytest.mark.parametrize(("command", "actor", "step", "first"), ASKS)
def test_a_command_about_an_unknown_issue_is_refused(
    command: Command, actor: str, step: str, first: type[Event]
) -> None:
    decision = ISSUE.commands[type(command)](None, command, CONTEXT._replace(actor=actor))
    assert isinstance(decision, Refusal)
    assert decision.reason is Reason.UNKNOWN_ISSUE


@pytest.mark.parametrize("event", OTHERS, ids=lambda event: event.type)
@pytest.mark.parametrize("state", [NOTHING, *(state for state in State if state not in PASSING)])
def test_others_events_move_an_issue_as_the_table_says_and_otherwise_not_at_all(
    state: str, event: Event
) -> None:
    issue = None if state == NOTHING else standing(State(state))
    change = ISSUE.events[type(event)](issue, event, CONTEXT)
    after = EVENT_MOVES.get((state, type(event)))
    if after is None:
        assert change is None
    else:
        assert change is not None
        assert change.state.state == after
        told = [type(message.body) for message in change.messages]
        telling = {
            ReplyReleased: [RatingInvited],
            PromiseKept: [RatingInvited],
            PromiseBroken: [ReworkDecided],
        }
        assert told == telling.get(type(event), [])


@pytest.mark.parametrize("outcome", [Outcome.SOLVED, Outcome.PLANNED])
@pytest.mark.parametrize("state", [state for state in State if state not in PASSING])
def test_only_an_open_invitation_lapses(state: State, outcome: Outcome) -> None:
    issue = standing(state, outcome)
    change = lapse(
        issue, Deadline("rating/1/lapse/1", OPEN_UNTIL, OPEN_UNTIL), CONTEXT._replace(now=OPEN_UNTIL)
    )
    if (state, "lapse") in FOLLOWING:
        assert isinstance(change.messages[0].body, RatingLapsed)
        assert (
            change.state.state
            == walked(state, change)
            == (State.TRACKED if outcome in LATER else State.CLOSED)
        )
    else:
        assert change == Change(issue)


def test_a_step_that_the_tables_do_not_know_leads_nowhere() -> None:
    with pytest.raises(KeyError):
        walk(State.CLOSED, "rate")


def test_the_consumer_answers_exactly_the_verbs_and_events_of_the_tables() -> None:
    verbs = {*ANYTIME, "remind", *(verb for _, verb in MOVES)}
    assert {command.verb for command in ISSUE.commands} == verbs
    assert set(ISSUE.events) == {event for _, event in EVENT_MOVES} == {type(event) for event in OTHERS}


def test_every_step_of_the_tables_has_its_event() -> None:
    reminded = {"remind"}  # by a rating round: test_rating_rounds.py
    assert {step for _, step in FOLLOWING} - reminded | {"rate", "decide_rework"} == set(STEPS.values())


def test_every_state_has_a_timer_or_is_terminal() -> None:
    assert set(TIMERS) == set(State)
    moves = (*MOVES.items(), *FOLLOWING.items(), *EVENT_MOVES.items())
    left = {state for (state, _), after in moves if after != state} - {NOTHING}
    # Until an appeal, of which feedback is told nothing before it is upheld; or a look-back, which supervision watches.
    left -= {State.REJECTED, State.CLOSED}
    assert left == {state for state in State if TIMERS[state] != TERMINAL}


@pytest.mark.parametrize("state", State)
def test_an_issue_is_finished_in_its_terminal_states_only(state: State) -> None:
    ended = state in (State.CLOSED, State.REJECTED, State.REFERRED, State.WITHDRAWN)
    assert (TIMERS[state] == TERMINAL) == ended == ISSUE.finished(standing(state))
