"""What `qinqing watch` says where it cannot start, and what it writes; that it runs is shown in tests/operations."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli import watch
from services.cli.embedded.state import SystemState, created_at
from services.cli.main import app

HOSTILE = 'http://127.0.0.1:1/"]}\n- receiver: other'


@pytest.fixture
def running(tmp_path: Path) -> Path:
    """The folder of a system that seems to run, in this very process."""
    created = created_at(os.getpid()) or 0.0
    SystemState("ready", os.getpid(), created, str(tmp_path), 18400, "", {}, {}, "").write()
    return tmp_path


def typed(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(app, ["watch", "--data", str(folder), "--json", *more])


def test_where_nothing_runs_it_says_so(tmp_path: Path) -> None:
    ended = typed(tmp_path)
    assert ended.exit_code == 2
    assert str(tmp_path) in json.loads(ended.stdout)["error"]


def test_what_is_not_installed_is_named_with_how_to_get_it(
    running: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    ended = typed(running)
    assert ended.exit_code == 2
    said = json.loads(ended.stdout)["error"]
    assert "prometheus and alertmanager" in said and "apt-get install" in said


@pytest.mark.parametrize("url", ["", "oncall", "ftp://host/x", "http://", "http://host/a b", HOSTILE])
def test_a_webhook_that_is_no_address_is_refused_before_anything_starts(running: Path, url: str) -> None:
    ended = typed(running, "--webhook", url)
    assert ended.exit_code == 2
    assert "is no address" in json.loads(ended.stdout)["error"]
    assert not (running / "watch").exists()


def test_alertmanager_posts_each_alert_and_its_end_to_every_webhook() -> None:
    found = json.loads(watch.alertmanager_file(["http://127.0.0.1:9/a", "https://example.org/b"]))
    (receiver,) = found["receivers"]
    assert receiver["webhook_configs"] == [
        {"url": "http://127.0.0.1:9/a", "send_resolved": True},
        {"url": "https://example.org/b", "send_resolved": True},
    ]
    assert found["route"]["receiver"] == receiver["name"]


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here: apt-get install prometheus")
def test_prometheus_takes_what_is_written_for_it(tmp_path: Path) -> None:
    file = tmp_path / "prometheus.json"
    targets = {"intake": "127.0.0.1:18400", "portal": "127.0.0.1:18404"}
    file.write_text(watch.prometheus_file(targets, "huzhou", "127.0.0.1:18431", watch.RULES))
    ran = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert [one["honor_labels"] for one in json.loads(file.read_text())["scrape_configs"]] == [False, True]
