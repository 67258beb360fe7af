"""The envelope keeps the rules of CloudEvents 1.0, and a record that was changed on its way is noticed."""

import json
import re
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from cloudevents.core.bindings import kafka
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from shared.bus.records import Outgoing
from shared.contract.envelope import (
    CONTENT_TYPE_HEADER,
    SEQ_HEADER,
    SHA256_HEADER,
    Malformed,
    open_envelope,
    read_seen,
    seal,
    sha256_of,
    write_seen,
)
from shared.contract.event import MOST

AT = datetime(2026, 11, 4, 17, 30, 0, 123_000, tzinfo=timezone(timedelta(hours=8)))
FULL = {
    "id": "intake:1",
    "type": "issue.registered.v1",
    "source": "/huzhou/intake",
    "subject": "iss-1",
    "time": AT,
    "data": {"text": "车间扩建"},
    "cause": "http/office:chen/1",
    "seq": 2,
    "previous": "a" * 64,
    "seen": "/huzhou/dispatch=1",
    "follows": "/huzhou/intake=7",
    "actor": "office:chen",
    "department": "housing",
    "mustunderstand": True,
}
CORE = {"specversion", "id", "type", "source", "subject", "time", "datacontenttype", "data"}
EXTENSIONS = {"cause", "seq", "previous", "seen", "follows", "actor", "department", "mustunderstand"}
SCHEMA = json.loads((Path(__file__).parent / "schemas" / "cloudevents-1.0.json").read_text(encoding="utf-8"))


def test_attribute_names_are_short_lower_case_letters_and_digits():
    written = json.loads(seal(**FULL))
    assert set(written) == CORE | EXTENSIONS
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in written)


def test_attributes_are_simple_and_none_is_null_or_empty():
    written = json.loads(seal(**FULL))
    del written["data"]
    assert all(isinstance(value, str | int) and value not in ("", None) for value in written.values())
    # CloudEvents integers have 32 bits; one aggregate will never come near that.
    assert 0 < written["seq"] < 2**31


def test_empty_attributes_are_left_out_rather_than_null():
    few = {name: FULL[name] for name in ("id", "type", "source", "subject", "data")}
    written = json.loads(seal(**few, time=None))
    assert set(written) == CORE - {"time"}


def test_the_official_schema_accepts_it():
    validator = Draft7Validator(SCHEMA, format_checker=Draft7Validator.FORMAT_CHECKER)
    validator.validate(json.loads(seal(**FULL)))
    assert not validator.is_valid({**json.loads(seal(**FULL)), "source": ""})


def test_time_is_rfc_3339_in_utc_with_milliseconds():
    assert json.loads(seal(**FULL))["time"] == "2026-11-04T09:30:00.123Z"


def test_data_is_json_as_its_content_type_says():
    written = json.loads(seal(**FULL))
    assert written["datacontenttype"] == "application/json"
    assert written["data"] == FULL["data"]


def test_what_was_sealed_opens_to_the_same():
    raw = seal(**FULL)
    envelope = open_envelope(raw, sha256_of(raw))
    assert envelope.model_dump(exclude={"specversion"}) == {**FULL, "time": AT.astimezone(UTC)}


words = st.text(min_size=1, max_size=50)


@given(
    id=words,
    subject=words.filter(lambda text: "|" not in text),
    data=st.dictionaries(words, st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()),
    seq=st.integers(0, 2**31 - 1),
    # hypothesis wants naive bounds and adds the zone itself
    time=st.datetimes(datetime(2008, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
)
def test_any_envelope_opens_to_what_was_sealed(id, subject, data, seq, time):
    time = time.replace(microsecond=time.microsecond // 1000 * 1000)
    raw = seal(id=id, type="x.v1", source="/huzhou/intake", subject=subject, time=time, data=data, seq=seq)
    envelope = open_envelope(raw, sha256_of(raw))
    assert (envelope.id, envelope.subject, envelope.data, envelope.seq) == (id, subject, data, seq)
    assert envelope.time == time


def test_one_changed_byte_anywhere_fails_the_hash():
    raw = seal(**FULL)
    sha256 = sha256_of(raw)
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        with pytest.raises(Malformed, match="changed on its way"):
            open_envelope(bytes(changed), sha256)


@pytest.mark.parametrize("missing", ["specversion", "id", "type", "source", "subject", "data"])
def test_a_record_without_a_required_attribute_is_malformed_and_says_which(missing):
    written = json.loads(seal(**FULL))
    del written[missing]
    with pytest.raises(Malformed, match=missing):
        open_envelope(json.dumps(written).encode())


@pytest.mark.parametrize("raw", [None, b"", b"{", b"[]", b"\xff\xfe", b'"text"', b"null"])
def test_what_is_not_an_envelope_is_malformed(raw):
    with pytest.raises(Malformed):
        open_envelope(raw)


def test_unknown_attributes_are_ignored():
    raw = seal(**FULL)
    more = json.dumps({**json.loads(raw), "traceparent": "00-1"}).encode()
    assert open_envelope(more) == open_envelope(raw)


def test_what_was_seen_of_each_source_reads_back_as_written():
    seen = {"/huzhou/intake": 3, "/deqing/dispatch": 12}
    assert write_seen(seen) == "/deqing/dispatch=12,/huzhou/intake=3"
    assert read_seen(write_seen(seen)) == seen
    assert read_seen("") == {}
    for wrong in ("/huzhou/intake", "/huzhou/intake=", "=3", "/huzhou/intake=x", f"/huzhou/intake={10**16}"):
        with pytest.raises(Malformed, match="seen"):
            read_seen(wrong)


def test_a_sequence_number_that_no_store_holds_is_malformed():
    written = json.loads(seal(**FULL))
    assert open_envelope(json.dumps({**written, "seq": MOST}).encode()).seq == MOST
    for wrong in (MOST + 1, -1, 10**20):
        with pytest.raises(Malformed, match="seq"):
            open_envelope(json.dumps({**written, "seq": wrong}).encode())


def headers_of(outgoing: Outgoing) -> dict[str, bytes]:
    return {name: value.encode() for name, value in outgoing.wire_headers().items()}


def test_the_official_sdk_reads_a_record_as_a_structured_cloudevent():
    raw = seal(**FULL)
    outgoing = Outgoing("intake.events", "iss-1", raw, seq=2)
    message = kafka.KafkaMessage(headers=headers_of(outgoing), key="iss-1", value=raw)
    event = kafka.from_kafka_event(message)
    attributes = event.get_attributes()
    assert event.get_data() == FULL["data"]
    assert (attributes["id"], attributes["type"], attributes["subject"]) == (
        "intake:1",
        FULL["type"],
        "iss-1",
    )
    assert attributes["time"] == AT
    assert event.get_extension("seen") == FULL["seen"]


def test_hash_and_place_stand_beside_the_value():
    raw = seal(**FULL)
    headers = Outgoing("intake.events", "iss-1", raw, seq=2).wire_headers()
    assert headers[SHA256_HEADER] == sha256_of(raw)
    assert headers[SEQ_HEADER] == "2"
    assert headers[CONTENT_TYPE_HEADER].startswith("application/cloudevents+json")
