"""The table of moves, both ways: what it names works, what it does not name is refused and changes nothing."""

import pytest

from services.dispatch.domain import LEARNED, MOVES, OUTCOME_CLASS, TERMINAL, TIMERS, State
from shared.events import OUTCOMES, IssueAccepted, IssueClosed, IssueRejected, IssueWithdrawn, ReworkDecided
from shared.moves import legal_verbs
from tests.unit.dispatch.desks import ASKS, WAYS, Desks, closed, granted
from tests.unit.supervision.street import accepted, after, rejected, withdrawn

FACTS = {
    IssueAccepted: accepted(),
    IssueRejected: rejected(),
    IssueWithdrawn: withdrawn(),
    ReworkDecided: granted(),
    IssueClosed: closed(),
}


@pytest.mark.parametrize("verb", ASKS)
@pytest.mark.parametrize("state", WAYS)
async def test_a_command_does_what_the_table_says_and_is_refused_elsewhere_with_what_is_legal(
    state: State, verb: str
) -> None:
    desks = await Desks().bring(state)
    before, told, orders = desks.state, len(desks.told), len(desks.orders)
    outcome = await desks.want(verb)
    if (state, verb) in MOVES:
        assert outcome["status"] == "done"
        assert desks.state.state == MOVES[(state, verb)] == outcome["state"]
        assert len(desks.told) > told
    else:
        assert (outcome["status"], outcome["reason"]) == ("refused", "illegal_move")
        assert tuple(outcome.get("legal", ())) == legal_verbs(MOVES, state)
        assert (desks.state, len(desks.told), len(desks.orders)) == (before, told, orders)


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("state", WAYS)
async def test_a_fact_moves_an_issue_as_the_table_says_and_otherwise_changes_nothing(
    state: State, fact: type
) -> None:
    desks = await Desks().bring(state)
    before, orders = desks.state, len(desks.orders)
    await desks.hear(FACTS[fact])
    if (state, fact) in LEARNED:
        assert desks.state.state == LEARNED[(state, fact)]
    else:
        assert (desks.state, len(desks.orders)) == (before, orders)


@pytest.mark.parametrize("verb", ASKS)
async def test_a_command_about_an_unknown_issue_is_refused(verb: str) -> None:
    desks = Desks()
    outcome = await desks.want(verb)
    assert (outcome["status"], outcome["reason"]) == ("refused", "unknown_issue")
    assert (desks.state, desks.told) == (None, [])


def test_every_state_has_a_timer_or_is_terminal_and_no_command_leaves_a_terminal_one() -> None:
    assert set(TIMERS) == set(State)
    assert not [state for state, _ in MOVES if TIMERS[state] == TERMINAL]
    assert {verb for _, verb in MOVES} == set(ASKS)
    assert set(WAYS) == set(State) - {State.DESK}


def test_every_outcome_has_its_class() -> None:
    assert set(OUTCOME_CLASS) == {outcome for outcomes in OUTCOMES.values() for outcome in outcomes}
    assert set(OUTCOME_CLASS.values()) == {"A", "B", "C"}


@pytest.mark.parametrize("state", WAYS)
async def test_everything_delivered_twice_is_done_once_with_the_same_outcome(state: State) -> None:
    desks = Desks()
    await desks.register()
    records = []
    for step in WAYS[state]:
        if isinstance(step, str):
            command, actor = ASKS[step]
            records.append(desks.command(command, after(hours=1), actor))
        else:
            records.append(desks.facts(step, after()))
    outcomes = [[answer.outcome for answer in (await desks.loop.run([record])).answers] for record in records]
    reached, told, orders = desks.state, list(desks.told), list(desks.orders)
    for record, outcome in zip(records, outcomes, strict=True):
        again = await desks.loop.run([record])
        assert [answer.outcome for answer in again.answers] == outcome
    await desks.loop.run(records)
    assert (desks.state, desks.told, desks.orders) == (reached, told, orders)


@pytest.mark.parametrize("verb", ASKS)
async def test_each_move_delivered_twice_has_one_effect(verb: str) -> None:
    state = next(State(state) for state, asked in MOVES if asked == verb)
    desks = await Desks().bring(state)
    command, actor = ASKS[verb]
    record = desks.command(command, after(hours=1), actor)
    first = await desks.loop.run([record])
    reached, told, orders = desks.state, list(desks.told), list(desks.orders)
    second = await desks.loop.run([record])
    assert second.answers[0].outcome == first.answers[0].outcome
    assert [out.value for out in second.outgoing] == [out.value for out in first.outgoing]
    assert (desks.state, desks.told, desks.orders) == (reached, told, orders)
