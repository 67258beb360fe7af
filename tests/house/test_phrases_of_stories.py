"""The stories in the browser name what pages say: a phrase that no page says any more is found here, not in `prove`."""

import ast
from collections.abc import Iterator
from pathlib import Path

from services.portal.languages import words_in
from tests.house.repository import ROOT

SAYING = {"say", "presses", "chooses", "goes_to"}
"""What of tests/browser/walking.py takes a phrase first."""


def _phrases(story: Path) -> Iterator[str]:
    for call in ast.walk(ast.parse(story.read_text("utf-8"))):
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant):
            name = getattr(call.func, "id", getattr(call.func, "attr", ""))
            phrase = call.args[0].value
            if name in SAYING and isinstance(phrase, str) and phrase.isascii():
                yield phrase


def test_what_a_story_presses_and_reads_is_said_on_some_page() -> None:
    words = words_in("zh")
    found = {
        (story.name, phrase) for story in (ROOT / "tests/browser").glob("*.py") for phrase in _phrases(story)
    }
    assert len(found) > 100
    assert not {(story, phrase) for story, phrase in found if words.gettext(phrase) == phrase}
