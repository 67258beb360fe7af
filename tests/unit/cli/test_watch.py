"""What `qinqing watch` says where it cannot start, and what it writes; that it runs is shown in tests/operations."""

import asyncio
import errno
import json
import os
import shutil
import subprocess
from itertools import count
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from services.cli import watch
from services.cli.embedded.state import SystemState, created_at
from services.cli.main import app
from services.dispatch.alerts import MOST_ALERTS

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


def test_alertmanager_posts_each_alert_and_its_end_to_dispatch_as_an_operator_and_to_every_webhook(
    tmp_path: Path,
) -> None:
    webhooks, credentials = ["http://127.0.0.1:9/a", "https://example.org/b"], tmp_path / "credentials"
    found = json.loads(watch.alertmanager_file("http://127.0.0.1:18401", credentials, webhooks))
    (receiver,) = found["receivers"]
    bearer = {"type": "Bearer", "credentials_file": str(credentials)}
    assert receiver["webhook_configs"] == [
        {
            "url": "http://127.0.0.1:18401/alerts",
            "max_alerts": watch.MOST_ALERTS,
            "http_config": {"authorization": bearer},
            "send_resolved": True,
        },
        {"url": "http://127.0.0.1:9/a", "send_resolved": True},
        {"url": "https://example.org/b", "send_resolved": True},
    ]
    assert found["route"]["receiver"] == receiver["name"]
    assert watch.MOST_ALERTS <= MOST_ALERTS


def test_the_token_is_written_anew_for_nobody_else_to_read_and_a_full_disk_leaves_the_last_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials"
    for token in ("first", "second"):
        watch.write_credentials(file, token)
        assert (file.read_text(), file.stat().st_mode & 0o777) == (token, 0o600)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "open", full)
    with pytest.raises(OSError, match="No space"):
        watch.write_credentials(file, "third")
    assert file.read_text() == "second"


async def test_a_token_is_signed_again_and_again_though_the_disk_was_full_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried, went = asyncio.Queue[str](), []

    def write(file: Path, token: str) -> None:
        tried.put_nowait(token)
        went.append(file)
        if len(went) == 1:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(watch, "SIGNED_ANEW_SECONDS", 0.0)
    monkeypatch.setattr(watch, "write_credentials", write)
    tokens = map(str, count())
    signing = asyncio.create_task(watch._keep_signed(tmp_path / "credentials", lambda: next(tokens)))
    try:
        assert [await tried.get(), await tried.get()] == ["0", "1"]
    finally:
        signing.cancel()


@pytest.mark.skipif(not shutil.which("promtool"), reason="no promtool here: apt-get install prometheus")
def test_prometheus_takes_what_is_written_for_it(tmp_path: Path) -> None:
    file = tmp_path / "prometheus.json"
    targets = {"intake": "127.0.0.1:18400", "portal": "127.0.0.1:18404"}
    file.write_text(watch.prometheus_file(targets, "huzhou", "127.0.0.1:18431", watch.RULES))
    ran = subprocess.run(["promtool", "check", "config", str(file)], capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    assert [one["honor_labels"] for one in json.loads(file.read_text())["scrape_configs"]] == [False, True]
