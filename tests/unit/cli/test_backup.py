"""`qinqing backup` and `restore` without a system that runs: what is whole comes back, all else is refused by name."""

import json
import os
import shutil
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from services.cli.embedded import SERVICES, backups, service_program
from services.cli.embedded.services import Parts
from services.cli.embedded.state import LAYOUT, PartState, Phase, SystemState, check_layout, created_at, lock
from services.cli.main import app

FILES = {
    "attachments/key": "makes receipts",
    "layout": f"{LAYOUT}\n",
    "kafka/cluster-id": "abc",
    "kafka/log/intake.events-0/00000000000000000000.log": "records",
    "store/intake/WiredTiger.wt": "documents",
    "keys/vault.key": "secret",
    "portal/own.db": "drafts",
}
WATCHED = "watch/prometheus/wal/00000000"
"""Of another program that goes on while the system stands still."""


def typed(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder, as a system that was stopped leaves it."""
    folder = tmp_path / "data"
    for name, text in {**FILES, "logs/up.log": "started", WATCHED: "scraped"}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def taken(tmp_path: Path, data: Path) -> Path:
    """A backup of it."""
    done = typed("backup", tmp_path / "taken", "--data", data)
    assert done.exit_code == 0, done.output
    return tmp_path / "taken"


def texts(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()
    }


def test_what_was_backed_up_comes_back_as_it_was(tmp_path: Path, taken: Path) -> None:
    assert taken.stat().st_mode & 0o077 == 0, "nobody else reads it"
    done = typed("restore", taken, "--data", tmp_path / "back", "--json")
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert (found["files"], found["bytes"]) == (len(FILES), sum(map(len, FILES.values())))
    (tmp_path / "back" / "system.lock").unlink()
    assert texts(tmp_path / "back") == {**FILES, "epoch": f"{found['epoch']}\n"}
    check_layout(tmp_path / "back")


def test_each_restore_starts_an_epoch_of_its_own_with_which_the_services_are_started(
    tmp_path: Path, taken: Path, data: Path
) -> None:
    epochs = [0]
    for number in range(2):
        back = tmp_path / f"back-{number}"
        done = typed("restore", taken, "--data", back, "--json")
        epochs.append(json.loads(done.stdout)["epoch"])
        parts = Parts("127.0.0.1:1", dict.fromkeys(SERVICES, ""), back)
        assert service_program("intake", parts, 1).env["QINQING_EPOCH"] == str(epochs[-1])
        done = typed("backup", taken := tmp_path / f"taken-{number}", "--data", back)
        assert done.exit_code == 0, done.output
    assert epochs == sorted({*epochs}), "a later one is larger"
    first = Parts("127.0.0.1:1", dict.fromkeys(SERVICES, ""), data)
    assert "QINQING_EPOCH" not in service_program("intake", first, 1).env


def wrong(folder: Path) -> None:
    (folder / "data/store/intake/WiredTiger.wt").write_text("Documents")


def longer(folder: Path) -> None:
    (folder / "data/store/intake/WiredTiger.wt").write_text("documents and more")


def missing(folder: Path) -> None:
    (folder / "data/keys/vault.key").unlink()


def cut_off(folder: Path) -> None:
    (folder / "backup.json").unlink()


def half(folder: Path) -> None:
    text = (folder / "backup.json").read_text()
    (folder / "backup.json").write_text(text[: len(text) // 2])


def other_layout(folder: Path) -> None:
    found = json.loads((folder / "backup.json").read_text())
    (folder / "backup.json").write_text(json.dumps({**found, "layout": "4"}))


REFUSED = {
    "data/store/intake/WiredTiger.wt is not what was backed up": (wrong, longer),
    "data/keys/vault.key is missing": (missing,),
    "there is no backup.json, which is written last": (cut_off,),
    "backup.json cannot be read": (half,),
    f"layout 4, this version reads layout {LAYOUT}": (other_layout,),
}


@pytest.mark.parametrize(
    ("sentence", "harm"), [(sentence, harm) for sentence, every in REFUSED.items() for harm in every]
)
def test_what_is_not_whole_or_not_for_this_version_is_refused_by_name_and_nothing_is_begun(
    sentence: str, harm: Callable[[Path], None], tmp_path: Path, taken: Path
) -> None:
    harm(taken)
    done = typed("restore", taken, "--data", tmp_path / "back")
    assert (done.exit_code, "nothing was restored" in done.stderr) == (2, True)
    assert sentence in done.stderr
    assert not (tmp_path / "back").exists()
    assert (
        sentence in json.loads(typed("restore", taken, "--data", tmp_path / "back", "--json").stdout)["error"]
    )


def test_a_folder_that_holds_anything_is_written_over_by_neither(
    tmp_path: Path, data: Path, taken: Path
) -> None:
    before = texts(data)
    done = typed("restore", taken, "--data", data)
    assert (done.exit_code, "not empty" in done.stderr) == (2, True)
    assert texts(data) == before
    again = typed("backup", taken, "--data", data)
    assert (again.exit_code, "not empty" in again.stderr) == (2, True)
    inside = typed("backup", data / "copy", "--data", data)
    assert (inside.exit_code, "in the data folder itself" in inside.stderr) == (2, True)
    assert texts(data) == before


def test_where_there_is_no_data_or_another_layout_nothing_is_backed_up(tmp_path: Path, data: Path) -> None:
    none = typed("backup", tmp_path / "taken", "--data", tmp_path / "nothing")
    assert (none.exit_code, "there is no data" in none.stderr) == (2, True)
    (data / "layout").write_text("4\n")
    old = typed("backup", tmp_path / "taken", "--data", data)
    assert (old.exit_code, "layout 4" in old.stderr) == (2, True)
    assert not (tmp_path / "taken").exists()


def part(kind: str, name: str, **how: Any) -> PartState:
    return PartState(
        name, kind, 1, how.pop("state", "ready"), pid=os.getpid(), created=created_at(os.getpid())
    )


STORES = tuple(part("store", f"store-{service}") for service in SERVICES)
NOT_READY = {
    "the system is stopping": ("stopping", (part("kafka", "kafka"), *STORES)),
    "store-feedback is being started anew": (
        "ready",
        (part("kafka", "kafka"), *STORES[:3], part("store", "store-feedback", state="restarting")),
    ),
    "Kafka or the stores are your own": ("ready", STORES),
}


@pytest.mark.parametrize(("sentence", "phase", "parts"), [(said, *how) for said, how in NOT_READY.items()])
def test_a_system_of_which_not_every_part_is_there_is_not_backed_up(
    sentence: str, phase: Phase, parts: tuple[PartState, ...], tmp_path: Path, data: Path
) -> None:
    """Nothing of this process is stopped: it would stand still itself."""
    pid, urls = os.getpid(), dict.fromkeys(SERVICES, "")
    state = SystemState(phase, pid, created_at(pid) or 0.0, str(data), 1, "", urls, urls, "", parts=[*parts])
    state.write()
    done = typed("backup", tmp_path / "taken", "--data", data)
    assert (done.exit_code, sentence in done.stderr) == (2, True)
    assert not (tmp_path / "taken").exists()


def test_a_system_that_is_just_being_started_is_not_backed_up(tmp_path: Path, data: Path) -> None:
    with lock(data):
        done = typed("backup", tmp_path / "taken", "--data", data)
    assert (done.exit_code, "not ready" in done.stderr) == (2, True)
    assert not (tmp_path / "taken").exists()


@pytest.mark.parametrize("last", ["attachments/key", "store/intake/WiredTiger.wt"])
def test_a_restore_that_was_broken_off_is_no_folder_to_start_on(
    last: str, tmp_path: Path, taken: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied = shutil.copy2

    def full(source: Path, target: Path) -> object:
        if source == taken / "data" / last:
            raise OSError("a disk is full")
        return copied(source, target)

    monkeypatch.setattr(shutil, "copy2", full)
    done = typed("restore", taken, "--data", tmp_path / "back")
    assert (done.exit_code, "a disk is full" in done.stderr) == (1, True)
    monkeypatch.undo()
    started = typed("up", "--detach", "--data", tmp_path / "back")
    assert (started.exit_code, "remove this one" in started.stderr) == (2, True)


def test_without_space_nothing_is_begun(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(backups.shutil, "disk_usage", lambda _: usage(100, 90, 10))
    done = typed("backup", tmp_path / "taken", "--data", data)
    assert (done.exit_code, "free" in done.stderr) == (1, True)
    assert texts(tmp_path / "taken") == {}
