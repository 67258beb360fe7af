"""`qinqing submit`: raise one issue and see its number and promised date."""

import json
from typing import Annotated, Any
from uuid import uuid4

import httpx
import typer
from rich.console import Console
from rich.prompt import Prompt

from services.cli.asking import need_system
from services.cli.system import DEFAULT_DATA, FAILED, WRONG_USE, DataOption, JsonOption

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
    key: Annotated[
        str | None, typer.Option(help="Sent again with the same key, it is the same issue.")
    ] = None,
    actor: Annotated[str, typer.Option(help="Who raises it, as entrepreneur:<name>.")] = "entrepreneur:demo",
    data: DataOption = DEFAULT_DATA,
    as_json: JsonOption = False,
) -> None:
    """Raise an issue; print its number, the promised date, and how to follow it."""
    system = need_system(data, as_json)
    title = title or Prompt.ask("标题 / title")
    text = text or Prompt.ask("内容 / text")
    body: dict[str, Any] = {"title": title, "text": text, "kind": kind}
    body |= {"enterprise": enterprise} if enterprise else {}
    body |= {"anonymous": True} if anonymous else {}
    headers = {"Idempotency-Key": key or uuid4().hex, "Qinqing-Actor": actor}
    try:
        response = httpx.post(
            f"{system.service_urls['intake']}/issues", json=body, headers=headers, timeout=15
        )
    except httpx.TransportError as error:
        _end(FAILED, as_json, {"error": f"intake does not answer: {error}"})
    answer = response.json()
    if response.status_code >= 400:
        _end(WRONG_USE if response.status_code < 500 else FAILED, as_json, answer)
    if as_json:
        print(json.dumps(answer, ensure_ascii=False))
        return
    console = Console()
    if response.status_code == 202:
        console.print(f"已收到，稍后可查 / received, look later: {answer['look']}")
        return
    provisional = " （暂定 provisional）" if answer.get("provisional_because") else ""
    console.print(f"登记编号 / number        [bold]{answer['number']}[/bold]")
    console.print(f"承诺答复日期 / promised  [bold]{answer.get('due_on', '-')}[/bold]{provisional}")
    console.print(f"跟踪 / follow            qinqing follow issue {answer['id']}")


def _end(code: int, as_json: bool, fields: dict[str, Any]) -> None:
    if as_json:
        print(json.dumps(fields, ensure_ascii=False))
    console = Console(stderr=True, soft_wrap=True)
    console.print(str(fields.get("title") or fields.get("error") or fields), markup=False)
    for error in fields.get("errors", ()):
        console.print(f"  {error['field']}: {error['rule']}", markup=False)
    if fields.get("detail"):
        console.print(f"  {fields['detail']}", markup=False)
    raise SystemExit(code)
