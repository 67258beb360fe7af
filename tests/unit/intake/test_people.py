"""Persons over HTTP: encrypted before anything is posted, found by exact phone, shown by right and logged."""

import pytest

from services.intake.contacts import read_phone
from tests.contacts import WANG
from tests.unit.intake.given_people import (
    HERSELF,
    LI,
    MAIL,
    NAME,
    OFFICE,
    PHONE,
    SHE,
    SUPERVISOR,
    People,
    killed_at,
)


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> People:
    return People(monkeypatch)


async def test_no_name_phone_or_mail_stands_on_a_topic_or_in_the_store(people: People) -> None:
    person = await people.registered()
    await people.ask(f"/people/{person}/change", OFFICE, phone=WANG.phone, mail=WANG.mail)
    await people.contact(person)
    plain = (NAME, PHONE, MAIL, WANG.phone, WANG.mail)
    assert not [part for part in plain if part in people.everything()]
    assert (await people.contact(person)).json() == {
        "name": NAME,
        "phone": WANG.phone,
        "mail": WANG.mail,
    }


async def test_the_plain_reading_shows_whom_a_person_speaks_for_and_no_contact(people: People) -> None:
    shown = (await people.read(f"/people/{await people.registered()}")).json()
    assert (shown["trade"], shown["state"], "contact" in shown) == ("纺织", "registered", False)


async def test_a_request_sent_again_is_the_same_one(people: People) -> None:
    first, again = [await people.ask("/people", OFFICE, "k", **LI) for _ in range(2)]
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    bare = {"name": NAME}
    first, again = [await people.ask("/people", OFFICE, "k-2", **bare) for _ in range(2)]
    assert first.json() == again.json()
    other = await people.ask("/people", OFFICE, "k-2", name="王")
    assert (other.status_code, other.json()["reason"]) == (422, "id_reused")


@pytest.mark.parametrize(
    "typed", [PHONE, "+86 138 0013 8000", "0086-138-0013-8000", "8613800138000", "１３８００１３８０００"]
)
async def test_a_person_is_found_by_exact_phone_however_it_is_typed(people: People, typed: str) -> None:
    person = await people.registered()
    assert await people.found(typed) == person
    assert await people.found("13800138001") is None


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("+86 572 203 4567", "05722034567"),
        ("(0572) 2034567", "05722034567"),
        ("+86 10 12345678", "01012345678"),
        ("+1 415 555 0100", "+14155550100"),
        ("96871", "96871"),
    ],
)
def test_a_number_has_one_form(typed: str, read: str) -> None:
    assert read_phone(typed) == read


@pytest.mark.parametrize("typed", ["", "王", "1380013800a", "1234", "1234567890123456"])
async def test_what_is_no_number_is_refused_with_the_rule(people: People, typed: str) -> None:
    response = await people.ask("/people/find", OFFICE, phone=typed)
    assert response.status_code == 422 and "digits" in response.json()["errors"][0]["rule"]


async def test_the_office_registers_nobody_a_second_time_by_a_known_phone(people: People) -> None:
    person = await people.registered()
    again = await people.ask("/people", OFFICE, "another", **LI)
    assert again.json() == {"status": "done", "person": person, "known": True}
    assert len({out.key for out in people.topics}) == 1


