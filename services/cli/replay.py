"""`qinqing replay`: the main job on real input: every message of a file through the whole loop, as history."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

from services.cli.asking import event_log, fail
from services.cli.display import Terminal, new_table, print_json, unreadable
from services.cli.embedded import DEFAULT_BASE_PORT
from services.cli.embedded.services import Parts, history_services, jurisdiction
from services.cli.errors import first
from services.cli.replaying.messages import Message, read_messages
from services.cli.system import DEFAULT_DATA, WRONG_USE, BasePortOption, DataOption, running_system

SHOWN_FAULTS = 20
FileArgument = Annotated[
    Path, typer.Argument(help="CSV: message_id, author, subject, submitted_at, text, reply, ...")
]


def replay(
    file: FileArgument,
    reply_limit: Annotated[
        str, typer.Option(help="10wd (working days) or 14d (calendar days), or another.")
    ] = "10wd",
    numbers: Annotated[
        Path | None, typer.Option("--json", help="Write the numbers there; - is stdout.")
    ] = None,
    skip_bad: Annotated[bool, typer.Option("--skip-bad", help="Leave rows with faults out.")] = False,
    until: Annotated[str | None, typer.Option(help="Stop at this instant; default: the file's last.")] = None,
    namespace: Annotated[str | None, typer.Option(help="Where it is kept; default: a new one.")] = None,
    data: DataOption = DEFAULT_DATA,
    base_port: BasePortOption = DEFAULT_BASE_PORT,
) -> None:
    """Play a file of messages with their real reply times through all four services."""
    from shared.domain.clocks import Limit

    console = Terminal(stderr=True, soft_wrap=True)
    try:
        Limit(reply_limit)
    except ValueError as error:
        fail(f"--reply-limit: {error}", False, WRONG_USE)
    if numbers is not None and not numbers.parent.is_dir():
        fail(f"--json: there is no folder {numbers.parent} to write {numbers.name} into", False, WRONG_USE)
    messages, faults = read_messages(file)
    for fault in faults[:SHOWN_FAULTS]:
        console.print(str(fault))
    if len(faults) > SHOWN_FAULTS:
        console.print(f"... and {len(faults) - SHOWN_FAULTS} more")
    if faults and not skip_bad:
        fail(
            f"faults in {file.name}: {len(faults)}; nothing was imported (--skip-bad leaves such rows out)",
            False,
            2,
        )
    if not messages:
        fail(f"{file.name} has no message that could be replayed", False, WRONG_USE)
    last = _until(messages, until)
    name = _namespace(namespace)
    played = asyncio.run(_replay(console, messages, reply_limit, last, name, data, base_port))
    result = {**played, "skipped_rows": len(faults)}
    if numbers is not None and str(numbers) != "-":
        numbers.write_text(json.dumps(result, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    if str(numbers) == "-":
        print_json(result)
    else:
        Terminal().print(_table(result), *_closing_lines(result, numbers), sep="\n")
        unreadable(result["unreadable"])


def _namespace(asked: str | None) -> str:
    """Where this replay is kept: as asked, or in a new namespace."""
    from shared.settings import HISTORY_PREFIX, namespace_fault

    name = f"{HISTORY_PREFIX}{datetime.now(UTC):%Y%m%d-%H%M%S}" if asked is None else asked
    if fault := namespace_fault(name, history=True):
        fail(f"--namespace: {fault}", False, WRONG_USE)
    return name


def _until(messages: list[Message], text: str | None) -> datetime:
    """The last instant that is played: the file's last, or what was asked for."""
    if text is None:
        return max(message.replied_at or message.submitted_at for message in messages)
    try:
        until = datetime.fromisoformat(text)
    except ValueError:
        until = None
    if until is None or until.tzinfo is None:
        fail(
            f"--until: {text!r} is no instant with an offset; write 2019-12-31T00:00:00+08:00",
            False,
            WRONG_USE,
        )
    return until


@asynccontextmanager
async def _parts(console: Terminal, data: Path, base_port: int) -> AsyncIterator[Parts]:
    """The broker and stores of the running system, or ones that are started for this replay alone."""
    from services.cli.embedded import Embedded

    system = running_system(data)
    if system is not None and system.phase == "ready":
        yield Parts(system.kafka_bootstrap, system.store_urls, system.data_dir)
        return
    console.print("启动 Kafka 与存储 / starting Kafka and the stores")
    async with Embedded(data, base_port, services=()) as embedded:
        yield embedded.parts


