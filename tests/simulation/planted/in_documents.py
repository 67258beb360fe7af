"""Faults planted into documents of supervision, their registers, and what departments hear of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from services.dispatch.issue import noticing
from services.supervision.issue import documents
from services.supervision.register.life import Register
from shared.contract.commands.supervision import EnterDocument
from shared.contract.events.supervision import DepartmentAddressed
from shared.domain.steps import DEFAULT_LADDER
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, around, fault, in_decision, in_kind, told, with_data


@fault(Clause.NUMBERS, alone=False)
def a_register_leaves_a_number_out() -> Patches:
    def wrap(enter: Callable[..., Any]) -> Callable[..., Any]:
        def leaping(register: Any, command: Any, context: Any) -> Any:
            last = 0 if register is None else register.last
            return enter(Register(last=last + (last == 1)), command, context)

        return leaping

    return [in_decision("supervision", "register", EnterDocument, wrap)]


@fault(Clause.NUMBERED_ONCE, alone=False)
def a_document_is_entered_again_when_it_has_its_number() -> Patches:
    def wrap(make: Callable[..., Any]) -> Callable[..., Any]:
        def twice(issue: Any, document: Any, context: Any) -> Any:
            made, messages = make(issue, document, context)
            return made, (*messages, *messages)

        return twice

    return [patch.object(documents, "make", wrap(documents.make))]


@fault(Clause.NUMBER_TOLD, alone=False)
def what_was_overtaken_before_it_had_a_number_is_forgotten() -> Patches:
    def wrap(numbered: Callable[..., Any]) -> Callable[..., Any]:
        def silent(document: Any, context: Any) -> Any:
            after, messages = numbered(document, context)
            return after, () if document.void_because is not None else messages

        return silent

    return [patch.object(documents, "numbered", wrap(documents.numbered))]


@fault(Clause.DOCUMENT_SIGNED, alone=False)
def what_a_policy_wants_signed_goes_out_by_itself() -> Patches:
    def wrap(step_of: Callable[..., Any]) -> Callable[..., Any]:
        def unsigned(document: Any, context: Any) -> Any:
            step = step_of(document, context)
            by_itself = document.kind in documents.BY_ITSELF
            return step.model_copy(update={"signed": step.signed and not by_itself})

        return unsigned

    return [patch.object(documents, "_step_of", wrap(documents._step_of))]


@fault(Clause.DOCUMENT_NUMBER, alone=False)
def every_kind_has_its_numbers_from_the_register_of_reminders() -> Patches:
    def wrap(register_of: Callable[..., str]) -> Callable[..., str]:
        return lambda jurisdiction, kind, year: register_of(jurisdiction, "reminder", year)

    return [patch.object(documents, "register_of", wrap(documents.register_of))]


@fault(Clause.DOCUMENT_NUMBER, alone=False)
def a_year_of_numbers_ends_with_the_winter() -> Patches:
    return [patch.object(documents, "year_of", lambda at: (at - timedelta(days=60)).year)]


@fault(Clause.DOCUMENT_NUMBER)
def a_document_goes_out_with_another_number() -> Patches:
    return told("document.issued", lambda values: with_data(values, number=values["data"]["number"] + 1))


@fault(Clause.DOCUMENT_LIFE, alone=False)
def what_is_answered_stays_open() -> Patches:
    def wrap(answered: Callable[..., Any]) -> Callable[..., Any]:
        def still_open(document: Any, why: Any) -> Any:
            _, messages = answered(document, why)
            return document, messages

        return still_open

    return [patch.object(documents, "answered", wrap(documents.answered))]


@fault(Clause.DOCUMENT_SIGNED, alone=False)
def a_card_goes_out_by_itself() -> Patches:
    by_itself = (*documents.BY_ITSELF, "yellow_card")
    unsigned = {step.name: step.model_copy(update={"signed": False}) for step in DEFAULT_LADDER}
    wrap = documents._step_of
    return [
        patch.object(documents, "BY_ITSELF", by_itself),
        patch.object(documents, "_step_of", lambda document, context: unsigned[wrap(document, context).name]),
    ]


@fault(Clause.DOCUMENT_LIFTED)
def what_a_person_signed_is_lifted_by_itself() -> Patches:
    def wrap(recalled: Callable[..., Any]) -> Callable[..., Any]:
        def by_itself(document: Any, why: Any) -> Any:
            annulled = why.because == "annulled"
            return documents.ended(document, why) if annulled else recalled(document, why)

        return by_itself

    return [patch.object(documents, "_recalled", wrap(documents._recalled))]


@fault(Clause.DOCUMENT_LIFTED)
def what_was_signed_in_vain_stays() -> Patches:
    def wrap(recalled: Callable[..., Any]) -> Callable[..., Any]:
        def kept(document: Any, why: Any) -> Any:
            in_vain = why.because == "annulled" and document.by
            return (document, ()) if in_vain else recalled(document, why)

        return kept

    return [patch.object(documents, "_recalled", wrap(documents._recalled))]


@fault(Clause.DOCUMENT_FOUNDED, alone=False)
def a_step_brings_the_document_of_the_next_one() -> Patches:
    return told("document.drafted", lambda values: with_data(values, step=min(6, values["data"]["step"] + 1)))


@fault(Clause.DOCUMENT_BROUGHT)
def red_cards_come_without_their_interview() -> Patches:
    def wrap(make: Callable[..., Any]) -> Callable[..., Any]:
        def alone(issue: Any, document: Any, context: Any) -> Any:
            return (
                (issue, ())
                if document.kind == "interview" and document.step
                else make(issue, document, context)
            )

        return alone

    return [patch.object(documents, "make", wrap(documents.make))]


@fault(Clause.DEPARTMENT_TOLD, alone=False)
def dispatch_keeps_what_it_is_told_to_itself() -> Patches:
    def deaf(kind: Any) -> Any:
        return replace(kind, events={**kind.events, DepartmentAddressed: lambda state, event, context: None})

    return [in_kind("dispatch", "issue", deaf)]


@fault(Clause.ADDRESSEES_TOLD)
def whom_a_step_names_beside_the_department_is_told_nothing() -> Patches:
    return [patch.object(noticing, "beside", lambda said, directory: ())]


@fault(Clause.ADDRESSEES_TOLD)
def a_circular_is_said_to_its_department_alone() -> Patches:
    def wrap(beside: Callable[..., Any]) -> Callable[..., Any]:
        return lambda said, directory: () if said.kind == "circular" else beside(said, directory)

    return [around(noticing, "beside", wrap)]
