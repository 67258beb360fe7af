"""`qinqing restart`: parts of a running system stopped politely and started again, one after the other."""

import time
from pathlib import Path
from typing import Annotated

import typer

from services.cli import display
from services.cli.asking import fail
from services.cli.embedded.state import PartState, process_of, read_state
from services.cli.errors import WRONG_USE
from services.cli.system import DEFAULT_DATA, DataOption, JsonOption, running_system

POLL_SECONDS = 0.1
TIMEOUT_SECONDS = 120.0
KINDS = ("service", "portal")
"""What is started again one by one; a store or Kafka under running services is an accident, not an upgrade."""


def restart(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Which, in this order; the four services and the portal.", metavar="PART"),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Stop and start services and portal, one after the other, each when the one before is ready again."""
    if running_system(data) is None:
        fail(f"Nothing runs on {data.resolve()}.", as_json)
    parts = [part for part in _parts(data) if part.kind in KINDS]
    known = [part.name for part in parts]
    if unknown := [name for name in names or () if name not in known]:
        fail(f"There is no {', '.join(unknown)} here; there are {', '.join(known)}.", as_json, WRONG_USE)
    took = {name: _restarted(data, name, as_json) for name in dict.fromkeys(names or known)}
    if as_json:
        display.print_json({"restarted": took})


def _restarted(data: Path, name: str, as_json: bool) -> float:
    """End one part, and wait until its supervisor has started it again and it is ready; the seconds that took."""
    began = time.monotonic()
    before = _part(data, name)
    process = process_of(before.pid, before.created)
    if process is None:
        fail(f"{name} does not run just now: qinqing status says more.", as_json)
    process.terminate()
    while (now := _part(data, name)).pid in (before.pid, None) or now.state != "ready":
        if time.monotonic() - began > TIMEOUT_SECONDS or now.state == "failed":
            fail(f"{name} is not ready again: logs/{name}.log in the data folder says why.", as_json)
        time.sleep(POLL_SECONDS)
    seconds = round(time.monotonic() - began, 1)
    if not as_json:
        display.Terminal(soft_wrap=True).print(f"{name}: ready again after {seconds} s")
    return seconds


def _parts(data: Path) -> list[PartState]:
    state = read_state(data.resolve())
    return [] if state is None else state.parts


def _part(data: Path, name: str) -> PartState:
    return next((part for part in _parts(data) if part.name == name), PartState(name, "", 0, "failed"))
