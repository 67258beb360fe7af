"""`qinqing staff`: the officials of the directory: publish one, and see who there is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from services.cli.asking import fail
from services.cli.display import Terminal, new_table, print_json
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

if TYPE_CHECKING:
    import httpx

app = typer.Typer(help="The officials of the directory: add one, list them.", no_args_is_help=True)

DispatchOption = Annotated[
    str,
    typer.Option(
        "--dispatch",
        envvar="QINQING_DISPATCH_URL",
        help="Address of a dispatch that `qinqing up` did not start; QINQING_KEYS_DIR then has signing.jwk.",
    ),
]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="The name as people write it.")],
    account: Annotated[str, typer.Option(help="The account by which they sign in.")],
    role: Annotated[list[str], typer.Option(help="A role; several times for several.")],
    department: Annotated[str, typer.Option(help="The code of the department they work in.")] = "",
    level: Annotated[str, typer.Option(help="city, county, functional_area or township")] = "city",
    dispatch: DispatchOption = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Publish an official, or a new version of one: it replaces name, roles, department and level."""
    from services.cli.reference.departments import check_codes, staff_entry
    from services.cli.reference.owner import wrong_file_ends
    from services.cli.reference.publishing import publish, wait_until_known
    from services.cli.reference.versions import read_published
    from services.dispatch.staff.decisions import no_officials_role
    from shared.domain.rights import IN_DEPARTMENTS

    if why := no_officials_role(role):
        fail(f"--role {why}", as_json, WRONG_USE)
    if not department and (inside := [one for one in role if one in IN_DEPARTMENTS]):
        fail(f"--role {inside[0]} is of a department: name it with --department", as_json, WRONG_USE)
    fields = {"name": name, "roles": role, "department": department, "level": level}
    with wrong_file_ends(as_json):
        entry = staff_entry(account, fields)
    with _dispatch(dispatch, data, as_json) as client:
        published = read_published(client)
        check_codes([entry], published)
        subject = entry.subject(published.jurisdiction())
        newest = published.newest(subject)
        outcome = publish(client, subject, entry.command, "" if newest is None else newest.version)
        wait_until_known(client, [(subject, str(outcome["version"]))])
    if as_json:
        print_json(outcome | {"account": account})
        return
    said = "未变 / unchanged" if outcome.get("unchanged") else "已发布 / published"
    Terminal(soft_wrap=True).print(f"{account}: {said}, version {outcome['version']}")


@app.command("list")
def list_(
    dispatch: DispatchOption = "", data: DataOption = DEFAULT_DATA, as_json: JsonOption = False
) -> None:
    """Every official in force now, with how `qinqing token --as` names them."""
    from services.cli.people import officials
    from services.cli.reference.versions import read_published

    with _dispatch(dispatch, data, as_json) as client:
        found = officials(read_published(client))
    if as_json:
        print_json([one._asdict() | {"as": one.names()} for one in found])
        return
    table = new_table("--as", "姓名 / name", "department", whole=("--as",))
    for one in found:
        table.add_row("\n".join(one.names()), one.name, one.department)
    Terminal().print(table)


@contextmanager
def _dispatch(url: str, data: Path, as_json: bool) -> "Iterator[httpx.Client]":
    """Dispatch of the running system, or the one at this address, for whoever has its deployment's signing key."""
    from services.cli.identity import client_of, deployment_elsewhere
    from services.cli.reference.owner import asked, owner

    if not url:
        with owner("dispatch", data, as_json) as client:
            yield client
        return
    auth = deployment_elsewhere(as_json).own("administrator")
    with asked("dispatch", client_of(url, auth), as_json) as client:
        yield client
