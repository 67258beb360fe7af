"""`qinqing up`, `stop` and `status`: the whole system started, stopped and looked at."""

import asyncio
import signal
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, NoReturn

import psutil
import typer

from services.cli import display
from services.cli.embedded import (
    DEFAULT_BASE_PORT,
    AlreadyRunning,
    Embedded,
    PortsTaken,
    StartFailed,
    SystemState,
    WrongLayout,
)
from services.cli.embedded.kafka import answers
from services.cli.embedded.network import Lan, NoNetwork, find_lan
from services.cli.embedded.ports import HOST, still_taken
from services.cli.embedded.services import is_ready
from services.cli.embedded.state import check_layout, end_leftovers, living_state, lock, read_state
from services.cli.embedded.stores import listens
from services.cli.errors import DATA, FAILED, JSON, WRONG_USE, remember
from services.cli.scenario.starting import FirstHistory, Scenario, first_history

POLL_SECONDS = 0.1
STOP_TIMEOUT_SECONDS = 90.0

DataOption = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="QINQING_DATA_DIR",
        help="The folder with all data; it survives a stop.",
        callback=remember(DATA),
    ),
]
BasePortOption = Annotated[
    int,
    typer.Option(
        "--base-port", envvar="QINQING_BASE_PORT", min=1024, max=65500, help="The first port to use."
    ),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="JSON on stdout instead of text.", callback=remember(JSON))
]
DEFAULT_DATA = Path("qinqing-data")


def data_option(data: Path) -> str:
    """What a command that is printed as a hint needs to find this folder: nothing for the usual one."""
    return "" if data.resolve() == DEFAULT_DATA.resolve() else f" --data {data}"


@dataclass(frozen=True)
class RunningSystem:
    """Where the parts of a running system are, for the commands that use one."""

    pid: int
    phase: str
    data_dir: Path
    base_port: int
    kafka_bootstrap: str
    store_urls: dict[str, str]
    service_urls: dict[str, str]
    started_at: str
    jurisdiction: str = "huzhou"
    portal_url: str = ""


def running_system(data_dir: Path = DEFAULT_DATA) -> RunningSystem | None:
    """The system that runs on this data folder (starting, ready or stopping), or None."""
    state = living_state(data_dir)
    if state is None:
        return None
    return RunningSystem(
        pid=state.pid,
        phase=state.phase,
        data_dir=Path(state.data_dir),
        base_port=state.base_port,
        kafka_bootstrap=state.kafka_bootstrap,
        store_urls=state.store_urls,
        service_urls=state.service_urls,
        started_at=state.started_at,
        jurisdiction=state.jurisdiction,
        portal_url=state.portal_url,
    )


def up(
    detach: Annotated[
        bool, typer.Option("--detach", help="Return when all is ready; `qinqing stop` ends it.")
    ] = False,
    scenario: Annotated[
        Scenario | None, typer.Option(help="What a first start begins with: a town, or Huzhou in 2022.")
    ] = None,
    lan: Annotated[
        bool,
        typer.Option("--lan", help="Let phones on the same network join the portal, by a one-time code."),
    ] = False,
    lan_address: Annotated[
        str, typer.Option(help="The same, on this address of this machine.", metavar="ADDRESS")
    ] = "",
    data: DataOption = DEFAULT_DATA,
    base_port: BasePortOption = DEFAULT_BASE_PORT,
    as_json: JsonOption = False,
) -> None:
    """Start Kafka, the stores, the four services and the portal, and keep them running."""
    if (state := living_state(data)) is not None:
        _refuse(as_json, display.already_running(state), {"error": "already running", "pid": state.pid})
    history = first_history(data, scenario)
    try:
        network = find_lan(lan_address) if lan or lan_address else None
    except NoNetwork as error:
        _refuse(as_json, f"Nothing was started. {error}")
    system = Embedded(data, base_port, before_services=history, lan=network)
    if not detach:
        raise SystemExit(asyncio.run(_run(system, as_json, history)))
    try:
        check_layout(system.data_dir)
    except WrongLayout as error:
        _refuse(as_json, str(error))
    if taken := asyncio.run(still_taken(system.needed_ports())):
        _refuse_ports(PortsTaken(taken), as_json)
    _start_detached(system, as_json, scenario, network)


