"""`qinqing enterprises`: import and export them as spreadsheets, and show one."""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import Progress

from services.cli.asking import fail
from services.cli.display import Terminal, print_fields, print_json
from services.cli.operating import operated
from services.cli.system import DEFAULT_DATA, FAILED, WRONG_USE, DataOption, JsonOption

if TYPE_CHECKING:
    import httpx

    from services.cli.enterprise_rows import Fault, Row, Sheet

app = typer.Typer(
    help="Enterprises by their credit codes: import and export as spreadsheets, show.", no_args_is_help=True
)

OFFICE = "office"
AT_ONCE = 16
"""How many rows are asked for side by side."""
Known = dict[str, dict[str, Any]]


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="xlsx, xls, ods or csv; its first row names the columns.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    rejected: Annotated[
        Path | None,
        typer.Option("--rejected", help="Write the rows that were left out into this file, with why."),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Take the good rows of a spreadsheet in and name every bad one; twice changes nothing."""
    from services.cli.enterprise_rows import read_rows
    from services.cli.reference.owner import owner
    from shared.handwritten import WrongFile
    from shared.spreadsheets import read_sheet

    with owner("intake", data, as_json, OFFICE) as client:
        sheet = read_rows(read_sheet(file), str(file))
        if rejected is not None and rejected.resolve() == file.resolve():
            raise WrongFile([f"{rejected}: name another file than the one that is read"])
        done, faults = _taken(client, sheet, dry_run=dry_run, quiet=as_json)
    faults = sorted([*sheet.faults, *faults])
    if rejected is not None:
        _write_rejected(rejected, sheet, faults)
    _say(done, faults, sheet, dry_run=dry_run, as_json=as_json)
    if faults:
        raise SystemExit(FAILED)


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="xlsx or csv, by its name.")],
    english: Annotated[bool, typer.Option("--english", help="Headers and sizes in English.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Write all enterprises into a spreadsheet that can be imported again."""
    from services.cli.enterprise_rows import export_headers, exported
    from services.cli.reference.owner import owner
    from shared.spreadsheets import write_sheet

    if file.exists() and not force:
        fail(f"{file} is there already: say --force to write over it", as_json, WRONG_USE)
    if file.suffix.lower() not in (".xlsx", ".csv"):
        fail(f"{file}: name a file that ends in .xlsx or .csv", as_json, WRONG_USE)
    with owner("intake", data, as_json, OFFICE) as client:
        known = list(_all(client))
    write_sheet(file, export_headers(english=english), [exported(one, english=english) for one in known])
    if as_json:
        print_json({"exported": len(known), "file": str(file)})
    else:
        Terminal(soft_wrap=True).print(f"{len(known)} 已导出 / exported: {file}")


