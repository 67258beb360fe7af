"""One term for each thing: the words that docs/glossary.md says we do not use name nothing in the code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.repository import ROOT, name, python, rows, tree

GLOSSARY = ROOT / "docs" / "glossary.md"
FOREIGN = {"shared/asyncapi.py": {"channel"}}
"""Words that belong to a standard a file speaks."""


def refused() -> set[str]:
    """The words of the last column; those with a remark in brackets are for prose only."""
    words = GLOSSARY.read_text(encoding="utf-8").split("## Words of the machine")[0]
    cells = (cell.strip() for row in rows(words) for cell in row[3].split(","))
    return {cell for cell in cells if cell and "(" not in cell}


def parts(identifier: str) -> list[str]:
    """``RatingInvited`` and ``rating_invited`` -> ["rating", "invited"]."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower().strip("_").split("_")


def identifiers(path: Path) -> Iterator[tuple[int, str]]:
    """The names of classes, functions, arguments and fields that a file gives."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.AnnAssign(target=ast.Name(id=found)):
                yield node.lineno, found


def test_the_glossary_refuses_some_words() -> None:
    assert {"ticket", "backlog", "feedback_score"} <= refused()


def test_the_words_of_the_loop_are_all_in_the_glossary() -> None:
    words = (ROOT / "docs" / "loop.md").read_text(encoding="utf-8").split("## Words")[1].split("\n## ")[0]
    known = {
        term for row in rows(GLOSSARY.read_text(encoding="utf-8")) for term in re.split("[、（）]", row[0])
    }
    assert {term.strip() for row in rows(words) for term in row[0].split("/")} <= known


@pytest.mark.parametrize("path", python("shared", "services"), ids=name)
def test_nothing_is_named_with_a_word_we_do_not_use(path: Path) -> None:
    wrong = [word.split("_") for word in refused() - FOREIGN.get(name(path), set())]
    for line, identifier in identifiers(path):
        words = parts(identifier)
        for word in wrong:
            found = any(words[at : at + len(word)] == word for at in range(len(words)))
            assert not found, f"{name(path)}:{line} {identifier}: {'_'.join(word)} is not our word"
