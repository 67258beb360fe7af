"""Every released message can still be read: what was stored years ago is replayed with today's classes."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from pydantic import ValidationError

from services.dispatch.departments_gateway import translate
from services.intake.issue.numbers import is_issue_id
from shared.bus.records import Bad, Record, decode
from shared.contract.command import CONTROL
from shared.contract.envelope import Envelope, open_envelope, seal, sha256_of
from shared.contract.event import ORDERS, reference_topic
from shared.contract.registry import COMMANDS, EVENTS, REPLIES_BY_TYPE
from tests.contract.scripted import records
from tests.contract.world import JURISDICTION, World
from tests.contract.write import ALL, GOLDEN

FILES = sorted(GOLDEN.glob("*.json"))
SCHEMAS = Path(__file__).parent / "schemas"


def golden(name: str) -> dict:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def test_every_type_has_a_golden_file_and_no_released_type_has_gone():
    hint = "new type: make docs; a released type is never removed"
    assert {path.stem for path in FILES} == set(ALL), hint


def test_the_contract_holds_what_runs_and_nothing_else():
    """Every event, order and reply happens in one run of the real code; commands have a test of their own (house)."""
    happened = {open_envelope(record.value).type for record in records()}
    assert set(ALL) <= happened
    assert happened <= {*ALL, *COMMANDS, *CONTROL}


def test_every_version_of_reference_data_stands_on_the_owners_compacted_topic_under_its_own_key():
    for name, shape in EVENTS.items():
        if shape.reference:
            owner = shape.topic.partition(".")[0]
            there = [record for record in records() if record.topic == reference_topic(owner)]
            envelopes = {record.key: open_envelope(record.value) for record in there}
            assert len(envelopes) == len(there)
            assert name in {envelope.type for envelope in envelopes.values()}
            for key, envelope in envelopes.items():
                assert key.decode() == f"{envelope.subject}@{envelope.data['version']}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_golden_file_reads_and_writes_to_the_same_data(path):
    envelope = open_envelope(path.read_bytes())
    assert envelope.type == path.stem
    shape = ALL[envelope.type]
    message = shape.model_validate(envelope.data)
    assert shape.model_validate(message.model_dump(mode="json")) == message
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


def place_of(envelope: Envelope, topic: str) -> Record:
    raw = (GOLDEN / f"{envelope.type}.json").read_bytes()
    return Record(topic, 0, 0, 0, envelope.subject.encode(), raw, sha256_of(raw), envelope.seq)


@pytest.mark.parametrize("name", EVENTS)
def test_every_consumer_that_reads_a_golden_event_understands_it(name):
    """Ids, subjects, sources and what was read before are what the code accepts, not made up for a file."""
    envelope, topic = open_envelope((GOLDEN / f"{name}.json").read_bytes()), EVENTS[name].topic
    readers = [made for made in World(envelope.time).consumers.values() if topic in made.reads]
    assert readers or topic in (ORDERS, "supervision.events")
    for reader in readers:
        item = decode(place_of(envelope, topic), reader)
        assert not isinstance(item, Bad), item
        assert (item is not None) == reader.keeps(envelope.subject, topic), reader.service
        if item is not None:
            assert type(item.data) is EVENTS[name]
    assert envelope.id == f"{topic_of(envelope)}:{envelope.subject}:{envelope.seq}"
    assert ":" in envelope.subject or is_issue_id(envelope.subject)


def topic_of(envelope: Envelope) -> str:
    """The topic that an event's id names: a department's own for an order."""
    topic = EVENTS[envelope.type].topic
    return envelope.id.partition(":")[0] if topic == ORDERS else topic


@pytest.mark.parametrize("name", REPLIES_BY_TYPE)
def test_the_departments_gateway_takes_every_golden_reply(name):
    envelope = open_envelope((GOLDEN / f"{name}.json").read_bytes())
    code = envelope.source.rpartition("/")[2]
    commands = translate(place_of(envelope, f"dept.{code}.replies"), f"/{JURISDICTION}/dispatch")
    assert commands
    for command in commands:  # each goes to the service that its type names
        assert command.topic == f"{open_envelope(command.value).type.partition('.')[0]}.commands"
    assert {command.key for command in commands} == {envelope.subject}


@pytest.mark.parametrize("name", EVENTS)
def test_an_unknown_field_on_our_own_topics_is_ignored(name):
    data = golden(name)["data"]
    assert EVENTS[name].read({**data, "from_a_later_version": 1}) == EVENTS[name].read(data)


@pytest.mark.parametrize("name", REPLIES_BY_TYPE)
def test_an_unknown_field_from_a_department_is_refused(name):
    with pytest.raises(ValidationError, match="from_a_later_version"):
        REPLIES_BY_TYPE[name].model_validate({**golden(name)["data"], "from_a_later_version": 1})


@pytest.mark.parametrize("name", REPLIES_BY_TYPE)
def test_a_department_names_assignment_and_round_and_writes_within_limits(name):
    data = golden(name)["data"]
    assert {"assignment", "round"} <= set(data)
    texts = [field for field, value in data.items() if isinstance(value, str)]
    for field in texts:
        with pytest.raises(ValidationError, match=field):
            REPLIES_BY_TYPE[name].model_validate({**data, field: "长" * 20_001})


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


PUBLIC = [
    name
    for name, shape in EVENTS.items()
    if shape.topic.endswith(".events") and not shape.reference and not name.startswith("enterprise.")
]
"""All but reference data, and what the public register of enterprises says of each."""


@pytest.mark.parametrize("name", PUBLIC)
def test_no_event_about_an_issue_has_a_place_for_a_name_or_a_phone_number(name):
    """Officials acting in office are named in the directory, which is reference data, and leaders at their talks."""
    schema = EVENTS[name].model_json_schema()
    schema.get("$defs", {}).pop("TalkLeader", None)
    assert not [word for word in words_in(schema) if PERSONAL.search(word)]


def words_in(schema: object) -> set[str]:
    """All property names of a JSON schema, nested ones too."""
    if isinstance(schema, list):
        return set().union(*map(words_in, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", {})).union(*map(words_in, schema.values()))
