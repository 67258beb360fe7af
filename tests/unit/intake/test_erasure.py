"""Erasure: the key goes, with it the contact wherever it stands; events stay whole, and nothing brings it back."""

import json

import pytest

from services.intake.consumer import consumer
from services.intake.vault import Erased
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.contract.envelope import open_envelope, sha256_of
from tests.contacts import WANG
from tests.faults.given import NOW, Store
from tests.fuzz.in_memory import Known
from tests.keys import REFERENCES
from tests.unit.intake.given_people import HERSELF, LI, MAIL, NAME, OFFICE, PHONE, SHE, People, killed_at
from tests.unit.reference import JURISDICTION

OTHER = WANG.phone
EVENTS = ["person.registered.v1", "person.changed.v1", "person.erased.v1"]
STEPS = [("keys", "clear"), ("lookups", "delete_all"), ("gateway", "ask")]
"""What an erasure asks for, one after the other."""


@pytest.fixture
async def people(monkeypatch: pytest.MonkeyPatch) -> People:
    """Li is registered, has another phone by now, and was looked at."""
    made = People(monkeypatch)
    await made.registered(HERSELF)
    await made.ask(f"/people/{SHE}/change", HERSELF, phone=OTHER)
    assert (await made.contact(SHE)).status_code == 200
    return made


async def erase(people: People) -> int:
    return (await people.ask(f"/people/{SHE}/erase", HERSELF)).status_code


async def nothing_is_left(people: People) -> None:
    shown = await people.contact(SHE)
    assert shown.status_code == 409 and NAME not in shown.text
    assert [await people.found(phone) for phone in (PHONE, OTHER)] == [None, None]
    assert not people.entries("lookups").entries
    assert people.entries("keys").entries == {f"person:{SHE}": {"_id": f"person:{SHE}"}}
    state = (await people.read(f"/people/{SHE}")).json()
    assert state["state"] == "erased" and "trade" not in state


def sealed_on(topics: list[Outgoing]) -> list[str]:
    """Everything of a person that was encrypted and stands on the topics for ever."""
    datas = [json.loads(out.value)["data"] for out in topics if out.topic == "intake.commands"]
    return [data[name] for data in datas for name in ("name", "phone", "mail") if data.get(name)]


async def replayed(topics: list[Outgoing]) -> Store:
    """A store that is built anew from intake's own topic."""
    store = Store()

    async def publish(outgoing: object, timestamps: object = None) -> list[Outgoing]:
        return []

    processor = Processor(consumer(JURISDICTION), store, publish, Known())  # type: ignore[arg-type]
    commands = [out for out in topics if out.topic == "intake.commands"]
    at_ms = int(NOW.timestamp() * 1000)
    await processor.run(
        [
            Record(out.topic, 0, offset, at_ms, out.key.encode(), out.value)
            for offset, out in enumerate(commands)
        ]
    )
    return store


async def test_the_contact_of_who_is_erased_is_gone_wherever_it_stands(people: People) -> None:
    key = await people.vault.key_of(f"person:{SHE}")
    assert [key.open(sealed) for sealed in sealed_on(people.topics)] == [NAME, PHONE, MAIL, OTHER]
    assert await erase(people) == 200
    await nothing_is_left(people)
    with pytest.raises(Erased):
        await people.vault.key_of(f"person:{SHE}")


async def test_the_events_of_who_is_erased_are_whole(people: People) -> None:
    await erase(people)
    raws = [out.value for out in people.topics if out.topic == "intake.events"]
    envelopes = [open_envelope(raw) for raw in raws]
    assert [(one.type, one.seq) for one in envelopes] == list(zip(EVENTS, (1, 2, 3), strict=True))
    assert [one.previous for one in envelopes] == ["", *map(sha256_of, raws[:-1])]


@pytest.mark.parametrize("how_far", [1, 2, 3])
async def test_a_replay_of_the_topics_brings_nothing_back(people: People, how_far: int) -> None:
    """Not even one that ends before the erasure was asked for: the key is in no topic."""
    await erase(people)
    commands = [out for out in people.topics if out.topic == "intake.commands"]
    people.service.store.documents = (await replayed(commands[:how_far])).documents
    shown = await people.contact(SHE)
    assert shown.status_code == 409 and NAME not in shown.text
    assert await people.found(OTHER) is None
    if how_far == 3:
        await nothing_is_left(people)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: ".".join(step))
async def test_an_erasure_that_was_killed_between_its_steps_is_finished_by_asking_again(
    people: People, monkeypatch: pytest.MonkeyPatch, step: tuple[str, str]
) -> None:
    of, name = step
    where = people.service.gateway if of == "gateway" else people.entries(of)
    with killed_at(monkeypatch, where, name):
        assert await erase(people) == 500
    assert await erase(people) == 200
    await nothing_is_left(people)
    assert await erase(people) == 200


async def test_a_request_that_comes_late_or_again_makes_no_new_key(people: People) -> None:
    await erase(people)
    for place, actor in (("/people", HERSELF), (f"/people/{SHE}/change", OFFICE)):
        response = await people.ask(place, actor, **LI)
        assert response.status_code == 409, response.text
    assert len(sealed_on(people.topics)) == 4
    await nothing_is_left(people)


async def test_a_phone_of_who_was_erased_is_whose_it_becomes(people: People) -> None:
    await erase(people)
    other = await people.registered(OFFICE, phone=OTHER)
    assert await people.found(OTHER) == other != SHE


async def test_who_raised_issues_and_never_registered_is_erased_as_well(people: People) -> None:
    """Their key is there: the original of what they said, where numbers were masked, is encrypted under it."""
    other = REFERENCES.person("wu")
    sealed = (await people.vault.key_for(f"person:{other}")).seal("原话")
    assert (await people.ask(f"/people/{other}/erase", "entrepreneur:wu")).status_code == 200
    with pytest.raises(Erased):
        (await people.vault.key_for(f"person:{other}")).open(sealed)
    again = await people.ask("/people", "entrepreneur:wu", **LI)
    assert again.status_code == 409


async def test_who_looked_is_still_known_after_the_erasure(people: People) -> None:
    await erase(people)
    looks = (await people.read(f"/people/{SHE}/looks", "supervisor:wu")).json()
    assert [look["who"] for look in looks] == [OFFICE]
