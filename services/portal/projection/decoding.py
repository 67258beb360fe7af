"""One raw record as an event, or as a place in a sequence that cannot be read; no models, for a log is long.

The same rules as shared/contract/envelope.py and shared/bus/records.py: the hash beside the value, the form of the
envelope, and the key that is its subject.
"""

from functools import lru_cache
from hashlib import sha256

from pydantic_core import from_json

from services.portal.projection.rows.changes import Happened, Unreadable
from services.portal.projection.rows.instants import instant
from shared.bus.records import Record
from shared.contract.envelope import read_seen
from shared.contract.event import source_in

MOST, MOST_CHARS = 2**53 - 1, 500
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What reading a record that is not as it should be may raise."""


def decode(record: Record, jurisdiction: str) -> Happened | None:
    """The event in a record of an events topic; None for one that does not even say where it belongs."""
    try:
        return _decode(record.topic, record.value, record.sha256, (record.key or b"").decode())
    except UNREADABLE:
        return _unreadable(record, jurisdiction)


def decode_again(topic: str, subject: str, source: str, seq: int, raw: bytes) -> Happened:
    """An event that was held, or the place that it takes up."""
    try:
        return _decode(topic, raw, None, subject)
    except UNREADABLE:
        return _place(subject, topic, source, seq)


def decode_version(record: Record) -> Happened:
    """A version on a topic of reference data, whose key is ``<subject>@<version>``; raises one of UNREADABLE."""
    if record.key is None:
        raise Unreadable("a version has a key")
    return _decode(record.topic, record.value, record.sha256, None)


def _decode(topic: str, raw: bytes | None, digest: str | None, key: str | None) -> Happened:
    if raw is None or (digest is not None and sha256(raw).hexdigest() != digest):
        raise Unreadable("the record was changed on its way")
    envelope = from_json(raw, cache_strings="keys")
    subject, source, type_ = envelope["subject"], envelope["source"], envelope["type"]
    seq, data, read = envelope["seq"], envelope["data"], envelope.get("seen", "")
    follows = envelope.get("follows", "")
    if not (
        envelope["specversion"] == "1.0"
        and type(subject) is type(source) is type(type_) is type(envelope["id"]) is str
        and 0 < len(subject) <= MOST_CHARS
        and 0 < len(source) <= MOST_CHARS
        and type_
        and "|" not in subject
        and (key is None or key == subject)
        and type(seq) is int
        and 0 < seq <= MOST
        and type(data) is dict
        and type(read) is type(follows) is str
    ):
        raise Unreadable("not an event's envelope")
    if read:
        _check_read(read)
    if follows:
        read_seen(follows)
    must_understand = envelope.get("mustunderstand") is True
    return Happened(
        subject,
        topic,
        source,
        seq,
        type_,
        instant(envelope["time"]),
        read,
        data,
        must_understand,
        follows=follows,
    )


@lru_cache(maxsize=4096)
def _check_read(text: str) -> None:
    """Raise Malformed for what is no list of what was read; a few texts are on all events."""
    read_seen(text)


def _unreadable(record: Record, jurisdiction: str) -> Happened | None:
    """By its key and its header: whoever reads it has to go on behind it."""
    subject = (record.key or b"").decode("utf-8", "replace")
    if not subject or not 0 < record.seq <= MOST or len(subject) > MOST_CHARS:
        return None
    first, _, rest = record.topic.rpartition(".events")[0].rpartition(".")
    source = source_in(f"/{first or jurisdiction}/{rest}", record.epoch)
    return _place(subject, record.topic, source, record.seq)


def _place(subject: str, topic: str, source: str, seq: int) -> Happened:
    return Happened(subject, topic, source, seq, "", 0, "", {}, is_readable=False)
