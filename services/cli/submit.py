"""`qinqing submit`: raise one issue and see its number and promised date."""

from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer
from rich.prompt import Prompt
from rich.text import Text

from services.cli.asking import fail, need_system
from services.cli.display import Terminal, print_json, shown
from services.cli.identity import client_of
from services.cli.people import ENTREPRENEUR, signed_as
from services.cli.system import DEFAULT_DATA, FAILED, WRONG_USE, DataOption, JsonOption, data_option

TitleOption = Annotated[str | None, typer.Option("--title", help="One line that says what it is about.")]
TextOption = Annotated[
    str | None, typer.Option("--text", help="The words, in full; asked for when left out.")
]


def submit(
    title: TitleOption = None,
    text: TextOption = None,
    kind: Annotated[str, typer.Option(help="problem or suggestion")] = "problem",
    enterprise: Annotated[
        str, typer.Option(help="Unified social credit code, 18 characters; may be empty.")
    ] = "",
    anonymous: Annotated[
        bool, typer.Option("--anonymous", help="隐名: departments see a pseudonym only.")
    ] = False,
    attach: Annotated[
        list[Path] | None, typer.Option(help="A file that goes with it, such as a photo; more than once.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Sent again with the same key, it is the same issue.")
    ] = None,
    actor: Annotated[
        str, typer.Option(help="Who raises it, as `qinqing token --as` takes it.")
    ] = ENTREPRENEUR,
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Raise an issue; print its number, the promised date, and how to follow it."""
    system = need_system(data, as_json)
    title, text = _asked("标题 / title", title, as_json), _asked("内容 / text", text, as_json)
    body: dict[str, Any] = {"title": title, "text": text, "kind": kind}
    body |= {"enterprise": enterprise} if enterprise else {}
    body |= {"anonymous": True} if anonymous else {}
    key = key or uuid4().hex
    headers, auth = {"Idempotency-Key": key}, signed_as(system, actor, as_json)
    again = f"asked again with --key {key} it does not become a second issue"
    try:
        with client_of(system.service_urls["intake"], auth) as client:
            if attach:
                body |= {"attachments": [_handed_in(client, file, again, as_json) for file in attach]}
            response = client.post("/issues", json=body, headers=headers)
    except httpx.TransportError as error:
        fail(f"intake does not answer: {error}; {again}", as_json)
    answer = _answer(response, again, as_json)
    if as_json:
        print_json(answer)
        return
    terminal = Terminal(soft_wrap=True)
    if response.status_code == httpx.codes.ACCEPTED:
        terminal.print(f"已收到，稍后可查 / received, look later: {answer['look']}")
        return
    provisional = " （暂定 provisional）" if answer.get("provisional_because") else ""
    number, due = shown(answer["number"]), shown(answer.get("due_on", "-"))
    terminal.print(Text.assemble("登记编号 / number        ", (number, "bold")))
    terminal.print(Text.assemble("承诺答复日期 / promised  ", (due, "bold"), provisional))
    if masked := answer.get("masked"):
        terminal.print(f"已隐去号码 / masked       {masked}")
    terminal.print(f"跟踪 / follow            qinqing follow issue {answer['id']}{data_option(data)}")


def _asked(what: str, given: str | None, as_json: bool) -> str:
    """What was given, or what the person at the terminal says."""
    try:
        return given or Prompt.ask(what, console=Terminal(stderr=True))
    except EOFError:
        fail(f"{what} is missing and nobody can be asked: say --title and --text", as_json, WRONG_USE)


def _handed_in(client: httpx.Client, file: Path, again: str, as_json: bool) -> str:
    """The receipt of a file that intake took; ends the command where it takes none."""
    try:
        with file.open("rb") as content:
            response = client.post("/attachments", content=content)
    except OSError as error:
        fail(f"{file}: cannot be read ({error.strerror}); name a file that is there", as_json, WRONG_USE)
    return str(_answer(response, again, as_json, detail=str(file))["receipt"])


def _answer(response: httpx.Response, again: str, as_json: bool, **more: str) -> dict[str, Any]:
    """What intake answered; ends the command with its problem, and ``more`` about it, where it refused."""
    try:
        answer = dict(response.json())
    except ValueError:
        fail(f"intake answered {response.status_code} and no JSON; {again}", as_json)
    if response.status_code >= 500:
        _end(FAILED, as_json, answer | more | {"again": again})
    if response.status_code >= 400:
        _end(WRONG_USE, as_json, answer | more)
    return answer


def _end(code: int, as_json: bool, fields: dict[str, Any]) -> None:
    """End with a problem document: its title, each field with its rule, its detail."""
    if as_json:
        print_json(fields)
    terminal = Terminal(stderr=True, soft_wrap=True)
    terminal.print(str(fields.get("title") or fields))
    for error in fields.get("errors", ()):
        terminal.print(f"  {error['field']}: {error['rule']}")
    for name in ("detail", "again"):
        if fields.get(name):
            terminal.print(f"  {fields[name]}")
    raise SystemExit(code)
