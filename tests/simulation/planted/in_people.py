"""Faults planted into what intake decides about persons and enterprises."""

from collections.abc import Callable
from typing import Any

from shared.contract.commands.people import ErasePerson, RecordEnterprise, RegisterPerson
from shared.domain.decisions import Refusal
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, fault, in_decision


@fault(Clause.FORGOTTEN)
def an_erasure_keeps_what_was_encrypted() -> Patches:
    def wrap(erase: Callable[..., Any]) -> Callable[..., Any]:
        def keeping(person: Any, command: Any, context: Any) -> Any:
            change = erase(person, command, context)
            if isinstance(change, Refusal):
                return change
            kept = change.state.model_copy(update={"contact": person.contact})
            return type(change)(kept, change.messages, change.outcome)

        return keeping

    return [in_decision("intake", "person", ErasePerson, wrap)]


@fault(Clause.NO_CONTACT)
def a_registration_tells_how_to_reach_somebody() -> Patches:
    def wrap(register: Callable[..., Any]) -> Callable[..., Any]:
        def telling(person: Any, command: Any, context: Any) -> Any:
            change = register(person, command, context)
            if isinstance(change, Refusal):
                return change
            (told,) = change.messages
            body = told.body.model_copy(update={"recorded_by": command.phone})
            return type(change)(change.state, (told._replace(body=body),), change.outcome)

        return telling

    return [in_decision("intake", "person", RegisterPerson, wrap)]


@fault(Clause.REVISION_READ)
def the_last_clerk_wins() -> Patches:
    def wrap(record: Callable[..., Any]) -> Callable[..., Any]:
        def careless(enterprise: Any, command: Any, context: Any) -> Any:
            known = enterprise.revision if enterprise else 0
            return record(enterprise, command.model_copy(update={"revision": known}), context)

        return careless

    return [in_decision("intake", "enterprise", RecordEnterprise, wrap)]
