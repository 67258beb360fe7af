"""A service that does not know whose tokens to believe does not start, and says in one line what to do."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from services.cli.embedded import SERVICES
from shared.identity.keys import ISSUERS, REFERENCE, SIGNING, VAULT, make_keys

# Each module is there already and is run once more, as a program.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

NEEDS = {"intake": (ISSUERS, REFERENCE, VAULT), "feedback": (ISSUERS, REFERENCE)}
NEEDED = [(name, file) for name in SERVICES for file in NEEDS.get(name, (ISSUERS,))]


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("QINQING_")]:
        monkeypatch.delenv(name)


def refused(capsys: pytest.CaptureFixture[str], name: str, *parts: str) -> str:
    """The one line with which this service, started as a program, ended with exit code 2."""
    with pytest.raises(SystemExit) as end:
        runpy.run_module(f"services.{name}.app", run_name="__main__")
    assert end.value.code == 2
    said = capsys.readouterr().err
    assert_clear(said, name, *parts)
    return said


def assert_clear(said: str, *parts: str) -> None:
    assert said.count("\n") == 1, said
    for part in (*parts, "does not start", "QINQING_KEYS_DIR", "docs/security.md"):
        assert part in said


def test_without_a_folder_of_keys_a_service_ends_at_once() -> None:
    command = [sys.executable, "-m", "services.intake.app"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert_clear(ended.stderr, "intake", ISSUERS, REFERENCE, VAULT)


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_starts_without_a_folder_of_keys(capsys: pytest.CaptureFixture[str], name: str) -> None:
    refused(capsys, name, *NEEDS.get(name, (ISSUERS,)))


@pytest.mark.parametrize(("name", "file"), NEEDED)
def test_a_service_without_one_of_its_keys_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, file: str
) -> None:
    make_keys(tmp_path)
    (tmp_path / file).unlink()
    monkeypatch.setenv("QINQING_KEYS_DIR", str(tmp_path))
    refused(capsys, name, str(tmp_path / file))


def test_what_stands_in_a_wrong_file_is_not_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_keys(tmp_path)
    (tmp_path / ISSUERS).write_text((tmp_path / SIGNING).read_text())
    monkeypatch.setenv("QINQING_KEYS_DIR", str(tmp_path))
    said = refused(capsys, "dispatch", str(tmp_path / ISSUERS))
    assert (tmp_path / SIGNING).read_text()[20:60] not in said
