"""The numbers of documents, counted from the records of a log."""

import json
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.unit.reference import JURISDICTION

Entry = tuple[int, str, str]
"""A number, and whose it is: an issue and its document."""


def numbered_without_gaps(records: Iterable[Any]) -> dict[str, int]:
    """register -> how many numbers it gave: from 1 on, each to one document, which told it, if overtaken as void."""
    given: dict[str, set[Entry]] = defaultdict(set)
    told: dict[str, set[Entry]] = defaultdict(set)
    for record in records:
        if not record.topic.endswith("supervision.events"):
            continue
        event = json.loads(record.value or b"")
        subject, kind, data = event["subject"], event["type"].removesuffix(".v1"), event["data"]
        if kind == "document.registered":
            given[subject].add((data["number"], data["issue"], data["document"]))
        elif kind.startswith("document.") and "number" in data:
            register = f"register:{JURISDICTION}.{data['kind']}.{data['year']}"
            told[register].add((data["number"], subject, data["document"]))
    assert given == told
    for register, entries in given.items():
        assert sorted(number for number, _, _ in entries) == [*range(1, len(entries) + 1)], register
    return {register: len(entries) for register, entries in given.items()}
