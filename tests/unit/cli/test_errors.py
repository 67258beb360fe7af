"""No command ends with a traceback: what went wrong, where the logs are, and an exit code; also as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer
from aiokafka.errors import KafkaConnectionError
from pymongo.errors import ServerSelectionTimeoutError
from typer.testing import CliRunner, Result

from services.cli.main import app

REPORT = ("report", "--month", "2026-03", "--from-log")
WRONG = {
    "Kafka did not do what it was asked": KafkaConnectionError("unable to bootstrap"),
    "a store did not do what it was asked": ServerSelectionTimeoutError("no answer"),
    "a disk is full": OSError("a disk is full"),
    "the command line has a fault, please report it: ZeroDivisionError": ZeroDivisionError("no [/x] markup"),
    "fault, please report it: KeyError": ExceptionGroup("two", [KeyError("a"), ValueError("b")]),
}


@pytest.fixture
def goes_wrong(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A function after which `qinqing report` ends with this error."""
    monkeypatch.setattr("services.cli.report.need_system", lambda *which: SimpleNamespace(kafka_bootstrap=""))

    def set_error(error: Exception) -> None:
        async def event_log(*where: Any) -> Any:
            raise error

        monkeypatch.setattr("services.cli.report.event_log", event_log)

    return set_error


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, words)


@pytest.mark.parametrize(("sentence", "error"), WRONG.items(), ids=WRONG)
def test_an_error_that_nobody_thought_of_is_a_sentence(
    sentence: str, error: Exception, goes_wrong: Any
) -> None:
    goes_wrong(error)
    ended = typed(*REPORT)
    assert ended.exit_code == 1
    assert sentence in ended.stderr
    assert "Traceback" not in ended.output


def test_such_an_error_is_json_where_json_was_asked_for(goes_wrong: Any) -> None:
    goes_wrong(ZeroDivisionError("no"))
    ended = typed(*REPORT, "--json")
    assert ended.exit_code == 1
    assert "ZeroDivisionError: no" in json.loads(ended.stdout)["error"]


def test_it_says_where_the_logs_are_and_how_to_see_more(goes_wrong: Any, tmp_path: Path) -> None:
    goes_wrong(ZeroDivisionError("no"))
    (tmp_path / "logs").mkdir()
    ended = typed(*REPORT, "--data", str(tmp_path))
    assert str(tmp_path / "logs") in ended.stderr
    assert "qinqing --debug" in ended.stderr


def test_the_traceback_is_there_for_who_asks(goes_wrong: Any) -> None:
    goes_wrong(ZeroDivisionError("no"))
    assert "Traceback" in typed("--debug", *REPORT).stderr


@pytest.mark.parametrize("words", [("report",), ("nonsense",), ("[/x]",), ("report", "--month", "[/x]")])
def test_wrong_use_is_exit_code_2(words: tuple[str, ...]) -> None:
    ended = typed(*words)
    assert ended.exit_code == 2
    assert "Traceback" not in ended.output


def _commands(group: Any, *before: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, one in group.commands.items():
        yield from _commands(one, *before, name) if hasattr(one, "commands") else [((*before, name), one)]


COMMANDS = dict(_commands(typer.main.get_command(app)))


def test_every_command_has_json_and_the_help_names_the_exit_codes() -> None:
    without = [
        name for name, one in COMMANDS.items() if not any("--json" in option.opts for option in one.params)
    ]
    assert (len(COMMANDS) > 20, without) == (True, [])
    assert "Exit codes: 0 done, 1 failed, 2 wrong use" in typed("--help").output
