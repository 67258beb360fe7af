"""`qinqing report`: the figures of one month from the event log, each with numerator and denominator."""

import asyncio
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from services.cli.asking import event_log, fail, need_system
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

if TYPE_CHECKING:
    from services.cli.figures.figures import Figures

COUNTS = {
    "registered": "登记 / registered",
    "replied": "已答复 / replied",
    "open": "未答复 / open",
    "breaches": "承诺逾期 / promise clocks breached",
    "provisional": "暂定期限 / provisional dates",
}
WORDS = {
    "on_time_assignment": "按时交办 / assigned on time",
    "sign_for": "按时签收 / signed for on time",
    "on_time_reply": "按时答复（原期限）/ replied on time, original due",
    "on_time_reply_extended": "按时答复（延期后）/ replied on time, extended due",
    "answered": "答复反馈率 / assignments answered of those due",
    "participation": "参评率 / rated of invited",
    "satisfied": "满意率 / satisfied of rated",
    "satisfied_or_basically": "满意+基本满意 / satisfied or basically",
    "solved": "解决率（企业自评）/ solved, the raiser's own answer",
}


def report(
    month: Annotated[str, typer.Option(help="The month of registration, in Asia/Shanghai: YYYY-MM.")],
    namespace: Annotated[str, typer.Option(help="A replay's namespace instead of the live one.")] = "",
    from_log: Annotated[
        bool, typer.Option("--from-log", help="Changes nothing: figures always come from the event log.")
    ] = False,
    as_of: Annotated[str | None, typer.Option(help="What counts as due: an instant; default: now.")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """The figures of one month: registered, on time, rated, satisfied; every rate with what it is a share of."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        fail(f"--month: {month!r} is no month; write 2019-04", as_json, WRONG_USE)
    figures = asyncio.run(_figures(data, month, namespace, _instant(as_of, as_json), as_json))
    if as_json:
        print(figures.model_dump_json())
        return
    facts = json.loads(figures.model_dump_json())
    console = Console()
    if not facts["total"]["registered"]:
        where = f"namespace {namespace}" if namespace else "the live system"
        console.print(f"{month}: 没有登记的问题 / no issue was registered in {where}")
        if others := [name for name in asyncio.run(_namespaces(data, as_json)) if name != namespace]:
            console.print("重放另存于 / replays are kept in: " + ", ".join(others) + " (--namespace NAME)")
        return
    console.print(_totals(month, facts["total"]))
    console.print(_departments(facts["departments"]))


def _instant(text: str | None, as_json: bool) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--as-of: {text!r} is no instant; write 2019-12-31T00:00:00+08:00", as_json, WRONG_USE)
    if at.tzinfo is None:
        fail(f"--as-of: {text!r} has no offset; write 2019-12-31T00:00:00+08:00", as_json, WRONG_USE)
    return at


async def _figures(data: Path, month: str, namespace: str, as_of: datetime, as_json: bool) -> "Figures":
    from services.cli.figures.figures import figures_from_log

    system = need_system(data, as_json)
    return figures_from_log(await event_log(system.kafka_bootstrap, namespace), as_of, month)


async def _namespaces(data: Path, as_json: bool) -> list[str]:
    """The namespaces of replays that are kept on this system, oldest first."""
    from shared.bus.reader import topic_names

    names = await topic_names(need_system(data, as_json).kafka_bootstrap)
    suffix = ".intake.events"
    return sorted(name.removesuffix(suffix) for name in names if name.endswith(suffix))


def share(rate: dict[str, Any]) -> str:
    """``29/44 = 65.9%``; below five only the counts."""
    text = f"{rate['numerator']}/{rate['denominator']}"
    return text if rate["rate"] is None else f"{text} = {rate['rate']:.1%}"


def _totals(month: str, total: dict[str, Any]) -> Table:
    table = Table("figure", "value", "unit", title=f"{month}")
    for name, words in COUNTS.items():
        table.add_row(words, str(total[name]), "issue")
    table.add_section()
    for name, words in WORDS.items():
        table.add_row(words, share(total["rates"][name]), total["rates"][name]["unit"])
    table.add_section()
    for name, words in (
        ("first_reply", "首次答复用时 / time to first reply"),
        ("total_time", "总用时 / total time"),
    ):
        hours = total[name]
        text = (
            f"median {hours['median']:.1f} h, mean {hours['mean']:.1f} h"
            if hours["median"] is not None
            else "-"
        )
        table.add_row(words, f"{text} (n = {hours['n']})", hours["unit"])
    return table


def _departments(departments: dict[str, Any]) -> Table:
    table = Table(
        "department", "registered", "replied", "on time", "answered", "satisfied", title="部门 / departments"
    )
    for code, row in sorted(departments.items(), key=lambda entry: -entry[1]["registered"]):
        shares = (share(row["rates"][name]) for name in ("on_time_reply", "answered", "satisfied"))
        table.add_row(code, str(row["registered"]), str(row["replied"]), *shares)
    return table