async def _replay(
    console: Terminal,
    messages: list[Message],
    limit: str,
    until: datetime,
    namespace: str,
    data: Path,
    base_port: int,
) -> dict[str, Any]:
    from services.cli.embedded import AlreadyRunning, PortsTaken, StartFailed, WrongLayout
    from services.cli.replaying.lives import ReplayFailed
    from shared.identity.keys import NoKeys

    began = time.monotonic()
    try:
        async with _parts(console, data, base_port) as parts:
            console.print(f"启动四个服务 / starting four services in namespace {namespace}")
            async with history_services(parts, namespace=namespace, reply_limit=limit) as services:
                urls = {name: child.url for name, child in services.items()}
                writes = await _play(console, parts, urls, messages, until, namespace)
            result = await _numbers(parts, namespace)  # the services are gone: the log alone speaks
    except* ReplayFailed as errors:
        logs = data / "logs" / f"<service>-{namespace}.log"
        fail(f"{first(errors)}; what the services say: {logs}", False)
    except* (PortsTaken, AlreadyRunning, StartFailed) as errors:
        fail(str(first(errors)), False)
    except* (WrongLayout, NoKeys) as errors:
        fail(str(first(errors)), False, WRONG_USE)
    seconds = round(time.monotonic() - began, 1)
    return {
        **result,
        "seconds": seconds,
        "events_per_second": round(result["events"] / seconds, 1),
        "reply_limit": limit,
        "until": until.isoformat(),
        "namespace": namespace,
        "document_writes": writes["change"] + writes["sweep"],
        "sweep_writes": writes["sweep"],
        "writes_per_issue": round(writes["change"] / max(1, result["registered"]), 2),
    }


async def _play(
    console: Terminal,
    parts: Parts,
    urls: dict[str, str],
    messages: list[Message],
    until: datetime,
    namespace: str,
) -> dict[str, int]:
    """Drive the four services through all messages; the documents they wrote, by purpose."""
    from services.cli.identity import Deployment
    from services.cli.replaying.drive import Driver
    from services.cli.replaying.lives import Life
    from services.cli.replaying.reads import READS
    from shared.bus.reader import group_lag
    from shared.identity.keys import REFERENCE, secret
    from shared.identity.references import References
    from shared.settings import BODY_BYTES

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=not console.is_terminal) as bar:
        task = bar.add_task("重放 / replaying", total=None)
        async with group_lag(parts.kafka_bootstrap, f"{namespace}.", READS) as lag:

            def show(inputs: int) -> None:
                bar.update(task, completed=inputs)

            references = References(secret(parts.keys_dir, REFERENCE))
            driver = Driver(
                urls,
                lag,
                [Life.of(message, jurisdiction(), references) for message in messages],
                until=until,
                auth=Deployment(parts.keys_dir, jurisdiction(), False).own("operator"),
                progress=show,
                body_bytes=int(os.environ.get("QINQING_BODY_BYTES") or BODY_BYTES),
            )
            bar.update(task, total=driver.inputs)
            return await driver.run()


async def _numbers(parts: Parts, namespace: str) -> dict[str, Any]:
    """The figures, rebuilt from the event log alone."""
    from services.cli.figures.figures import replay_figures
    from services.cli.figures.rebuild import rebuild
    from shared.contract.subjects import kind_of

    log = await event_log(parts.kafka_bootstrap, namespace)
    events = sum(kind_of(envelope.subject) == "issue" for envelope in log.events)
    return {**replay_figures(rebuild(log.events).values()), "events": events, "unreadable": log.unreadable}


def _table(result: dict[str, Any]) -> Table:
    table = new_table(
        "month", "registered", "replied", "on time", "late", "open", "on-time rate", title="重放结果 / replay"
    )
    rows = [*sorted(result["months"].items()), ("total", result)]
    for name, row in rows:
        replied = row["replied"]
        rate = (
            f"{row['replied_on_time']}/{replied} = {row['replied_on_time'] / replied:.1%}" if replied else "-"
        )
        if replied < 5:
            rate = f"{row['replied_on_time']}/{replied}"
        if name == "total":
            table.add_section()
        table.add_row(
            name,
            str(row["registered"]),
            str(replied),
            str(row["replied_on_time"]),
            str(row["replied_late"]),
            str(row["open"]),
            rate,
        )
    return table


def _closing_lines(result: dict[str, Any], numbers: Path | None) -> list[str | Text]:
    rest = (
        f" of {result['replied']} replied ({result['registered']} registered), limit {result['reply_limit']}; "
        f"promise clocks breached: {result['breaches']}"
    )
    lines: list[str | Text] = [
        Text.assemble("按时答复 / replied on time ", (str(result["replied_on_time"]), "bold"), rest),
        f"{result['events']} events in {result['seconds']} s ({result['events_per_second']}/s), "
        f"kept in namespace {result['namespace']}",
        f"统计 / figures: qinqing report --month YYYY-MM --namespace {result['namespace']}",
    ]
    return lines if numbers is None else [*lines, f"numbers written to {numbers}"]
