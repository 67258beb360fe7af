"""Every released message can still be read: what was stored years ago is replayed with today's classes."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from pydantic import ValidationError

from shared.envelope import open_envelope, seal
from shared.events import EVENTS, REPLIES_BY_TYPE
from tests.contract.write import ALL, GOLDEN

FILES = sorted(GOLDEN.glob("*.json"))
SCHEMAS = Path(__file__).parent / "schemas"


def golden(name: str) -> dict:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def test_every_type_has_a_golden_file_and_no_released_type_has_gone():
    hint = "new type: python -m tests.contract.write; a released type is never removed"
    assert {path.stem for path in FILES} == set(ALL), hint


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_file_reads_and_writes_to_the_same_data(path):
    envelope = open_envelope(path.read_bytes())
    assert envelope.type == path.stem
    shape = ALL[envelope.type]
    message = shape.read(envelope.data)
    assert shape.read(message.model_dump(mode="json")) == message
    # A field added since then has a default; what the file says must come out as it stands there.
    assert message.model_dump(mode="json", exclude_unset=True) == envelope.data


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_file_is_cloudevents(path):
    schema = json.loads((SCHEMAS / "cloudevents-1.0.json").read_text(encoding="utf-8"))
    Draft7Validator(schema).validate(json.loads(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sealing_a_golden_file_again_changes_nothing(path):
    envelope = open_envelope(path.read_bytes())
    again = seal(**envelope.model_dump(exclude={"specversion"}))
    assert json.loads(again) == json.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", EVENTS)
def test_an_unknown_field_on_our_own_topics_is_ignored(name):
    data = golden(name)["data"]
    assert EVENTS[name].read({**data, "from_a_later_version": 1}) == EVENTS[name].read(data)


@pytest.mark.parametrize("name", REPLIES_BY_TYPE)
def test_an_unknown_field_from_a_department_is_refused(name):
    with pytest.raises(ValidationError, match="from_a_later_version"):
        REPLIES_BY_TYPE[name].read({**golden(name)["data"], "from_a_later_version": 1})


@pytest.mark.parametrize("name", REPLIES_BY_TYPE)
def test_a_department_names_assignment_and_round_and_writes_within_limits(name):
    data = golden(name)["data"]
    assert {"assignment", "round"} <= set(data)
    texts = [field for field, value in data.items() if isinstance(value, str)]
    for field in texts:
        with pytest.raises(ValidationError, match=field):
            REPLIES_BY_TYPE[name].read({**data, field: "长" * 20_001})


@pytest.mark.parametrize("name", ALL)
def test_a_type_string_ends_in_its_version(name):
    assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+\.v[1-9]\d*", name)


@pytest.mark.parametrize("name", ALL)
def test_each_class_says_when_it_happens(name):
    docstring = (ALL[name].__doc__ or "").strip()
    assert docstring.startswith("Happens ")
    assert docstring.endswith(".")
    assert "\n" not in docstring


PERSONAL = re.compile(r"(^|_)(name|phone|mobile|telephone|contact|email|id_card|address)($|_)")


@pytest.mark.parametrize("name", [name for name, shape in EVENTS.items() if shape.topic.endswith(".events")])
def test_no_event_has_a_place_for_a_name_or_a_phone_number(name):
    assert not [word for word in words_in(EVENTS[name].model_json_schema()) if PERSONAL.search(word)]


def words_in(schema: object) -> set[str]:
    """All property names of a JSON schema, nested ones too."""
    if isinstance(schema, list):
        return set().union(*map(words_in, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})).union(*map(words_in, schema.values()))
