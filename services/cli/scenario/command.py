"""`qinqing scenario`: invented issues, played as history: a town of three months, or six Wednesdays in Huzhou."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from services.cli.asking import event_log, fail
from services.cli.display import Terminal, print_json
from services.cli.embedded import DEFAULT_BASE_PORT
from services.cli.embedded.services import Parts
from services.cli.errors import first
from services.cli.scenario.starting import FIRST_SEED, NAMES, SIZE, Scenario
from services.cli.system import (
    DEFAULT_DATA,
    WRONG_USE,
    BasePortOption,
    DataOption,
    JsonOption,
    running_system,
)

if TYPE_CHECKING:
    from services.cli.asking import EventLog
    from services.cli.scenario.beginning import Beginning
    from services.cli.scenario.plan import Town

app = typer.Typer(help="Invented enterprises and people, and what they raised.", no_args_is_help=True)


@app.callback()
def _root() -> None:
    """Invented enterprises and people, and what they raised."""


@app.command()
def town(
    seed: Annotated[int, typer.Option(help="Another town of the same day.")] = FIRST_SEED,
    issues: Annotated[int, typer.Option(min=12, max=2000, help="How many issues.")] = SIZE,
    data: DataOption = DEFAULT_DATA,
    base_port: BasePortOption = DEFAULT_BASE_PORT,
    as_json: JsonOption = False,
) -> None:
    """A town at work: issues of the last three months, in every state.

    Beside a running system it has a namespace of its own; where none runs, the live one begins with it, if it is empty.
    """
    made, namespace, _ = _play(Scenario.TOWN, data, base_port, as_json, seed, issues)
    if as_json:
        print_json(_facts(made, namespace))
        return
    Terminal(soft_wrap=True).print(
        f"小城 / town: {len(made.shapes)} issues of {len(made.firms)} enterprises, {_where(namespace)}"
    )


@app.command()
def huzhou(
    file: Annotated[
        str,
        typer.Option(
            "--json", metavar="OUT", help="Write the counted numbers to a file; - is standard output."
        ),
    ] = "",
    data: DataOption = DEFAULT_DATA,
    base_port: BasePortOption = DEFAULT_BASE_PORT,
) -> None:
    """Six Wednesdays from 8 June 2022: 42 talks, and what came of them, told by invented people and counted again.

    Beside a running system it has a namespace of its own; where none runs, the live one begins with it, if it is empty.
    """
    from services.cli.scenario.huzhou.counting import count
    from services.cli.scenario.huzhou.showing import shown

    _, namespace, log = _play(Scenario.HUZHOU, data, base_port, bool(file))
    counted = count(log.events, datetime.now(UTC))
    if file == "-":
        print_json(counted.as_json())
        return
    if file:
        Path(file).write_text(json.dumps(counted.as_json(), ensure_ascii=False) + "\n")
    Terminal(soft_wrap=True).print(*shown(counted, _where(namespace)), sep="\n")


def _play(
    scenario: Scenario, data: Path, base_port: int, as_json: bool, seed: int = FIRST_SEED, size: int = SIZE
) -> "tuple[Town, str, EventLog]":
    """What was played, in which namespace, and all events that are there now."""
    from services.cli.scenario.playing import wanted

    system = running_system(data)
    if system is not None and system.phase != "ready":
        fail(f"a system on {data} is {system.phase}; try again in a moment", as_json, WRONG_USE)
    namespace = "" if system is None else f"replay-{scenario}-{datetime.now(UTC):%Y%m%d-%H%M%S}"
    made, log = asyncio.run(_played(wanted(scenario, seed, size), namespace, data, base_port, as_json))
    return made, namespace, log


async def _played(
    asked: "Beginning", namespace: str, data: Path, base_port: int, as_json: bool
) -> "tuple[Town, EventLog]":
    from services.cli.embedded import AlreadyRunning, PortsTaken, StartFailed, WrongLayout
    from services.cli.replaying.lives import ReplayFailed
    from services.cli.scenario.playing import NotEmpty, begin, play_apart
    from shared.identity.keys import NoKeys

    made: Town | None
    try:
        async with _parts(data, base_port) as parts:
            with _bar(Terminal(stderr=True, soft_wrap=True), NAMES[asked.scenario]) as show:
                if namespace:
                    made = await play_apart(parts, namespace, asked, show)
                else:
                    made = await begin(parts, asked, show)
            log = await event_log(parts.kafka_bootstrap, namespace)
    except* NotEmpty as errors:
        fail(f"没有预置 / nothing was played: {first(errors)}", as_json, WRONG_USE)
    except* (ReplayFailed, StartFailed, PortsTaken, AlreadyRunning) as errors:
        fail(str(first(errors)), as_json)
    except* (WrongLayout, NoKeys) as errors:
        fail(str(first(errors)), as_json, WRONG_USE)
    if made is None:
        fail("没有预置 / nothing was played: this folder began with a scenario already", as_json, WRONG_USE)
    return made, log


def _where(namespace: str) -> str:
    return f"命名空间 / namespace {namespace}" if namespace else "实时 / live"


def _facts(made: "Town", namespace: str) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "issues": len(made.shapes),
        "enterprises": len(made.firms),
        "shapes": dict(sorted(Counter(made.shapes.values()).items())),
    }


@asynccontextmanager
async def _parts(data: Path, base_port: int) -> AsyncIterator[Parts]:
    """The broker and stores of the running system, or ones that are started for this alone."""
    from services.cli.embedded import Embedded

    system = running_system(data)
    if system is not None:
        yield Parts(system.kafka_bootstrap, system.store_urls, system.data_dir)
        return
    async with Embedded(data, base_port, services=()) as embedded:
        yield embedded.parts


class _bar:
    """While it is entered: a bar on stderr; it gives what moves it."""

    def __init__(self, console: Terminal, name: str) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._name = name
        self._progress = Progress(
            *columns, TimeElapsedColumn(), console=console, transient=not console.is_terminal
        )

    def __enter__(self) -> Callable[[int, int], None]:
        self._progress.start()
        task = self._progress.add_task(self._name, total=None)
        return lambda done, of: self._progress.update(task, completed=done, total=of)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
