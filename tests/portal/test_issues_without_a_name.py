"""An anonymous issue is found by who raised it, however and whenever it came, and each reference is tried once."""

from pathlib import Path
from typing import Any

import pytest

from services.portal.queries import hidden
from services.portal.queries.hidden import hidden_of
from shared.identity.references import References
from tests.keys import REFERENCES
from tests.portal.given import WU, Given

IDS = [f"{letter * 13}" for letter in "ABCDE"]
HE = REFERENCES.person("he")


class Counted(References):
    """Counts what it is asked."""

    def __init__(self) -> None:
        self.count = 0

    def on_issue(self, issue: str, person: str, *, anonymous: bool) -> str:
        """As the deployment's own."""
        self.count += 1
        return REFERENCES.on_issue(issue, person, anonymous=anonymous)


def raised(given: Given, id: str, person: str = WU, **how: Any) -> None:
    """An anonymous issue of this person."""
    reference = REFERENCES.on_issue(id, person, anonymous=True)
    given.registered(id, anonymous=True, person=reference, **how)


@pytest.fixture(autouse=True)
def _nothing_tried() -> None:
    hidden._TRIED.clear()


def test_each_reference_is_tried_once_and_what_came_since_with_it(given: Given) -> None:
    counted = Counted()
    raised(given, IDS[0])
    raised(given, IDS[1], HE)
    assert hidden_of(given.shown.reader(), WU, counted) == [IDS[0]] and counted.count == 2
    assert hidden_of(given.shown.reader(), WU, counted) == [IDS[0]] and counted.count == 2
    raised(given, IDS[2])
    assert hidden_of(given.shown.reader(), WU, counted) == [IDS[0], IDS[2]] and counted.count == 3
    assert hidden_of(given.shown.reader(), HE, counted) == [IDS[1]]


def test_one_whose_row_was_there_before_it_had_a_raiser_is_found_too(given: Given) -> None:
    counted, given_by = Counted(), {"assignment": f"{IDS[0]}.1", "department": "housing", "by": "wang"}
    given.shown.tell("dispatch", "issue.assigned.v1", {**given_by, "head": "局长"}, IDS[0])
    raised(given, IDS[1])
    assert hidden_of(given.shown.reader(), WU, counted) == [IDS[1]]
    raised(given, IDS[0])
    assert sorted(hidden_of(given.shown.reader(), WU, counted)) == IDS[:2]


def test_another_file_is_tried_by_itself_and_few_people_are_remembered(
    given: Given, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hidden, "MOST_PEOPLE", 2)
    (tmp_path / "other").mkdir()
    other, counted = Given(tmp_path / "other"), Counted()
    raised(given, IDS[0])
    raised(other, IDS[1])
    assert hidden_of(given.shown.reader(), WU, counted) == [IDS[0]]
    assert hidden_of(other.shown.reader(), WU, counted) == [IDS[1]]
    assert hidden_of(other.shown.reader(), HE, counted) == []
    assert len(hidden._TRIED) == 2


def test_no_table_is_read_whole_for_it(given: Given) -> None:
    (plan,) = given.shown.reader().execute(f"EXPLAIN QUERY PLAN SELECT id {hidden._WHERE}").fetchall()
    assert "COVERING INDEX issue_anonymous" in plan[3]
