"""Each series of talks has rules of its own: whether it asks a leader, and whether one comes by invitation alone."""

import pytest

from shared.contract.commands.talks import NamedParticipant, NameParticipants, SignUp
from shared.contract.events.talks import TalkSignedUp
from shared.contract.words import Series
from tests.unit.intake.given_talks import AGENDA, ANNOUNCE, FEDERATION, LI, QIAN, WANG, Intake, person_of
from tests.unit.one_aggregate import after

NAMES = NameParticipants(participants=(NamedParticipant(person=person_of(WANG)),))


@pytest.mark.parametrize(
    ("series", "asks_leader", "by_invitation"),
    [
        (Series.WEEKLY, True, False),
        (Series.QUARTERLY, True, False),
        (Series.ROUND_TABLE, True, True),
        (Series.SERVICE_DAY, False, False),
    ],
)
def test_each_series_has_rules_of_its_own(series: Series, asks_leader: bool, by_invitation: bool) -> None:
    intake = Intake()
    talk = f"talk:huzhou-{series}-20260304-1"
    without = ANNOUNCE.model_copy(update={"leaders": (), "series": series})
    outcome = intake.ask(AGENDA, without, after(), FEDERATION)
    assert outcome.get("reason") == ("leader_missing" if asks_leader else None)
    if asks_leader:
        intake.announced(series=series)
    outcome = intake.ask(talk, SignUp(), after(), LI)
    assert outcome.get("reason") == ("by_invitation" if by_invitation else None)


def test_who_is_invited_to_a_round_table_brings_a_question_and_who_has_written_alone_does_not_come() -> None:
    intake, talk = Intake(), "talk:huzhou-round_table-20260304-1"
    intake.announced(series=Series.ROUND_TABLE)
    written = NamedParticipant(person=person_of(QIAN), written=True)
    named = NameParticipants(participants=(*NAMES.participants, written))
    assert intake.ask(talk, named, after(), FEDERATION)["taken"] == 1
    assert intake.ask(talk, SignUp(issue="0ABCDEFGHJKMN"), after(), WANG)["taken"] == 1
    assert intake.ask(talk, SignUp(), after(), QIAN)["reason"] == "by_invitation"
    (told,) = intake.events(talk, TalkSignedUp)
    assert (told.person, told.issue) == (person_of(WANG), "0ABCDEFGHJKMN")
