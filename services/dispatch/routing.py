"""Which department an issue belongs to: keyword rules over title and words, with the words that decided."""

import re
from collections.abc import Collection
from functools import lru_cache

from shared.contract.events.dispatch import RulesPublished

MOST_CHARS = 600
"""Rules read this far into the words; what an issue is about stands in its first sentences."""
TITLE_WEIGHT = 3

Keywords = tuple[tuple[str, tuple[str, ...]], ...]


def route(
    title: str, text: str, rules: RulesPublished, without: Collection[str] = ()
) -> tuple[str, tuple[str, ...]]:
    """(department, the words that spoke for it); ``without`` names departments that are out of the question.

    Each different keyword counts by its length (a longer one says more), in the title three times. A tie goes
    to the first department in the rules, nothing found to the fallback; "" when nobody is left.
    """
    pattern, owners, places = _compiled(tuple(rules.keywords.items()))
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
        return next((code for code in (rules.fallback, *rules.keywords) if code not in without), ""), ()
    best = max(scores, key=lambda code: (scores[code], -places[code]))
    return best, tuple(dict.fromkeys(found[best]))


@lru_cache(maxsize=8)
def _compiled(keywords: Keywords) -> tuple[re.Pattern[str], dict[str, str], dict[str, int]]:
    """One alternation of all keywords, the longer first where two begin alike; whose each is; their order."""
    owners = {word: code for code, words in keywords for word in words}
    by_first: dict[str, list[str]] = {}
    for word in sorted(owners, key=len, reverse=True):
        by_first.setdefault(word[0], []).append(word[1:])
    heads = (f"{re.escape(first)}(?:{'|'.join(map(re.escape, rest))})" for first, rest in by_first.items())
    pattern = re.compile("|".join(heads) or r"(?!)")
    return pattern, owners, {code: place for place, (code, _) in enumerate(keywords)}
