"""Who is told of a talk: named, moved, called off; each once, and where the mail leads."""

import pytest

from services.intake.mails import SAID
from shared.contract.commands.notices import PrepareNotice
from shared.contract.commands.talks import (
    AppointLeaders,
    CancelTalk,
    ChangeTalk,
    Described,
    NamedParticipant,
    NameParticipants,
    PostponeTalk,
    SignUp,
)
from shared.contract.events.talks import DepartmentsInformed, TalkCancelled
from shared.contract.words import Language, Occurrence, Series
from shared.domain.notices import Item
from shared.mail import Mail
from tests.said import raiser
from tests.unit.intake.given_talks import (
    AGENDA,
    ANNOUNCE,
    CHAIR,
    FEDERATION,
    LI,
    QIAN,
    TALK,
    WANG,
    WEDNESDAY,
    Intake,
    person_of,
)
from tests.unit.intake.test_notices import PORTAL, Known
from tests.unit.one_aggregate import after

MA, NOBODY = raiser("ma"), raiser("nobody")
BEGINS = "2026-03-04 14:00"


def told(intake: Intake) -> list[tuple[str, str, str]]:
    """Whom, of what, and when the talk begins, in order."""
    asked = [one.data for one in intake.one(TALK).commands.values() if one.type == PrepareNotice.type]
    assert {one["issue"] for one in asked} <= {TALK}
    return [(one["to"], one["about"], one["number"]) for one in asked]


def taking_part() -> Intake:
    """Li signed up; Wang was named, and Qian has sent a question."""
    intake = Intake()
    intake.announced()
    intake.ask(TALK, SignUp(), after(), LI)
    names = (
        NamedParticipant(person=person_of(WANG)),
        NamedParticipant(person=person_of(LI)),
        NamedParticipant(person=person_of(QIAN), written=True),
    )
    assert intake.ask(TALK, NameParticipants(participants=names), after(), FEDERATION)["status"] == "done"
    return intake


def test_who_is_named_is_told_and_who_comes_already_or_cannot_is_not() -> None:
    assert told(taking_part()) == [(person_of(WANG), "talk_named", BEGINS)]


def test_everybody_who_takes_part_is_told_that_it_moved_and_that_it_is_called_off_once() -> None:
    intake = taking_part()
    later = {"starts_at": after(days=4, hours=5), "ends_at": after(days=4, hours=7)}
    moves = PostponeTalk(talk=TALK.removeprefix("talk:"), **later, reason="防汛")
    assert intake.ask(AGENDA, moves, after(hours=1), FEDERATION)["status"] == "done"
    everybody = [person_of(one) for one in (LI, WANG, QIAN)]
    assert told(intake)[1:] == [(one, "talk_postponed", "2026-03-06 14:00") for one in everybody]
    record = intake.one(TALK).command(CancelTalk(reason="台风"), after(hours=2), FEDERATION)
    for _ in range(2):
        intake.one(TALK).deliver(record)
    assert told(intake)[4:] == [(one, "talk_cancelled", "2026-03-06 14:00") for one in everybody]


def test_another_place_or_other_leaders_are_told_to_them_and_to_who_raised_something_for_it() -> None:
    intake = taking_part()
    intake.announced_issue(person_of(MA))
    intake.announced_issue(person_of(QIAN))
    intake.announced_issue(person_of(NOBODY), anonymous=True)
    everybody = [person_of(one) for one in (LI, WANG, QIAN, MA)]
    said = {name: getattr(ANNOUNCE, name) for name in Described.model_fields}
    for changed, tells in (({"theme": "用工"}, 0), ({"place": "另一处"}, 4), ({"place": "另一处"}, 0)):
        before = len(told(intake))
        record = intake.one(TALK).command(ChangeTalk(**{**said, **changed}), after(hours=1), FEDERATION)
        for _ in range(2):
            intake.one(TALK).deliver(record)
        expected = [(one, "talk_changed", BEGINS) for one in everybody[:tells]]
        assert told(intake)[before:] == expected, changed
    before = len(told(intake))
    others = AppointLeaders(talk=TALK.removeprefix("talk:"), leaders=(CHAIR,), reason="出差")
    assert intake.ask(AGENDA, others, after(hours=2), FEDERATION)["status"] == "done"
    assert told(intake)[before:] == [(one, "talk_changed", BEGINS) for one in everybody]


