"""What a finished issue leaves in the stores: bytes of its documents over all four services, its texts left out."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import bson

from shared.service import COLLECTION
from shared.settings import database_name
from shared.store import connect

MOST_BYTES = 6_500.0
TEXTS = ("title", "text", "words")
"""The fields of a state that hold the words of an issue and of its replies, at any depth."""


async def bytes_at_rest(store_urls: Mapping[str, str], namespace: str) -> dict[str, Any]:
    """BSON bytes at rest in one namespace per finished issue; ``store_urls``: {service: url}, one entry for each.

    An issue is finished when every document about it says so (``finished_at``). Its texts are left out of the states;
    everything else counts as it stands, the outbox too. Gives ``issues`` and ``unfinished`` (how many of each),
    ``bytes_per_issue``, and of these ``outbox_bytes_per_issue`` and ``bytes_by_service``.
    """
    sizes: dict[str, dict[str, int]] = {}
    outboxes: Counter[str] = Counter()
    unfinished: set[str] = set()
    for service, url in store_urls.items():
        async with connect(url, database_name(service, namespace)) as database:
            async for document in database.aggregates(COLLECTION, "").scan():
                if document["kind"] != "issue":
                    continue
                subject = document["_id"]
                sizes.setdefault(subject, {})[service] = len(bson.encode(without_texts(document)))
                outboxes[subject] += _outbox_bytes(document)
                if "finished_at" not in document:
                    unfinished.add(subject)
    finished = sizes.keys() - unfinished
    by_service: Counter[str] = Counter()
    for subject in finished:
        by_service.update(sizes[subject])
    each = max(1, len(finished))
    return {
        "issues": len(finished),
        "unfinished": len(unfinished),
        "bytes_per_issue": round(by_service.total() / each, 1),
        "outbox_bytes_per_issue": round(sum(outboxes[subject] for subject in finished) / each, 1),
        "bytes_by_service": {service: round(by_service[service] / each, 1) for service in store_urls},
    }


def without_texts(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document as it is stored, but for the words in its state."""
    return {**document, "state": _without_texts(document["state"])}


def _without_texts(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_texts(part) for name, part in value.items() if name not in TEXTS}
    return [_without_texts(part) for part in value] if isinstance(value, list) else value


def _outbox_bytes(document: Mapping[str, Any]) -> int:
    """How much of a document is its outbox: 0 once it was swept."""
    if "outbox" not in document:
        return 0
    rest = {name: part for name, part in document.items() if name != "outbox"}
    return len(bson.encode(document)) - len(bson.encode(rest))
