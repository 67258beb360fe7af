"""`qinqing deadletters`: see what could not be used, hand it in again, or discard it with a reason."""

import asyncio
import getpass
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.cli.asking import fail, from_ms, local, need_system
from services.cli.embedded import SERVICES
from services.cli.system import DEFAULT_DATA, DataOption, JsonOption

if TYPE_CHECKING:
    from shared.bus.deadletters import DeadLetter

app = typer.Typer(help="Records that could not be used: list, show, replay, discard.", no_args_is_help=True)

NamespaceOption = Annotated[
    str, typer.Option("--namespace", help="A replay's namespace instead of the live one.")
]
OriginArgument = Annotated[
    str, typer.Argument(help="Where it stood: topic/partition/offset, as `list` shows it.")
]
GroupOption = Annotated[
    str | None, typer.Option("--group", help="The service that set it aside, if several did.")
]


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Every open dead letter of every service."""
    dead_letters = [
        dead_letter
        for dead_letter in _dead_letters(data, namespace, as_json)
        if everything or dead_letter.status == "open"
    ]
    if as_json:
        print(json.dumps([_shown(dead_letter) for dead_letter in dead_letters], ensure_ascii=False))
        return
    console = Console()
    if not dead_letters:
        console.print("没有死信 / no dead letters")
        return
    table = Table("service", "origin", "about", "event", "since", "status", "reason")
    for dead_letter in dead_letters:
        since = local(from_ms(dead_letter.at_ms))
        table.add_row(
            dead_letter.group,
            dead_letter.origin,
            dead_letter.subject,
            dead_letter.event,
            since,
            dead_letter.status,
            dead_letter.reason[:80],
        )
    console.print(table)


@app.command()
def show(
    origin: OriginArgument,
    group: GroupOption = None,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """One dead letter with its raw value."""
    dead_letter = _one(_dead_letters(data, namespace, as_json), origin, group, as_json)
    fields = {**_shown(dead_letter), "value": dead_letter.value[:100_000].decode("utf-8", "replace")}
    if as_json:
        print(json.dumps(fields, ensure_ascii=False))
        return
    console = Console(soft_wrap=True)
    for name, value in fields.items():
        text = (
            str(value)
            if len(str(value)) <= 4000
            else f"{str(value)[:4000]}… ({len(dead_letter.value)} bytes)"
        )
        console.print(f"{name:<12} {text}", markup=False, highlight=False)


@app.command()
def replay(
    origin: OriginArgument,
    group: GroupOption = None,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Hand one dead letter in again, to the service that set it aside."""
    _resolve(origin, group, namespace, data, as_json, "replayed", "")


@app.command()
def discard(
    origin: OriginArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is recorded.")],
    seq: Annotated[
        int, typer.Option(help="Its place in the sequence, where the dead letter does not say.")
    ] = 0,
    group: GroupOption = None,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Give one dead letter up: events that waited for it go on without it."""
    _resolve(origin, group, namespace, data, as_json, "discarded", reason, seq)


def _resolve(
    origin: str,
    group: str | None,
    namespace: str,
    data: Path,
    as_json: bool,
    status: str,
    reason: str,
    seq: int = 0,
) -> None:
    from shared.bus.deadletters import discard_request, replay_request, resolution
    from shared.bus.gateway import sealed
    from shared.bus.producer import publish

    system = need_system(data, as_json)
    dead_letter = _one(_dead_letters(data, namespace, as_json), origin, group, as_json)
    if dead_letter.status != "open":
        fail(f"{origin} was {dead_letter.status} already by {dead_letter.resolved_by}", as_json, 2)
    if status == "replayed" and (refusal := _why_not_again(dead_letter)):
        fail(refusal, as_json, 2)
    actor = f"operator:{getpass.getuser()}"
    numbered = dead_letter._replace(seq=dead_letter.seq or seq)
    request = (
        replay_request(dead_letter, actor)
        if status == "replayed"
        else discard_request(numbered, actor, reason)
    )
    records = [resolution(dead_letter, status, f"{actor} {reason}".strip())]
    if request is not None and dead_letter.subject:
        records.insert(0, sealed(request, f"/operator/{dead_letter.group}"))
    asyncio.run(publish(system.kafka_bootstrap, records, f"{namespace}." if namespace else ""))
    if as_json:
        print(json.dumps({**_shown(dead_letter), "status": status}, ensure_ascii=False))
    else:
        Console().print(f"{origin}: {status}")


def _why_not_again(dead_letter: "DeadLetter") -> str:
    """Why this dead letter cannot be handed in again; "" when it can."""
    if dead_letter.origin.startswith("dept."):
        return "a department's message is not handed in again for it; ask the department to send it right"
    if not dead_letter.subject:
        return "it names no issue, so it cannot be handed in again; discard it with a reason"
    return ""


def _dead_letters(data: Path, namespace: str, as_json: bool) -> "list[DeadLetter]":
    from shared.bus.reader import read_dead_letters

    system = need_system(data, as_json)
    prefix = f"{namespace}." if namespace else ""
    return asyncio.run(read_dead_letters(system.kafka_bootstrap, SERVICES, prefix))


def _one(dead_letters: "list[DeadLetter]", origin: str, group: str | None, as_json: bool) -> "DeadLetter":
    found = [
        dead_letter
        for dead_letter in dead_letters
        if dead_letter.origin == origin and group in (None, dead_letter.group)
    ]
    if not found:
        fail(f"no dead letter from {origin}; `qinqing deadletters list --all` shows them", as_json, 2)
    if len(found) > 1:
        fail(f"set aside by {', '.join(one.group for one in found)}; say which with --group", as_json, 2)
    return found[0]


def _shown(dead_letter: "DeadLetter") -> dict[str, Any]:
    fields = dead_letter._asdict()
    fields.pop("value")
    return {**fields, "bytes": len(dead_letter.value), "since": local(from_ms(dead_letter.at_ms))}
