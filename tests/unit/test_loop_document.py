"""docs/loop.md says what the code does: every table both ways, and every crossing shown by a test that exists."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from services.dispatch import domain as dispatch
from services.feedback import domain as feedback
from services.intake import domain as intake
from services.supervision import domain as supervision
from shared.events import EVENTS

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "loop.md").read_text(encoding="utf-8")
SERVICES = {"intake": intake, "dispatch": dispatch, "supervision": supervision, "feedback": feedback}
FACTS = {"intake": intake.LEARNED, "dispatch": dispatch.LEARNED}


def rows(name: str) -> list[tuple[str, ...]]:
    """The cells of one marked table, without its heading."""
    _, marker, after = DOCUMENT.partition(f"<!-- table: {name} -->\n")
    assert marker, f"docs/loop.md has no table {name}"
    lines = after.split("\n\n")[0].strip().splitlines()[2:]
    found = [tuple(cell.strip() for cell in line.strip().strip("|").split("|")) for line in lines]
    assert len(found) == len(set(found)), f"a row of {name} is there twice"
    return found


@pytest.mark.parametrize(("name", "service"), SERVICES.items())
def test_the_document_names_every_state_with_its_timer(name: str, service: ModuleType) -> None:
    assert set(rows(f"{name}.states")) == {(str(state), timer) for state, timer in service.TIMERS.items()}


@pytest.mark.parametrize(("name", "service"), SERVICES.items())
def test_the_document_names_every_move(name: str, service: ModuleType) -> None:
    moves = {(str(state), verb, str(after)) for (state, verb), after in service.MOVES.items()}
    assert set(rows(f"{name}.moves")) == moves


@pytest.mark.parametrize(("name", "learned"), FACTS.items())
def test_the_document_names_every_fact_that_moves_an_issue(name: str, learned: dict) -> None:  # type: ignore[type-arg]
    moves = {(str(state), fact.type, str(after)) for (state, fact), after in learned.items()}
    assert set(rows(f"{name}.facts")) == moves


@pytest.mark.parametrize("row", rows("crossings"), ids=lambda row: row[0])
def test_a_crossing_is_shown_by_a_test_that_exists(row: tuple[str, ...]) -> None:
    crosses, winner, told, shown = row
    assert "×" in crosses and winner and told
    file, _, name = shown.strip("`").partition("::")
    assert re.search(rf"^(async )?def {name}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), (
        shown
    )


def test_every_event_a_crossing_tells_is_in_the_contract() -> None:
    told = {name for row in rows("crossings") for name in re.findall(r"`([a-z_.]+\.v\d+)`", row[2])}
    assert told
    assert told <= set(EVENTS)


def test_no_table_is_marked_that_nobody_checks() -> None:
    marked = set(re.findall(r"<!-- table: (\S+) -->", DOCUMENT))
    checked = {f"{name}.{kind}" for name in SERVICES for kind in ("states", "moves")}
    assert marked == checked | {f"{name}.facts" for name in FACTS} | {"crossings"}
