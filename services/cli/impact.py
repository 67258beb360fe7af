"""`qinqing calendar preview` and `qinqing policy preview`: which due dates a file would move; nothing is published."""

from datetime import datetime
from pathlib import Path
from typing import Any

from services.cli.asking import fail, local, need_system
from services.cli.display import Terminal, new_table, print_json
from services.cli.portal import NoPortal, answered, portal
from services.cli.system import FAILED
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy

SHOWN = 20
"""Rows on a terminal; --json has all."""
SECONDS = 300.0


def show_impact(wanted: PublishCalendar | PublishPolicy, data: Path, as_json: bool) -> None:
    """Ask the portal what this would move, and show it."""
    kind, body = wanted.aggregate, wanted.model_dump(mode="json", exclude_unset=True)
    try:
        with portal(need_system(data, as_json), as_json, SECONDS, "administrator") as client:
            found = answered(client.post(f"/impact/{kind}", json=body), as_json)
    except NoPortal as error:
        fail(f"{error}; see `qinqing status`", as_json, FAILED)
    if as_json:
        print_json(found)
        return
    _print(found)


def _print(found: dict[str, Any]) -> None:
    console = Terminal(soft_wrap=True)
    clocks, issues = found["clocks"], found["issues"]
    console.print(
        f"version {found['version']}: 变动 {clocks:,} 个期限，涉及 {issues:,} 件 / "
        f"{clocks:,} due dates move, of {issues:,} issues; nothing is published"
    )
    if not clocks:
        return
    if paused := found["paused"]:
        console.print(
            f"其中 {paused:,} 个已暂停，恢复后变动 / {paused:,} of them are paused, and move once they go on"
        )
    whose = new_table("department", "期限 / due dates")
    for department, many in found["departments"].items():
        whose.add_row(department or "-", f"{many:,}")
    console.print(whose)
    table = new_table("issue", "clock", "原期限 / from", "新期限 / to", "department", whole=("issue",))
    for move in found["moves"][:SHOWN]:
        to = _local(move["due_at"]) + ("（暂定 / provisional）" if move["provisional"] else "")
        table.add_row(
            move["number"] or move["issue"],
            move["clock"],
            _local(move["old_due_at"]),
            to,
            move["department"] or "-",
        )
    console.print(table)
    if clocks > SHOWN:
        console.print(
            f"还有 {clocks - SHOWN:,} 个（--json 全部列出）/ {clocks - SHOWN:,} more (--json has all)"
        )


def _local(written: str) -> str:
    return local(datetime.fromisoformat(written))
