"""Marks in a text what was typed into the search, and cuts the line around it out of a longer one."""

import re
import unicodedata
from collections.abc import Sequence
from operator import add

from markupsafe import Markup, escape

BEFORE, LONGEST = 24, 90
_PARTS = re.compile(r"\w+")
_CHINESE = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")


class Marker:
    """Finds all parts of what was typed; where such a part of Chinese stands nowhere whole, its pairs of characters."""

    def __init__(self, typed: str) -> None:
        parts = _PARTS.findall(_plain(typed))
        chinese = [run for part in parts for run in _CHINESE.findall(part)]
        self._words = [word for part in parts for word in _CHINESE.split(part) if word]
        self._runs = chinese
        pairs = [pair for run in chinese for pair in map(add, run, run[1:])]
        self._whole = _any_of([*parts, *chinese])
        self._pairs = _any_of(pairs)

    def fits(self, text: str) -> bool:
        """Whether all of it stands in the text, of Chinese each pair of characters; never where nothing was typed."""
        plain, wanted = _plain(text), [*self._words]
        for run in self._runs:
            wanted += map(add, run, run[1:]) if len(run) > 1 else [run]
        return bool(wanted) and all(one in plain for one in wanted)

    def line(self, texts: Sequence[str]) -> Markup | None:
        """A line of the first text in which something of it stands; None where it stands in none."""
        for pattern in (self._whole, self._pairs):
            for text in texts:
                if pattern is not None and (found := pattern.search(_plain(text))):
                    return self._cut(text, max(found.start() - BEFORE, 0))
        return None

    def beginning(self, text: str) -> Markup:
        """The first line of a text."""
        return self._cut(text, 0)

    def marked(self, text: str) -> Markup:
        """The whole text, with marks."""
        plain = _plain(text)
        pattern = self._whole if self._whole is not None and self._whole.search(plain) else self._pairs
        if pattern is None:
            return escape(text)
        parts, end = [], 0
        for found in pattern.finditer(plain):
            start, stop = found.span()
            parts += [escape(text[end:start]), "<mark>", escape(text[start:stop]), "</mark>"]
            end = stop
        return Markup("".join((*parts, escape(text[end:]))))  # noqa: S704 - each part of the text is escaped

    def _cut(self, text: str, start: int) -> Markup:
        part = " ".join(text[start : start + LONGEST].split())
        before, behind = "…" if start else "", "…" if len(text) > start + LONGEST else ""
        return Markup(f"{before}{self.marked(part)}{behind}")  # noqa: S704 - that is


def _any_of(parts: Sequence[str]) -> re.Pattern[str] | None:
    """Any of these, the longest first."""
    longest = sorted(dict.fromkeys(parts), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest))) if longest else None


def _plain(text: str) -> str:
    """As the full text keeps it, each character at its place; almost every text stays as long as it was."""
    if unicodedata.is_normalized("NFKC", text) and len(lower := text.lower()) == len(text):
        return lower
    plain = unicodedata.normalize("NFKC", text).lower()
    return plain if len(plain) == len(text) else "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    plain = unicodedata.normalize("NFKC", character).lower()
    return plain if len(plain) == 1 else character
