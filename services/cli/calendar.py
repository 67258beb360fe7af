"""`qinqing calendar`: the table of work and rest days: import a year's notice, show it, compare a file with it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from services.cli.asking import fail, local
from services.cli.display import Terminal, new_table, print_json
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

if TYPE_CHECKING:
    from shared.domain.calendar import Day
    from shared.year_tables import Comparison

app = typer.Typer(
    help="The calendar: rest days and make-up days, published in versions.", no_args_is_help=True
)

REACHES_RUNNING = "running clocks whose dates it moves are recalculated"

FileArgument = Annotated[
    Path, typer.Argument(help="CSV of one year's notice: date,kind,name,source; kind is work or rest.")
]
ReplaceOption = Annotated[
    bool, typer.Option("--replace", help="The file stands for that year, whatever is published for it.")
]


@app.command("import")
def import_(
    file: FileArgument,
    replace: ReplaceOption = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Publish the published table together with a year's notice; running clocks whose dates it moves follow."""
    from services.cli.reference.calendar import wanted
    from services.cli.reference.owner import owner, wrong_file_ends
    from services.cli.reference.publishing import publish, wait_until_known
    from shared.year_notices import read_notice

    with wrong_file_ends(as_json):
        notice = read_notice(file)
    with owner("supervision", data, as_json) as client:
        subject, before, found, command = wanted(client, file, notice, replace)
        outcome = publish(client, subject, command, before.version)
        wait_until_known(client, [(subject, str(outcome["version"]))])
    facts = {
        "year": notice.year,
        "published_through": command.published_through,
        "unchanged": False,
        **outcome,
        **found.as_json(),
    }
    if as_json:
        print_json(facts)
        return
    _print_imported(facts)
    if found.left_out and not replace:
        dates = ", ".join(day.on.isoformat() for day in found.left_out)
        Terminal(soft_wrap=True).print(
            f"不在文件中，保留 / not in the file, kept (--replace drops them): {dates}"
        )


@app.command()
def preview(
    file: FileArgument,
    replace: ReplaceOption = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Which due dates a year's notice would move, from when to when, and whose; nothing is published."""
    from services.cli.impact import show_impact
    from services.cli.reference.calendar import wanted
    from services.cli.reference.owner import owner, wrong_file_ends
    from shared.year_notices import read_notice

    with wrong_file_ends(as_json):
        notice = read_notice(file)
    with owner("supervision", data, as_json) as client:
        command = wanted(client, file, notice, replace).command
    show_impact(command, data, as_json)


@app.command()
def diff(file: FileArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """A year's notice beside what is published; nothing is changed."""
    from services.cli.reference import calendar
    from services.cli.reference.owner import owner, wrong_file_ends
    from services.cli.reference.versions import read_published
    from shared import year_tables
    from shared.year_notices import read_notice

    with wrong_file_ends(as_json):
        notice = read_notice(file)
    with owner("supervision", data, as_json) as client:
        published = read_published(client)
        version, table = calendar.newest_table(published, published.jurisdiction())
    found = year_tables.compare(table, notice)
    if as_json:
        facts = {"year": notice.year, "version": version.version, **found.as_json()}
        print_json(facts)
        return
    _print_comparison(found)


@app.command()
def show(
    year: Annotated[
        int | None, typer.Argument(help="One year's days; all years in short without it.")
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """The calendar that is in force now: each year in short, or every day that one year's notice names."""
    from datetime import UTC, datetime

    from services.cli.reference import calendar
    from services.cli.reference.owner import owner
    from services.cli.reference.versions import read_published
    from shared import year_tables

    with owner("supervision", data, as_json) as client:
        published = read_published(client)
        version, table = calendar.table_in_force(published, published.jurisdiction(), datetime.now(UTC))
    years = sorted({day.on.year for day in table.days})
    if year is not None and year not in years:
        span = f"{years[0]}-{years[-1]}" if years else "none"
        fail(
            f"没有 {year} 年的通知 / no notice of {year} is published; published: {span}", as_json, WRONG_USE
        )
    days = [day for day in table.days if year in (None, day.on.year)]
    if as_json:
        facts = {
            "version": version.version,
            "in_force_from": version.in_force_from.isoformat(),
            "published_through": table.published_through,
            "days": [year_tables.day_as_json(day) for day in days],
        }
        print_json(facts)
        return
    Terminal(soft_wrap=True).print(
        f"version {version.version}, 生效 / in force from {local(version.in_force_from)}, "
        f"已公布至 / published through {table.published_through}"
    )
    _print_years(days) if year is None else _print_days(days)


def _print_years(days: "list[Day]") -> None:
    """Each year in short."""
    table = new_table("year", "休 / rest", "补班 / make-up")
    for year in sorted({day.on.year for day in days}):
        kinds = [day.is_work for day in days if day.on.year == year]
        table.add_row(str(year), str(kinds.count(False)), str(kinds.count(True)))
    Terminal().print(table)


def _print_days(days: "list[Day]") -> None:
    """Every day with where it is written."""
    from shared.year_tables import day_as_json

    table = new_table("date", "kind", "name", "source", whole=("date", "kind"))
    for day in days:
        table.add_row(*day_as_json(day).values())
    Terminal().print(table)


def _print_imported(facts: dict[str, Any]) -> None:
    console = Terminal(soft_wrap=True)
    version, year, through = facts["version"], facts["year"], facts["published_through"]
    if facts["unchanged"]:
        said = facts.get("remark", "nothing to publish: work and rest days are published like this")
        console.print(f"未变 / unchanged: version {version}; {said}")
        return
    console.print(f"已发布 / published: {year}, calendar version {version}; {REACHES_RUNNING}")
    if through < year:
        console.print(
            f"{through + 1} 年通知未导入 / the notice of {through + 1} is not imported: "
            "due dates from that year on stay provisional"
        )


def _print_comparison(found: "Comparison") -> None:
    from shared.year_tables import kind

    table = new_table("date", "已发布 / published", "文件 / file", "", whole=("date",))
    for day in found.new:
        table.add_row(str(day.on), "-", f"{kind(day)} {day.name}", "new")
    for was, now in found.otherwise:
        table.add_row(
            str(now.on), f"{kind(was)} {was.name}", f"{kind(now)} {now.name}", "otherwise: needs --replace"
        )
    for was, now in found.reworded:
        table.add_row(str(now.on), f"{was.name}, {was.source}", f"{now.name}, {now.source}", "other words")
    for day in found.left_out:
        table.add_row(str(day.on), f"{kind(day)} {day.name}", "-", "kept without --replace")
    Terminal().print(table if table.row_count else "没有差别 / no difference")
