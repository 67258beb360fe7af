"""The short table of guarantees in both READMEs: some rows of docs/guarantees.md, each with a link to its section."""

import re

from tests.house.repository import ROOT, rows
from tests.house.tables.markdown import table

SHOWN = "\n## Shown in the READMEs\n"


def promises() -> dict[str, str]:
    """What docs/guarantees.md promises, with the cell that names the tests."""
    return {row[0]: row[-1] for row in rows(_text().partition(SHOWN)[0])}


def guarantees(language: str) -> str:
    """The rows to show; raises KeyError for a promise that docs/guarantees.md no longer makes."""
    sections = _sections()
    chosen = [(english, chinese, sections[english]) for english, chinese in rows(_text().partition(SHOWN)[2])]
    if language == "en":
        return table(("promise", "proved by"), [(english, f"[tests]({link})") for english, _, link in chosen])
    return table(("承诺", "证明"), [(chinese, f"[测试]({link})") for _, chinese, link in chosen])


def anchor(heading: str) -> str:
    """The anchor of a heading, as it is made on the usual sites."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


def _text() -> str:
    return (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")


def _sections() -> dict[str, str]:
    """Promise -> where it stands, as a link of the READMEs."""
    found = {}
    for section in _text().partition(SHOWN)[0].split("\n## ")[1:]:
        heading, _, body = section.partition("\n")
        found.update({row[0]: f"docs/guarantees.md#{anchor(heading)}" for row in rows(body)})
    return found
