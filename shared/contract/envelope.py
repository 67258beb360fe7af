"""Every record on the bus is a CloudEvents 1.0 envelope in structured JSON, sealed with its own SHA-256.

Extension attributes (lower case, simple types, as CloudEvents 1.0 section 3.1 asks):

    cause      id of the record that caused this one
    seq        1, 2, 3, ... for each (topic, subject, source); readers apply in this order
    previous   SHA-256 of the raw record before it in that sequence ("" for the first)
    seen       what its producer had read of that subject, by source: "/huzhou/intake=3,/huzhou/feedback=1"
    follows    on the first of a new epoch: the last of the epoch before it on this topic, "/huzhou/intake=7"
    actor      who asked, on commands only: "<role>:<principal>"
    department whose order it is, on departments' orders only: in history they all stand on one topic
    mustunderstand  true on events that stop a clock or end an issue: a reader that does not know the type holds them

A restore starts a new epoch: a source signs as ``/huzhou/intake;<epoch>`` from then on, and numbers from 1 again, for
outside somebody may have read numbers that the restored system does not know (bus.md, Restore).

The SHA-256 of the raw value travels beside it in the Kafka header ``sha256``, an event's ``seq`` again in ``seq``, its
epoch in ``epoch``, and ``content-type`` says that the value is a structured CloudEvent, as the Kafka binding of
CloudEvents asks.
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import to_json

SHA256_HEADER, SEQ_HEADER, EPOCH_HEADER, CONTENT_TYPE_HEADER = "sha256", "seq", "epoch", "content-type"
CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"


class Envelope(BaseModel):
    """One record of the bus, read; ``data`` is still a plain mapping (its shape: registry.py)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: str = Field(min_length=1, max_length=500)
    type: str = Field(min_length=1, max_length=100)
    source: str = Field(min_length=1, max_length=200)
    subject: str = Field(min_length=1, max_length=100, pattern=r"^[^|]+$")
    """No ``|``: behind it stands a command's id, where a store keeps old outcomes (shared/bus/document.py)."""
    time: AwareDatetime | None = None
    cause: str = ""
    seq: int = Field(default=0, ge=0, le=2**53 - 1)
    """No store holds more than 64 bits, and a write that fails stops a partition."""
    previous: str = ""
    seen: str = ""
    follows: str = ""
    actor: str = ""
    department: str = ""
    mustunderstand: bool = False
    data: dict[str, Any]


class Malformed(ValueError):
    """The raw value is not an envelope of ours: says which field, and what would be right."""


def open_envelope(raw: bytes | None, sha256: str | None = None) -> Envelope:
    """Read one raw record value; raise Malformed when it is not an envelope or its hash does not fit."""
    if not raw:
        raise Malformed("the record is empty; a CloudEvents 1.0 JSON object is expected")
    if sha256 is not None and hashlib.sha256(raw).hexdigest() != sha256:
        raise Malformed("the SHA-256 header does not fit the value: the record was changed on its way")
    try:
        return Envelope.model_validate_json(raw)
    except ValidationError as error:
        raise Malformed(explain(error)) from None


def explain(error: ValidationError) -> str:
    """Name each wrong field and its rule in one line, without repeating the (perhaps huge) input."""
    parts = []
    for item in error.errors(include_input=False, include_url=False)[:5]:
        where = ".".join(str(step) for step in item["loc"]) or "value"
        parts.append(f"{where}: {item['msg']}")
    return "; ".join(parts)


def seal(
    *,
    id: str,
    type: str,
    source: str,
    subject: str,
    time: datetime | None,
    data: BaseModel | Mapping[str, Any],
    cause: str = "",
    seq: int = 0,
    previous: str = "",
    seen: str = "",
    follows: str = "",
    actor: str = "",
    department: str = "",
    mustunderstand: bool = False,
) -> bytes:
    """Write one record value; attributes that are empty are left out."""
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": id,
        "type": type,
        "source": source,
        "subject": subject,
        "datacontenttype": "application/json",
    }
    if time is not None:
        attributes["time"] = time_text(time)
    optional = {
        "cause": cause,
        "seq": seq,
        "previous": previous,
        "seen": seen,
        "follows": follows,
        "actor": actor,
        "department": department,
        "mustunderstand": mustunderstand,
    }
    attributes |= {name: value for name, value in optional.items() if value}
    attributes["data"] = data
    return to_json(attributes)


def sha256_of(raw: bytes) -> str:
    """The hash that goes into the header of this record and into ``previous`` of the next."""
    return hashlib.sha256(raw).hexdigest()


def time_text(at: datetime) -> str:
    """An instant as RFC 3339 in UTC with milliseconds, the precision of Kafka and of the store."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_seen(text: str) -> dict[str, int]:
    """``"/huzhou/intake=3"`` as a mapping; a part that does not fit raises Malformed."""
    seen: dict[str, int] = {}
    for part in filter(None, text.split(",")):
        source, _, number = part.rpartition("=")
        if not source or not number.isdecimal() or len(number) > 16:
            raise Malformed(f"seen: {part[:80]!r} is not <source>=<number>")
        seen[source] = int(number)
    return seen


def write_seen(seen: Mapping[str, int]) -> str:
    """The inverse of read_seen, in the order of the sources' names."""
    return ",".join(f"{source}={number}" for source, number in sorted(seen.items()))
