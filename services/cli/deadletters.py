"""`qinqing deadletters`: see what could not be used, hand it in again, or discard it with a reason."""

import asyncio
import getpass
import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.cli.asking import fail, from_ms, local, need_system
from services.cli.system import DEFAULT_DATA, DataOption, JsonOption

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
    letters = [
        letter for letter in _letters(data, namespace, as_json) if everything or letter.status == "open"
    ]
    if as_json:
        print(json.dumps([_facts(letter) for letter in letters], ensure_ascii=False))
        return
    console = Console()
    if not letters:
        console.print("没有死信 / no dead letters")
        return
    table = Table("service", "origin", "about", "event", "since", "status", "reason")
    for letter in letters:
        since = local(from_ms(letter.at_ms))
        table.add_row(
            letter.group,
            letter.origin,
            letter.subject,
            letter.event,
            since,
            letter.status,
            letter.reason[:80],
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
    letter = _one(_letters(data, namespace, as_json), origin, group, as_json)
    facts = {**_facts(letter), "value": letter.value[:100_000].decode("utf-8", "replace")}
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    console = Console(soft_wrap=True)
    for name, value in facts.items():
        text = str(value) if len(str(value)) <= 4000 else f"{str(value)[:4000]}… ({len(letter.value)} bytes)"
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
    seq: Annotated[int, typer.Option(help="Its place in the sequence, where the letter does not say.")] = 0,
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
    data: Any,
    as_json: bool,
    status: str,
    reason: str,
    seq: int = 0,
) -> None:
    from shared.bus.deadletters import discard_request, replay_request, resolution
    from shared.bus.door import sealed
    from shared.bus.reading import publish

    system = need_system(data, as_json)
    letter = _one(_letters(data, namespace, as_json), origin, group, as_json)
    if letter.status != "open":
        fail(f"{origin} was {letter.status} already by {letter.resolved_by}", as_json, 2)
    if status == "replayed" and (refusal := _why_not_again(letter)):
        fail(refusal, as_json, 2)
    actor = f"operator:{getpass.getuser()}"
    numbered = letter._replace(seq=letter.seq or seq)
    request = (
        replay_request(letter, actor) if status == "replayed" else discard_request(numbered, actor, reason)
    )
    records = [resolution(letter, status, f"{actor} {reason}".strip())]
    if request is not None and letter.subject:
        records.insert(0, sealed(request, f"/operator/{letter.group}"))
    asyncio.run(publish(system.kafka_bootstrap, records, f"{namespace}." if namespace else ""))
    if as_json:
        print(json.dumps({**_facts(letter), "status": status}, ensure_ascii=False))
    else:
        Console().print(f"{origin}: {status}")


def _why_not_again(letter: Any) -> str:
    """Why this letter cannot be handed in again; "" when it can."""
    if letter.origin.startswith("dept."):
        return "a department's message is not handed in again for it; ask the department to send it right"
    if not letter.subject:
        return "it names no issue, so it cannot be handed in again; discard it with a reason"
    return ""


def _letters(data: Any, namespace: str, as_json: bool) -> list[Any]:
    from shared.bus.reading import read_letters
    from shared.bus.topics import SERVICES

    system = need_system(data, as_json)
    return asyncio.run(read_letters(system.kafka_bootstrap, SERVICES, f"{namespace}." if namespace else ""))


def _one(letters: list[Any], origin: str, group: str | None, as_json: bool) -> Any:
    found = [letter for letter in letters if letter.origin == origin and group in (None, letter.group)]
    if not found:
        fail(f"no dead letter from {origin}; `qinqing deadletters list --all` shows them", as_json, 2)
    if len(found) > 1:
        fail(f"set aside by {', '.join(one.group for one in found)}; say which with --group", as_json, 2)
    return found[0]


def _facts(letter: Any) -> dict[str, Any]:
    facts = letter._asdict()
    facts.pop("value")
    return {**facts, "bytes": len(letter.value), "since": local(from_ms(letter.at_ms))}
