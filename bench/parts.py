"""The real parts the benchmarks run on, in folders that go away: Kafka with one store, or the whole `qinqing up`."""

import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from bench.machine import ROOT
from services.cli.embedded import Embedded, Parts, SystemState
from services.cli.embedded.ports import taken_ports
from services.cli.embedded.services import jurisdiction
from services.cli.embedded.state import read_state
from services.cli.identity import Deployment
from shared.contract.words import Role
from shared.identity.tokens import LIFETIME

PORTS_NEEDED = 24
START_SECONDS = 240
_names: list[socket.socket] = []
PERSON = "0" * 32
"""The reference of that entrepreneur, whatever the key: benchmarks write documents before there is one."""


def free_base_port() -> int:
    """A base port whose whole range is free, below the ports the system hands to outgoing connections.

    It is this process's until it ends: another one that looks for ports at the same time finds others.
    """
    while True:
        base = random.randrange(20_000, 32_000, PORTS_NEEDED)
        if not taken_ports(dict.fromkeys(range(base, base + PORTS_NEEDED), "a test")) and _is_mine(base):
            return base


def _is_mine(base: int) -> bool:
    """Whether no other process has taken the name of this range; the system gives it back when this one ends."""
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0qinqing-ports-{base}")
    except OSError:
        name.close()
        return False
    _names.append(name)
    return True


def rater(data: Path) -> str:
    """A token of the entrepreneur who raises and rates here, under the keys of this data folder."""
    deployment = Deployment(data / "keys", jurisdiction(), as_json=False)
    caller = deployment.entrepreneur("bench").model_copy(update={"person": PERSON})
    return deployment.token(caller, LIFETIME)


def official(data: Path, role: Role, department: str = "") -> str:
    """A token of somebody who acts in this role, under the keys of this data folder."""
    deployment = Deployment(data / "keys", jurisdiction(), as_json=False)
    return deployment.token(deployment.official("bench", [role], department), LIFETIME)


@asynccontextmanager
async def broker_and_store() -> AsyncIterator[Parts]:
    """A Kafka and one store of one's own, without services."""
    with tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder:
        async with Embedded(Path(folder), free_base_port(), services=(), stores=("intake",)) as system:
            yield system.parts


@asynccontextmanager
async def kafka_and_stores(data: Path) -> AsyncIterator[Parts]:
    """The broker and the four stores of a folder that a system has left, to look into."""
    async with Embedded(data, free_base_port(), services=()) as system:
        yield system.parts


@contextmanager
def whole_system(*options: str) -> Iterator[SystemState]:
    """`qinqing up` as a user starts it, in a folder and on ports of its own; stopped at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="qinqing-bench-") as folder,
        running(Path(folder), *options) as system,
    ):
        yield system


@contextmanager
def running(folder: Path, *options: str) -> Iterator[SystemState]:
    """The same in a folder that stays; entered once the system says that it is ready."""
    command = [sys.executable, "-m", "services.cli.main", "up", "--json", "--data", str(folder)]
    command += [*options, "--base-port", str(free_base_port())]
    with started(command, folder, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) as state:
        yield state


@contextmanager
def started(command: list[str], folder: Path, *, cwd: Path, env: Mapping[str, str]) -> Iterator[SystemState]:
    """The system that a command starts on this data folder, from its being ready until the end of this."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "up.log").open("wb") as output:
        process = subprocess.Popen(command, cwd=cwd, stdout=output, stderr=output, env=env)
    try:
        yield _ready(process, folder)
    finally:
        process.terminate()
        process.wait(60)


def _ready(process: "subprocess.Popen[bytes]", folder: Path) -> SystemState:
    """What it says when it is ready; a browser's tests ask, whose thread has an event loop that runs already."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        state = read_state(folder)
        if state is not None and state.phase == "ready":
            return state
        if process.poll() is not None:
            why = state.message if state is not None and state.message else (folder / "up.log").read_text()
            raise RuntimeError(f"`qinqing up` does not start here: {_one_line(why)}")
        time.sleep(0.1)  # a foreign process: nothing to await
    raise TimeoutError(f"`qinqing up` is not ready after {START_SECONDS} s")


def _one_line(text: str) -> str:
    with suppress(ValueError, KeyError, TypeError):
        text = json.loads(text)["error"]
    return " ".join(text.split())[-300:]
