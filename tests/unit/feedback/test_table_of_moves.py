"""The table of moves, both ways: what it names works, what it does not name is refused and changes nothing."""

import pytest

from services.feedback.domain import ASKED, MOVES, TERMINAL, TIMERS, Issue, State
from services.feedback.domain.facts import OWN, evolve
from services.feedback.domain.life import PASSING, Round
from services.feedback.handlers import decide_rework, finish_tracking, learn, rate, withdraw
from shared.commands import DecideRework, FinishTracking, RateReply
from shared.events import (
    Event,
    IssueClosed,
    IssueTracked,
    Outcome,
    RatingInvited,
    RatingLapsed,
    ReplyRated,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
    Satisfaction,
    Solved,
)
from shared.moves import Change, Context, Reason, Refusal
from tests.unit.supervision.street import ISSUE, MONDAY, after, rejected, withdrawn

REPLIED_AT, OPEN_UNTIL = after(days=1), after(days=15)
CONTEXT = Context(ISSUE, after(days=2), "leader:wang", "cause")
RATE = RateReply(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES)
GRANT = DecideRework(round=1, granted=True)
FINISH = FinishTracking(reason="已建成")

ACTORS = {"rate": "entrepreneur:li", "decide_rework": "office:chen", "finish_tracking": "leader:wang"}
DECIDERS = {"rate": (rate, RATE), "decide_rework": (decide_rework, GRANT),
            "finish_tracking": (finish_tracking, FINISH)}  # fmt: skip


def standing(state: State) -> Issue:
    round = Round(
        round=1, assignment="a1", department="traffic", replied_at=REPLIED_AT, outcome=Outcome.SOLVED,
        open_until=OPEN_UNTIL,
    )  # fmt: skip
    return Issue(state=state, registered_at=MONDAY, month="2026-03", rounds=(round,))


@pytest.mark.parametrize("verb", DECIDERS)
@pytest.mark.parametrize("state", [state for state in State if state not in PASSING])
def test_a_command_does_what_the_table_says_and_is_refused_elsewhere_with_what_is_legal(
    state: State, verb: str
) -> None:
    decide, command = DECIDERS[verb]
    context = CONTEXT._replace(actor=ACTORS[verb])
    decision = decide(standing(state), command, context)  # type: ignore[operator]
    if (state, verb) in ASKED:
        assert isinstance(decision, Change)
        own = {OWN[type(event)] for event in decision.events}
        assert own & {verb, "close"}
        assert decision.state.state not in PASSING
    else:
        legal = tuple(other for at, other in MOVES if at == state and other in DECIDERS)
        assert decision == Refusal(Reason.ILLEGAL_MOVE, f"{verb} is not possible in state {state}", legal)


@pytest.mark.parametrize("verb", DECIDERS)
def test_a_command_about_an_unknown_issue_is_refused(verb: str) -> None:
    decide, command = DECIDERS[verb]
    decision = decide(None, command, CONTEXT)  # type: ignore[operator]
    assert isinstance(decision, Refusal) and decision.reason is Reason.UNKNOWN_ISSUE


OWN_EVENTS: dict[str, Event] = {
    "invite": RatingInvited(round=1, open_until=OPEN_UNTIL),
    "rate": ReplyRated(round=1, satisfaction=Satisfaction.SATISFIED, solved=Solved.YES),
    "lapse": RatingLapsed(round=1), "ask_rework": ReworkAsked(round=1, reason="未解决"),
    "decide_rework": ReworkDecided(round=2, by="chen"),
    "refuse_rework": ReworkRefused(round=1, reason="已解释", by="chen"),
    "track": IssueTracked(round=1, outcome=Outcome.PLANNED), "close": IssueClosed(round=1, reason="rated"),
}  # fmt: skip


@pytest.mark.parametrize("verb", OWN_EVENTS)
@pytest.mark.parametrize("state", State)
def test_an_event_moves_an_issue_as_the_table_says_and_otherwise_not_at_all(state: State, verb: str) -> None:
    moved = evolve(standing(state), OWN_EVENTS[verb], MONDAY).state
    named = "finish_tracking" if (state, verb) == (State.TRACKED, "close") else verb
    assert moved == MOVES.get((state, named), state)


@pytest.mark.parametrize("state", State)
def test_others_facts_end_an_issue_as_the_table_says(state: State) -> None:
    for verb, note, fact in (("withdraw", withdraw, withdrawn()), ("reject", learn, rejected())):
        change = note(standing(state), fact, CONTEXT)  # type: ignore[operator]
        assert (change.state.state if change else state) == MOVES.get((state, verb), state)


def test_every_state_has_a_timer_or_is_terminal() -> None:
    assert set(TIMERS) == set(State)
    assert {state for state, _ in MOVES} == {state for state in State if TIMERS[state] != TERMINAL}
