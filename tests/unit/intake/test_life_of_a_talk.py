"""A talk from its announcement to its end: what may be asked, what is refused, and that twice is as good as once."""

from typing import Any

import pytest

from services.intake.consumer import TALK as KIND
from services.intake.talk.life import ANYTIME, FOLLOWING, MOVES, NOTHING, TIMERS, State
from shared.contract.command import Command
from shared.contract.commands.talks import (
    AppointLeaders,
    Attendee,
    CancelTalk,
    ChangeTalk,
    Described,
    HoldTalk,
    NamedParticipant,
    NameParticipants,
    OpenTalk,
    PostponeTalk,
    RecordAttendance,
    SignUp,
    StayAway,
)
from shared.contract.events.talks import (
    TalkAnnounced,
    TalkAttended,
    TalkChanged,
    TalkHeld,
    TalkNamed,
    TalkPostponed,
    TalkSignedUp,
)
from shared.contract.words import TakesPart
from tests.unit.intake.given_talks import (
    AGENDA,
    ANNOUNCE,
    CHAIR,
    CLERK,
    ENDS,
    FEDERATION,
    LI,
    MAYOR,
    QIAN,
    TALK,
    WANG,
    WEDNESDAY,
    Intake,
    person_of,
)
from tests.unit.one_aggregate import after

SAID = {name: getattr(ANNOUNCE, name) for name in Described.model_fields}
NAMES = NameParticipants(participants=(NamedParticipant(person=person_of(WANG)),))
COMES = RecordAttendance(attendees=(Attendee(person=person_of(LI)),))
ASKS: dict[str, tuple[Command, str]] = {
    "sign_up": (SignUp(), LI),
    "stay_away": (StayAway(), LI),
    "change": (ChangeTalk(**{**SAID, "theme": "用工"}), FEDERATION),
    "name": (NAMES, FEDERATION),
    "open": (OpenTalk(), CLERK),
    "attend": (COMES, CLERK),
    "hold": (HoldTalk(), CLERK),
    "cancel": (CancelTalk(reason="台风"), FEDERATION),
}
WAYS: dict[str, tuple[str, ...]] = {
    NOTHING: (),
    State.ANNOUNCED: (),
    State.OPEN: ("open",),
    State.HELD: ("open", "hold"),
    State.CANCELLED: ("cancel",),
}


def walked(state: str) -> Intake:
    intake = Intake()
    if state == NOTHING:
        return intake
    intake.announced()
    for verb in WAYS[state]:
        assert asked(intake, verb)["status"] == "done"
    assert intake.one(TALK).state.state == state
    return intake


def asked(intake: Intake, verb: str) -> dict[str, Any]:
    command, actor = ASKS[verb]
    return intake.ask(TALK, command, WEDNESDAY, actor)


@pytest.mark.parametrize("verb", ASKS)
@pytest.mark.parametrize("state", WAYS)
def test_a_talk_does_what_the_table_says_and_refuses_everything_else(state: str, verb: str) -> None:
    intake = walked(state)
    talk = intake.one(TALK)
    before, published = talk.state, len(talk.events)
    outcome = asked(intake, verb)
    if (state, verb) in MOVES:
        assert (outcome["status"], outcome["state"]) == ("done", MOVES[state, verb])
        assert talk.state.state == MOVES[state, verb]
        return
    expected = "unknown_talk" if state == NOTHING else "illegal_move"
    assert (outcome["status"], outcome["reason"]) == ("refused", expected)
    assert (talk.state, len(talk.events)) == (before, published)


@pytest.mark.parametrize("verb", ASKS)
def test_what_is_asked_of_a_talk_twice_has_one_effect(verb: str) -> None:
    intake = walked(next(state for state, other in MOVES if other == verb))
    talk, (command, actor) = intake.one(TALK), ASKS[verb]
    record = talk.command(command, WEDNESDAY, actor)
    first = talk.answer(record)
    reached, published, told = talk.state, list(talk.events), dict(talk.commands)
    assert [talk.answer(record), talk.answer(record)] == [first, first]
    assert (talk.state, talk.events, talk.commands) == (reached, published, told)


def test_the_tables_name_exactly_what_a_talk_is_asked() -> None:
    assert {command.verb for command in KIND.commands} == {
        *ASKS,
        *ANYTIME,
        *(verb for _, verb in FOLLOWING),
    }
    assert {verb for _, verb in MOVES} == set(ASKS)
    assert set(TIMERS) == set(State) == set(WAYS) - {NOTHING}


