"""Words as the full text keeps them: Chinese by overlapping pairs of characters, everything else by whole words.

路灯不亮 is kept as 路灯, 灯不, 不亮 and 亮, so that 路灯 is found, and 亮 by itself too: by whatever begins with it.
"""

import re
import unicodedata
from hashlib import blake2b
from operator import add

_CHINESE = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUNS = re.compile(f"([{_CHINESE}]+)|([^\\W_{_CHINESE}]+)")
HOUR_MS, HASH_BITS = 3_600_000, 43
LONGEST_WORD = 64
"""Of a word that is longer only so much counts: no one types more, and no text is one word."""


def terms(text: str) -> list[str]:
    """The terms of a text, each once, in the order in which they come."""
    found: dict[str, None] = {}
    for chinese, word in _RUNS.findall(_plain(text)):
        if chinese:
            found.update(dict.fromkeys(map(add, chinese, chinese[1:])))
            found[chinese[-1]] = None
        else:
            found[word[:LONGEST_WORD]] = None
    return list(found)


def question(text: str) -> str:
    """What a person typed as a query of the full text: all of its terms; "" where it has none."""
    asked: list[str] = []
    for chinese, word in _RUNS.findall(_plain(text)):
        if len(chinese) == 1:
            asked.append(f'"{chinese}"*')
        elif chinese:
            asked += (f'"{pair}"' for pair in map(add, chinese, chinese[1:]))
        else:
            asked.append(f'"{word[:LONGEST_WORD]}"')
    return " AND ".join(dict.fromkeys(asked))


def row_of(issue: str, registered_at: int) -> int:
    """The rowid of an issue's terms, by which the newest hits come first: the hour of its registration, then 43 bits of
    a hash of its id. It depends on nothing that changes."""
    return (registered_at // HOUR_MS << HASH_BITS) | (
        int.from_bytes(blake2b(issue.encode(), digest_size=8).digest()) >> (64 - HASH_BITS)
    )


def _plain(text: str) -> str:
    """Full-width letters and digits as usual ones, all in lower case."""
    return unicodedata.normalize("NFKC", text).lower()
