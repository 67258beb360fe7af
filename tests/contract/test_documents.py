"""docs/asyncapi.json is a valid AsyncAPI 3.0 document, and says of every message where it stands, and its shape."""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from shared.contract import asyncapi
from shared.contract.event import REPLIES, reference_topic
from shared.contract.registry import COMMANDS, CONTROL
from tests.contract.write import ALL, GOLDEN

HERE = Path(__file__).parent
ASYNCAPI_JSON = HERE.parents[1] / "docs" / "asyncapi.json"
SCHEMA = HERE / "schemas" / "asyncapi-3.0.0.json"


@pytest.fixture(scope="module")
def document() -> dict:
    return json.loads(ASYNCAPI_JSON.read_text(encoding="utf-8"))


def test_every_topic_has_one_writer():
    topics = {shape.topic for shape in ALL.values()}
    compacted = {
        reference_topic(shape.topic.partition(".")[0]) for shape in ALL.values() if is_reference(shape)
    }
    assert topics | compacted == set(asyncapi.WRITERS) == set(asyncapi.ABOUT)


def is_reference(shape):
    return getattr(shape, "reference", False)


def test_the_asyncapi_document_is_valid_by_the_official_schema(document):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    problems = [
        f"{error.json_path}: {error.message[:200]}" for error in Draft7Validator(schema).iter_errors(document)
    ]
    assert problems == []


def test_the_official_schema_finds_a_planted_fault(document):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    operations = {"intake.writes": {"action": "shout", "channel": {"$ref": "#/channels/intake.events"}}}
    assert not Draft7Validator(schema).is_valid({**document, "operations": operations})


def test_every_reference_in_the_asyncapi_document_leads_somewhere(document):
    references = set(re.findall(r'"\$ref": "([^"]+)"', ASYNCAPI_JSON.read_text(encoding="utf-8")))
    assert len(references) > len(ALL)
    for reference in references:
        node = document
        for step in reference.removeprefix("#/").split("/"):
            assert step in node, reference
            node = node[step]


def test_every_event_and_command_is_a_message_on_its_channel(document):
    assert set(document["components"]["messages"]) == {*ALL, *COMMANDS, *CONTROL}
    on = {channel["address"]: set(channel["messages"]) for channel in document["channels"].values()}
    for name, shape in ALL.items():
        assert name in on[shape.topic.replace("<", "{").replace(">", "}")]
        if is_reference(shape):
            assert name in on[reference_topic(asyncapi.WRITERS[shape.topic])]
    for name, command in COMMANDS.items():
        assert on[f"{command.service}.commands"] >= {name, *CONTROL}


def test_every_channel_has_an_operation_of_its_writer_for_all_its_messages(document):
    sent: dict[str, set[str]] = {}
    for operation in document["operations"].values():
        if operation["action"] == "send":
            channel = operation["channel"]["$ref"].rpartition("/")[2]
            assert channel not in sent, "two writers"
            sent[channel] = {message["$ref"].rpartition("/")[2] for message in operation["messages"]}
    assert sent == {name: set(channel["messages"]) for name, channel in document["channels"].items()}


@pytest.fixture(scope="module")
def payloads(document) -> Registry:
    resource = Resource.from_contents(document, default_specification=DRAFT7)
    return Registry().with_resource("urn:asyncapi", resource)


@pytest.mark.parametrize("name", ALL)
def test_a_golden_file_fits_the_published_schema(name, payloads):
    """A department that validates with our document accepts what we send, and sends what we accept."""
    where = {"$ref": f"urn:asyncapi#/components/messages/{name}/payload"}
    validator = Draft7Validator(where, registry=payloads)
    example = json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))
    validator.validate(example)
    assert not validator.is_valid({**example, "type": "another.v1"})
    changed = {**example, "data": {**example["data"], "from_a_later_version": 1}}
    assert validator.is_valid(changed) is (ALL[name].topic != REPLIES)


def test_the_official_parser_accepts_the_document(tmp_path):
    """Needs node and an installed @asyncapi/parser (its folder in ASYNCAPI_PARSER); the schema test needs neither."""
    folder = os.environ.get("ASYNCAPI_PARSER", "")
    if not folder or not shutil.which("node"):
        pytest.skip(
            "set ASYNCAPI_PARSER to a folder where `npm install @asyncapi/parser` ran; node is needed too"
        )
    program = (
        "const {Parser} = require('@asyncapi/parser');"
        "new Parser().parse(require('fs').readFileSync(process.argv[1], 'utf8')).then(found => {"
        "const errors = found.diagnostics.filter(one => one.severity === 0);"
        "console.log(JSON.stringify(errors)); process.exit(found.document && !errors.length ? 0 : 1)})"
    )
    done = subprocess.run(
        ["node", "-e", program, str(ASYNCAPI_JSON)], cwd=folder, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
