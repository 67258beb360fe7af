"""What commands print: plain text whoever wrote it, JSON, progress, the banner, the status table."""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from services.cli.embedded import PortsTaken, SystemState
from services.cli.phones import for_phones

NOT_SHOWN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What moves a terminal's cursor, colours it or turns its text around, and what no terminal can write."""


def shown(text: str) -> str:
    """A text that may come from anybody, as it may stand on a terminal."""
    return NOT_SHOWN.sub("\ufffd", text)


class Terminal(Console):
    """A console on which text is text, also in tables: no markup, no emoji codes, no control characters.

    What is to be coloured is a ``Text`` of our own; where it holds a stranger's words, they go through ``shown``.
    """

    def __init__(self, *, stderr: bool = False, soft_wrap: bool = False) -> None:
        super().__init__(stderr=stderr, soft_wrap=soft_wrap, markup=False, emoji=False, highlight=False)

    def render_str(self, text: str, **how: Any) -> Text:
        """Every text that is printed, and every cell of a table, comes by here."""
        return super().render_str(shown(text), **how)


def new_table(*columns: str, whole: Collection[str] = (), title: str | None = None) -> Table:
    """A table that loses nothing at 80 columns: its columns are wrapped, but for those that are to stay ``whole``."""
    made = Table(title=title)
    for name in columns:
        made.add_column(name, overflow="fold", no_wrap=name in whole)
    return made


def print_fields(fields: Mapping[str, Any], width: int) -> None:
    """What is known of one person or enterprise, a line for each field that says something; ``width`` of the names."""
    terminal = Terminal(soft_wrap=True)
    for name, value in fields.items():
        if value and name not in ("version", "due"):
            terminal.print(f"{name:<{width}} {', '.join(value) if isinstance(value, list) else value}")


