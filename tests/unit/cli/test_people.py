"""`qinqing people` as the office types it: add, find, show with a reason, erase for good."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.main import app
from tests.contacts import LI, WANG
from tests.unit.cli.running import running_intake

TYPED = f"{LI.phone[:3]} {LI.phone[3:7]} {LI.phone[7:]}"
ADDED = ["--name", LI.name, "--phone", TYPED, "--mail", LI.mail, "--channel", "sms"]


@pytest.fixture(autouse=True)
def intake(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with running_intake(monkeypatch) as url:
        yield url


def typed(*words: str, asked: str = "") -> Result:
    return CliRunner().invoke(app, ["people", *words], input=asked)


def answered(*words: str) -> Any:
    """What a command prints with --json, when it ends well."""
    result = typed(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_somebody_is_added_found_shown_with_a_reason_and_erased() -> None:
    person = answered("add", *ADDED)["person"]
    assert answered("find", f"+86 {LI.phone}") == {"person": person}
    assert "name" not in answered("show", person)
    shown = answered("show", person, "--why", "回访")
    assert (shown["name"], shown["phone"], shown["channels"]) == (LI.name, LI.phone, ["sms"])
    assert answered("erase", person, "--yes")["state"] == "erased"
    assert answered("find", LI.phone) == {"person": None}
    assert typed("show", person, "--why", "回访").exit_code == 2
    assert answered("erase", person, "--yes")["unchanged"]


def test_a_phone_that_is_known_is_told_as_the_known_person() -> None:
    person = answered("add", *ADDED)["person"]
    assert answered("add", *ADDED) == {"status": "done", "person": person, "known": True}
    assert "known before" in typed("add", *ADDED).output


def test_a_phone_is_asked_for_so_that_no_history_of_commands_keeps_it() -> None:
    added = typed("add", asked=f"{LI.name}\n{LI.phone}\n")
    assert added.exit_code == 0, added.output
    person = added.stdout.split()[-1]
    assert person in typed("find", asked=f"{LI.phone}\n").stdout
    assert "nobody" in typed("find", WANG.phone).stdout


def test_nobody_is_erased_by_a_slip() -> None:
    person = answered("add", *ADDED)["person"]
    result = typed("erase", person)
    assert result.exit_code == 2 and "--yes" in result.output
    assert answered("find", LI.phone) == {"person": person}


@pytest.mark.parametrize(
    "words",
    [
        ("find", "no number"),
        ("show", "nobody"),
        ("erase", "nobody", "--yes"),
        ("add", *ADDED, "--language", "fr"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(words: tuple[str, ...]) -> None:
    result = typed(*words)
    assert result.exit_code == 2, result.output
    assert not isinstance(result.exception, Exception)
