"""How far the log is in the rows: the next offset of every partition, and the same as short text."""

import re
import sqlite3
from collections.abc import Mapping

Positions = Mapping[str, tuple[int, ...]]
"""topic -> of each partition the next offset."""
_TOPIC = re.compile(r"([a-z0-9.-]+)=(\d{1,15}(?:\.\d{1,15})*)", re.ASCII)


def positions(reads: sqlite3.Connection) -> Positions:
    """How far these rows go."""
    found: dict[str, list[int]] = {}
    for topic, partition, following in reads.execute(
        "SELECT topic, partition, next FROM position ORDER BY 1, 2"
    ):
        offsets = found.setdefault(topic, [])
        offsets += [0] * (partition - len(offsets))
        offsets.append(following)
    return {topic: tuple(offsets) for topic, offsets in found.items()}


def write(at: Positions) -> str:
    """``dispatch.events=5.0.12;intake.events=7``: short enough for a header and an address."""
    return ";".join(f"{topic}={'.'.join(map(str, offsets))}" for topic, offsets in sorted(at.items()))


def read(text: str) -> Positions:
    """The same read again; what is no such text says nothing."""
    matches = [_TOPIC.fullmatch(part) for part in text.split(";")]
    return {one[1]: tuple(map(int, one[2].split("."))) for one in matches if one}


def is_at_least(now: Positions, before: Positions) -> bool:
    """Whether nothing of ``before`` is missing."""
    for topic, offsets in before.items():
        mine = now.get(topic, ())
        if any((mine[place] if place < len(mine) else 0) < offset for place, offset in enumerate(offsets)):
            return False
    return True
