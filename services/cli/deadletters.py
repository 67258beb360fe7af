"""`qinqing deadletters`: see what could not be used, hand it in again, give it up, or mend what waits behind it."""

import asyncio
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.asking import fail, local, need_namespace, need_system
from services.cli.display import Terminal, print_json
from services.cli.embedded import SERVICES
from services.cli.operating import operated
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

app = typer.Typer(
    help="Records that could not be used: list, show, replay, discard; what waits for them: held, skip, publish-again.",
    no_args_is_help=True,
)

NamespaceOption = Annotated[
    str, typer.Option("--namespace", help="Look into a replay's namespace instead of the live system.")
]
OriginArgument = Annotated[
    str, typer.Argument(help="Where it stood: topic/partition/offset, as `list` shows it.")
]
GroupOption = Annotated[
    str | None, typer.Option("--group", help="The service that set it aside, if several did.")
]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why; it is recorded with your name.")]
SubjectArgument = Annotated[
    str, typer.Argument(help="The aggregate: an issue's id or number, or such as dept:housing.")
]


@app.command("list")
def list_(
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most, the newest.")] = 100,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Every open dead letter of every service, newest first."""
    status = "all" if everything else "open"
    if namespace:
        kept = _kept(data, namespace, as_json, "")
        found = [one for one in kept if status in ("all", one["status"])]
    else:
        with operated(data, as_json) as services:
            found = services.dead_letters(status, limit)
    found.sort(key=lambda one: (str(one["at"]), one["number"]), reverse=True)
    left_out = len(found) - limit
    if as_json:
        print_json([_shown(one) for one in found[:limit]])
        return
    terminal = Terminal()
    if not found:
        terminal.print("没有死信 / no dead letters")
    for one in found[:limit]:
        _print(terminal, one)
    if left_out > 0:
        terminal.print(f"还有更早的 / older ones are not shown: --limit {limit * 10}")


@app.command()
def show(
    origin: OriginArgument,
    group: GroupOption = None,
    namespace: NamespaceOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """One dead letter with its raw value."""
    if namespace:
        kept = [one for one in _kept(data, namespace, as_json, origin) if one["origin"] == origin]
        found = _one(kept, origin, group, as_json)
    else:
        with operated(data, as_json) as services:
            found = _one(services.with_origin(origin), origin, group, as_json)
    if as_json:
        print_json(_shown(found))
        return
    terminal = Terminal()
    _print(terminal, found)
    value = str(found["value"])
    terminal.print(value, soft_wrap=True)
    if found["bytes"] > len(value.encode()):
        terminal.print(f"… {found['bytes']} bytes in all")


@app.command()
def replay(
    origin: OriginArgument,
    group: GroupOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Hand one dead letter in again, to the service that set it aside."""
    with operated(data, as_json) as services:
        found = _one(services.with_origin(origin), origin, group, as_json)
        answer = services.ask(found["group"], f"/dead-letters/{origin}/replay")
    _print_answer(answer, f"{origin}: replayed", as_json)


@app.command()
def discard(
    origin: OriginArgument,
    reason: ReasonOption,
    seq: Annotated[
        int, typer.Option(min=0, help="Its place in the sequence, where the dead letter does not say.")
    ] = 0,
    group: GroupOption = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Give one dead letter up: events that waited for it go on, and a command is never executed."""
    with operated(data, as_json) as services:
        found = _one(services.with_origin(origin), origin, group, as_json)
        body = {"reason": reason, "seq": seq}
        answer = services.ask(found["group"], f"/dead-letters/{origin}/discard", body)
    _print_answer(answer, f"{origin}: discarded", as_json)


@app.command()
def held(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Every event that is missing at a service and that others wait for, the longest first."""
    with operated(data, as_json) as services:
        found = services.held()
    if as_json:
        print_json(found)
        return
    terminal = Terminal(soft_wrap=True)
    if not any(one["missing"] for one in found.values()):
        terminal.print("没有等待中的事件 / nothing is held")
    for name, one in found.items():
        for missing in one["missing"]:
            since = local(datetime.fromisoformat(missing["since"]))
            place = f"{missing['topic']} {missing['seq']}"
            terminal.print(
                f"{missing['subject']}: {missing['waiting']} at {name} wait for {place} since {since}"
            )


@app.command()
def skip(
    subject: SubjectArgument,
    service: Annotated[str, typer.Option(help="The service that holds what came after it.")],
    topic: Annotated[str, typer.Option(help="The topic on which it never came, such as intake.events.")],
    seq: Annotated[int, typer.Option(min=1, help="Its place in that sequence.")],
    reason: ReasonOption,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Record that an event never comes, where no dead letter stands for it: what is held behind it goes on."""
    with operated(data, as_json) as services:
        body = {"topic": topic, "seq": seq, "reason": reason}
        answer = services.ask(service, f"{_place(subject, as_json)}/skip", body)
    _print_answer(answer, f"{subject}: {service} goes on without {topic} {seq}", as_json)


@app.command("publish-again")
def publish_again(
    subject: SubjectArgument,
    service: Annotated[str, typer.Option(help="The service that published them first.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Let a service publish every event of one aggregate again, as it was: for readers that lost one."""
    with operated(data, as_json) as services:
        answer = services.ask(service, f"{_place(subject, as_json)}/publish-again")
    _print_answer(
        answer, f"{subject}: {answer.get('events', '?')} events of {service} published again", as_json
    )


def _place(subject: str, as_json: bool) -> str:
    from urllib.parse import quote

    from services.intake.issue.numbers import read_number
    from shared.contract.subjects import KINDS, id_of, kind_of

    kind = kind_of(subject)
    if not kind:
        prefixes = ", ".join(form.prefix for form in KINDS.values() if form.prefix)
        fail(
            f"{subject} is no aggregate: an issue's id, or one that begins with {prefixes}",
            as_json,
            WRONG_USE,
        )
    if not KINDS[kind].prefix:
        try:
            subject = read_number(subject)
        except ValueError as error:
            fail(str(error), as_json, WRONG_USE)
    return f"/{KINDS[kind].path}/{quote(id_of(subject), safe='')}"


def _kept(data: Path, namespace: str, as_json: bool, only_value_of: str) -> list[dict[str, Any]]:
    """The dead letters of a replay, read from its topics: no service runs there any more."""
    from shared.bus.reader import read_dead_letters
    from shared.operators import shown_whole

    bootstrap = need_system(data, as_json).kafka_bootstrap
    asyncio.run(need_namespace(bootstrap, namespace, as_json))
    found = asyncio.run(read_dead_letters(bootstrap, SERVICES, f"{namespace}.", only_value_of))
    return [shown_whole(one).model_dump(mode="json") for one in found]


def _one(found: list[dict[str, Any]], origin: str, group: str | None, as_json: bool) -> dict[str, Any]:
    found = [one for one in found if group in (None, one["group"])]
    if not found:
        fail(f"no dead letter from {origin}; `qinqing deadletters list --all` shows them", as_json, WRONG_USE)
    if len(found) > 1:
        groups = ", ".join(str(one["group"]) for one in found)
        fail(f"set aside by {groups}; say which with --group", as_json, WRONG_USE)
    return found[0]


def _shown(one: dict[str, Any]) -> dict[str, Any]:
    return {**one, "since": local(datetime.fromisoformat(one["at"]))}


def _print(terminal: Terminal, one: dict[str, Any]) -> None:
    """One block: the origin on a line of its own, to be copied whole, and everything else in full below it."""
    terminal.print(one["origin"], style="bold", soft_wrap=True)
    place = f", {one['topic']} {one['seq']}" if one["seq"] else ""
    fields = {
        "service": f"{one['group']}, {one['status']}"
        + (f" by {one['resolved_by']}" if one["resolved_by"] else ""),
        "about": f"{one['subject'] or '-'}: {one['event'] or 'unreadable'}{place}",
        "since": f"{local(datetime.fromisoformat(one['at']))}, {one['bytes']} bytes",
        "reason": one["reason"],
    }
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for name, text in fields.items():
        grid.add_row(f"  {name}", text)
    terminal.print(grid)


def _print_answer(answer: dict[str, Any], done: str, as_json: bool) -> None:
    """What became of it; a command that was handed in again may have been refused, or have failed again."""
    if as_json:
        print_json(answer)
        return
    terminal = Terminal(soft_wrap=True)
    if answer.get("status") == "pending":
        terminal.print(f"已提交，稍后可查 / taken, look later: {answer['look']}")
        return
    terminal.print(done)
    if answer.get("remark"):
        terminal.print(answer["remark"])
    outcome = answer.get("outcome") or {}
    if outcome.get("reason") == "failed":
        terminal.print("再次失败，成为新的死信 / it failed again and is a new dead letter")
    elif outcome.get("status") == "refused":
        terminal.print(f"被拒绝 / refused: {outcome.get('reason')}: {outcome.get('detail', '')}")
