"""One term for each thing: the words that docs/glossary.md says we do not use name nothing, in code or in prose."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.repository import ROOT, documents, name, python, rows, tree

GLOSSARY = ROOT / "docs" / "glossary.md"
MACHINERY = "\n## Words of the machinery: say, not\n"
FOREIGN = {"shared/contract/asyncapi.py": {"channel"}}
"""Words that belong to a standard a file speaks."""

UNMISTAKABLE = {
    "room",
    "conveyor",
    "cellar",
    "street",
    "stillness",
    "fold",
    "folded",
    "heart",
    "desk",
    "door",
}
"""Banned words that prose has no other use for, beside the phrases below."""
PHRASES = re.compile(
    r"talk's room|room of a talk|room for|(?:each|every|some|[tT]he|a|\w+'s) desks?|desks? of|"
    r"(?:docs|portal|import)/? ?desks|desks[./]\w*|\| ?room ?\|"
)
"""Where a word means a thing of the loop itself, or none at all."""
OWN = {
    "seen": {"seen", "read_seen", "write_seen"},  # the attribute of the envelope
    "out": {"fan_out", "left_out", "leave_out"},
    "learn": {"learn"},  # Reference.learn
}
"""Names that are right although a banned word is part of them."""
OTHER_FACTS = re.compile(r"clocks|services/cli/")
"""Where facts are no events: those of which a clock is made, and the lines of a printed table."""


def refused() -> set[str]:
    """The words of the last column; those with a remark in brackets are for prose only."""
    words = GLOSSARY.read_text(encoding="utf-8").split(MACHINERY)[0]
    cells = (cell.strip() for row in rows(words) for cell in row[3].split(","))
    return {cell for cell in cells if cell and "(" not in cell}


def banned() -> set[str]:
    """The words that are banned as names of machinery."""
    words = GLOSSARY.read_text(encoding="utf-8").split(MACHINERY)[1]
    return {word.strip() for row in rows(words) for word in row[1].split(",") if word.strip()}


def parts(identifier: str) -> list[str]:
    """``RatingInvited`` and ``rating_invited`` -> ["rating", "invited"]."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower().strip("_").split("_")


def identifiers(path: Path) -> Iterator[tuple[int, str]]:
    """Every name that a file gives: classes, functions, arguments, fields, variables."""
    for node in ast.walk(tree(path)):
        match node:
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.lineno, node.name
            case ast.arg():
                yield node.lineno, node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.lineno, node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.lineno, node.attr


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """The comments and docstrings of a Python file, the lines of a document."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".md":
        yield from enumerate(text.partition(MACHINERY)[0].splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(tree(path)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(words))):
                yield node.lineno, words


def is_ours(path: Path, identifier: str, word: str) -> bool:
    """Whether a name is right although it has a banned word in it."""
    name_of = "_".join(parts(identifier))
    if word in ("letter", "letters"):
        return "dead_letter" in name_of
    if word in ("note", "notes"):
        return "internal_note" in name_of
    if word in ("fact", "facts"):
        return OTHER_FACTS.search(name(path)) is not None
    return name_of in OWN.get(word, set())


def test_the_glossary_refuses_some_words() -> None:
    assert {"ticket", "backlog", "feedback_score"} <= refused()
    assert UNMISTAKABLE - {"folded"} <= banned()
    assert {
        "letter",
        "fact",
        "learn",
        "note",
        "told",
        "causes",
        "produced",
        "seen",
        "out",
        "floor",
    } <= banned()


def test_the_words_of_the_loop_are_all_in_the_glossary() -> None:
    words = (ROOT / "docs" / "loop.md").read_text(encoding="utf-8").split("## Words")[1].split("\n## ")[0]
    known = {
        term for row in rows(GLOSSARY.read_text(encoding="utf-8")) for term in re.split("[、（）]", row[0])
    }
    assert {term.strip() for row in rows(words) for term in row[0].split("/")} <= known


@pytest.mark.parametrize("folder", ["shared", "services"])
def test_nothing_is_named_with_a_word_we_do_not_use(folder: str) -> None:
    never = refused()
    for path in python(folder):
        wrong = [word.split("_") for word in never - FOREIGN.get(name(path), set())]
        for line, identifier in identifiers(path):
            words = parts(identifier)
            for word in wrong:
                found = any(words[at : at + len(word)] == word for at in range(len(words)))
                assert not found, f"{name(path)}:{line} {identifier}: {'_'.join(word)} is not our word"


@pytest.mark.parametrize("folder", ["shared", "services", "tests", "bench"])
def test_no_machinery_is_named_with_a_banned_word(folder: str) -> None:
    """In tests and benchmarks, whose names live as long as one function, the unmistakable ones only."""
    wrong = banned() if folder in ("shared", "services") else UNMISTAKABLE
    found = [
        f"{name(path)}:{line} {identifier}"
        for path in python(folder)
        for line, identifier in identifiers(path)
        for word in parts(identifier)
        if word.removesuffix("s") in wrong or word in wrong
        if not is_ours(path, identifier, word) and not identifier.startswith("test_")
    ]
    assert not found


def test_no_sentence_names_machinery_with_a_banned_word() -> None:
    form = re.compile(r"\b(" + "|".join(sorted(UNMISTAKABLE)) + r")s?\b", re.IGNORECASE)
    found = [
        f"{name(path)}:{line} {match[0]}"
        for path in (*python("shared", "services", "tests", "bench"), *documents())
        if path != Path(__file__)
        for line, words in prose(path)
        for match in form.finditer(PHRASES.sub("", words))
    ]
    assert not found
