"""The life of a notice, alike in intake and dispatch: its tables both ways, its deadlines, each record twice.

All of it begins on a Monday at 09:00, in office hours; what is different outside these is in test_digests.py.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.dispatch.consumer import NOTICE as TO_OFFICIALS
from services.dispatch.consumer import consumer as dispatch
from services.intake.consumer import NOTICE as TO_RAISERS
from services.intake.consumer import consumer as intake
from shared.contract.command import Command
from shared.contract.commands import notices as asked
from shared.contract.events import notices as events
from shared.contract.words import Occurrence, Unsent
from shared.domain.decisions import legal_verbs
from shared.domain.notices import (
    FIRST_PAUSE,
    FOLLOWING,
    KEPT,
    LONGEST_PAUSE,
    MOVES,
    NOTHING,
    TIMERS,
    UNSENT,
    State,
    pause,
)
from tests.unit.one_aggregate import MOMENT, OneAggregate, after
from tests.unit.reference import JURISDICTION

SUBJECT, SENDER = "notice:0123456789abcdef", "system:notices"
ABOUT = {"issue": "7K3M9QXT2B4N6", "number": "7K3M-9QXT-2B4N-6C", "about": Occurrence.REWORK, "to": "li"}
OWNERS: dict[str, tuple[Any, dict[str, Command], Any, Any]] = {
    "intake": (
        intake,
        {
            "prepare": asked.PrepareNotice(**ABOUT),
            "begin": asked.BeginNotice(),
            "record": asked.RecordNotice(),
            "give_up": asked.GiveUpNotice(why=Unsent.REFUSED),
        },
        events.NoticeSent,
        events.NoticeGivenUp,
    ),
    "dispatch": (
        dispatch,
        {
            "prepare": asked.PrepareStaffNotice(**ABOUT),
            "begin": asked.BeginStaffNotice(),
            "record": asked.RecordStaffNotice(),
            "give_up": asked.GiveUpStaffNotice(why=Unsent.REFUSED),
        },
        events.StaffNoticeSent,
        events.StaffNoticeGivenUp,
    ),
}
WAYS: dict[str, tuple[str, ...]] = {
    NOTHING: (),
    State.PREPARED: ("prepare",),
    State.SENDING: ("prepare", "begin"),
    State.SENT: ("prepare", "begin", "record"),
    State.GIVEN_UP: ("prepare", "begin", "give_up"),
}
AGAIN = {(State.SENT, "record")}
VERBS = ("prepare", "begin", "record", "give_up")
ENDS = {"issue": ABOUT["issue"], "about": Occurrence.REWORK, "to": "li", "way": "mail"}


class Played(OneAggregate):
    """One notice of one service; ``walk`` brings it to any state."""

    def __init__(self, owner: str) -> None:
        self.owner = owner
        made, self.asks, self.sent, self.given_up = OWNERS[owner]
        super().__init__(made(JURISDICTION), SUBJECT)

    def walk(self, state: str) -> "Played":
        for verb in WAYS[state]:
            assert self.want(verb)["status"] == "done"
        assert self.at == state
        return self

    def want(self, verb: str, hours: float = 0) -> dict[str, Any]:
        return self.ask(self.asks[verb], after(hours=hours), SENDER)

    @property
    def at(self) -> str:
        return self.state.state if self.state else NOTHING

    @property
    def until(self) -> datetime:
        """When nobody tries any more what is prepared now: in three days, or at the end of the third working day."""
        return after() + (KEPT if self.owner == "intake" else timedelta(days=3, hours=8.5))


owners = pytest.mark.parametrize("owner", OWNERS)


@owners
@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", WAYS)
def test_a_command_does_what_the_table_says_and_elsewhere_changes_nothing(
    owner: str, state: str, verb: str
) -> None:
    notice = Played(owner).walk(state)
    before, published = notice.state, list(notice.events)
    outcome = notice.want(verb)
    if (state, verb) in MOVES:
        assert (outcome["status"], notice.at) == ("done", MOVES[(state, verb)])
        return
    assert (notice.state, notice.events) == (before, published)
    if verb == "prepare" or (state, verb) in AGAIN:
        assert outcome["unchanged"]
        return
    assert (outcome["reason"], tuple(outcome.get("legal", ()))) == ("illegal_move", legal_verbs(MOVES, state))


@owners
def test_only_the_system_itself_asks(owner: str) -> None:
    notice = Played(owner).walk(State.PREPARED)
    for actor in ("operator:sun", "office:chen", "entrepreneur:li", "timer:due"):
        assert notice.ask(notice.asks["begin"], after(), actor)["reason"] == "wrong_role"


@owners
@pytest.mark.parametrize("verb", VERBS)
def test_each_command_delivered_twice_has_one_effect_and_one_outcome(owner: str, verb: str) -> None:
    state = next(state for state, asked in MOVES if asked == verb)
    notice = Played(owner).walk(state)
    record = notice.command(notice.asks[verb], after(), SENDER)
    first = notice.answer(record)
    reached, published = notice.state, list(notice.events)
    assert [notice.answer(record), notice.answer(record)] == [first, first]
    assert (notice.state, notice.events) == (reached, published)


@owners
def test_one_who_has_begun_has_it_alone_until_the_pause_is_over(owner: str) -> None:
    notice = Played(owner).walk(State.SENDING)
    assert notice.want("begin")["reason"] == "illegal_move"
    due = notice.deadline
    assert due is not None and due.at == after() + FIRST_PAUSE
    assert notice.fire(due.at - MOMENT) == [] and notice.at == State.SENDING
    assert notice.fire(due.at) == []
    assert notice.at == State.PREPARED == FOLLOWING[(State.SENDING, "try_again")]
    assert notice.want("begin", hours=1)["tries"] == 2


@owners
def test_the_pause_is_over_before_a_later_command_though_the_timer_was_late(owner: str) -> None:
    notice = Played(owner).walk(State.SENDING)
    outcome = notice.want("begin", hours=1)
    assert (outcome["status"], notice.at, notice.state.tries) == ("done", State.SENDING, 2)


@owners
def test_what_was_sent_is_told_once_with_how_often_it_was_tried(owner: str) -> None:
    notice = Played(owner).walk(State.SENDING)
    notice.fire(after() + FIRST_PAUSE)
    notice.want("begin", hours=1)
    notice.want("record", hours=1)
    notice.want("record", hours=1)
    assert notice.events == [notice.sent(**ENDS, tries=2)]


@owners
def test_what_the_server_has_counts_as_sent_though_it_took_too_long(owner: str) -> None:
    notice = Played(owner).walk(State.SENDING)
    notice.fire(after() + FIRST_PAUSE)
    assert notice.at == State.PREPARED
    assert notice.want("record", hours=1)["state"] == State.SENT == MOVES[(State.PREPARED, "record")]


@owners
def test_it_is_given_up_with_the_reason(owner: str) -> None:
    notice = Played(owner).walk(State.GIVEN_UP)
    assert notice.events == [notice.given_up(**ENDS, tries=1, why=Unsent.REFUSED)]


@owners
def test_what_nobody_sends_is_given_up_after_three_days(owner: str) -> None:
    notice = Played(owner).walk(State.PREPARED)
    due = notice.deadline
    assert due is not None and (due.name, due.at) == (UNSENT, notice.until)
    assert notice.fire(due.at - MOMENT) == []
    assert notice.fire(due.at) == [notice.given_up(**ENDS, tries=0, why=Unsent.TOO_LATE)]
    assert notice.at == State.GIVEN_UP == FOLLOWING[(State.PREPARED, "give_up")]
    assert notice.fire(due.at) == []


@owners
def test_a_try_that_ends_after_three_days_is_the_last(owner: str) -> None:
    notice = Played(owner).walk(State.PREPARED)
    notice.ask(notice.asks["begin"], notice.until - FIRST_PAUSE / 2, SENDER)
    due = notice.deadline
    assert due is not None
    assert notice.fire(due.at) == [notice.given_up(**ENDS, tries=1, why=Unsent.TOO_LATE)]
    assert notice.at == State.GIVEN_UP == FOLLOWING[(State.SENDING, "give_up")]


def test_the_pauses_double_up_to_an_hour() -> None:
    pauses = [pause(tries) for tries in range(6)]
    assert pauses[:4] == [FIRST_PAUSE * 2**number for number in range(4)]
    assert pauses[4:] == [LONGEST_PAUSE] * 2 and pause(10**6) == LONGEST_PAUSE == timedelta(hours=1)


def test_every_state_has_a_timer_or_ends() -> None:
    assert set(TIMERS) == set(State)
    for state in set(State) & set(WAYS):
        played = Played("intake").walk(state)
        ended = state in (State.SENT, State.GIVEN_UP)
        assert TO_RAISERS.finished(played.state) == TO_OFFICIALS.finished(played.state) == ended
        assert (played.deadline is None) == ended