async def _run(system: Embedded, as_json: bool, history: FirstHistory | None) -> int:
    """Start, show, and stay until a signal comes; the exit code."""
    from shared.identity.keys import NoKeys

    ending = asyncio.Event()

    def _end() -> None:
        if ending.is_set():
            system.kill()  # asked twice
        ending.set()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, _end)
    with display.Progress(lambda: read_state(system.data_dir), quiet=as_json):
        starting = asyncio.create_task(system.start())
        asked = asyncio.create_task(ending.wait())
        await asyncio.wait({starting, asked}, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done():
            starting.cancel()
        try:
            await starting
        except asyncio.CancelledError:
            asked.cancel()
            return 128 + signal.SIGINT
        except (PortsTaken, AlreadyRunning, WrongLayout, NoKeys) as error:
            asked.cancel()
            _refuse_ports(error, as_json) if isinstance(error, PortsTaken) else _refuse(as_json, str(error))
        except StartFailed as error:
            asked.cancel()
            _fail(as_json, str(error))
    if history is not None and history.said:
        display.Terminal(stderr=True, soft_wrap=True).print(history.said)
    _announce(system.data_dir, as_json, foreground=True)
    await asked
    with display.Stopping(quiet=as_json):
        await system.stop()
    return 0


def _start_detached(system: Embedded, as_json: bool, scenario: Scenario | None, network: Lan | None) -> None:
    """Run `up` in a process of its own and watch its state file until it is ready."""
    log_dir = system.data_dir / "logs"
    log_dir.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "services.cli.main", "up", "--data", str(system.data_dir)]
    command += ["--base-port", str(system.ports.base)]
    if scenario is not None:
        command += ["--scenario", scenario.value]
    if network is not None:
        command += ["--lan-address", network.address]
    with (log_dir / "up.log").open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _state() -> SystemState | None:
        state = read_state(system.data_dir)
        return state if state is not None and state.pid == process.pid else None

    with display.Progress(_state, quiet=as_json):
        while process.poll() is None and ((state := _state()) is None or state.phase == "starting"):
            time.sleep(POLL_SECONDS)
    state = _state()
    if process.poll() is not None or state is None or state.phase != "ready":
        message = state.message if state is not None else ""
        code = WRONG_USE if process.returncode == WRONG_USE else FAILED
        log = (log_dir / "up.log").read_text(errors="replace").strip()
        _end_with(code, as_json, message or log, None)
    _announce(system.data_dir, as_json, foreground=False)


def _announce(data_dir: Path, as_json: bool, foreground: bool) -> None:
    state = read_state(data_dir)
    assert state is not None, "start() has written it"
    if as_json:
        display.print_json(asdict(state))
    else:
        display.Terminal().print(
            display.banner(
                state,
                foreground=foreground,
                default_data=data_dir == DEFAULT_DATA.resolve(),
                program=display.program(),
            )
        )


def stop(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Stop the running system: portal and services, then stores, then Kafka; the data stays."""
    began = time.monotonic()
    state = living_state(data)
    if state is None:
        left = _end_what_is_left(data)
        _tell(as_json, {"stopped": bool(left), "ended": left}, display.nothing_running(data.resolve(), left))
        return
    supervisor = psutil.Process(state.pid)
    with display.Stopping(quiet=as_json):
        supervisor.terminate()
        try:
            supervisor.wait(STOP_TIMEOUT_SECONDS)
        except psutil.TimeoutExpired:
            supervisor.kill()  # its children go with it, or are ended below
            supervisor.wait(10)
        left = _end_what_is_left(data)
    seconds = round(time.monotonic() - began, 1)
    answer = {
        "stopped": True,
        "pid": state.pid,
        "seconds": seconds,
        "ended": left,
        "data_dir": state.data_dir,
    }
    _tell(as_json, answer, f"Stopped in {seconds} s. The data stays in {state.data_dir}.")


def _end_what_is_left(data: Path) -> list[str]:
    if not data.exists():
        return []
    try:
        with lock(data.resolve()):
            return end_leftovers(data.resolve())
    except AlreadyRunning:  # somebody starts it at this very moment
        return []


def status(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Show each part: process, port, whether it is ready now, memory, restarts. Exit code 1 when nothing runs."""
    state = living_state(data)
    if state is None:
        _tell(as_json, {"running": False}, display.nothing_running(data.resolve(), []))
        raise SystemExit(FAILED)
    ready = asyncio.run(_ready_now(state))
    parts = [
        asdict(part) | {"ready": ready[part.name], "memory_mb": _memory_mb(part.pid)} for part in state.parts
    ]
    fields = asdict(state) | {"running": True, "supervisor_memory_mb": _memory_mb(state.pid), "parts": parts}
    if as_json:
        display.print_json(fields)
    else:
        display.Terminal().print(display.status_table(fields))


async def _ready_now(state: SystemState) -> dict[str, bool]:
    ask = {"kafka": answers, "store": listens, "service": is_ready, "portal": is_ready, "mailbox": listens}
    found = await asyncio.gather(*(ask[part.kind](HOST, part.port) for part in state.parts))
    return {part.name: ready for part, ready in zip(state.parts, found, strict=True)}


def _memory_mb(pid: int | None) -> float | None:
    try:
        return round(psutil.Process(pid).memory_info().rss / 1e6, 1) if pid is not None else None
    except psutil.Error:
        return None


def _tell(as_json: bool, fields: dict[str, Any], text: str) -> None:
    if as_json:
        display.print_json(fields)
    else:
        display.Terminal(soft_wrap=True).print(text)


def _refuse_ports(error: PortsTaken, as_json: bool) -> NoReturn:
    _refuse(
        as_json,
        display.ports_taken(error),
        {"error": "ports taken", "ports": [asdict(p) for p in error.taken]},
    )


def _refuse(as_json: bool, text: str, fields: dict[str, Any] | None = None) -> NoReturn:
    _end_with(WRONG_USE, as_json, text, fields)


def _fail(as_json: bool, text: str) -> NoReturn:
    _end_with(FAILED, as_json, text, None)


def _end_with(code: int, as_json: bool, text: str, fields: dict[str, Any] | None) -> NoReturn:
    if as_json:
        display.print_json(fields or {"error": text})
    display.Terminal(stderr=True, soft_wrap=True).print(text)
    raise SystemExit(code)
