"""Where a scenario is played: into an empty live namespace, beside a running system apart, nowhere else."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from services.cli.embedded import StartFailed
from services.cli.embedded.services import Parts
from services.cli.embedded.state import SystemState, created_at
from services.cli.main import app
from services.cli.scenario import __main__ as process
from services.cli.scenario import playing
from services.cli.scenario.beginning import Beginning
from services.cli.scenario.plan import Town
from services.cli.scenario.playing import NotEmpty, begin, play_apart, wanted
from services.cli.scenario.starting import SKIPPED, FirstHistory, Scenario
from shared.bus.namespaces import Namespace
from shared.bus.records import Record
from shared.contract.event import INTAKE
from tests.keys import DATA

KAFKA, STORES = "127.0.0.1:1", {"intake": "mongodb://127.0.0.1:2"}
SMALL = wanted(Scenario.TOWN, size=12)


class Played:
    """A broker with these records on intake's events, and what was played beside them and into which namespace."""

    def __init__(self, patch: pytest.MonkeyPatch, *keys: str, readers: tuple[str, ...] = ()) -> None:
        self.keys, self.readers = keys, readers
        self.served: list[dict[str, Any]] = []
        self.prefixes: list[str] = []
        self.driven = 0
        for name in ("topic_names", "read_all", "namespaces", "history_services", "group_lag"):
            patch.setattr(playing, name, getattr(self, name))
        patch.setattr(playing, "Driver", self._driver)
        patch.setattr(playing, "counted", self._counted)

    async def topic_names(self, bootstrap: str) -> list[str]:
        assert bootstrap == KAFKA
        return [INTAKE] if self.keys else []

    async def read_all(self, bootstrap: str, topics: list[str]) -> AsyncIterator[Record]:
        for offset, key in enumerate(self.keys):
            yield Record(topics[0], 0, offset, 0, key.encode(), b"{}")

    async def namespaces(self, bootstrap: str, services: object) -> list[Namespace]:
        return [Namespace("", (INTAKE,), len(self.keys), self.readers)]

    @asynccontextmanager
    async def history_services(self, parts: Parts, **how: Any) -> AsyncIterator[dict[str, Any]]:
        self.served.append(how)
        yield {"intake": SimpleNamespace(url="http://127.0.0.1:3")}

    @asynccontextmanager
    async def group_lag(self, bootstrap: str, prefix: str, reads: object) -> AsyncIterator[None]:
        self.prefixes.append(prefix)
        yield None

    def _driver(self, *given: object, **how: object) -> Any:
        async def run() -> None:
            self.driven += 1

        return SimpleNamespace(run=run)

    async def _counted(self, log: Any, meeting: object) -> Any:
        raise AssertionError("a small town without a paper is played here")


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    (tmp_path / "keys").symlink_to(DATA / "keys")
    return Parts(KAFKA, STORES, tmp_path)


async def test_a_scenario_of_its_own_namespace_is_played_there_alone_and_ends_no_history(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = Played(monkeypatch, "ISSUE", readers=("intake",))
    monkeypatch.setattr(playing, "_planned", lambda parts, asked: Town((), (), {}))
    await play_apart(parts, "replay-town-1", SMALL)
    assert played.served == [{"namespace": "replay-town-1", "invented_people": True}]
    assert played.prefixes == ["replay-town-1."] and played.driven == 1
    assert Beginning.read(parts.data_dir) is None, "the live namespace did not begin with it"


@pytest.mark.parametrize(
    ("keys", "readers", "why"),
    [
        (("person:J1XCHRJEMN1HG", "J1XCHRJEMN1HG"), (), "there are issues already"),
        (("person:J1XCHRJEMN1HG",), ("intake", "dispatch"), "intake, dispatch is at work"),
    ],
)
async def test_nothing_is_played_where_somebody_raised_something_or_is_at_work(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, keys: tuple[str, ...], readers: tuple[str, ...], why: str
) -> None:
    played = Played(monkeypatch, *keys, readers=readers)
    with pytest.raises(NotEmpty, match=why):
        await begin(parts, SMALL)
    assert not played.served and Beginning.read(parts.data_dir) is None


def test_the_process_that_plays_says_by_its_exit_code_that_nothing_was_played_and_why(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    Played(monkeypatch, "J1XCHRJEMN1HG")
    code = process.main(KAFKA, '{"intake": "x"}', str(parts.data_dir), "town", "1", "12")
    assert (code, capsys.readouterr().err) == (SKIPPED, "there are issues already\n")


@pytest.mark.parametrize("code", [0, SKIPPED, 1])
async def test_a_start_goes_on_where_nothing_was_played_and_fails_where_playing_did(
    parts: Parts, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    program = parts.data_dir / "plays.sh"
    program.write_text(f"#!/bin/sh\necho 1/2\necho there are issues already >&2\nexit {code}\n")
    program.chmod(0o700)
    monkeypatch.setattr("services.cli.scenario.starting.sys.executable", str(program))
    shown: list[tuple[Any, ...]] = []
    history = FirstHistory()
    system = SimpleNamespace(parts=parts, plays=lambda *said: shown.append(said))
    if code != 1:
        await history(system)  # type: ignore[arg-type]
        assert history.said == ("没有预置 / nothing was played: there are issues already" if code else "")
    else:
        with pytest.raises(StartFailed, match="there are issues already"):
            await history(system)  # type: ignore[arg-type]
    name = "虚构小城 / the invented town"
    assert shown[:2] == [(name, "0"), (name, "1/2")]
    assert shown[2:] == [("",)] if code else shown[2][:2] == (name, "") and shown[2][2] >= 0


def running(folder: Path, phase: Any) -> None:
    """This process as the system on a folder."""
    of = (str(folder), 18100, KAFKA, STORES, {}, "2026-11-27T08:00:00+08:00")
    SystemState(phase, os.getpid(), created_at(os.getpid()) or 0.0, *of).write()


def test_beside_a_running_system_the_command_takes_a_namespace_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Parts, str, Beginning]] = []

    async def apart(parts: Parts, namespace: str, what: Beginning, show: object) -> Town:
        asked.append((parts, namespace, what))
        return Town((), (), {})

    async def log(bootstrap: str, namespace: str) -> None:
        assert (bootstrap, namespace) == (KAFKA, asked[0][1])

    monkeypatch.setattr(playing, "play_apart", apart)
    monkeypatch.setattr("services.cli.scenario.command.event_log", log)
    running(tmp_path, "ready")
    command = ["scenario", "town", "--issues", "12", "--data", str(tmp_path)]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 0, said.output
    [(parts, namespace, what)] = asked
    assert parts == Parts(KAFKA, STORES, tmp_path) and what == SMALL
    assert namespace.startswith("replay-town-") and f"namespace {namespace}" in " ".join(said.output.split())
    running(tmp_path, "starting")
    assert CliRunner().invoke(app, command).exit_code == 2 and len(asked) == 1, "its parts are not there yet"


@pytest.mark.parametrize("asked", [(), ("--scenario", "town")])
def test_a_plain_start_begins_empty_and_one_with_a_scenario_plays_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    before: list[FirstHistory | None] = []

    class NeverReady:
        def __init__(
            self, data: Path, *_: object, before_services: FirstHistory | None, **how: object
        ) -> None:
            self.data_dir = data
            before.append(before_services)

        async def start(self) -> None:
            raise StartFailed("as far as this goes")

    monkeypatch.setattr("services.cli.system.Embedded", NeverReady)
    assert CliRunner().invoke(app, ["up", "--data", str(tmp_path), *asked]).exit_code == 1
    [history] = before
    assert isinstance(history, FirstHistory) if asked else history is None