def test_who_raised_something_for_it_hears_that_it_moved_once_and_who_has_no_name_nothing() -> None:
    intake = taking_part()
    intake.announced_issue(person_of(MA))
    intake.announced_issue(person_of(QIAN))
    intake.announced_issue(person_of(NOBODY), anonymous=True)
    before = len(told(intake))
    later = {"starts_at": after(days=4, hours=5), "ends_at": after(days=4, hours=7)}
    moves = PostponeTalk(talk=TALK.removeprefix("talk:"), **later, reason="防汛")
    assert intake.ask(AGENDA, moves, after(hours=1), FEDERATION)["status"] == "done"
    everybody = [person_of(one) for one in (LI, WANG, QIAN, MA)]
    assert told(intake)[before:] == [(one, "talk_postponed", "2026-03-06 14:00") for one in everybody]


def test_officials_that_are_to_be_there_hear_once_of_what_changes_for_them_and_of_nothing_else() -> None:
    intake = Intake()
    intake.announced()
    talk, moved = TALK.removeprefix("talk:"), after(days=4, hours=5)
    said = {name: getattr(ANNOUNCE, name) for name in Described.model_fields}

    def change(**changed: object) -> None:
        record = intake.one(TALK).command(ChangeTalk(**{**said, **changed}), after(hours=1), FEDERATION)
        for _ in range(2):
            intake.one(TALK).deliver(record)

    change(theme="用工")
    assert intake.events(TALK, DepartmentsInformed) == []
    change(place="另一处")
    change(place="另一处", departments=("housing", "planning"))
    others = AppointLeaders(talk=talk, leaders=(CHAIR,), reason="出差")
    assert intake.ask(AGENDA, others, after(hours=2), FEDERATION)["status"] == "done"
    moves = PostponeTalk(talk=talk, starts_at=moved, ends_at=after(days=4, hours=7), reason="防汛")
    assert intake.ask(AGENDA, moves, after(hours=3), FEDERATION)["status"] == "done"
    record = intake.one(TALK).command(CancelTalk(reason="台风"), after(hours=4), FEDERATION)
    for _ in range(2):
        intake.one(TALK).deliver(record)
    informed = intake.events(TALK, DepartmentsInformed)
    assert [(one.about, one.departments, one.leaders) for one in informed] == [
        ("talk_changed", ("housing", "transport"), ("zhou",)),
        ("talk_changed", ("planning", "transport"), ()),
        ("talk_changed", ("housing", "planning"), ("zhou", "shen")),
        ("talk_postponed", ("housing", "planning"), ("shen",)),
        ("talk_cancelled", ("housing", "planning"), ("shen",)),
    ]
    assert {one.by for one in intake.events(TALK, DepartmentsInformed)} == {person_of(FEDERATION)}
    assert [one.starts_at for one in intake.events(TALK, DepartmentsInformed)][2:] == [
        WEDNESDAY,
        moved,
        moved,
    ]


def test_of_a_talk_without_departments_its_leaders_are_told_alone_and_of_one_with_neither_nobody() -> None:
    alone, neither = Intake(), Intake()
    alone.announced(departments=())
    neither.announced(departments=(), leaders=(), series=Series.SERVICE_DAY)
    for intake in (alone, neither):
        talk = next(one for one in intake.all if one.startswith("talk:"))
        assert intake.ask(talk, CancelTalk(reason="台风"), after(hours=1), FEDERATION)["status"] == "done"
        informed = [(one.departments, one.leaders) for one in intake.events(talk, DepartmentsInformed)]
        assert informed == ([((), ("zhou",))] if intake is alone else [])


def test_of_what_is_played_as_history_no_official_is_told() -> None:
    intake = Intake(notices=False)
    intake.announced()
    assert intake.ask(TALK, CancelTalk(reason="台风"), after(hours=1), FEDERATION)["status"] == "done"
    assert intake.events(TALK, TalkCancelled) and intake.events(TALK, DepartmentsInformed) == []


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("about", [name for name in Occurrence if name.startswith("talk_")])
async def test_a_mail_about_a_talk_says_when_it_begins_and_leads_to_it(
    about: Occurrence, language: Language
) -> None:
    said = SAID[about][language]
    assert "{number}" in said.subject and "{number}" in said.text
    known = await Known().knows(language=language)
    mail = await known.write(Item(issue=TALK, number=BEGINS, about=about))
    assert isinstance(mail, Mail)
    assert BEGINS in mail.subject
    assert f"{PORTAL}/talks/{TALK.removeprefix('talk:')}" in mail.text
