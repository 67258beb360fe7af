"""Intake dies again and again while a talk tells 500 issues that it is over: each starts once, at the same instant."""

from collections import Counter
from datetime import datetime
from random import Random

import pytest

from services.intake.consumer import consumer
from services.intake.issue.numbers import issue_id
from shared.contract.commands.intake import GivenOccasion, RegisterIssue
from shared.contract.commands.talks import HoldTalk, OpenTalk
from shared.contract.events.intake import PromiseStarted
from shared.contract.words import Phase, Source
from tests.said import REFERENCES, WORDS
from tests.unit.dying import Dying
from tests.unit.intake.given_talks import AGENDA, ANNOUNCE, CLERK, FEDERATION, LI, TALK, WEDNESDAY, person_of
from tests.unit.one_aggregate import after
from tests.unit.reference import JURISDICTION

MEMBERS = 500
HELD_AT = after(days=2, hours=6)


@pytest.mark.parametrize("seed", range(2))
def test_every_one_of_500_starts_once_though_intake_dies_again_and_again(seed: int) -> None:
    intake = Dying(consumer(JURISDICTION), Random(seed))
    intake.ask(AGENDA, ANNOUNCE, after(), FEDERATION)
    intake.settle()
    intake.ask(TALK, OpenTalk(), WEDNESDAY, CLERK)
    issues = [issue_id(REFERENCES.digest, JURISDICTION, CLERK, f"dying-{n}") for n in range(MEMBERS)]
    occasion = GivenOccasion(id=TALK.removeprefix("talk:"))
    said = {"origin": Source.TALK, "phase": Phase.AT, "occasion": occasion, "person": person_of(LI)}
    for issue in issues:
        intake.ask(issue, RegisterIssue(words=WORDS, **said), WEDNESDAY, CLERK)
    intake.settle()
    intake.often = 0.5
    intake.ask(TALK, HoldTalk(), HELD_AT, CLERK)
    intake.settle()
    assert intake.deaths > 5
    started = intake.told(PromiseStarted)
    assert Counter(one.subject for one in started) == Counter(issues)
    assert {datetime.fromisoformat(str(one.data["started_at"])) for one in started} == {HELD_AT}
    assert "telling" not in intake.store.documents[TALK]["state"]
