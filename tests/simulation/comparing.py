"""What of a document must be the same again once its records were applied again."""

from collections.abc import Mapping
from typing import Any

from shared.bus.upgrades import UPGRADE
from tests.simulation.beginning import Documents

PASSING = ("v", "token", "outbox", "jurisdiction")


def plain(document: dict[str, Any], *but: str) -> dict[str, Any]:
    """What must be the same again: all ``but`` these, version, token, and what is kept to be sent again and swept."""
    kept = {name: value for name, value in document.items() if name not in (*PASSING, *but)}
    # An older version that stood beside a newer one remembers nothing of what that handed in; replayed, it is known.
    if "inbox" in kept:
        kept["inbox"] = [known for known in kept["inbox"] if not known[0].startswith(f"{UPGRADE}/")]
    if str(kept.get("due", {}).get("name", "")).startswith("sweep/"):
        del kept["due"], kept["deadline"]
    return kept


def with_old_outcomes(documents: Mapping[str, dict[str, Any]]) -> Documents:
    """Each aggregate with all its outcomes: a new owner may write it once, and then the oldest ones move out of it."""
    outcomes: dict[str, dict[str, Any]] = {}
    for id, old in documents.items():
        subject, is_old, command = id.partition("|")
        if is_old:
            outcomes.setdefault(subject, {})[command] = [old["digest"], old["outcome"]]
    whole: Documents = {}
    for subject, document in documents.items():
        if "|" not in subject:
            inbox = {id: known for id, *known in document.get("inbox", ())}
            together = sorted((outcomes.get(subject, {}) | inbox).items())
            whole[subject] = {**document, "inbox": [[id, *known] for id, known in together], "older": 0}
    return whole


def in_one_order(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether the outcomes that both have within them stand in the same order: by it the oldest move out."""
    first, second = ([known[0] for known in document.get("inbox", ())] for document in (old, new))
    both = {*first} & {*second}
    return [id for id in first if id in both] == [id for id in second if id in both]
