"""The documents say what the code does: links lead somewhere, lists are whole, tests exist, numbers are measured."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.main import app
from shared.clocks import default_policy
from shared.metrics import Metrics
from shared.settings import Settings
from tests.house.quote import READMES, block, render
from tests.house.repository import ROOT, code_words, documents, functions, name, python, rows, tree

DOCS = ROOT / "docs"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(path: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text_of(path), flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as they are made on the usual sites."""
    headings = re.findall(r"^#+ +(.+)$", prose(path), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(prose(document)):
        if re.match(r"https?://", link):
            continue
        target, _, anchor = link.partition("#")
        path = (document.parent / target).resolve() if target else document
        assert path.exists(), f"{name(document)}: {link}"
        if anchor:
            assert anchor in anchors(path), f"{name(document)}: {link}"


def test_every_metric_is_explained_and_every_explained_metric_exists() -> None:
    listed = {row[0]: (row[1], row[2]) for row in rows(text_of(DOCS / "metrics.md"))}
    there = {}
    for metric in vars(Metrics("<service>")).values():
        if hasattr(metric, "_labelnames"):
            suffix = "_total" if metric._type == "counter" else ""
            there[f"`{metric._name}{suffix}`"] = (metric._type, ", ".join(metric._labelnames))
    assert listed == there


def test_every_metric_says_what_an_operator_does() -> None:
    for row in rows(text_of(DOCS / "metrics.md")):
        assert len(row) == 5 and row[3] and row[4], row[0]


def test_every_setting_is_explained_with_its_default_and_no_other() -> None:
    services, cli = text_of(DOCS / "settings.md").split("## Of the command line")
    there = {
        f"`QINQING_{field.upper()}`": "empty" if shape.default == "" else f"`{shape.default}`"
        for field, shape in Settings.model_fields.items()
    }
    assert {row[0]: row[1] for row in rows(services)} == there
    used = {
        found
        for path in python("services", "shared")
        for found in re.findall(r"QINQING_[A-Z_]*[A-Z]", text_of(path))
    }
    assert {row[0].strip("`") for row in rows(cli)} == used - {variable.strip("`") for variable in there}


def test_the_limits_of_every_clock_are_those_of_the_policy() -> None:
    listed = {row[0].strip("`"): row[1].strip("`") for row in rows(text_of(DOCS / "clocks.md"))}
    assert listed == {clock: str(limit) for clock, limit in default_policy().limits.items()}


def test_every_guarantee_names_a_test_that_exists() -> None:
    promised = rows(text_of(DOCS / "guarantees.md"))
    assert promised
    for row in promised:
        named = [word for word in code_words(row[-1]) if "::" in word]
        assert named, f"no test stands beside: {row[0]}"


@pytest.mark.parametrize("document", documents(), ids=name)
def test_every_test_a_document_names_exists(document: Path) -> None:
    for path, test in re.findall(r"(tests/[\w/]+\.py)::(\w+)", text_of(document)):
        assert (ROOT / path).exists(), path
        assert test in {function.name for function in functions(ROOT / path)}, f"{path}::{test}"


def commands() -> set[str]:
    """The commands of `qinqing`, groups by their own name."""
    single = {
        command.name or command.callback.__name__ for command in app.registered_commands if command.callback
    }
    return single | {group.name for group in app.registered_groups if group.name}


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_a_readme_names_every_command_and_no_other(readme: Path) -> None:
    assert set(re.findall(r"\bqinqing ([a-z]+)", text_of(readme))) == commands()


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_a_readme_names_only_targets_that_can_be_made(readme: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", text_of(ROOT / "Makefile"), flags=re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", text_of(readme)))
    assert {"run", "test"} <= named <= targets


def test_both_readmes_name_the_same_commands() -> None:
    english, chinese = (
        sorted(set(re.findall(r"`((?:make|qinqing) [^`]+)`", text_of(path)))) for path in READMES
    )
    assert english == chinese


def test_both_readmes_show_the_same_transcripts_and_tests() -> None:
    for form in (r"^```text\n(.*?)^```", r"(tests/[\w/]+\.py::\w+)"):
        english, chinese = (re.findall(form, text_of(path), re.DOTALL | re.MULTILINE) for path in READMES)
        assert english and english == chinese


@pytest.mark.parametrize("readme", READMES, ids=name)
def test_the_numbers_a_readme_quotes_are_the_ones_that_were_measured(readme: Path) -> None:
    assert block(readme) == render(readme), "python -m tests.house.quote writes them anew"


def test_every_target_of_the_makefile_has_a_line_of_help() -> None:
    makefile = text_of(ROOT / "Makefile")
    targets = re.findall(r"^\.PHONY: (.+)$", makefile, flags=re.MULTILINE)[0].split()
    without = [
        target for target in targets if not re.search(rf"^{target}:.*## \S", makefile, flags=re.MULTILINE)
    ]
    assert set(without) <= {"lock", "clean"}


def test_decisions_are_numbered_without_gaps_and_say_all_that_a_decision_says() -> None:
    decisions = sorted((DOCS / "decisions").glob("*.md"))
    assert [path.name[:4] for path in decisions] == [f"{n:04d}" for n in range(1, len(decisions) + 1)]
    for path in decisions:
        text = text_of(path)
        for part in ("**Context.**", "**Decision.**", "**Measured", "**Refused.**", "**Revisit when**"):
            assert part in text, f"{path.name} lacks {part}"
        assert 200 <= len(text.split()) <= 400, path.name


@pytest.mark.parametrize("path", python("shared", "services", "bench", "tests"), ids=name)
def test_every_document_the_code_points_to_exists(path: Path) -> None:
    text = text_of(path)
    for document in re.findall(r"\bdocs/(?:[\w-]+/)*[\w-]+\.(?:md|json)", text):
        assert (ROOT / document).exists(), f"{name(path)}: {document}"
    for document in re.findall(r"(?<![\w/])(?:loop|clocks|events|glossary)\.md", text):
        assert (DOCS / document).exists(), f"{name(path)}: {document}"
    for number in re.findall(r"docs/decisions/(\d{4})", text):
        assert list((DOCS / "decisions").glob(f"{number}-*.md")), f"{name(path)}: decision {number}"


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    assert "\n## Unreleased\n" in text_of(ROOT / "CHANGELOG.md")


@pytest.mark.parametrize("path", python("shared", "services", "bench", "tests"), ids=name)
def test_every_module_begins_with_a_sentence(path: Path) -> None:
    assert ast.get_docstring(tree(path)), f"{name(path)} has no docstring"


def public(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of a module or class that others may call: no private ones, none inside of another."""
    for inner in ast.iter_child_nodes(node):
        named = isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if named and not inner.name.startswith("_"):
            if isinstance(inner, ast.ClassDef):
                yield from public(inner)
            else:
                yield inner


@pytest.mark.parametrize("path", python("shared"), ids=name)
def test_every_public_function_of_the_street_says_what_it_does(path: Path) -> None:
    for function in public(tree(path)):
        assert ast.get_docstring(function), f"{name(path)}:{function.lineno} {function.name}"
