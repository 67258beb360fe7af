"""What commands that need a running system share: finding it, and saying so when there is none."""

import json
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console

from services.cli.system import FAILED, RunningSystem, running_system

if TYPE_CHECKING:
    from shared.contract.envelope import Envelope

SHANGHAI = timezone(timedelta(hours=8))


def need_system(data: Path, as_json: bool) -> RunningSystem:
    """The running, ready system of this data folder; ends the command with a hint where there is none."""
    system = running_system(data)
    if system is None or system.phase != "ready":
        what = "nothing runs" if system is None else f"the system is {system.phase}"
        fail(f"{what} on {data.resolve().name}; start it with: qinqing up", as_json)
    return system


def fail(message: str, as_json: bool, code: int = FAILED) -> NoReturn:
    """End with one line on stderr, and the same as JSON on stdout when asked."""
    if as_json:
        print(json.dumps({"error": message}, ensure_ascii=False))
    Console(stderr=True, soft_wrap=True).print(message, markup=False, highlight=False)
    raise SystemExit(code)


def local(at: datetime) -> str:
    """An instant as a person in Shanghai reads it."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def from_ms(milliseconds: int) -> datetime:
    """Milliseconds since 1970 as an aware instant."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


async def event_log(bootstrap: str, namespace: str) -> "list[Envelope]":
    """Every event of a namespace once, whatever was published twice."""
    from shared.bus.reader import read_all
    from shared.contract.envelope import open_envelope
    from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION

    found: dict[str, Envelope] = {}
    topics = (INTAKE, DISPATCH, SUPERVISION, FEEDBACK)
    async for record in read_all(bootstrap, topics, f"{namespace}." if namespace else ""):
        envelope = open_envelope(record.value, record.sha256)
        found[f"{envelope.source} {envelope.id}"] = envelope
    return list(found.values())