@app.command()
def show(
    code: Annotated[str, typer.Argument(help="The unified social credit code.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """What is known of one enterprise."""
    from urllib.parse import quote

    with operated(data, as_json, OFFICE) as services:
        shown = services.read("intake", f"/enterprises/{quote(code.strip().upper(), safe='')}")
    if as_json:
        print_json(shown)
        return
    print_fields(shown, 10)


def _all(client: "httpx.Client") -> Iterator[dict[str, Any]]:
    """Every enterprise that is known, in the order of the codes."""
    after: str | None = ""
    while after is not None:
        page = _read(client.get("/enterprises", params={"after": after}))
        yield from page["enterprises"]
        after = page["next"]


def _taken(
    client: "httpx.Client", sheet: "Sheet", *, dry_run: bool, quiet: bool
) -> tuple[Counter[str], list["Fault"]]:
    """Ask for what is new or differs, many rows at once: how many became what, and who was refused."""
    known: Known = {one["code"]: one for one in _all(client)}
    done: Counter[str] = Counter()
    faults: list[Fault] = []
    console = Terminal(stderr=True)
    with (
        Progress(console=console, transient=not console.is_terminal, disable=quiet) as bar,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        task = bar.add_task("企业 / enterprises", total=len(sheet.rows))

        def one(row: "Row") -> "str | Fault":
            return _take(client, row, known.get(row.code), dry_run=dry_run)

        for became in pool.map(one, sheet.rows):
            bar.advance(task)
            if isinstance(became, str):
                done[became] += 1
            else:
                faults.append(became)
    return done, faults


def _take(
    client: "httpx.Client", row: "Row", known: dict[str, Any] | None, *, dry_run: bool
) -> "str | Fault":
    """One row: what became of it, or why it was refused."""
    from services.cli.enterprise_rows import Fault, command_of, is_known

    command = command_of(row, known)
    if is_known(command, known):
        return "unchanged"
    read = known["revision"] if known else 0
    if command.revision != read:
        rule = f"somebody changed it meanwhile: {read} is current, not {command.revision}; export it again"
        return Fault(row.line.number, "", rule)
    became = "changed" if known else "new"
    if dry_run:
        return became
    body = command.model_dump_json(exclude_none=True)
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": sha256(f"{row.code}/{body}".encode()).hexdigest()[:32],
    }
    response = client.post(f"/enterprises/{row.code}/record", content=body, headers=headers)
    if response.status_code in (409, 422):
        problem = response.json()
        return Fault(row.line.number, "", f"{problem['title']}: {problem.get('detail', '')}")
    outcome = _read(response)
    if outcome.get("unchanged"):  # what is masked differs from the file, and is the same once it is masked
        return "unchanged"
    return "pending" if outcome["status"] == "pending" else became


def _read(response: "httpx.Response") -> dict[str, Any]:
    from services.cli.reference.versions import Failed

    try:
        body = dict(response.json())
    except ValueError:
        body = {"title": response.text[:200]}
    if response.status_code >= 400:
        raise Failed(
            f"intake: {body.get('title')} {body.get('detail', '')}".strip()
            + "; what went in before stays, and the same file can be imported again"
        )
    return body


def _write_rejected(path: Path, sheet: "Sheet", faults: Sequence["Fault"]) -> None:
    """The rows that were left out as they stood, each with what is wrong, for whoever mends and imports them."""
    from services.cli.enterprise_rows import REASON, is_reason
    from shared.spreadsheets import write_sheet

    reasons: dict[int, list[str]] = {}
    for fault in faults:
        reasons.setdefault(fault.row, []).append(
            f"{fault.column}: {fault.rule}" if fault.column else fault.rule
        )
    lines = {line.number: line for line in (*sheet.rejected, *(row.line for row in sheet.rows))}
    kept = [at for at, header in enumerate(sheet.headers) if not is_reason(header)]
    rows = []
    for number in sorted(reasons):
        cells = dict(enumerate(cell.text for cell in lines[number].cells))
        rows.append([*(cells.get(at, "") for at in kept), "; ".join(reasons[number])])
    write_sheet(path, [*(sheet.headers[at] for at in kept), REASON[0]], rows)


def _say(
    done: Counter[str], faults: Sequence["Fault"], sheet: "Sheet", *, dry_run: bool, as_json: bool
) -> None:
    names = ("new", "changed", "unchanged", "pending")
    rejected = len({fault.row for fault in faults})
    if as_json:
        counts = {name: done[name] for name in names}
        wrong = [fault._asdict() for fault in faults]
        print_json(
            {
                "dry_run": dry_run,
                **counts,
                "rejected": rejected,
                "faults": wrong,
                "columns_left_out": sheet.unknown,
            }
        )
        return
    terminal, aside = Terminal(soft_wrap=True), Terminal(stderr=True, soft_wrap=True)
    for fault in faults:
        aside.print(str(fault))
    if sheet.unknown:
        aside.print(f"不识别的列，未导入 / columns that mean nothing here: {', '.join(sheet.unknown)}")
    would = "试运行，未改动 / dry run, nothing changed: " if dry_run else ""
    pending = f", {done['pending']} 待处理 / pending" if done["pending"] else ""
    terminal.print(
        f"{would}{done['new']} 新增 / new, {done['changed']} 更新 / changed, {done['unchanged']} 未变 / unchanged"
        f"{pending}, {rejected} 退回 / left out"
    )
