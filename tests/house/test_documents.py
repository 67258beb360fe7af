"""The documents hold together: links lead somewhere, tests exist, and stand in one place; nothing goes unsaid."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.cli.main import app
from services.portal.settings import PortalSettings
from shared.contract.registry import EVENTS, REPLIES_BY_TYPE
from shared.settings import Settings
from tests.house.repository import (
    READMES,
    ROOT,
    code_words,
    documents,
    functions,
    name,
    python,
    rows,
    tree,
)
from tests.house.tables.guarantees import anchor, promises
from tests.house.tables.kinds import kinds, life

DOCS = ROOT / "docs"
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
"""Of a picture too, so that each that a document shows is there."""


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def prose(path: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", text_of(path), flags=re.DOTALL | re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings."""
    headings = re.findall(r"^#+ +(.+)$", prose(path), flags=re.MULTILINE)
    return {anchor(heading) for heading in headings}


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


def test_every_variable_of_the_command_line_is_explained_and_no_other() -> None:
    explained = text_of(DOCS / "settings.md").split("## Of the command line")[1]
    used = {
        found
        for path in python("services", "shared")
        for found in re.findall(r"QINQING_[A-Z_]*[A-Z]", text_of(path))
    }
    fields = {*Settings.model_fields, *PortalSettings.model_fields}
    of_services = {f"QINQING_{field.upper()}" for field in fields}
    named = {row[0].strip("`") for row in rows(explained)}
    assert named - of_services == used - of_services


def test_every_guarantee_names_a_test_that_exists() -> None:
    assert promises()
    for promise, proof in promises().items():
        assert [word for word in code_words(proof) if "::" in word], f"no test stands beside: {promise}"


@pytest.mark.parametrize("document", documents(), ids=name)
def test_the_name_of_a_test_stands_among_the_guarantees_only(document: Path) -> None:
    if document.name not in ("guarantees.md", "security.md"):
        assert not re.findall(r"::test_\w+", text_of(document)), "link to guarantees.md"


@pytest.mark.parametrize(("service", "kind"), [(service, kind.name) for service, kind in kinds()])
def test_every_kind_of_aggregate_stands_on_the_page_of_the_loop(service: str, kind: str) -> None:
    text = text_of(DOCS / "loop.md")
    if hasattr(life(service, kind), "MOVES"):
        alike = [
            owner for owner, one in kinds() if one.name == kind and life(owner, kind) is life(service, kind)
        ]
        assert any(f'lives.life("{owner}", "{kind}")' in text for owner in alike)
    else:
        assert f"| {kind} | {service} |" in text


def crossings() -> list[list[str]]:
    """The rows of the crossings in docs/loop.md."""
    return rows(text_of(DOCS / "loop.md").split("\n## Crossings\n")[1])


def test_every_crossing_of_the_loop_is_proved_by_a_guarantee() -> None:
    proved = rows(text_of(DOCS / "guarantees.md").split("\n## Crossings\n")[1].split("\n## ")[0])
    assert [row[0] for row in crossings()] == [row[0] for row in proved]
    assert all("×" in row[0] and row[1] and row[2] for row in crossings())


def test_every_event_a_crossing_names_is_in_the_contract() -> None:
    named = {word for row in crossings() for word in code_words(row[2]) if word.endswith(".v1")}
    assert named
    assert named <= set(EVENTS)


def test_what_is_planned_is_not_in_the_contract_and_says_when_it_will_happen() -> None:
    planned = rows(text_of(DOCS / "planned-events.md").split("\n## `")[0]), planned_events()
    assert {word for row in planned[0] for word in code_words(row[0])} <= set(EVENTS)
    assert planned[1]
    for type, when in planned[1].items():
        assert type not in {**EVENTS, **REPLIES_BY_TYPE}, f"{type} runs: it leaves docs/planned-events.md"
        assert re.fullmatch(r"[a-z_]+(\.[a-z_]+)+\.v1", type)
        assert when.startswith("Happens ")


def planned_events() -> dict[str, str]:
    """Type and moment of every event on the page of plans."""
    text = text_of(DOCS / "planned-events.md").partition("\n## `")[2]
    return {row[0].strip("`"): row[1] for row in rows(text)}


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


def test_both_readmes_show_the_same_transcripts_and_promises() -> None:
    for form in (r"^```text\n(.*?)^```", r"(docs/guarantees\.md#[\w-]+)"):
        english, chinese = (re.findall(form, text_of(path), re.DOTALL | re.MULTILINE) for path in READMES)
        assert english and english == chinese


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


def test_every_document_the_code_points_to_exists() -> None:
    for path in python("shared", "services", "bench", "tests"):
        text = text_of(path)
        for document in re.findall(r"\bdocs/(?:[\w-]+/)*[\w-]+\.(?:md|json)", text):
            assert (ROOT / document).exists(), f"{name(path)}: {document}"
        for document in re.findall(r"(?<![\w/])(?:loop|clocks|events|glossary)\.md", text):
            assert (DOCS / document).exists(), f"{name(path)}: {document}"
        for number in re.findall(r"docs/decisions/(\d{4})", text):
            assert list((DOCS / "decisions").glob(f"{number}-*.md")), f"{name(path)}: decision {number}"


def test_the_changelog_has_a_place_for_what_is_not_released() -> None:
    assert "\n## Unreleased\n" in text_of(ROOT / "CHANGELOG.md")


def test_every_module_begins_with_a_sentence() -> None:
    for path in python("shared", "services", "bench", "tests"):
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
def test_every_public_function_of_the_shared_code_says_what_it_does(path: Path) -> None:
    for function in public(tree(path)):
        assert ast.get_docstring(function), f"{name(path)}:{function.lineno} {function.name}"
