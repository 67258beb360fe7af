"""`qinqing namespaces`: what the live system and each replay keep on this system, and how a replay's goes."""

import asyncio
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.prompt import Confirm

from services.cli.asking import fail, need_system
from services.cli.display import Terminal, new_table, print_json
from services.cli.embedded import SERVICES
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption, RunningSystem

if TYPE_CHECKING:
    from shared.bus.namespaces import Namespace

app = typer.Typer(help="Where the live system and each replay keep what is theirs.", no_args_is_help=True)

NamespaceOption = Annotated[
    str, typer.Option("--namespace", help="A replay's namespace instead of the live one.")
]
LIVE = "(live)"
"""How the namespace without a name is shown."""


@dataclass(frozen=True)
class Kept:
    """All that one namespace keeps: on the broker, and in the four stores; ``running``: its groups with a member."""

    name: str
    kind: str
    topics: int
    records: int
    databases: list[str]
    running: list[str]


@app.command("list")
def list_(data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Every namespace: its topics, records and databases, and what runs in it now."""
    kept = asyncio.run(_kept(need_system(data, as_json)))
    if as_json:
        print_json([asdict(one) for one in kept])
        return
    columns = ("namespace", "topics", "records", "databases")
    table = new_table(*columns, "running", whole=columns)
    for column in table.columns[1:4]:
        column.justify = "right"
    for one in kept:
        numbers = (f"{one.topics:,}", f"{one.records:,}", f"{len(one.databases)}")
        table.add_row(one.name or LIVE, *numbers, "\n".join(one.running) or "-")
    Terminal().print(table)


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="A replay's namespace, as `list` shows it.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Delete a replay's topics, consumer groups and databases for good; the live ones are never deleted."""
    from shared.bus.namespaces import StillRead
    from shared.settings import namespace_fault

    if fault := namespace_fault(name, history=True):
        fail(f"{name} is no replay's namespace; it stays: {fault}", as_json, WRONG_USE)
    system = need_system(data, as_json)
    found = asyncio.run(_kept(system, name))
    if not found:
        fail(f"no such namespace: {name}; `qinqing namespaces list` shows them", as_json, WRONG_USE)
    (kept,) = found
    if kept.running:
        fail(f"{name} is in use by {', '.join(kept.running)}; end that replay first", as_json, WRONG_USE)
    what = f"{kept.topics} topics with {kept.records:,} records, {len(kept.databases)} databases"
    if not yes:
        if as_json or not sys.stdin.isatty():
            fail(f"nothing was deleted: say --yes to delete {name}: {what}", as_json, WRONG_USE)
        if not Confirm.ask(f"删除 / delete {name}: {what}?", console=Terminal(), default=False):
            fail("nothing was deleted", as_json)
    try:
        asyncio.run(_forget(system, name))
    except StillRead as error:
        fail(f"{name} is in use: {error}; its topics and databases stay", as_json, WRONG_USE)
    if as_json:
        print_json({"removed": asdict(kept)})
    else:
        Terminal(soft_wrap=True).print(f"已删除 / deleted {name}: {what}")


async def _kept(system: RunningSystem, only: str | None = None) -> list[Kept]:
    """Every namespace, live first, or the one of this name."""
    from shared.bus.namespaces import Namespace, namespaces

    on_broker = {one.name: one for one in await namespaces(system.kafka_bootstrap, SERVICES, only)}
    databases = await _databases(system)
    names = {*on_broker, *databases} if only is None else {only} & {*on_broker, *databases}
    return [_row(on_broker.get(name, Namespace(name, ())), databases.get(name, [])) for name in sorted(names)]


def _row(found: "Namespace", databases: Iterable[str]) -> Kept:
    from shared.settings import is_history

    kind = "history" if is_history(found.name) else "live"
    return Kept(found.name, kind, len(found.topics), found.records, sorted(databases), list(found.readers))


async def _databases(system: RunningSystem) -> dict[str, set[str]]:
    """The databases of our services on all stores, by namespace."""
    found: dict[str, set[str]] = {}
    for service, names in zip(
        SERVICES, await asyncio.gather(*[_names(system, one) for one in SERVICES]), strict=True
    ):
        for name in names:
            if name == service or name.endswith(f"_{service}"):
                found.setdefault(name.removesuffix(service).removesuffix("_"), set()).add(name)
    return found


async def _names(system: RunningSystem, service: str) -> list[str]:
    from shared.store import connect

    async with connect(system.store_urls[service], service) as database:
        return await database.server_names()


async def _forget(system: RunningSystem, name: str) -> None:
    """Groups first: the broker refuses where one has a member. Topics last: until then it is listed."""
    from shared.bus.namespaces import forget_groups, forget_topics
    from shared.settings import database_name
    from shared.store import connect

    await forget_groups(system.kafka_bootstrap, name)
    for service in SERVICES:
        async with connect(system.store_urls[service], database_name(service, name)) as database:
            await database.drop()
    await forget_topics(system.kafka_bootstrap, name)
