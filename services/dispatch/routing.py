"""Which department an issue belongs to: keyword rules over title and words, with the words that decided."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import NamedTuple

from shared.contract.events.dispatch import RulesPublished

MOST_CHARS = 600
"""Rules read this far into the words; what an issue is about stands in its first sentences."""
TITLE_WEIGHT = 3

Keywords = tuple[tuple[str, tuple[str, ...]], ...]


def ranked(title: str, text: str, rules: RulesPublished) -> list[tuple[str, tuple[str, ...]]]:
    """Every department that some words speak for, with these words: the one they speak for most comes first.

    Each different keyword counts by its length (a longer one says more), in the title three times. Capitals do not
    matter, and a word in Latin letters stands at the beginning of one: ``flood`` is in "flooded", ``road`` not in
    "abroad". A tie goes to the first department in the rules.
    """
    patterns, keywords, places = _compiled(tuple(rules.keywords.items()))
    scores: dict[str, int] = {}
    found: dict[str, list[str]] = {}
    for words, weight in ((title.lower(), TITLE_WEIGHT), (text[:MOST_CHARS].lower(), 1)):
        for word in dict.fromkeys(word for pattern in patterns for word in pattern.findall(words)):
            code, keyword = keywords[word]
            scores[code] = scores.get(code, 0) + weight * (len(word) - 1)
            found.setdefault(code, []).append(keyword)
    best_first = sorted(scores, key=lambda code: (-scores[code], places[code]))
    return [(code, tuple(dict.fromkeys(found[code]))) for code in best_first]


def route(
    title: str, text: str, rules: RulesPublished, without: Collection[str] = ()
) -> tuple[str, tuple[str, ...]]:
    """(department, the words that spoke for it); ``without`` names departments that are out of the question.

    It is the first one ranked; where no words were found the fallback, and "" when nobody is left.
    """
    for code, terms in ranked(title, text, rules):
        if code not in without:
            return code, terms
    return next((code for code in (rules.fallback, *rules.keywords) if code not in without), ""), ()


class _Compiled(NamedTuple):
    """Rules made ready: how keywords are found, whose each is and how the rules write it, the departments' order."""

    patterns: tuple[re.Pattern[str], ...]
    keywords: dict[str, tuple[str, str]]
    places: dict[str, int]


@lru_cache(maxsize=8)
def _compiled(rules: Keywords) -> _Compiled:
    """Keywords in small letters. Chinese writes no spaces between its words, so only a Latin one has a beginning."""
    keywords = {word.lower(): (code, word) for code, words in rules for word in words}
    latin = [word for word in keywords if word[0].isascii() and word[0].isalpha()]
    others = [word for word in keywords if word not in latin]
    patterns = (re.compile(_alternation(others)), re.compile(f"(?<![a-z])(?:{_alternation(latin)})"))
    return _Compiled(patterns, keywords, {code: place for place, (code, _) in enumerate(rules)})


def _alternation(words: Collection[str]) -> str:
    """All of these words, the longer first where two begin alike."""
    by_first: dict[str, list[str]] = {}
    for word in sorted(words, key=len, reverse=True):
        by_first.setdefault(word[0], []).append(word[1:])
    heads = (f"{re.escape(first)}(?:{'|'.join(map(re.escape, rest))})" for first, rest in by_first.items())
    return "|".join(heads) or r"(?!)"
