"""A person in intake, by the tables both ways: registered, changed, erased; and no event says how to reach them."""

from typing import Any

import pytest

from services.intake.consumer import consumer
from services.intake.person.life import MOVES, NOTHING, State
from shared.contract.command import Command
from shared.contract.commands.people import ChangePerson, ErasePerson, RegisterPerson
from shared.contract.events.people import PersonChanged, PersonErased, PersonRegistered
from shared.contract.words import Language, Means
from tests.unit.one_aggregate import OneAggregate, after
from tests.unit.reference import JURISDICTION

REFERENCE = "0123456789abcdef0123456789abcdef"
HERSELF, OFFICE = f"entrepreneur:{REFERENCE}", "office:chen"
CODE = "91110000600037341L"
SEALED = {name: name * 20 for name in ("name", "phone", "mail")}
REGISTER = RegisterPerson(enterprise=CODE, language=Language.ENGLISH, channels=(Means.PHONE,), **SEALED)
ASKS: dict[str, Command] = {
    "register": REGISTER,
    "change": ChangePerson(trade="纺织", phone="anotherphone" * 5),
    "erase": ErasePerson(),
}
WAYS: dict[str, tuple[str, ...]] = {
    NOTHING: (),
    State.REGISTERED: ("register",),
    State.ERASED: ("register", "change", "erase"),
}


class Person(OneAggregate):
    """One person; ``walk`` brings them to any state."""

    def __init__(self) -> None:
        super().__init__(consumer(JURISDICTION), f"person:{REFERENCE}")

    def walk(self, state: str) -> "Person":
        for verb in WAYS[state]:
            assert self.want(verb)["status"] == "done"
        assert self.at == state
        return self

    def want(self, verb: str, actor: str = HERSELF) -> dict[str, Any]:
        return self.ask(ASKS[verb], after(), actor)

    @property
    def at(self) -> str:
        return self.state.state if self.state else NOTHING


@pytest.mark.parametrize("state", WAYS)
@pytest.mark.parametrize("verb", ASKS)
def test_what_the_table_names_is_done_and_all_else_refused_and_changes_nothing(state: str, verb: str) -> None:
    person = Person().walk(state)
    before, happened = person.state, len(person.events)
    outcome = person.want(verb)
    if (state, verb) in MOVES:
        assert (outcome["status"], person.at) == ("done", MOVES[(state, verb)])
    else:
        assert (outcome["status"], person.state, len(person.events)) == ("refused", before, happened)


@pytest.mark.parametrize("verb", ASKS)
def test_a_command_delivered_twice_is_done_once_with_the_same_outcome(verb: str) -> None:
    person = Person().walk(NOTHING if verb == "register" else State.REGISTERED)
    record = person.command(ASKS[verb], after(), HERSELF, "once")
    first, state, happened = person.answer(record), person.state, len(person.events)
    assert person.answer(record) == first and first["person"] == REFERENCE
    assert (person.state, len(person.events)) == (state, happened)


def test_events_say_whom_they_speak_for_and_nothing_of_who_they_are() -> None:
    person = Person().walk(State.ERASED)
    assert person.events == [
        PersonRegistered(enterprise=CODE, language=Language.ENGLISH),
        PersonChanged(enterprise=CODE, language=Language.ENGLISH),
        PersonErased(),
    ]
    for envelope in person.envelopes.values():
        assert not any(part in str(envelope) for part in (*SEALED.values(), "anotherphone"))


def test_an_event_names_the_official_who_wrote_it_down() -> None:
    person = Person()
    person.want("register", OFFICE)
    assert person.events == [PersonRegistered(enterprise=CODE, language=Language.ENGLISH, recorded_by="chen")]


def test_a_change_takes_over_what_it_names_and_leaves_the_rest() -> None:
    person = Person().walk(State.REGISTERED)
    was = person.state
    person.want("change")
    assert person.state.contact == was.contact.model_copy(update={"phone": "anotherphone" * 5})
    assert person.state.model_copy(update={"trade": "", "contact": was.contact}) == was


def test_a_change_to_what_is_so_already_tells_nobody() -> None:
    person = Person().walk(State.REGISTERED)
    person.want("change")
    assert person.want("change")["unchanged"] and len(person.events) == 2


def test_who_is_erased_keeps_nothing_but_that_there_was_somebody() -> None:
    person = Person().walk(State.ERASED)
    kept = {name for name, value in person.state if value}
    assert kept == {"state", "reference", "registered_at", "erased_at"}
    assert person.want("erase")["unchanged"] and len(person.events) == 3


def test_a_wrong_credit_code_is_refused_and_one_in_small_letters_is_read() -> None:
    person = Person()
    wrong = REGISTER.model_copy(update={"enterprise": "911100006000373410"})
    assert person.ask(wrong, after(), HERSELF)["reason"] == "wrong_credit_code"
    person.ask(REGISTER.model_copy(update={"enterprise": CODE.lower()}), after(), HERSELF)
    assert person.state.enterprise == CODE
    assert person.ask(ChangePerson(enterprise="x"), after(), HERSELF)["reason"] == "wrong_credit_code"


def test_nobody_who_was_never_registered_is_changed() -> None:
    assert Person().want("change")["reason"] == "unknown_person"


def test_who_only_raised_issues_is_erased_too_and_never_registered_again() -> None:
    person = Person()
    assert person.want("erase")["state"] == "erased"
    assert person.events == [PersonErased()]
    assert person.want("register")["reason"] == "already_registered"


def test_another_entrepreneur_may_ask_nothing_of_somebody() -> None:
    person = Person().walk(State.REGISTERED)
    for verb in ("change", "erase"):
        assert person.want(verb, "entrepreneur:somebody")["reason"] == "wrong_role"
