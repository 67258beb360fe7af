"""The tables of intake, both ways: what they name works, what they do not name is refused and changes nothing."""

import pytest

from services.intake.consumer import ISSUE
from services.intake.issue.life import ANYTIME, EVENT_MOVES, FOLLOWING, MOVES, NOTHING, TIMERS, State
from shared.contract.commands.intake import DecideAppeal
from shared.contract.event import Event
from shared.domain.decisions import TERMINAL, legal_verbs
from tests.unit.intake.given import (
    ASKS,
    CLOSED,
    GRANTED,
    INVITED,
    LAPSED,
    NOT_ANSWERED,
    OTHER_OFFICE,
    PUT,
    RATED,
    REMINDED,
    WAYS,
    Played,
)
from tests.unit.one_aggregate import after

HAPPENS = (INVITED, CLOSED, PUT, NOT_ANSWERED)
OF_A_REPLY = (RATED, LAPSED, REMINDED)


@pytest.mark.parametrize("verb", ASKS)
@pytest.mark.parametrize("state", WAYS)
def test_a_command_does_what_the_table_says_and_is_refused_elsewhere_with_what_is_legal(
    state: str, verb: str
) -> None:
    issue = Played().walk(state)
    issue.prepare(verb)
    before, published = issue.state, len(issue.events)
    outcome = issue.want(verb)
    if (state, verb) in MOVES:
        assert outcome["status"] == "done"
        assert issue.state.state == MOVES[(state, verb)] == outcome["state"]
        assert len(issue.events) > published
        return
    reason = {"register": "already_registered"}.get(verb, "illegal_move")
    expected = "unknown_issue" if state == NOTHING else reason
    assert (outcome["status"], outcome["reason"]) == ("refused", expected)
    assert tuple(outcome.get("legal", ())) == legal_verbs(MOVES, state)
    assert (issue.state, len(issue.events)) == (before, published)


@pytest.mark.parametrize("event", [*HAPPENS, *OF_A_REPLY, GRANTED], ids=lambda event: event.type)
@pytest.mark.parametrize("state", WAYS)
def test_an_event_moves_an_issue_as_the_table_says_and_otherwise_changes_nothing(
    state: str, event: Event
) -> None:
    issue = Played().walk(state)
    before = issue.state
    assert issue.take(event, after()) == []
    assert issue.at == EVENT_MOVES.get((state, type(event)), state)
    if (state, type(event)) not in EVENT_MOVES:
        assert issue.state == before


def test_the_consumer_answers_exactly_the_verbs_and_events_of_the_tables() -> None:
    assert {command.verb for command in ISSUE.commands} == {*ASKS, *ANYTIME}
    assert {verb for _, verb in MOVES} == set(ASKS)
    assert set(ISSUE.events) == {event for _, event in EVENT_MOVES}


@pytest.mark.parametrize("verb", ASKS)
def test_each_command_delivered_twice_has_one_effect_and_one_outcome(verb: str) -> None:
    issue = Played().walk(next(state for state, asked in MOVES if asked == verb))
    issue.prepare(verb)
    command, actor = ASKS[verb]
    record = issue.command(command, after(), actor)
    first = issue.answer(record)
    reached, published = issue.state, list(issue.events)
    assert [issue.answer(record), issue.answer(record)] == [first, first]
    assert (issue.state, issue.events) == (reached, published)


@pytest.mark.parametrize(
    ("state", "event"),
    [
        *((State.ACCEPTED, event) for event in HAPPENS),
        *((State.ANSWERED, event) for event in OF_A_REPLY),
        (State.CLOSED, GRANTED),
    ],
    ids=lambda one: getattr(one, "type", str(one)),
)
def test_an_event_delivered_twice_changes_nothing_more(state: State, event: Event) -> None:
    issue = Played().walk(state)
    record = issue.event(event, after())
    issue.deliver(record)
    reached = issue.state
    assert issue.deliver(record, record) == []
    assert issue.state == reached
    assert issue.at == EVENT_MOVES[(state, type(event))]


def test_every_state_has_a_timer_or_is_terminal_and_only_an_appeal_leaves_a_terminal_one() -> None:
    assert set(TIMERS) == set(State) == set(WAYS) - {NOTHING}
    left = {asked for asked, after in MOVES.items() if TIMERS.get(asked[0]) == TERMINAL and after != asked[0]}
    assert left == {(State.REJECTED, "appeal")}


def test_an_appeal_that_is_dismissed_leads_where_the_table_says() -> None:
    issue = Played().walk(State.APPEALED)
    dismissed = DecideAppeal(upheld=False, reason="仍在诉讼")
    assert (
        issue.ask(dismissed, after(), OTHER_OFFICE)["state"] == FOLLOWING[(State.APPEALED, "dismiss_appeal")]
    )
    assert next(iter(FOLLOWING)) == (State.APPEALED, "dismiss_appeal")
    assert issue.at == State.REJECTED


@pytest.mark.parametrize("state", State)
def test_an_issue_is_finished_in_its_terminal_states_only(state: State) -> None:
    ended = state in (State.REJECTED, State.REFERRED, State.WITHDRAWN, State.CLOSED)
    assert (TIMERS[state] == TERMINAL) == ended == ISSUE.finished(Played().walk(state).state)
