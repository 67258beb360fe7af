"""The invented entrepreneur: registered as anybody is, at the first start and never again."""

import pytest

from services.cli.people import ENTREPRENEUR
from services.intake.builtin import invented
from services.intake.contacts import Contacts
from tests.keys import REFERENCES
from tests.unit.intake.given_people import OFFICE, SUPERVISOR, Killed, People, killed_at

(WU,) = invented()
PERSON = REFERENCES.person(WU.account)
BY_THEMSELVES, FIRST_START = f"entrepreneur:{PERSON}", "system:first-start"


async def started(people: People, times: int = 1) -> People:
    """Intake after so many starts over the same topics and store."""
    for _ in range(times):
        async with people.app.router.lifespan_context(people.app):
            pass
    return people


def inventing(monkeypatch: pytest.MonkeyPatch) -> People:
    return People(monkeypatch, invented_people=True)


def asked(people: People) -> list[str]:
    return [out.key for out in people.topics if out.topic == "intake.commands"]


def events(people: People) -> set[bytes]:
    return {out.value for out in people.topics if out.topic == "intake.events"}


def test_the_entrepreneur_of_the_command_line_is_the_one_who_is_invented() -> None:
    assert f"entrepreneur:{WU.account}" == ENTREPRENEUR


async def test_the_invented_entrepreneur_is_registered_by_themselves_with_an_enterprise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = await started(inventing(monkeypatch))
    known = (await people.read(f"/people/{PERSON}")).json()
    assert (known["state"], known["enterprise"]) == ("registered", WU.described.enterprise)
    assert "recorded_by" not in known
    assert await people.found(WU.contact.phone) == PERSON
    assert (await people.contact(PERSON)).json() == dict(WU.contact)
    assert (await people.contact(PERSON, ENTREPRENEUR)).json() == dict(WU.contact)
    assert (await people.read(f"/people/{PERSON}/looks", SUPERVISOR)).json()[0]["who"] == OFFICE
    enterprise = (await people.read(f"/enterprises/{WU.described.enterprise}")).json()
    assert (enterprise["name"], enterprise["contacts"]) == (WU.enterprise.name, [PERSON])


async def test_what_is_known_of_the_invented_entrepreneur_stands_encrypted_as_everybodys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    everything = (await started(inventing(monkeypatch))).everything()
    assert PERSON in everything
    assert not [part for part in dict(WU.contact).values() if part in everything]


async def test_a_later_start_asks_for_nothing_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    people = await started(inventing(monkeypatch))
    first = people.topics.copy()
    assert sorted(asked(people)) == [f"enterprise:{WU.described.enterprise}", f"person:{PERSON}"]
    change = await people.ask(f"/people/{PERSON}/change", ENTREPRENEUR, phone="13900139000")
    assert change.status_code == 200, change.text
    changed = people.topics[len(first) :]
    await started(people, times=2)
    again = people.topics[len(first) + len(changed) :]
    assert not [out for out in again if out.topic in ("intake.commands", "intake.events")]
    assert (await people.found("13900139000"), await people.found(WU.contact.phone)) == (PERSON, None)


async def test_who_was_erased_is_not_invented_again(monkeypatch: pytest.MonkeyPatch) -> None:
    people = await started(inventing(monkeypatch))
    assert (await people.ask(f"/people/{PERSON}/erase", OFFICE)).status_code == 200
    before = asked(people)
    await started(people)
    assert asked(people) == before
    assert (await people.read(f"/people/{PERSON}")).json()["state"] == "erased"
    assert await people.found(WU.contact.phone) is None


async def test_a_start_that_broke_off_is_finished_by_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    people = inventing(monkeypatch)
    with killed_at(monkeypatch, Contacts, "claim"), pytest.raises(Killed):
        await started(people)
    assert asked(people) == []
    await started(people)
    assert await people.found(WU.contact.phone) == PERSON


async def test_both_requests_delivered_twice_are_one_person_and_one_enterprise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = await started(inventing(monkeypatch))
    told = events(people)
    await people.service.publish([out for out in people.topics if out.topic == "intake.commands"])
    assert events(people) == told  # said again, byte for byte, to whoever missed it


async def test_nobody_is_invented_unless_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asked(await started(People(monkeypatch))) == []
