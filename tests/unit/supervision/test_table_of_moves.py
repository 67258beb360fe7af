"""Supervision's tables: states, moves, timers and clocks agree with each other and with what events do."""

import pytest

from services.supervision.issue.life import CLOCKS, ENDS, MOVES, TIMERS, VERBS, Issue, State
from services.supervision.issue.reactions import observe
from shared.contract.event import Event
from shared.contract.events.feedback import (
    IssueClosed,
    IssueTracked,
    ReworkAsked,
    ReworkDecided,
    ReworkRefused,
)
from shared.contract.words import ClockName, CloseReason, Outcome
from shared.domain.decisions import TERMINAL
from tests.unit.supervision.given import (
    MONDAY,
    POLICY,
    appealed,
    assigned,
    context,
    dismissed,
    recalled,
    referred,
    rejected,
    replied,
    upheld,
    withdrawn,
)

MOVING: dict[str, Event] = {
    "assign": assigned(),
    "recall": recalled(),
    "answer": replied(),
    "ask_rework": ReworkAsked(round=1, reason="未解决"),
    "decide_rework": ReworkDecided(round=2, by="chen"),
    "refuse_rework": ReworkRefused(round=1, reason="已解释", by="chen"),
    "track": IssueTracked(round=1, outcome=Outcome.PLANNED),
    "close": IssueClosed(round=1, reason=CloseReason.RATED),
    "reject": rejected(),
    "appeal": appealed(MONDAY, MONDAY),
    "uphold": upheld(),
    "dismiss": dismissed(),
    "refer": referred(),
    "withdraw": withdrawn(),
}


@pytest.mark.parametrize("verb", MOVING)
@pytest.mark.parametrize("state", State)
def test_an_event_moves_an_issue_as_the_table_says_and_otherwise_not_at_all(state: State, verb: str) -> None:
    change = observe(Issue(state=state), MOVING[verb], context(MONDAY))
    after_it = state if change is None else change.state.state
    assert after_it == MOVES.get((state, verb), state)


def test_every_state_has_a_timer_or_is_terminal_and_nothing_but_a_crossing_or_an_appeal_leaves_a_terminal_one() -> (
    None
):
    assert set(TIMERS) == set(State)
    assert set(MOVING) == set(VERBS.values())
    # Two ends may cross: closing wins, whichever is read first (docs/loop.md, crossings). A person may appeal, and a
    # look-back may find a promise broken.
    anyway = {(State.WITHDRAWN, "close"), (State.REFERRED, "close"), (State.REJECTED, "appeal")}
    anyway |= {(State.CLOSED, "decide_rework")}
    left = {state for state, _ in MOVES.keys() - anyway}
    assert left == {state for state in State if TIMERS[state] != TERMINAL}


def test_every_clock_has_a_rule_a_limit_and_stops_when_its_issue_ends_but_that_of_an_instruction() -> None:
    assert set(CLOCKS) == set(ClockName)
    for name, rule in CLOCKS.items():
        assert name.value in POLICY.limits
        ends = set(ENDS) & set(rule.stops)
        assert ends == (set() if name is ClockName.INSTRUCTION else set(ENDS))
