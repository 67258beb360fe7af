"""What people write stands on no topic with a number in it that is somebody's own, but on a department's own."""

import re
from collections.abc import Iterator

from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.history import Evidence

WORDS = ("title", "text", "reason", "explanation", "wanted", "words", "answer", "opinion")
MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")


def check_words(evidence: Evidence) -> Iterator[Violation]:
    """Every record of ours that has words."""
    for opened in evidence.opened:
        if opened.event is None or opened.record.topic.endswith(".replies"):
            continue
        words = [str(opened.event["data"].get(name, "")) for name in WORDS]
        if any(MOBILE.search(text) for text in words):
            yield Clause.MASKED(f"{opened.event['subject']}: {opened.place} has a mobile in its words")
