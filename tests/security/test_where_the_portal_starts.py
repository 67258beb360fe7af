"""The portal lets anybody be anybody, so it starts where that hurts nobody, and else says why not in one line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.portal.app import run
from shared.identity.keys import REFERENCE, SIGNING, make_keys

EMBEDDED = {"QINQING_EMBEDDED": "1"}
LAN = {"QINQING_LAN_CODE": "7K3M9QXT2B"}


@pytest.fixture
def said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """What the portal says, started with these settings alone, before it ends."""

    def _started(**settings: str) -> str:
        for name in [name for name in os.environ if name.startswith("QINQING_")]:
            monkeypatch.delenv(name)
        for name, value in {"QINQING_PORTAL_DIR": str(tmp_path / "portal"), **settings}.items():
            monkeypatch.setenv(name, value)
        # Where it would go on and serve, this says so.
        monkeypatch.setattr("uvicorn.Server.run", lambda *_: pytest.fail("it starts"))
        with pytest.raises(SystemExit) as ended:
            run()
        assert ended.value.code == 2
        return capsys.readouterr().err

    return _started


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"QINQING_HTTP_HOST": "127.0.0.1"},
        {**EMBEDDED, "QINQING_HTTP_HOST": "0.0.0.0"},
        {**EMBEDDED, "QINQING_HTTP_HOST": "192.0.2.5"},
        {**LAN, "QINQING_HTTP_HOST": "192.0.2.5"},
        {**EMBEDDED, **LAN, "QINQING_HTTP_HOST": "0.0.0.0"},
        {**EMBEDDED, **LAN, "QINQING_HTTP_HOST": "::"},
        {**EMBEDDED, **LAN, "QINQING_HTTP_HOST": "8.8.8.8"},
        {**EMBEDDED, **LAN, "QINQING_HTTP_HOST": "example.org"},
    ],
    ids=[
        "not embedded",
        "on loopback, not embedded",
        "embedded, on every address",
        "embedded, on a network, without a code",
        "on a network, with a code, not embedded",
        "with a code, on every address",
        "with a code, on every address of the newer kind",
        "with a code, on a public address",
        "with a code, under a name",
    ],
)
def test_it_starts_nowhere_but_in_the_embedded_system_on_loopback_or_with_a_code_on_one_local_address(
    tmp_path: Path, said: Callable[..., str], settings: dict[str, str]
) -> None:
    make_keys(tmp_path / "keys")
    heard = said(QINQING_KEYS_DIR=str(tmp_path / "keys"), **settings)
    assert heard.count("\n") == 1
    assert "portal does not start" in heard and "QINQING_EMBEDDED=1" in heard
    assert not (tmp_path / "portal").exists()


def test_the_program_ends_so(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("QINQING_")}
    environment["QINQING_PORTAL_DIR"] = str(tmp_path / "portal")
    command = [sys.executable, "-m", "services.portal.app"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert ended.returncode == 2 and ended.stderr.count("\n") == 1
    assert "portal does not start" in ended.stderr
    assert not (tmp_path / "portal").exists()


@pytest.mark.parametrize("missing", ["all", SIGNING, REFERENCE])
def test_without_its_keys_it_names_the_one_that_is_missing(
    tmp_path: Path, said: Callable[..., str], missing: str
) -> None:
    make_keys(tmp_path)
    settings = {**EMBEDDED, "QINQING_KEYS_DIR": str(tmp_path)}
    if missing == "all":
        del settings["QINQING_KEYS_DIR"]
    else:
        (tmp_path / missing).unlink()
    heard = said(**settings)
    assert heard.count("\n") == 1
    assert (missing if missing != "all" else "QINQING_KEYS_DIR") in heard
