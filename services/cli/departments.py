"""`qinqing departments`: the directory of departments, routing rules and staff: import, show, diff, merge."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.asking import fail, local
from services.cli.display import Terminal, new_table, print_json
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

if TYPE_CHECKING:
    from services.cli.reference.departments import Difference
    from services.cli.reference.versions import Version

app = typer.Typer(
    help="The directory: departments, routing rules and staff, published in versions.", no_args_is_help=True
)

FileArgument = Annotated[
    Path, typer.Argument(help='JSON: {"departments": [...], "rules": {...}, "staff": [...]}.')
]


@app.command("import")
def import_(file: FileArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """Publish the entries of a file that are new or differ from what is published; the others stay."""
    from services.cli.reference import departments
    from services.cli.reference.owner import owner, wrong_file_ends
    from services.cli.reference.publishing import publish_all
    from services.cli.reference.versions import read_published

    with wrong_file_ends(as_json):
        entries = departments.read_directory(file)
    with owner("dispatch", data, as_json) as client:
        published = read_published(client)
        departments.check_codes(entries, published)
        found = departments.differences(entries, published, published.jurisdiction(), datetime.now(UTC))
        # Rules and staff may name a department that is published only now: the owner must know it first.
        done = publish_all(client, departments.steps(found))
    unchanged = len(entries) - len(done)
    if as_json:
        versions = [{"subject": subject, "version": version} for subject, version in done]
        print_json({"published": versions, "unchanged": unchanged})
        return
    console = Terminal(soft_wrap=True)
    for subject, version in done:
        console.print(f"{subject}: version {version}")
    console.print(f"{len(done)} 已发布 / published, {unchanged} 未变 / unchanged")


@app.command()
def diff(file: FileArgument, data: DataOption = DEFAULT_DATA, as_json: JsonOption = False) -> None:
    """What an import of this file would publish; nothing is changed."""
    from services.cli.reference import departments
    from services.cli.reference.owner import owner, wrong_file_ends
    from services.cli.reference.versions import read_published

    with wrong_file_ends(as_json):
        entries = departments.read_directory(file)
    with owner("dispatch", data, as_json) as client:
        published = read_published(client)
        departments.check_codes(entries, published)
        found = departments.differences(entries, published, published.jurisdiction(), datetime.now(UTC))
    left_out = departments.not_in_file(entries, published)
    if as_json:
        facts = {"differences": [one.facts() for one in found], "not_in_file": left_out}
        print_json(facts)
        return
    _print_differences(found)
    if left_out:
        Terminal(soft_wrap=True).print(
            f"不在文件中，不变 / not in the file, stay as they are: {', '.join(left_out)}"
        )


@app.command()
def show(
    code: Annotated[str | None, typer.Argument(help="One department's code; all of them without it.")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """The directory that is in force now, or all that is published of one department."""
    from services.cli.reference.owner import owner
    from services.cli.reference.versions import read_published
    from shared.contract.subjects import id_of, subject_of

    with owner("dispatch", data, as_json) as client:
        published = read_published(client)
    now = datetime.now(UTC)
    subjects = published.subjects("department")
    if code is not None and subject_of("department", code) not in subjects:
        known = ", ".join(map(id_of, subjects))
        fail(f"没有这个部门 / no such department: {code}; known: {known}", as_json, WRONG_USE)
    if code is not None:
        versions = published.of(subject_of("department", code))
        _show_one(code, versions, as_json)
        return
    found = [one for subject in subjects if (one := published.in_force(subject, now)) is not None]
    if as_json:
        entries = [{"code": id_of(one.subject), "version": one.version, **one.data} for one in found]
        print_json(entries)
        return
    table = new_table("code", "名称 / name", "一把手 / head", "version, since", whole=("code",))
    for one in found:
        name = f"{one.data.get('name_zh', '')}\n{one.data.get('name_en', '')}"
        state = f"{one.version}, {local(one.in_force_from)[:10]}"
        if one.data.get("merged_into"):
            state += f", merged into {one.data['merged_into']}"
        table.add_row(id_of(one.subject), name, str(one.data.get("head", "")), state)
    Terminal().print(table)


@app.command()
def merge(
    code: Annotated[str, typer.Argument(help="The department that is dissolved.")],
    into: Annotated[str, typer.Option("--into", help="The department that takes over its work.")],
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Merge a department into another, which takes over its open work; asked again, what came meanwhile goes too."""
    from services.cli.reference import departments
    from services.cli.reference.owner import owner
    from services.cli.reference.publishing import merge as ask
    from services.cli.reference.versions import read_published
    from shared.contract.subjects import subject_of

    with owner("dispatch", data, as_json) as client:
        published = read_published(client)
        if wrong := departments.cannot_merge(code, into, published, datetime.now(UTC)):
            fail(wrong, as_json, WRONG_USE)
        outcome = ask(client, subject_of("department", code), into)
    if as_json:
        print_json(outcome)
        return
    left = outcome.get("merging", 0)
    Terminal(soft_wrap=True).print(
        f"{code} 并入 / is merged into {into}; 移交中 / issues being handed over: {left}"
    )


def _show_one(code: str, versions: "list[Version]", as_json: bool) -> None:
    """Every version of one department, the oldest first."""
    if as_json:
        facts = [one.model_dump(mode="json") for one in versions]
        print_json({"code": code, "versions": facts})
        return
    console = Terminal(soft_wrap=True)
    for one in versions:
        console.print(f"version {one.version}, 生效 / in force from {local(one.in_force_from)}", style="bold")
        for name, value in one.data.items():
            if value and name not in ("version", "in_force_from"):
                console.print(f"  {name:<18} {_text(value)}")


def _print_differences(found: "list[Difference]") -> None:
    if not found:
        Terminal().print("没有差别 / no difference")
        return
    table = new_table("entry", "field", "已发布 / published", "文件 / file", whole=("field",))
    for one in found:
        for name, (was, now) in one.fields.items():
            table.add_row(one.subject, name, _text(was) if one.after else "(new)", _text(now))
    Terminal().print(table)


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
