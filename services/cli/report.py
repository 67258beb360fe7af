"""`qinqing report`: the figures of one month, each with numerator and denominator, from the portal or from the log."""

import asyncio
import re
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from services.cli.asking import event_log, fail, instant, need_namespace, need_system, replays_kept
from services.cli.display import Terminal, new_table, print_json, unreadable
from services.cli.namespaces import NamespaceOption
from services.cli.portal import NoPortal, answered, portal
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption, RunningSystem

COUNTS = {
    "registered": "登记 / registered",
    "replied": "已答复 / replied",
    "open": "未答复 / open",
    "rejected": "不予受理 / rejected",
    "referred": "转送 / referred to another body",
    "withdrawn": "撤回 / withdrawn",
    "tracked": "挂账 / tracked",
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
    "solved_claimed": "解决率（部门自报）/ solved, as departments claim",
    "promises_kept": "承诺兑现率（回头看）/ promises kept, of look-backs",
}


def report(
    month: Annotated[str, typer.Option(help="The month of registration, in Asia/Shanghai: YYYY-MM.")],
    namespace: NamespaceOption = "",
    from_log: Annotated[
        bool, typer.Option("--from-log", help="Count from the event log itself, without the portal.")
    ] = False,
    as_of: Annotated[str | None, typer.Option(help="What counts as due: an instant; default: now.")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """The figures of one month: registered, on time, rated, satisfied; every rate with what it is a share of."""
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
        fail(f"--month: {month!r} is no month; write 2019-04", as_json, WRONG_USE)
    system = need_system(data, as_json)
    at = datetime.now(UTC) if as_of is None else instant("--as-of", as_of, as_json)
    asyncio.run(need_namespace(system.kafka_bootstrap, namespace, as_json))
    facts = None if from_log else _from_portal(system, month, namespace, at, as_json)
    if facts is None:
        facts = asyncio.run(_from_log(system.kafka_bootstrap, month, namespace, at))
    if as_json:
        print_json(facts)
        return
    unreadable(facts["unreadable"])
    terminal = Terminal()
    if not facts["total"]["registered"]:
        where = f"namespace {namespace}" if namespace else "the live system"
        terminal.print(f"{month}: 没有登记的问题 / no issue was registered in {where}")
        if others := asyncio.run(replays_kept(system.kafka_bootstrap)):
            terminal.print("重放另存于 / replays are kept in: " + ", ".join(others) + " (--namespace NAME)")
        return
    terminal.print(_totals(month, facts["total"]))
    terminal.print(_departments(facts["departments"]))


def _from_portal(
    system: RunningSystem, month: str, namespace: str, as_of: datetime, as_json: bool
) -> dict[str, Any] | None:
    """The figures that the portal shows; None, and a word on stderr, where it does not answer."""
    asked = {"month": month, "namespace": namespace, "as_of": as_of.isoformat()}
    try:
        with portal(system, as_json) as client:
            return answered(client.get("/figures", params=asked), as_json)
    except NoPortal as error:
        Terminal(stderr=True, soft_wrap=True).print(f"{error}; counted from the event log instead")
        return None


async def _from_log(bootstrap: str, month: str, namespace: str, as_of: datetime) -> dict[str, Any]:
    """The same told a second time, from the log alone, with how many records could not be read."""
    from services.cli.figures.figures import figures_from_log

    log = await event_log(bootstrap, namespace)
    figures = figures_from_log(log.events, as_of, month)
    return {**figures.model_dump(mode="json"), "unreadable": log.unreadable}


def share(rate: dict[str, Any]) -> str:
    """``29/44 = 65.9%``; below five only the counts."""
    text = f"{rate['numerator']}/{rate['denominator']}"
    return text if rate["rate"] is None else f"{text} = {rate['rate']:.1%}"


def _totals(month: str, total: dict[str, Any]) -> Table:
    columns = ("figure", "value", "unit", "withdrawn")
    table = new_table(*columns, whole=columns[1:], title=month)
    for name, words in COUNTS.items():
        table.add_row(words, str(total[name]), "issue", "")
    table.add_section()
    for name, words in WORDS.items():
        rate = total["rates"][name]
        table.add_row(words, share(rate), rate["unit"], str(rate["withdrawn"]))
    table.add_section()
    for name, words in (
        ("first_reply", "首次答复用时 / time to first reply"),
        ("total_time", "总用时 / total time"),
    ):
        hours = total[name]
        known = hours["median"] is not None
        text = f"median {hours['median']:.1f} h\nmean {hours['mean']:.1f} h\n" if known else ""
        table.add_row(words, f"{text}n = {hours['n']}", hours["unit"], "")
    return table


def _departments(departments: dict[str, Any]) -> Table:
    table = new_table(
        "department",
        "registered",
        "withdrawn",
        "replied",
        "on time",
        "answered",
        "satisfied",
        whole=("department",),
        title="部门 / departments",
    )
    for code, row in sorted(departments.items(), key=lambda entry: -entry[1]["registered"]):
        shares = (share(row["rates"][name]) for name in ("on_time_reply", "answered", "satisfied"))
        counts = (str(row[name]) for name in ("registered", "withdrawn", "replied"))
        table.add_row(code, *counts, *shares)
    return table