async def test_a_registration_that_broke_off_behind_its_phone_is_taken_up_by_the_next(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    with killed_at(monkeypatch, people.service.gateway, "ask"):
        assert (await people.ask("/people", OFFICE, "first", **LI)).status_code == 500
    assert await people.found(PHONE) is None
    person = await people.registered()
    assert await people.found(PHONE) == person
    assert len(people.entries("keys").entries) == 1


async def test_an_entrepreneur_is_registered_under_the_own_reference_and_told_nothing_of_others(
    people: People,
) -> None:
    known = await people.registered()
    assert await people.registered(HERSELF) == SHE != known
    assert await people.found(PHONE) == known
    again = await people.ask("/people", HERSELF, **LI)
    assert again.json()["reason"] == "already_registered"


async def test_a_phone_that_was_changed_finds_nobody_any_more(people: People) -> None:
    person = await people.registered()
    changed = await people.ask(f"/people/{person}/change", OFFICE, phone=WANG.phone)
    assert changed.status_code == 200
    assert (await people.found(PHONE), await people.found(WANG.phone)) == (None, person)
    assert await people.registered(name=WANG.name) != person


async def test_a_phone_whose_change_broke_off_is_whose_it_becomes(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await people.registered()
    with killed_at(monkeypatch, people.service.gateway, "ask"):
        await people.ask(f"/people/{person}/change", OFFICE, phone=WANG.phone)
    assert (await people.found(PHONE), await people.found(WANG.phone)) == (person, None)
    other = await people.registered(name=WANG.name, phone=WANG.phone)
    assert other != person and await people.found(WANG.phone) == other


async def test_a_look_at_a_contact_is_written_down_with_who_and_why(people: People) -> None:
    person = await people.registered(HERSELF)
    assert (await people.contact(person)).json() == {"name": NAME, "phone": PHONE, "mail": MAIL}
    await people.contact(person, HERSELF)
    for actor in (HERSELF, SUPERVISOR):
        looks = (await people.read(f"/people/{person}/looks", actor)).json()
        assert [(look["who"], look["why"]) for look in looks] == [
            (OFFICE, "回访"),
            (f"entrepreneur:{SHE}", "回访"),
        ]


async def test_a_contact_whose_look_cannot_be_written_down_is_not_shown(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await people.registered()
    with killed_at(monkeypatch, people.entries("looks"), "add"):
        shown = await people.contact(person)
    assert shown.status_code == 500 and NAME not in shown.text


@pytest.mark.parametrize(
    ("actor", "verb", "status"),
    [
        ("handler:housing/li", "contact", 403),
        ("leader:zhou", "contact", 403),
        (SUPERVISOR, "contact", 403),
        ("handler:housing/li", "change", 403),
        (SUPERVISOR, "erase", 403),
        ("clerk:lu", "erase", 403),
        ("entrepreneur:somebody", "contact", 404),
        ("entrepreneur:somebody", "change", 404),
        ("entrepreneur:somebody", "erase", 404),
    ],
)
async def test_what_is_not_ones_own_or_the_offices_is_forbidden_and_of_others_nothing_is_told(
    people: People, actor: str, verb: str, status: int
) -> None:
    person = await people.registered(HERSELF)
    body = {"why": "x"} if verb == "contact" else {}
    answer = await people.ask(f"/people/{person}/{verb}", actor, **body)
    nobody = await people.ask(f"/people/nobody/{verb}", actor, **body)
    assert (answer.status_code, answer.json()) == (status, nobody.json())
    assert (await people.contact(person)).status_code == 200


async def test_looks_are_for_whom_they_concern_and_supervisors(people: People) -> None:
    person = await people.registered(HERSELF)
    for actor, status in ((OFFICE, 403), ("entrepreneur:somebody", 404)):
        assert (await people.read(f"/people/{person}/looks", actor)).status_code == status
    assert (await people.ask("/people/find", HERSELF, phone=PHONE)).status_code == 403


async def test_nobody_known_is_404(people: People) -> None:
    assert (await people.contact("nobody")).status_code == 404
    assert (await people.ask("/people/nobody/erase", OFFICE)).status_code == 404
    assert not people.entries("keys").entries


async def test_a_number_in_free_text_is_masked_before_anything_is_posted(people: People) -> None:
    person = await people.registered(trade="纺织，找老王13900139000")
    await people.ask(f"/people/{person}/change", OFFICE, chamber="商会13900139000")
    await people.ask(f"/people/{person}/contact", OFFICE, why=f"回访{WANG.phone}")
    assert WANG.phone not in people.everything()
    assert (await people.read(f"/people/{person}")).json()["chamber"] == "商会139****9000"


async def test_no_key_of_a_request_about_a_person_stands_on_the_topic(people: People) -> None:
    """A program may take the phone for it."""
    person = (await people.ask("/people", OFFICE, PHONE, name=NAME)).json()["person"]
    changed = [await people.ask(f"/people/{person}/change", OFFICE, PHONE, trade="纺织") for _ in range(2)]
    assert PHONE not in people.everything()
    assert changed[0].json() == changed[1].json() and "unchanged" not in changed[0].json()


async def test_an_issue_is_written_down_for_nobody_whom_intake_does_not_know(people: People) -> None:
    words = {"title": "停车难", "text": "厂门口没有车位"}
    nobody = await people.ask("/issues", "clerk:lu", **words, person="0" * 32)
    assert (nobody.status_code, nobody.json()["reason"]) == (404, "unknown_person")
    assert not people.topics
    person = await people.registered()
    assert (await people.ask("/issues", "clerk:lu", **words, person=person)).status_code == 201
