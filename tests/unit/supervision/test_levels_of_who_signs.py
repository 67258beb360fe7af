"""Lifted by the level that signed or a higher one, and by no department that a document is to (loop.md, Separation)."""

from datetime import timedelta

from shared.contract.commands.supervision import LiftDocument, LiftLadder
from shared.contract.events.supervision import DocumentIssued
from shared.contract.words import DocumentKind, Level
from shared.domain.decisions import Reason
from tests.unit.supervision.documented import SUPERVISOR, Town, appointed, at_step, signs, staffed
from tests.unit.supervision.given import DUE, transferred
from tests.unit.supervision.test_ladder_of_an_issue import TABLE

COUNTY = "supervisor:xian"
STEP, CARD = LiftLadder(step=3, reason="已整改"), LiftDocument(document="d3", reason="已整改")


def of_a_county() -> Town:
    """A county's department holds it; beside the city's supervisor there is one of the county."""
    reference = staffed()
    entry = (
        reference.departments["traffic"].at(DUE).model_copy(update={"level": Level.COUNTY, "version": "2"})
    )
    reference.learn("dept:traffic", entry)
    appointed(reference, Level.COUNTY, account="xian")
    return at_step(3, reference)


def test_what_the_city_signed_over_a_county_no_county_lifts() -> None:
    town = of_a_county()
    assert town.ask(signs(), SUPERVISOR)["status"] == "done"
    assert town.told(DocumentIssued)[-1].level == Level.CITY
    for command in (STEP, CARD):
        outcome = town.ask(command, COUNTY)
        assert outcome["reason"] == Reason.WRONG_ROLE
        assert "gu signed yellow_card d3 at the level city" in outcome["detail"]
    assert town.state(DocumentKind.YELLOW_CARD) == "issued"
    assert town.ask(CARD, SUPERVISOR)["status"] == "done"
    assert town.ask(STEP, COUNTY)["status"] == "done"  # nothing of the city's is left


def test_a_county_lifts_what_it_signed_itself_with_its_step() -> None:
    town = of_a_county()
    assert town.ask(signs(), COUNTY)["status"] == "done"
    assert town.told(DocumentIssued)[-1].level == Level.COUNTY
    assert town.ask(STEP, COUNTY)["status"] == "done"
    assert town.state(DocumentKind.YELLOW_CARD) == "lifted"


def test_nobody_of_the_department_that_a_card_is_to_signs_or_lifts_it_once_another_holds_the_issue() -> None:
    reference = staffed()
    appointed(reference, Level.CITY, "traffic", "own")
    town = at_step(3, reference)
    town.issue.take(transferred(), TABLE[3] + timedelta(hours=1))
    for command in (signs(), CARD):
        outcome = town.ask(command, "supervisor:own")
        assert outcome["reason"] == Reason.WRONG_ROLE
        assert "nobody of traffic" in outcome["detail"]
    assert town.ask(signs())["status"] == "done"
    assert "nobody of traffic" in town.ask(STEP, "supervisor:own")["detail"]
