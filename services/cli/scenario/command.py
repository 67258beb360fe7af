"""`qinqing scenario`: invented issues of three months, played as history."""

import asyncio
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

from services.cli.asking import fail
from services.cli.display import Terminal, print_json
from services.cli.embedded import DEFAULT_BASE_PORT
from services.cli.embedded.services import Parts
from services.cli.errors import first
from services.cli.scenario.starting import FIRST_SEED, SIZE
from services.cli.system import (
    DEFAULT_DATA,
    WRONG_USE,
    BasePortOption,
    DataOption,
    JsonOption,
    running_system,
)

if TYPE_CHECKING:
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
    console = Terminal(stderr=True, soft_wrap=True)
    system = running_system(data)
    if system is not None and system.phase != "ready":
        fail(f"a system on {data} is {system.phase}; try again in a moment", as_json, WRONG_USE)
    played = asyncio.run(_town(console, data, base_port, seed, issues, as_json))
    if as_json:
        print_json(played)
        return
    where = f"命名空间 / namespace {played['namespace']}" if played["namespace"] else "实时 / live"
    Terminal(soft_wrap=True).print(
        f"小城 / town: {played['issues']} issues of {played['enterprises']} enterprises, {where}"
    )


async def _town(
    console: Terminal, data: Path, base_port: int, seed: int, issues: int, as_json: bool
) -> dict[str, Any]:
    from services.cli.embedded import AlreadyRunning, PortsTaken, StartFailed, WrongLayout
    from services.cli.replaying.lives import ReplayFailed
    from services.cli.scenario.playing import NotEmpty, begin, play_apart
    from shared.identity.keys import NoKeys

    running = running_system(data)
    try:
        async with _parts(data, base_port) as parts:
            with _bar(console) as show:
                if running is None:
                    made, namespace = await begin(parts, seed, issues, show), ""
                else:
                    namespace = f"replay-town-{datetime.now(UTC):%Y%m%d-%H%M%S}"
                    made = await play_apart(parts, namespace, seed, issues, show)
    except* NotEmpty as errors:
        fail(f"没有预置 / nothing was played: {first(errors)}", as_json, WRONG_USE)
    except* (ReplayFailed, StartFailed, PortsTaken, AlreadyRunning) as errors:
        fail(str(first(errors)), as_json)
    except* (WrongLayout, NoKeys) as errors:
        fail(str(first(errors)), as_json, WRONG_USE)
    if made is None:
        fail("没有预置 / nothing was played: this folder began with a town already", as_json, WRONG_USE)
    return _facts(made, namespace)


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

    def __init__(self, console: Terminal) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._progress = Progress(
            *columns, TimeElapsedColumn(), console=console, transient=not console.is_terminal
        )

    def __enter__(self) -> Callable[[int, int], None]:
        self._progress.start()
        task = self._progress.add_task("小城 / town", total=None)
        return lambda done, of: self._progress.update(task, completed=done, total=of)

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
