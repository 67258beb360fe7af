"""`qinqing follow`: what happens to one issue, or what one department is told, live from the topics."""

import asyncio
import contextlib
import json
from typing import Annotated, Any

import typer
from rich.console import Console

from services.cli.asking import fail, local, need_system
from services.cli.system import DEFAULT_DATA, DataOption, JsonOption

app = typer.Typer(help="Follow an issue or a department live, from the topics.", no_args_is_help=True)

NamespaceOption = Annotated[
    str, typer.Option("--namespace", help="A replay's namespace instead of the live one.")
]
OnceOption = Annotated[bool, typer.Option("--once", help="Show what there is and end.")]


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
        fail(str(error), as_json, 2)
    topics = [INTAKE, DISPATCH, SUPERVISION, FEEDBACK]
    _run(system.kafka_bootstrap, topics, namespace, subject, once, as_json)


@app.command()
def dept(
    code: Annotated[str, typer.Argument(help="The department's code, such as housing.")],
    once: OnceOption = False,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """What one department is told and what its own system answers (Ctrl-C ends)."""
    from shared.bus.reader import topic_names
    from shared.contract.event import orders_topic, replies_topic

    system = need_system(data, as_json)
    names = asyncio.run(topic_names(system.kafka_bootstrap, f"{namespace}." if namespace else ""))
    codes = [name.split(".")[1] for name in names if name.startswith("dept.") and name.endswith(".orders")]
    if code not in codes:
        fail(f"没有这个部门 / no such department: {code}; known: {', '.join(codes)}", as_json, 2)
    _run(system.kafka_bootstrap, [orders_topic(code), replies_topic(code)], namespace, "", once, as_json)


def _run(bootstrap: str, topics: list[str], namespace: str, subject: str, once: bool, as_json: bool) -> None:
    prefix = f"{namespace}." if namespace else ""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_show(bootstrap, topics, prefix, subject, once, as_json))


async def _show(
    bootstrap: str, topics: list[str], prefix: str, subject: str, once: bool, as_json: bool
) -> None:
    """Past records in order of their official time, then each new one as it comes."""
    from shared.bus.reader import follow

    console = Console(soft_wrap=True)
    past: list[dict[str, Any]] = []
    live = False
    async for record in follow(bootstrap, topics, prefix):
        if record is None:  # the ends as they were at the start are reached
            for entry in sorted(past, key=lambda entry: (entry.get("time", ""), entry["topic"])):
                _print(console, entry, as_json)
            if once:
                return
            live = True
            continue
        if subject and record.key != subject.encode():
            continue
        entry = _entry(record.topic, record.value or b"")
        if live:
            _print(console, entry, as_json)
        else:
            past.append(entry)


def _entry(topic: str, value: bytes) -> dict[str, Any]:
    try:
        return {**json.loads(value), "topic": topic}
    except (ValueError, TypeError):
        return {"topic": topic, "type": "unreadable", "subject": "", "data": {}}


SHORT = 60
NOT_SHOWN = ("policy", "calendar", "person")


def _print(console: Console, entry: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(entry, ensure_ascii=False), flush=True)
        return
    from datetime import datetime

    time = local(datetime.fromisoformat(entry["time"])) if entry.get("time") else "-"
    words = []
    for name, value in entry.get("data", {}).items():
        if value in (None, "", []) or name in NOT_SHOWN:
            continue
        text = local(datetime.fromisoformat(value)) if name.endswith("_at") else str(value)
        text = text.replace("\n", " ")
        words.append(f"[dim]{name}[/dim]={_escape(text[:SHORT] + '…' if len(text) > SHORT else text)}")
    console.print(
        f"{time}  [cyan]{entry['type']:<26}[/cyan] {entry.get('subject', '')}  {'  '.join(words)}",
        highlight=False,
    )


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)
