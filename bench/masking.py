"""Masking on the shared messages and their replies: what is found, missed and wrongly masked, against labels.

The labels (masking_labels.json) are places only: the first 16 digits of the SHA-256 of a message's id, which text, from
where to where. How they were made: decision 0027. The data was made public with every run of eight digits or more as
``0000-00000000``, which has the form of a landline; so each such number is also written as a mobile and as landlines,
and looked for again.
"""

import csv
import json
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from bench.replay import MESSAGES
from bench.results import Measure, Result, Skipped
from shared.domain.masking import mask

LABELS = Path(__file__).with_name("masking_labels.json")
TEXTS = {"text": "messages", "reply": "replies"}
PUBLISHED = "0000-00000000"
WRITTEN = {
    "a mobile": "13857212345",
    "a mobile in groups": "138 5721 2345",
    "a landline": "0572-2039817",
    "a landline in one": "057285039817",
    "a landline in brackets": "(0572)85039817",
    "eight digits alone": "85039817",
}
"""Ways to write a number where the published text has none of its own; eight digits alone need a word before them."""
MOST_WRONG = 5
"""What is known to be masked wrongly, all in replies: two names of accounts, a date, a report, a chat account."""

Span = tuple[int, int]


class Text(NamedTuple):
    """One text of a message, and where its numbers are."""

    where: str
    text: str
    spans: frozenset[Span]


class Count(NamedTuple):
    """What became of the numbers of all texts of one kind."""

    carrying: int
    """How many of the texts have any."""
    found: int
    missed: int
    wrong: int


def labelled(messages: Path = MESSAGES) -> Iterator[Text]:
    """Every message and every reply of the file, with its labels."""
    labels = json.loads(LABELS.read_text())
    with messages.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            of_message = labels.get(sha256(row["message_id"].encode()).hexdigest()[:16], ())
            for where in TEXTS:
                spans = frozenset((start, end) for text, start, end in of_message if text == where)
                yield Text(where, row[where], spans)


def count(texts: list[Text], where: str) -> Count:
    """Mask all of one kind and compare with the labels, place by place."""
    carrying = found = missed = wrong = 0
    for text in texts:
        if text.where == where:
            masked = {(one.start, one.end) for one in mask(text.text).found}
            carrying += bool(text.spans)
            found, missed = found + len(masked & text.spans), missed + len(text.spans - masked)
            wrong += len(masked - text.spans)
    return Count(carrying, found, missed, wrong)


def written(texts: list[Text], number: str) -> tuple[int, int]:
    """How many of the published places are found when they are written like this, of how many."""
    found = of = 0
    for text in texts:
        for start, end in text.spans:
            if (
                text.text[start:end] == PUBLISHED
                and not text.text[max(0, start - 5) : start].strip("-—－ ").isdigit()
            ):
                before = text.text[:start] + number
                masked = mask(before + text.text[end:]).found
                of += 1
                found += any(one.start <= len(before) - 7 and one.end == len(before) for one in masked)
    return found, of


def measure(say: Callable[[str], None]) -> Result:
    """Mask everything; raises Skipped where the shared messages are absent."""
    if not MESSAGES.exists():
        raise Skipped(f"the shared messages are absent ({MESSAGES.name})")
    texts = list(labelled())
    measures = []
    for where, name in TEXTS.items():
        result = count(texts, where)
        say(f"{name}: {result}")
        measures += [
            Measure(f"{name} that carry numbers", result.carrying, f"of {len(texts) // 2}"),
            Measure(f"{name}, found", result.found, f"of {result.found + result.missed}"),
            Measure(f"{name}, missed", result.missed, "numbers", 0),
            Measure(
                f"{name}, wrongly masked", result.wrong, "numbers", MOST_WRONG if where == "reply" else 0
            ),
        ]
    ways = {way: written(texts, number) for way, number in WRITTEN.items()}
    found, of = (sum(each) for each in zip(*ways.values(), strict=True))
    measures.append(Measure("written in six ways, found", found, f"of {of}"))
    start = time.perf_counter()
    for text in texts:
        mask(text.text)
    spent = time.perf_counter() - start
    measures.append(Measure("a text", 1000 * spent / len(texts), "ms"))
    return Result("masking", measures, {"chars": sum(len(text.text) for text in texts), "ways": ways})