def print_json(value: object) -> None:
    """One JSON value on one line of stdout; half a character is written as its escape, an endless number as null."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:
        from pydantic_core import to_json

        text = to_json(value, inf_nan_mode="null").decode()
    print(text.encode("utf-8", "backslashreplace").decode(), flush=True)


def unreadable(count: int) -> None:
    """Say on stderr how many records no command could read; nothing where there are none."""
    if count:
        Terminal(stderr=True, soft_wrap=True).print(
            f"{count} 条记录无法读取 / records that could not be read: {count}"
        )


LABELS = {
    "kafka": "Kafka 4.3",
    "store": "store of ",
    "service": "service ",
    "portal": "the ",
    "mailbox": "the ",
}
MARKS = {"ready": ("✓", "green"), "failed": ("✗", "red"), "stopped": ("·", "dim")}


class Progress:
    """While it is entered: a live list of the parts on stderr, read from the state, with the time each took."""

    def __init__(self, read: Callable[[], SystemState | None], quiet: bool) -> None:
        self._read = read
        self._began = time.monotonic()
        console = Terminal(stderr=True)
        self._live = None if quiet else Live(get_renderable=self.drawn, console=console, refresh_per_second=8)

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
            if not self._live.console.is_terminal:
                self._live.console.print()  # a file gets the last picture without its line's end

    def drawn(self) -> RenderableType:
        """How it stands now: the parts, and what is played before the services run."""
        state = self._read()
        table = Table.grid(padding=(0, 2))
        for mark, name, took in _begun(state) if state is not None else ():
            sign, colour = MARKS.get(mark, ("…", "yellow"))
            table.add_row(Text(sign, style=colour), name, Text(took, style="dim"))
        return Group(Text(f"Starting, {time.monotonic() - self._began:.0f} s", style="bold"), table)


def _begun(state: SystemState) -> Iterator[tuple[str, str, str]]:
    """Of each part, and of what is played before the services run: how it stands, its name, how long it took."""
    played = ("failed" if state.phase == "failed" else "…", state.played, state.played_progress)
    if state.played_seconds is not None:
        played = ("ready", state.played, f"{state.played_seconds:.1f} s")
    first = next((part for part in state.parts if part.kind == "service"), None)
    for part in state.parts:
        if state.played and part is first:
            yield played
        took = (
            f"{part.ready_seconds:.1f} s" if part.ready_seconds is not None else part.progress or part.state
        )
        yield part.state, _label(part.kind, part.name), took


class Stopping:
    """While it is entered: a spinner on stderr."""

    def __init__(self, quiet: bool) -> None:
        spinner = Spinner("dots", "Stopping: services, stores, Kafka")
        console = Terminal(stderr=True)
        console.quiet = quiet
        self._live = Live(spinner, console=console, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()


def _label(kind: str, name: str) -> str:
    return LABELS["kafka"] if kind == "kafka" else LABELS[kind] + name.removeprefix("store-")


def banner(
    state: SystemState, *, foreground: bool, default_data: bool, program: str = "qinqing"
) -> RenderableType:
    """One address to open, where the data is, and what to do next; ports are what `qinqing status` shows."""
    address = Text.assemble(("打开 / open  ", "bold"), (state.portal_url, "bold underline"))
    who = Text("选一个身份，人物均为虚构 / choose whom you want to be, all are invented", style="dim")
    option = "" if default_data else f" --data {state.data_dir}"
    where = Table.grid(padding=(0, 2))
    where.add_row("data", f"{state.data_dir} (kept: it is there again at the next start)")
    todo = Table.grid(padding=(0, 2))
    todo.add_row(f"{program} status{option}", "ports, documents, logs, memory")
    todo.add_row(f"{program} submit{option}", "raise an issue from here")
    todo.add_row(f"{program} replay FILE.csv{option}", "a year of real messages, replayed")
    todo.add_row(
        f"{program} stop{option}" + (" or Ctrl-C" if foreground else ""), "stop all of it; the data stays"
    )
    title = f"亲清 Qinqing runs: {len(state.parts)} processes, ready in {state.ready_seconds:.1f} s"
    lines: list[RenderableType] = [Text(), address, who, *for_phones(state), Text(), where, Text(), todo]
    return Panel(Group(*lines), title=title, expand=False)


def program() -> str:
    """How this command line is called from here: `qinqing` where it is on the PATH."""
    if shutil.which("qinqing"):
        return "qinqing"
    beside = Path(sys.executable).with_name("qinqing")
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)


def status_table(fields: dict[str, Any]) -> RenderableType:
    """The table of `qinqing status`; `fields` is what --json prints."""
    table = Table(header_style="bold")
    for column in ("part", "pid", "port", "ready", "memory", "restarts"):
        table.add_column(column, justify="left" if column == "part" else "right")
    for part in fields["parts"]:
        ready = Text("yes", style="green") if part["ready"] else Text(part["progress"] or "no", style="red")
        memory = f"{part['memory_mb']:.0f} MB" if part["memory_mb"] is not None else "-"
        label = _label(part["kind"], part["name"])
        table.add_row(label, str(part["pid"] or "-"), str(part["port"]), ready, memory, str(part["restarts"]))
    memory = f"{fields['supervisor_memory_mb']:.0f} MB" if fields["supervisor_memory_mb"] is not None else "-"
    table.add_row("supervisor", str(fields["pid"]), "", fields["phase"], memory, "")
    where = f"since {fields['started_at']}, data in {fields['data_dir']}, logs in its folder logs"
    how = "/docs on each service documents its HTTP, /asyncapi.json its events (AsyncAPI 3), /metrics measures it"
    portal = f"the portal, for people: {fields['portal_url']}" if fields["portal_url"] else ""
    lan = f"for phones on this network: {fields['lan_url']}" if fields["lan_url"] else ""
    return Group(table, *(Text(line, style="dim") for line in (portal, lan, where, how) if line))


def already_running(state: SystemState) -> str:
    return (
        f"This system already runs (pid {state.pid}, since {state.started_at}, ports from {state.base_port}, "
        f"data in {state.data_dir}).\n"
        "See it with `qinqing status`, stop it with `qinqing stop` or `make stop`; a second one needs a data folder "
        "and ports of its own: `qinqing up --data DIR --base-port N`."
    )


def ports_taken(error: PortsTaken) -> str:
    lines = [f"  port {port}" for port in error.taken]
    ways = "`qinqing up --base-port N`, `make run BASE_PORT=N`, or QINQING_BASE_PORT=N in the environment"
    return "\n".join(["Nothing was started, because these are taken:", *lines, f"Other ports: {ways}."])


def nothing_running(data_dir: Path, ended: list[str]) -> str:
    if ended:
        return f"The supervisor on {data_dir} was gone; ended what it had left: {', '.join(ended)}."
    return f"Nothing runs on {data_dir}."