def test_an_announced_talk_says_who_leads_it_and_until_when_its_issues_wait() -> None:
    intake = Intake()
    intake.announced()
    (told,) = intake.events(TALK, TalkAnnounced)
    assert (told.series, told.number, told.jurisdiction, told.by) == ("weekly", 1, "huzhou", "lu")
    assert [(leader.account, leader.body) for leader in told.leaders] == [("zhou", "government")]
    assert told.wait_until == after(days=9, hours=8.5)  # 17:30 on the fifth working day behind it


def test_a_leader_stands_once_on_an_announcement() -> None:
    intake = Intake()
    twice = ANNOUNCE.model_copy(update={"leaders": (MAYOR, MAYOR)})
    assert intake.ask(AGENDA, twice, after(), FEDERATION)["reason"] == "malformed"


def test_a_leader_is_at_one_talk_at_a_time_whatever_is_announced_moved_or_appointed() -> None:
    intake = Intake()
    intake.announced()
    second = ANNOUNCE.model_copy(update={"number": 2})
    refused = intake.ask(AGENDA, second, after(), FEDERATION)
    assert refused["reason"] == "leader_busy"
    assert "zhou is at huzhou-weekly-20260304-1 from 2026-03-04 14:00" in refused["detail"]
    other = second.model_copy(update={"leaders": (CHAIR,)})
    talk = intake.ask(AGENDA, other, after(), FEDERATION)["talk"]
    both = AppointLeaders(talk=talk, leaders=(CHAIR, MAYOR), reason="共同接待")
    assert intake.ask(AGENDA, both, after(), FEDERATION)["reason"] == "leader_busy"
    later = second.model_copy(update={"starts_at": ENDS, "ends_at": after(days=2, hours=9), "number": 3})
    assert intake.ask(AGENDA, later, after(), FEDERATION)["status"] == "done"
    moved = PostponeTalk(
        talk="huzhou-weekly-20260304-1", starts_at=ENDS, ends_at=after(days=2, hours=8), reason="会议冲突"
    )
    assert intake.ask(AGENDA, moved, after(), FEDERATION)["reason"] == "leader_busy"
    assert asked(intake, "cancel")["status"] == "done"
    assert intake.ask(AGENDA, both, after(), FEDERATION)["status"] == "done"
    assert [leader.account for leader in intake.one(f"talk:{talk}").state.leaders] == ["shen", "zhou"]


def test_the_same_talk_is_announced_once_and_none_for_a_day_that_is_past() -> None:
    intake = Intake()
    intake.announced()
    again = intake.ask(AGENDA, ANNOUNCE, after(), FEDERATION)
    assert again["reason"] == "already_announced"
    assert asked(intake, "cancel")["status"] == "done"
    assert intake.ask(AGENDA, ANNOUNCE, after(), FEDERATION)["reason"] == "already_announced"
    late = ANNOUNCE.model_copy(update={"number": 2})
    assert intake.ask(AGENDA, late, after(days=3), FEDERATION)["reason"] == "date_past"
    assert len(intake.events(TALK, TalkAnnounced)) == 1


def test_a_postponed_talk_keeps_its_id_and_waits_behind_its_new_date() -> None:
    intake = Intake()
    intake.announced()
    moved = PostponeTalk(
        talk="huzhou-weekly-20260304-1",
        starts_at=after(days=4, hours=5),
        ends_at=after(days=4, hours=7),
        reason=" 防汛 ",
    )
    assert intake.ask(AGENDA, moved, after(days=1), FEDERATION)["status"] == "done"
    (told,) = intake.events(TALK, TalkPostponed)
    assert (told.old_starts_at, told.starts_at, told.reason, told.by) == (
        WEDNESDAY,
        after(days=4, hours=5),
        "防汛",
        "lu",
    )
    assert told.wait_until == after(days=11, hours=8.5)
    early = intake.ask(TALK, OpenTalk(), WEDNESDAY, CLERK)
    assert early["reason"] == "date_too_early"
    unknown = moved.model_copy(update={"talk": "huzhou-weekly-20260304-9"})
    assert intake.ask(AGENDA, unknown, after(), FEDERATION)["reason"] == "unknown_talk"


