"""What may stand in a field: lists are open on events and closed on commands and replies; numbers have bounds."""

import enum
import typing
from collections.abc import Iterator

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from shared.contract.event import MOST
from shared.contract.registry import COMMANDS, CONTROL, EVENTS, REPLIES_BY_TYPE

EVERYTHING: dict[str, type[BaseModel]] = {**EVENTS, **REPLIES_BY_TYPE, **COMMANDS, **CONTROL}
ASKED: dict[str, type[BaseModel]] = {**REPLIES_BY_TYPE, **COMMANDS}


def lists_of(shape: type[BaseModel]) -> Iterator[tuple[str, object]]:
    """The fields of one message that take a value of a closed list, alone or several."""
    for name, field in shape.model_fields.items():
        if any(isinstance(part, type) and issubclass(part, enum.Enum) for part in parts_of(field.annotation)):
            yield name, field.rebuild_annotation()


def parts_of(annotation: object) -> Iterator[object]:
    """An annotation and everything it is made of."""
    yield annotation
    for part in typing.get_args(annotation):
        yield from parts_of(part)


def numbers_in(schema: object, where: str = "") -> Iterator[tuple[str, dict[str, object]]]:
    """Every number of a JSON schema with the path to it."""
    if isinstance(schema, list):
        for part in schema:
            yield from numbers_in(part, where)
    elif isinstance(schema, dict):
        if schema.get("type") in ("integer", "number"):
            yield where, schema
        for name, part in schema.items():
            yield from numbers_in(part, f"{where}/{name}")


def takes(annotation: object, value: object) -> bool:
    try:
        TypeAdapter(annotation).validate_json(f'"{value}"')
    except ValidationError:
        try:
            TypeAdapter(annotation).validate_json(f'["{value}"]')
        except ValidationError:
            return False
    return True


OPEN = [(name, *found) for name, shape in EVENTS.items() for found in lists_of(shape)]
CLOSED = [(name, *found) for name, shape in ASKED.items() for found in lists_of(shape)]


@pytest.mark.parametrize(("name", "field", "annotation"), OPEN, ids=lambda part: str(part)[:40])
def test_a_value_that_this_version_does_not_know_is_read_as_text_on_an_event(name, field, annotation):
    assert takes(annotation, "a_value_of_a_later_version"), f"{name}: {field}"


@pytest.mark.parametrize(("name", "field", "annotation"), CLOSED, ids=lambda part: str(part)[:40])
def test_a_value_outside_of_its_list_is_refused_from_whoever_asks(name, field, annotation):
    assert not takes(annotation, "a_value_of_a_later_version"), f"{name}: {field}"


def test_there_are_lists_of_both_sorts():
    assert len(OPEN) > 10
    assert len(CLOSED) > 5


@pytest.mark.parametrize("name", EVERYTHING)
def test_every_number_of_the_contract_has_bounds_that_every_store_holds(name):
    for where, number in numbers_in(EVERYTHING[name].model_json_schema()):
        most = number.get("maximum", number.get("exclusiveMaximum"))
        least = number.get("minimum", number.get("exclusiveMinimum"))
        assert most is not None and most <= MOST, where
        assert least is not None and least >= -MOST, where
