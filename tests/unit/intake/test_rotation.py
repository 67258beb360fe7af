"""The rotation of a year: published whole, two weeks swapped with a reason, and where nobody's turn it is."""

from typing import Any

import pytest

from shared.contract.commands.talks import PublishRotation, SwapTurns, WeekOfRotation
from shared.contract.events.talks import RotationPublished
from shared.contract.words import Level
from shared.domain.talks import gaps
from tests.unit.intake.given_talks import CHAIR, FEDERATION, MAYOR, Intake
from tests.unit.one_aggregate import after

ROTATION = "rotation:huzhou-2026"
PLAN = PublishRotation(
    weeks=(
        WeekOfRotation(week=10, leaders=(MAYOR,)),
        WeekOfRotation(week=11, leaders=(CHAIR,)),
        WeekOfRotation(week=10, jurisdiction="anji", level=Level.COUNTY, leaders=(CHAIR,)),
    )
)
SWAP = SwapTurns(week=10, other_week=11, reason="外出招商")


def asked(intake: Intake, command: PublishRotation | SwapTurns, subject: str = ROTATION) -> dict[str, Any]:
    return intake.ask(subject, command, after(), FEDERATION)


def test_a_plan_is_published_and_the_same_one_again_changes_nothing() -> None:
    intake = Intake()
    assert asked(intake, PLAN)["version"] == "1"
    assert asked(intake, PLAN) == {"status": "done", "version": "1", "unchanged": True}
    (told,) = intake.events(ROTATION, RotationPublished)
    assert [(one.week, one.jurisdiction, one.level) for one in told.weeks] == [
        (10, "huzhou", "city"),
        (11, "huzhou", "city"),
        (10, "anji", "county"),
    ]


def test_two_weeks_change_their_turns_at_one_place_and_the_reason_is_told() -> None:
    intake = Intake()
    asked(intake, PLAN)
    assert asked(intake, SWAP)["version"] == "2"
    _, told = intake.events(ROTATION, RotationPublished)
    assert [one.leaders[0].account for one in told.weeks] == ["shen", "zhou", "shen"]
    assert told.reason == "外出招商"


@pytest.mark.parametrize("command", [PLAN, SWAP])
def test_what_is_asked_of_a_rotation_twice_has_one_effect(command: PublishRotation | SwapTurns) -> None:
    intake = Intake()
    asked(intake, PLAN.model_copy(update={"weeks": PLAN.weeks[:2]}))
    rotation = intake.one(ROTATION)
    record = rotation.command(command, after(), FEDERATION)
    first, published = rotation.answer(record), list(rotation.events)
    assert (rotation.answer(record), rotation.events) == (first, published)


@pytest.mark.parametrize(
    ("command", "subject", "says"),
    [
        (PLAN, "rotation:huzhou", "a rotation is named huzhou-<year>"),
        (PLAN, "rotation:jiaxing-2026", "a rotation is named huzhou-<year>"),
        (
            PublishRotation(weeks=(*PLAN.weeks, PLAN.weeks[0])),
            ROTATION,
            "weeks: week 10 of huzhou stands there twice",
        ),
        (
            PublishRotation(weeks=(WeekOfRotation(week=53, leaders=(MAYOR,)),)),
            "rotation:huzhou-2027",
            "weeks: 2027 has 52 weeks, and no week 53",
        ),
        (
            SWAP.model_copy(update={"other_week": 12}),
            ROTATION,
            "week: nobody of huzhou has week 12",
        ),
        (SWAP.model_copy(update={"other_week": 10}), ROTATION, "other_week: name another week"),
        (SWAP, "rotation:huzhou-2025", "no rotation was published for this year"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_what_is_wrong(
    command: PublishRotation | SwapTurns, subject: str, says: str
) -> None:
    intake = Intake()
    asked(intake, PLAN)
    refused = asked(intake, command, subject)
    assert (refused["reason"], refused["detail"]) == ("malformed", says)


def test_a_gap_is_a_week_without_a_leader_at_a_place() -> None:
    intake = Intake()
    asked(intake, PLAN)
    weeks = intake.one(ROTATION).state.entry.weeks
    assert [*gaps(weeks, ("huzhou", "anji"), range(10, 13))] == [(11, "anji"), (12, "huzhou"), (12, "anji")]