def test_sign_ups_beyond_the_places_are_refused_with_what_is_left() -> None:
    intake = Intake()
    intake.announced(capacity=2)
    assert intake.ask(TALK, SignUp(enterprise="91110000600037341L"), after(), LI)["taken"] == 1
    again = intake.ask(TALK, SignUp(enterprise="91110000600037341L"), after(), LI)
    assert (again["unchanged"], again["taken"]) == (True, 1)
    both = NameParticipants(
        participants=tuple(NamedParticipant(person=person_of(one)) for one in (WANG, QIAN))
    )
    refused = intake.ask(TALK, both, after(), FEDERATION)
    assert (refused["reason"], refused["detail"]) == (
        "talk_full",
        "2 more would come, and of 2 places 1 are left",
    )
    written = NameParticipants(
        participants=(
            NamedParticipant(person=person_of(WANG)),
            NamedParticipant(person=person_of(QIAN), written=True),
        )
    )
    assert intake.ask(TALK, written, after(), FEDERATION)["taken"] == 2
    assert intake.ask(TALK, SignUp(), after(), QIAN)["reason"] == "talk_full"
    smaller = ChangeTalk(**{**SAID, "capacity": 1})
    assert intake.ask(TALK, smaller, after(), FEDERATION)["reason"] == "talk_full"
    assert intake.ask(TALK, StayAway(), after(), LI)["taken"] == 1
    assert intake.ask(TALK, SignUp(), after(), QIAN)["taken"] == 2
    assert [(one.person, one.how) for one in intake.one(TALK).state.participants] == [
        (person_of(WANG), TakesPart.NAMED),
        (person_of(QIAN), TakesPart.SIGNED_UP),
    ]
    assert [told.withdrawn for told in intake.events(TALK, TalkSignedUp)] == [False, True, False]
    assert len(intake.events(TALK, TalkNamed)) == 1


def test_a_code_that_no_enterprise_has_is_refused_wherever_it_is_typed() -> None:
    intake = Intake()
    intake.opened()
    wrong = {"person": person_of(LI), "enterprise": "91110000600037341X"}
    for command in (
        NameParticipants(participants=(NamedParticipant(**wrong),)),
        RecordAttendance(attendees=(Attendee(**wrong),)),
    ):
        assert intake.ask(TALK, command, WEDNESDAY, CLERK)["reason"] == "wrong_credit_code"


def test_who_came_is_written_down_once_and_told_when_the_talk_ends() -> None:
    intake = Intake()
    intake.announced()
    assert intake.ask(TALK, SignUp(), after(), LI)["status"] == "done"
    assert asked(intake, "open")["status"] == "done"
    came = RecordAttendance(attendees=(Attendee(person=person_of(LI)), Attendee(person=person_of(QIAN))))
    assert intake.ask(TALK, came, WEDNESDAY, CLERK)["taken"] == 2
    assert intake.ask(TALK, COMES, WEDNESDAY, CLERK)["unchanged"]
    (attended,) = intake.events(TALK, TalkAttended)
    assert [(one.person, one.how) for one in attended.attendees] == [
        (person_of(LI), "signed_up"),
        (person_of(QIAN), "named"),
    ]
    assert asked(intake, "hold")["status"] == "done"
    (held,) = intake.events(TALK, TalkHeld)
    assert held.attended == (person_of(LI), person_of(QIAN))


def test_who_spoke_while_the_line_was_cut_has_come_though_the_talk_is_over() -> None:
    intake = walked(State.HELD)
    record = intake.one(TALK).command(COMES, WEDNESDAY, CLERK)
    for _ in range(2):
        assert intake.one(TALK).answer(record)["state"] == "held"
    (attended,) = intake.events(TALK, TalkAttended)
    assert [one.person for one in attended.attendees] == [person_of(LI)]
    assert intake.one(TALK).state.attended == (person_of(LI),)
    assert asked(walked(State.CANCELLED), "attend")["reason"] == "illegal_move"


def test_who_closes_a_talk_the_second_time_is_told_since_when_it_is_held() -> None:
    intake = walked(State.HELD)
    again = asked(intake, "hold")
    assert (again["reason"], again["detail"]) == ("illegal_move", "it was held on 2026-03-04 14:00 already")
    assert len(intake.events(TALK, TalkHeld)) == 1


def test_departments_that_nobody_knows_are_refused_by_name() -> None:
    intake = Intake()
    strange = ANNOUNCE.model_copy(update={"departments": ("housing", "moon")})
    assert intake.ask(AGENDA, strange, after(), FEDERATION)["detail"] == "departments: 'moon'"
    intake.announced()
    changes = ChangeTalk(**{**SAID, "departments": ("moon",)})
    assert intake.ask(TALK, changes, after(), FEDERATION)["reason"] == "unknown_department"
    same = intake.ask(TALK, ChangeTalk(**SAID), after(), FEDERATION)
    assert same["unchanged"]
    assert not intake.events(TALK, TalkChanged)
