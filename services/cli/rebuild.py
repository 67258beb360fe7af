"""`qinqing rebuild`: the portal's projection is built anew from the log, compared, and taken instead of the old one."""

from typing import Annotated, Any

import typer

from services.cli.asking import fail, need_system
from services.cli.display import Terminal, new_table, print_json
from services.cli.namespaces import LIVE
from services.cli.portal import NoPortal, answered, portal
from services.cli.system import DEFAULT_DATA, FAILED, DataOption, JsonOption

MOST_SECONDS = 24 * 3600.0
"""How long a rebuild may take; whoever waits can break it off, and nothing is left of it."""


def rebuild(
    check: Annotated[
        bool, typer.Option("--check", help="Only compare; pages go on with what there is.")
    ] = False,
    namespace: Annotated[
        str | None,
        typer.Option(
            "--namespace", help="A replay's; without it the live one, and with --check all there are."
        ),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Build what the portal shows anew from the event log, beside the old one, and compare every table."""
    system = need_system(data, as_json)
    asked: dict[str, str] = {"check": str(check).lower()}
    if namespace is not None:
        asked["namespace"] = namespace
    try:
        with portal(system, as_json, MOST_SECONDS) as client:
            found = answered(client.post("/projection/rebuild", params=asked), as_json)
    except NoPortal as error:
        fail(f"{error}; see `qinqing status`", as_json, FAILED)
    if as_json:
        print_json(found)
    else:
        for one in found:
            _show(one)
    if not all(one["same"] for one in found):
        raise SystemExit(FAILED)


def _show(found: dict[str, Any]) -> None:
    """Every table of one namespace, those that differ said so."""
    name = found["namespace"] or LIVE
    verdict = "一致 / the same" if found["same"] else "不一致 / NOT the same"
    terminal = Terminal(soft_wrap=True)
    terminal.print(f"{name}: {verdict}; {found['records']:,} records, {found['seconds']:.1f} s")
    table = new_table("table", "rows", "same", whole=("table",))
    table.columns[1].justify = "right"
    for name, one in found["tables"].items():
        table.add_row(name, f"{one['rows']:,}", "yes" if one["same"] else "NO")
    terminal.print(table)
