"""What commands that need a running system share: finding it, and saying so when there is none."""

from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from services.cli.display import Terminal, print_json
from services.cli.system import FAILED, WRONG_USE, RunningSystem, data_option, running_system

if TYPE_CHECKING:
    from shared.contract.envelope import Envelope

SHANGHAI = timezone(timedelta(hours=8))


def need_system(data: Path, as_json: bool) -> RunningSystem:
    """The running, ready system of this data folder; ends the command with a hint where there is none."""
    system = running_system(data)
    if system is None or system.phase != "ready":
        what = "nothing runs" if system is None else f"the system is {system.phase}"
        fail(f"{what} on {data.resolve()}; start it with: qinqing up{data_option(data)}", as_json)
    return system


def fail(message: str, as_json: bool, code: int = FAILED) -> NoReturn:
    """End with one line on stderr, and the same as JSON on stdout when asked."""
    if as_json:
        print_json({"error": message})
    Terminal(stderr=True, soft_wrap=True).print(message)
    raise SystemExit(code)


def instant(option: str, text: str, as_json: bool) -> datetime:
    """The instant that an option names; ends the command with a sentence where it names none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        fail(f"{option}: {text!r} is no instant; write 2019-12-31T00:00:00+08:00", as_json, WRONG_USE)
    if at.tzinfo is None:
        fail(f"{option}: {text!r} has no offset; write 2019-12-31T00:00:00+08:00", as_json, WRONG_USE)
    return at


def local(at: datetime) -> str:
    """An instant as a person in Shanghai reads it."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


class EventLog(NamedTuple):
    """Every event of a namespace once, and how many records on the topics of events are none."""

    events: "list[Envelope]"
    unreadable: int


async def event_log(bootstrap: str, namespace: str) -> EventLog:
    """Read the four topics of events whole; what was published twice counts once."""
    from services.cli.events import read_event
    from shared.bus.reader import read_all
    from shared.contract.event import DISPATCH, FEEDBACK, INTAKE, SUPERVISION
    from shared.contract.registry import EVENTS

    found: dict[str, Envelope] = {}
    unreadable = 0
    topics = (INTAKE, DISPATCH, SUPERVISION, FEEDBACK)
    async for record in read_all(bootstrap, topics, f"{namespace}." if namespace else ""):
        try:
            envelope = read_event(record)
            if (shape := EVENTS.get(envelope.type)) is not None:
                shape.read(envelope.data)
        except (ValueError, OverflowError):
            unreadable += 1
            continue
        found[f"{envelope.source} {envelope.id}"] = envelope
    return EventLog(list(found.values()), unreadable)


async def replays_kept(bootstrap: str) -> list[str]:
    """The namespaces of replays on this system, oldest first."""
    from shared.bus.reader import topic_names
    from shared.settings import is_history

    return sorted({name.partition(".")[0] for name in await topic_names(bootstrap) if is_history(name)})


async def need_namespace(bootstrap: str, namespace: str, as_json: bool) -> None:
    """End the command where nothing is kept under this name; "" is the live system, which is always there."""
    from shared.bus.reader import topic_names

    if namespace and not await topic_names(bootstrap, f"{namespace}."):
        fail(f"no such namespace: {namespace}; `qinqing namespaces list` shows them", as_json, WRONG_USE)
