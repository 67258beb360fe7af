"""Writes the golden files: `make docs`, or ``python -m tests.contract.write``.

A golden file is one record of the scripted run, the first of its type. It is a promise to those who stored such a
record: it is written once, for a new type, and never again. (Until the first release an old one may be deleted and
written anew.)
"""

import json
from pathlib import Path

from pydantic import BaseModel

from shared.bus.records import Record
from shared.contract.envelope import open_envelope
from shared.contract.registry import EVENTS, REPLIES_BY_TYPE
from tests.contract.scripted import records

GOLDEN = Path(__file__).parent / "golden"
ALL: dict[str, type[BaseModel]] = {**EVENTS, **REPLIES_BY_TYPE}
"""Every type whose records other people keep: events, orders, and what departments say."""


def first_of_each() -> dict[str, Record]:
    """The first record of each type in the scripted run, on the topic where it happens."""
    found: dict[str, Record] = {}
    for record in records():
        if not record.topic.endswith(".reference"):
            found.setdefault(open_envelope(record.value).type, record)
    return found


def write() -> list[str]:
    """Write the golden files that are not there yet; return their types."""
    missing = [name for name in ALL if not (GOLDEN / f"{name}.json").exists()]
    GOLDEN.mkdir(exist_ok=True)
    for name in missing:
        value = json.loads(first_of_each()[name].value or b"")
        text = json.dumps(value, indent=1, ensure_ascii=False)
        (GOLDEN / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")
    return missing


if __name__ == "__main__":
    print("golden files written:", ", ".join(write()) or "none")
