"""`qinqing up --lan`: on which address, what the banner says and draws, and what it says where that is not clear."""

import io
import re
import socket
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest
from rich.console import Console
from typer.testing import CliRunner

from services.cli import display
from services.cli.embedded import network
from services.cli.embedded.network import Lan, NoNetwork, address, find_lan
from services.cli.embedded.services import Parts, portal_program, service_program
from services.cli.embedded.state import SystemState
from services.cli.main import app
from services.portal.joining import ALPHABET, CODE_CHARS

CODE = "7K3M9QXT2B"


class Found(NamedTuple):
    """An address as psutil has it."""

    family: int
    address: str


class Up(NamedTuple):
    """And an interface."""

    isup: bool


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What a machine of the tests has: {name of the interface: address}; each is up but for "down"."""
    has = {"lo": "127.0.0.1", "wlan0": "192.0.2.5"}
    monkeypatch.setattr(
        psutil, "net_if_addrs", lambda: {name: [Found(socket.AF_INET, one)] for name, one in has.items()}
    )
    monkeypatch.setattr(psutil, "net_if_stats", lambda: {name: Up(name != "down") for name in has})
    monkeypatch.setattr(network, "_usual", lambda: "")
    return has


def test_the_only_address_on_a_local_network_is_taken(here: dict[str, str]) -> None:
    found = find_lan()
    assert found.address == "192.0.2.5" and re.fullmatch(f"[{ALPHABET}]{{{CODE_CHARS}}}", found.code)
    assert find_lan().code != found.code


@pytest.mark.parametrize("more", ["8.8.8.8", "169.254.3.4", "0.0.0.0", "127.0.0.2"])
def test_what_is_no_address_of_a_local_network_is_not(here: dict[str, str], more: str) -> None:
    here["more"] = more
    here["down"] = "10.0.0.9"
    assert address() == "192.0.2.5"
    for wanted in (more, "10.0.0.9", "example.org", "0.0.0.0"):
        with pytest.raises(NoNetwork, match="no address of this machine on a local network"):
            address(wanted)


def test_of_several_the_one_by_which_others_are_reached_is_taken(
    here: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    here["docker0"] = "198.51.100.1"
    monkeypatch.setattr(network, "_usual", lambda: "192.0.2.5")
    assert address() == "192.0.2.5" and address("198.51.100.1") == "198.51.100.1"


def test_where_it_is_not_clear_which_or_there_is_none_that_is_said_and_nothing_is_started(
    here: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.cli.system.Embedded", lambda *_, **__: pytest.fail("it was begun"))
    here["docker0"] = "198.51.100.1"
    several = CliRunner().invoke(app, ["up", "--lan"])
    assert several.exit_code == 2
    assert all(one in several.stderr for one in ("198.51.100.1", "192.0.2.5", "--lan-address", "LAN="))
    here.clear()
    none = CliRunner().invoke(app, ["up", "--lan", "--json"])
    assert none.exit_code == 2 and "It has none" in none.stderr and '"error"' in none.stdout


def test_only_the_portal_is_given_the_address_and_it_answers_under_that_name(tmp_path: Path) -> None:
    parts = Parts("127.0.0.1:1", {"intake": "mongodb://127.0.0.1:1"}, tmp_path)
    given = portal_program(parts, 18404, {}, lan=Lan("192.0.2.5", CODE)).env
    assert (given["QINQING_HTTP_HOST"], given["QINQING_LAN_CODE"]) == ("192.0.2.5", CODE)
    assert "192.0.2.5:18404" in given["QINQING_HTTP_HOSTS"].split(",")
    plain = portal_program(parts, 18404, {}).env
    assert (plain["QINQING_HTTP_HOST"], plain["QINQING_LAN_CODE"]) == ("127.0.0.1", "")
    assert service_program("intake", parts, 18400).env["QINQING_HTTP_HOST"] == "127.0.0.1"


def printed(**more: str) -> str:
    state = SystemState(
        "ready", 1, 0.0, "/data", 18400, "", {}, {}, "", portal_url="http://127.0.0.1:18404", **more
    )
    console = Console(file=io.StringIO(), width=100)
    console.print(display.banner(state, foreground=True, default_data=True))
    return str(console.file.getvalue())  # type: ignore[attr-defined]


def test_the_banner_shows_phones_the_way_and_says_what_that_means() -> None:
    said = printed(lan_url="http://192.0.2.5:18404", lan_code=CODE)
    assert "http://192.0.2.5:18404" in said and CODE in said
    assert "均可选用任一虚构身份" in said
    assert "can become any of the invented" in said
    drawn = [line for line in said.splitlines() if re.search("[█▀▄]{3}", line)]
    assert len(drawn) > 15 and len({len(line) for line in drawn}) == 1


def test_the_banner_of_a_system_on_loopback_says_nothing_of_phones() -> None:
    said = printed()
    assert "phone" not in said and "█" not in said
