"""The short table of guarantees in both READMEs: some rows of docs/guarantees.md, each with its tests."""

from tests.house.repository import ROOT, rows
from tests.house.tables.markdown import table

SHOWN = "\n## Shown in the READMEs\n"


def promises() -> dict[str, str]:
    """What docs/guarantees.md promises, with the cell that names the tests."""
    text = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8").partition(SHOWN)[0]
    return {row[0]: row[-1] for row in rows(text)}


def guarantees(language: str) -> str:
    """The rows to show; raises KeyError for a promise that docs/guarantees.md no longer makes."""
    text = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8").partition(SHOWN)[2]
    chosen = [(promise, chinese, promises()[promise]) for promise, chinese in rows(text)]
    if language == "en":
        return table(("promise", "proved by"), [(promise, proof) for promise, _, proof in chosen])
    return table(("承诺", "证明"), [(chinese, proof) for _, chinese, proof in chosen])
