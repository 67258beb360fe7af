"""Which department an issue belongs to: keyword rules over title and words, with the reason in words."""

import json
import re
from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

FALLBACK = "office"
"""Who gets what no rule knows: the general office."""
MOST_CHARS = 600
"""Rules read this far into the words; what an issue is about stands in its first sentences."""
TITLE_WEIGHT = 3


class Department(NamedTuple):
    """One entry of the directory. ``head`` is a post, never a person's name; ``keywords`` are its rules."""

    code: str
    name_zh: str
    name_en: str
    head: str
    keywords: tuple[str, ...]


@lru_cache(maxsize=1)
def directory() -> dict[str, Department]:
    """Every department by code, in the file's order (departments.json beside this module)."""
    entries = json.loads(Path(__file__).with_name("departments.json").read_bytes())
    return {entry["code"]: Department(**{**entry, "keywords": tuple(entry["keywords"])}) for entry in entries}


def route(title: str, text: str, without: Collection[str] = ()) -> tuple[str, str]:
    """(department, why) for an issue; ``without`` names departments that are out of the question.

    Each different keyword counts by its length (a longer one says more), in the title three times. A tie goes
    to the first in the directory, nothing found to the general office.
    """
    pattern, owners = _rules()
    scores: dict[str, int] = {}
    found: dict[str, list[str]] = {}
    for words, weight in ((title, TITLE_WEIGHT), (text[:MOST_CHARS], 1)):
        for word in dict.fromkeys(pattern.findall(words)):
            code = owners[word]
            scores[code] = scores.get(code, 0) + weight * (len(word) - 1)
            found.setdefault(code, []).append(word)
    for code in without:
        scores.pop(code, None)
    if not scores:
        return _last_resort(without), "没有规则适用，由办公室分办 / no rule applies"
    best = max(scores, key=lambda code: (scores[code], -_places()[code]))
    words_found = "、".join(dict.fromkeys(found[best]))
    return best, f"提到{words_found} / it mentions {words_found}"


def _last_resort(without: Collection[str]) -> str:
    return next(code for code in (FALLBACK, *directory()) if code not in without)


@lru_cache(maxsize=1)
def _places() -> dict[str, int]:
    return {code: place for place, code in enumerate(directory())}


@lru_cache(maxsize=1)
def _rules() -> tuple[re.Pattern[str], dict[str, str]]:
    """One alternation of all keywords, the longer first where two begin alike, and whose each is."""
    owners = {word: entry.code for entry in directory().values() for word in entry.keywords}
    words = sorted(owners, key=len, reverse=True)
    by_first: dict[str, list[str]] = {}
    for word in words:
        by_first.setdefault(word[0], []).append(word[1:])
    heads = (f"{re.escape(first)}(?:{'|'.join(map(re.escape, rest))})" for first, rest in by_first.items())
    return re.compile("|".join(heads)), owners
