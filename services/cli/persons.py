"""`qinqing people`: entrepreneurs as the office registers, finds, shows and erases them."""

import sys
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.prompt import Confirm, Prompt

from services.cli.asking import fail
from services.cli.display import Terminal, print_fields, print_json
from services.cli.operating import operated
from services.cli.system import DEFAULT_DATA, WRONG_USE, DataOption, JsonOption

app = typer.Typer(
    help="Entrepreneurs: register, find by phone, show, and erase for good.", no_args_is_help=True
)

ReferenceArgument = Annotated[str, typer.Argument(help="The person's reference, as `find` shows it.")]
OFFICE = "office"


@app.command()
def add(
    name: Annotated[str | None, typer.Option(help="Asked for when left out.")] = None,
    phone: Annotated[
        str | None, typer.Option(help="Asked for when left out, so that no history of commands keeps it.")
    ] = None,
    mail: Annotated[str, typer.Option(help="A mail address.")] = "",
    enterprise: Annotated[str, typer.Option(help="Unified social credit code, 18 characters.")] = "",
    chamber: Annotated[str, typer.Option(help="The chamber they speak for.")] = "",
    trade: Annotated[str, typer.Option(help="The trade they speak for.")] = "",
    language: Annotated[str, typer.Option(help="zh or en")] = "zh",
    means: Annotated[
        list[str] | None,
        typer.Option("--channel", help="How they want to be told: link, phone, mail, sms; more than once."),
    ] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Register somebody; a phone that is known answers with the known person."""
    body: dict[str, Any] = {
        "name": name or _asked("姓名 / name", as_json),
        "phone": _asked("电话 / phone", as_json) if phone is None else phone,
        "mail": mail,
        "enterprise": enterprise,
        "chamber": chamber,
        "trade": trade,
        "language": language,
        "channels": means or [],
    }
    with operated(data, as_json, OFFICE) as services:
        answer = services.ask("intake", "/people", body, key=uuid4().hex)
    if as_json:
        print_json(answer)
        return
    known = " （已登记 known before）" if answer.get("known") else ""
    Terminal(soft_wrap=True).print(
        f"已收到，稍后可查 / received, look later: {answer['look']}"
        if answer["status"] == "pending"
        else f"{answer['person']}{known}"
    )


@app.command()
def find(
    phone: Annotated[str | None, typer.Argument(help="The exact number; asked for when left out.")] = None,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Who has this phone, by reference."""
    with operated(data, as_json, OFFICE) as services:
        found = services.ask("intake", "/people/find", {"phone": phone or _asked("电话 / phone", as_json)})
    if as_json:
        print_json(found)
        return
    Terminal(soft_wrap=True).print(found["person"] or "没有 / nobody")


@app.command()
def show(
    reference: ReferenceArgument,
    why: Annotated[
        str, typer.Option("--why", help="Show name, phone and mail too; the look is kept with this reason.")
    ] = "",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """What is known of a person; with --why the contact too, and the look is written down."""
    with operated(data, as_json, OFFICE) as services:
        shown = services.read("intake", f"/people/{_place(reference)}")
        if why:
            shown |= services.ask("intake", f"/people/{_place(reference)}/contact", {"why": why})
    if as_json:
        print_json(shown)
        return
    print_fields(shown, 14)


@app.command()
def erase(
    reference: ReferenceArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Delete a person's key: nobody reads their contact any more, wherever it stands. It cannot be undone."""
    what = f"删除其姓名和联系方式，不可恢复 / erase name and contact of {reference} for good"
    if not yes:
        if as_json or not sys.stdin.isatty():
            fail(f"nothing was erased: say --yes to erase {reference} for good", as_json, WRONG_USE)
        if not Confirm.ask(f"{what}?", console=Terminal(), default=False):
            fail("nothing was erased", as_json)
    with operated(data, as_json, OFFICE) as services:
        answer = services.ask("intake", f"/people/{_place(reference)}/erase")
    if as_json:
        print_json(answer)
        return
    pending = "密钥已删除，登记稍后完成 / the key is deleted; ask again to see it recorded"
    Terminal(soft_wrap=True).print(
        pending if answer["status"] == "pending" else f"已删除 / erased {reference}"
    )


def _asked(what: str, as_json: bool) -> str:
    try:
        return Prompt.ask(what, console=Terminal(stderr=True))
    except EOFError:
        fail(f"{what} is missing and nobody can be asked", as_json, WRONG_USE)


def _place(reference: str) -> str:
    from urllib.parse import quote

    return quote(reference, safe="")
