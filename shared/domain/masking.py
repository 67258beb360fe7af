"""Phone numbers and identity-card numbers inside free text are masked so that only their owner knows them again.

``138****5678``, ``0572-****817``, ``3305**********123X``: a star stands for each hidden digit, so the text keeps its
length and its places. What is left as it is: hotlines, 400 and 800 numbers, what offices publish as theirs, credit
codes, amounts, dates, numbers of documents and orders, bank accounts (docs/decisions/0027). The same text is always
masked alike, and what is masked already stays: a request that is sent again is still the same one.

The text is cut into runs of digits (with a gap of three characters at most between two of them), a run into groups,
and from each group on only so many are looked at as a number has: the work grows as the text does, and not faster.
"""

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cache
from itertools import chain, pairwise, starmap
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from shared.contract.event import FREE_TEXT
from shared.domain.private_numbers import (
    BEGINNINGS,
    DONE,
    GAP,
    GROUPINGS,
    Candidate,
    Hit,
    NumberKind,
    is_public,
    number,
)

M = TypeVar("M", bound=BaseModel)
Public = Callable[[], Collection[str]]
"""The landlines that offices publish as theirs: digits alone, with area code. Asked for where there is a landline."""


class Found(NamedTuple):
    """One number that is masked: its kind, and where it stands in the text, from ``start`` up to before ``end``."""

    kind: NumberKind
    start: int
    end: int


class Masked(NamedTuple):
    """A text of the same length without the numbers, and what was found in it, from left to right."""

    text: str
    found: tuple[Found, ...]


_ASCII = {0xFF01 + n: 0x21 + n for n in range(94)} | dict.fromkeys(map(ord, "\t\u00a0\u3000\u200b"), " ")
_ASCII |= dict.fromkeys(map(ord, "‐‑‒–—―−一"), "-") | dict.fromkeys(map(ord, "·•"), ".")
"""Wide forms, and what is typed for a hyphen (the Chinese one too), each as one ASCII character."""

MOST_GROUPS = max(map(len, GROUPINGS))
_ANY = re.compile(r"\d(?:\D{0,3}\d){6}")
_RUN = re.compile(rf"\d(?:{GAP}\d)*", re.ASCII)
_GROUP = re.compile(r"\d+", re.ASCII)
_FOUR, _SEVEN, _TEN = (rf"\*(?:{GAP}\*){{{stars - 1}}}" for stars in (4, 7, 10))
_MASKED = re.compile(
    rf"(?:(?<!\d)(?:0|(?:00)?86))?1(?:{GAP}\d){{2}}{GAP}{_FOUR}(?:{GAP}\d){{4}}(?!\d)"
    rf"|(?<!\d)\d(?:{GAP}\d){{3}}{GAP}(?:{_TEN}(?:{GAP}\d){{3}}{GAP}[\dXx]|{_SEVEN}(?:{GAP}\d){{4}})(?!\d)"
    rf"|(?:(?<!\d)(?:0|(?:00)?86)\d{{2,3}})?{_FOUR}(?:{GAP}\*)?(?:{GAP}\d){{3}}(?!\d)",
    re.ASCII,
)
"""What is left of a mobile, an identity card, a landline: it is no part of another number."""


def mask(text: str, public: Public = frozenset) -> Masked:
    """Hide every phone and identity-card number of a text but public ones; places are those of Python's characters."""
    if not _ANY.search(text):
        return Masked(text, ())
    plain = _MASKED.sub(lambda done: DONE * len(done.group()), text.translate(_ASCII))
    chars, found = list(text), []
    for hit in _hits(plain):
        if hit.kind is NumberKind.LANDLINE and _is_one_of(public(), hit, plain):
            continue
        for place in hit.places[hit.hidden]:
            chars[place] = "*"
        found.append(Found(hit.kind, hit.places[0], hit.places[-1] + 1))
    return Masked("".join(chars), tuple(found))


def masked(model: M, public: Public = frozenset) -> tuple[M, int]:
    """The model with its fields of free text masked (``FreeText`` in the contract), also of models in a list of it, and
    how many numbers that hid.
    """
    names = _free_texts(type(model))
    texts = {name: mask(text, public) for name in names if (text := getattr(model, name))}
    changed: dict[str, Any] = {name: text.text for name, text in texts.items() if text.found}
    count = sum(len(text.found) for text in texts.values())
    for name, value in model:
        if isinstance(value, tuple) and value and isinstance(value[0], BaseModel):
            inner = [masked(one, public) for one in value]
            if hidden := sum(many for _, many in inner):
                changed[name], count = tuple(one for one, _ in inner), count + hidden
    return (model.model_copy(update=changed) if changed else model), count


def _is_one_of(public: Collection[str], hit: Hit, plain: str) -> bool:
    """Whether it is a public number, written with its area code, without it, or as one calls it from abroad."""
    digits = "".join(plain[place] for place in hit.places)
    return any(phone.endswith(digits) or digits.endswith("86" + phone[1:]) for phone in public)


@cache
def _free_texts(shape: type[BaseModel]) -> tuple[str, ...]:
    return tuple(name for name, field in shape.model_fields.items() if FREE_TEXT in field.metadata)


def _hits(plain: str) -> Iterator[Hit]:
    """Every number of a text from left to right; no two overlap."""
    last = -1
    for run in _RUN.finditer(plain):
        groups = [group.span() for group in _GROUP.finditer(plain, *run.span())]
        at = 0
        while at < len(groups):
            candidates = list(_candidates(plain, groups[at : at + MOST_GROUPS], last))
            taken = next((one for one in candidates if is_public(one)), None)
            hit = None
            if taken is None:
                taken, hit = next(((one, hit) for one in candidates if (hit := number(one))), (None, None))
            at += len(taken.lengths) if taken else 1
            if hit:
                last = hit.places[-1] + 1
                yield hit


def _candidates(plain: str, groups: Sequence[tuple[int, int]], last: int) -> Iterator[Candidate]:
    """Whatever begins with the first of the groups and is grouped as a number is."""
    lengths: tuple[int, ...] = ()
    for count, (start, end) in enumerate(groups, 1):
        lengths += (end - start,)
        if lengths not in BEGINNINGS:
            return
        if lengths in GROUPINGS:
            spans = groups[:count]
            places = tuple(chain.from_iterable(starmap(range, spans)))
            digits = "".join(plain[one:other] for one, other in spans)
            gaps = "".join(plain[one:other] for (_, one), (other, _) in pairwise(spans))
            yield Candidate(plain, digits, places, lengths, gaps, last)
