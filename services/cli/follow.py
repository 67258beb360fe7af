"""`qinqing follow`: what happens to one issue, or what one department is told, live from the topics."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from services.cli.asking import fail, local, need_namespace, need_system
from services.cli.display import Terminal, print_json, shown, unreadable
from services.cli.namespaces import NamespaceOption
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

if TYPE_CHECKING:
    from shared.bus.records import Record

app = typer.Typer(help="Follow an issue or a department live, from the topics.", no_args_is_help=True)

OnceOption = Annotated[bool, typer.Option("--once", help="Show what there is and end.")]

Entry = dict[str, Any]
"""One record as it is shown: the attributes of its envelope, and the topic it stood on."""

Read = Callable[["Record"], Entry | None]
"""How a record is shown; None for one that is not asked for."""

UNREADABLE = "unreadable"
SHORT = 60
NOT_SHOWN = ("policy", "calendar", "person")
INSTANTS = ("_at", "_until", "_from")
"""How names of instants end: shown in local time."""


@app.command()
def issue(
    id: Annotated[str, typer.Argument(help="The issue's id or number.")],
    once: OnceOption = False,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Everything that happened to one issue, and what happens from now on (Ctrl-C ends)."""
    from services.intake.issue.numbers import read_number
    from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION

    system = need_system(data, as_json)
    try:
        subject = read_number(id)
    except ValueError as error:
        fail(str(error), as_json, WRONG_USE)
    asyncio.run(need_namespace(system.kafka_bootstrap, namespace, as_json))
    key = subject.encode()

    def read(record: "Record") -> Entry | None:
        return _entry(record) if record.key == key else None

    _run(system.kafka_bootstrap, [INTAKE, DISPATCH, SUPERVISION, FEEDBACK], namespace, read, once, as_json)


@app.command()
def dept(
    code: Annotated[str, typer.Argument(help="The department's code, such as housing.")],
    once: OnceOption = False,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """What one department is told and what its own system answers (Ctrl-C ends)."""
    from shared.contract.event import HISTORY_ORDERS

    system = need_system(data, as_json)
    topics = asyncio.run(_department_topics(system.kafka_bootstrap, code, namespace, as_json))

    def read(record: "Record") -> Entry | None:
        entry = _entry(record)
        mine = record.topic != HISTORY_ORDERS or entry.get("department", code) == code
        return entry if mine else None

    _run(system.kafka_bootstrap, topics, namespace, read, once, as_json)


async def _department_topics(bootstrap: str, code: str, namespace: str, as_json: bool) -> list[str]:
    """Where one department's messages stand; ends the command where there is no such department."""
    from shared.bus.reader import read_all, topic_names
    from shared.bus.topics import department_topics
    from shared.contract.event import HISTORY_ORDERS, orders_topic, reference_topic
    from shared.contract.subjects import id_of

    await need_namespace(bootstrap, namespace, as_json)
    prefix = f"{namespace}." if namespace else ""
    names = await topic_names(bootstrap, prefix)
    if HISTORY_ORDERS in names:
        versions = [
            record.key or b"" async for record in read_all(bootstrap, [reference_topic("dispatch")], prefix)
        ]
        subjects = {version.decode("utf-8", "replace").partition("@")[0] for version in versions}
        codes, topics = {id_of(one) for one in subjects if one.startswith("dept:")}, [HISTORY_ORDERS]
    else:
        orders = re.compile(re.escape(orders_topic("CODE")).replace("CODE", "(.+)"))
        codes, topics = (
            {found[1] for name in names if (found := orders.fullmatch(name))},
            department_topics(code),
        )
    if code not in codes:
        known = ", ".join(sorted(codes)) or "none"
        fail(f"没有这个部门 / no such department: {code}; known: {known}", as_json, WRONG_USE)
    return topics


def _run(bootstrap: str, topics: list[str], namespace: str, read: Read, once: bool, as_json: bool) -> None:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show(bootstrap, topics, namespace, read, once, as_json))


async def _show(
    bootstrap: str, topics: list[str], namespace: str, read: Read, once: bool, as_json: bool
) -> None:
    """Past records in order of their official time, then each new one as it comes."""
    from shared.bus.reader import follow

    show = print_json if as_json else _printer(Terminal(soft_wrap=True))
    past: list[Entry] | None = []
    async for record in follow(bootstrap, topics, f"{namespace}." if namespace else ""):
        if record is None:  # the ends as they were at the start are reached
            for entry in sorted(past or (), key=lambda entry: (str(entry.get("time", "")), entry["topic"])):
                show(entry)
            unreadable(sum(entry.get("type") == UNREADABLE for entry in past or ()))
            if once:
                return
            past = None
        elif (found := read(record)) is not None:
            show(found) if past is None else past.append(found)


def _entry(record: "Record") -> Entry:
    """What stands in one record, as it stands there, and its topic; of what is no JSON object, where it is and why."""
    from pydantic_core import from_json

    try:
        found = from_json(record.value or b"", allow_inf_nan=False)
        if not isinstance(found, dict):
            raise ValueError("this is no JSON object")
    except ValueError as error:
        where = f"{record.topic}/{record.partition}/{record.offset}"
        return {
            "topic": record.topic,
            "type": UNREADABLE,
            "data": {"where": where, "reason": str(error)[:200]},
        }
    return {**found, "topic": record.topic}


def _printer(terminal: Terminal) -> Callable[[Entry], None]:
    """One line for each record: when, what, about whom, and its data in short."""

    def show(entry: Entry) -> None:
        line = Text(f"{_instant(entry.get('time'))}  ")
        line.append(f"{shown(str(entry.get('type', '-')))[:100]:<26} ", style="cyan")
        line.append(shown(str(entry.get("subject", "")))[:100])
        data = entry.get("data")
        for name, value in data.items() if isinstance(data, dict) else ():
            if value in (None, "", []) or name in NOT_SHOWN:
                continue
            text = _instant(value) if name.endswith(INSTANTS) else shown(str(value)).replace("\n", " ")
            line.append("  ").append(shown(name)[:SHORT], style="dim")
            line.append(f"={text[:SHORT]}…" if len(text) > SHORT else f"={text}")
        terminal.print(line)

    return show


def _instant(value: object) -> str:
    """An instant as a person reads it; whatever else stands there as it is."""
    try:
        return local(datetime.fromisoformat(str(value))) if value else "-"
    except (ValueError, OverflowError):
        return shown(str(value))[:SHORT]
