"""The four services and the portal as programs: what each is told, when each is ready; a second four for a replay."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from services.cli.embedded.network import Lan
from services.cli.embedded.ports import HOST, SERVICES, Ports, free_ports
from services.cli.embedded.processes import Child, Program, StartFailed, fixed
from services.cli.embedded.state import read_epoch
from services.cli.embedded.stores import listens

PORTAL, MAILBOX = "portal", "mailbox"
GRACE_SECONDS = 30.0
"""So long a service that is stopped may take, as a container may: it answers what was asked and leaves its group."""
ServiceCommand = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Parts:
    """Where the broker and each service's store are, whoever started them."""

    kafka_bootstrap: str
    store_urls: dict[str, str]
    data_dir: Path

    @property
    def mailbox_dir(self) -> Path:
        """Where the mailbox keeps what comes (services/cli/mailbox.py)."""
        return self.data_dir / MAILBOX

    @property
    def keys_dir(self) -> Path:
        """The folder of this deployment's keys (shared/identity/keys.py)."""
        return self.data_dir / "keys"


def jurisdiction() -> str:
    """Whose system this is: the same for every service, live or history."""
    return os.environ.get("QINQING_JURISDICTION", "huzhou")


WHAT_IS_READ_IN_STAYS = (
    "import gc, runpy, sys; gc.disable(); runpy.run_module(sys.argv[1], run_name='__main__')"
)
"""A tenth of a start was looking for garbage among the modules; shared/collecting.py begins with that afterwards."""


def service_command(name: str) -> list[str]:
    """How a service is started."""
    return [sys.executable, "-c", WHAT_IS_READ_IN_STAYS, f"services.{name}.app"]


NO_MAIL: Mapping[str, str] = {"QINQING_SMTP_HOST": ""}
"""What a service is told that sends no notices; a server of the user's own is for people who are not invented."""


def mail_home(port: int, portal_url: str) -> dict[str, str]:
    """What services are told that send their notices to the mailbox on `port`."""
    domain = f"{jurisdiction()}.example"
    return {
        "QINQING_SMTP_HOST": HOST,
        "QINQING_SMTP_PORT": str(port),
        "QINQING_SMTP_SECURITY": "none",
        "QINQING_SMTP_ACCOUNT": "",
        "QINQING_SMTP_FROM": f"qinqing@{domain}",
        "QINQING_STAFF_MAIL_DOMAIN": domain,
        "QINQING_PORTAL_URL": portal_url,
    }


def mailbox_program(parts: Parts, port: int) -> Program:
    """The mailbox on `port`: nothing that is sent here reaches anybody outside."""

    async def ready() -> bool:
        return await listens(HOST, port)

    command = fixed(sys.executable, "-m", "services.cli.mailbox", str(port), str(parts.mailbox_dir))
    return Program(MAILBOX, "mailbox", port, command, ready)


def service_program(
    name: str,
    parts: Parts,
    port: int,
    *,
    namespace: str = "",
    history: bool = False,
    beginning: bool = False,
    invented_people: bool = True,
    reply_limit: str | None = None,
    command: ServiceCommand | None = None,
    mail: Mapping[str, str] = NO_MAIL,
) -> Program:
    """One service on `port`; `namespace` "" is the live one, with `beginning` as long as history is played into it.

    `history` and the limit only matter to processes of history. `mail`: settings for notices, as `mail_home` has them.
    """
    env = {
        **mail,
        "QINQING_KAFKA_BOOTSTRAP": parts.kafka_bootstrap,
        "QINQING_STORE_URL": parts.store_urls[name],
        "QINQING_HTTP_HOST": HOST,
        "QINQING_HTTP_PORT": str(port),
        "QINQING_NAMESPACE": namespace,
        "QINQING_HISTORY": "1" if history else "0",
        "QINQING_BEGINNING": "1" if beginning else "0",
        "QINQING_JURISDICTION": jurisdiction(),
        "QINQING_KEYS_DIR": str(parts.keys_dir),
        "QINQING_INVENTED_PEOPLE": "1" if invented_people else "0",
        "QINQING_ATTACHMENTS_DIR": str(parts.data_dir / "attachments"),
    }
    if reply_limit is not None:
        env["QINQING_REPLY_LIMIT"] = reply_limit
    if not namespace and (epoch := read_epoch(parts.data_dir)):
        env["QINQING_EPOCH"] = str(epoch)

    async def ready() -> bool:
        return await is_ready(HOST, port)

    label = "beginning" if beginning else namespace
    return Program(
        f"{name}-{label}" if label else name,
        "service",
        port,
        fixed(*(command or service_command)(name)),
        ready,
        env=env,
        death_signal=signal.SIGKILL,  # losing it at any moment is what services are built for
        grace_seconds=GRACE_SECONDS,
    )


def portal_program(
    parts: Parts,
    port: int,
    service_urls: Mapping[str, str],
    *,
    command: ServiceCommand | None = None,
    lan: Lan | None = None,
) -> Program:
    """The portal on `port`; it lets anybody on this machine choose among the invented people, and with `lan` whoever
    joins from the network."""
    names = ("127.0.0.1", "localhost", "[::1]") + (() if lan is None else (lan.address,))
    env = {
        "QINQING_KAFKA_BOOTSTRAP": parts.kafka_bootstrap,
        "QINQING_HTTP_HOST": HOST if lan is None else lan.address,
        "QINQING_HTTP_HOSTS": ",".join(f"{name}:{port}" for name in names),
        "QINQING_HTTP_PORT": str(port),
        "QINQING_LAN_CODE": "" if lan is None else lan.code,
        "QINQING_NAMESPACE": "",
        "QINQING_JURISDICTION": jurisdiction(),
        "QINQING_KEYS_DIR": str(parts.keys_dir),
        "QINQING_EMBEDDED": "1",
        "QINQING_PORTAL_DIR": str(parts.data_dir / PORTAL),
        "QINQING_MAILBOX_DIR": str(parts.mailbox_dir),
        # Whether or not `qinqing watch` runs, now or later.
        "QINQING_PROMETHEUS_URL": f"http://{HOST}:{Ports(port - len(SERVICES)).prometheus}",
        **{f"QINQING_{name.upper()}_URL": url for name, url in service_urls.items()},
    }

    async def ready() -> bool:
        return await is_ready(HOST, port)

    run = fixed(*(command or service_command)(PORTAL))
    return Program(
        PORTAL,
        "portal",
        port,
        run,
        ready,
        env=env,
        death_signal=signal.SIGKILL,
        grace_seconds=GRACE_SECONDS,
    )


@asynccontextmanager
async def history_services(
    parts: Parts,
    *,
    namespace: str,
    beginning: bool = False,
    invented_people: bool = False,
    reply_limit: str | None = None,
    command: ServiceCommand | None = None,
    timeout_seconds: float = 60.0,
) -> AsyncIterator[dict[str, Child]]:
    """Four services of one's own on free ports, beside or without the live ones; {name: Child}, stopped at the end.

    `beginning`: they play into the live namespace ("") itself, before any other service runs there.
    `child.url` is where it answers over HTTP; one that dies is started again; their output is in `data_dir`/logs.
    """
    children = {
        name: Child(
            service_program(
                name,
                parts,
                port,
                namespace=namespace,
                history=True,
                beginning=beginning,
                invented_people=invented_people,
                reply_limit=reply_limit,
                command=command,
            ),
            parts.data_dir / "logs",
        )
        for name, port in zip(SERVICES, free_ports(len(SERVICES)), strict=True)
    }
    try:
        for child in children.values():
            child.start()
        await wait_for_all(children.values(), timeout_seconds)
        yield children
    finally:
        await asyncio.gather(*(child.stop() for child in children.values()))


async def wait_for_all(children: Iterable[Child], timeout: float) -> None:
    """Return when all are ready; raise the first StartFailed as soon as it is known."""
    try:
        async with asyncio.TaskGroup() as group:
            for child in children:
                group.create_task(child.wait_ready(timeout))
    except* StartFailed as failures:
        raise failures.exceptions[0] from None


async def is_ready(host: str, port: int, path: str = "/health/ready") -> bool:
    """Whether GET of this path answers 200."""
    try:
        async with asyncio.timeout(2.0):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
                writer.write(request.encode())
                status = (await reader.readline()).split()
                return len(status) > 1 and status[1] == b"200"
            finally:
                writer.close()
    except (OSError, ValueError, TimeoutError):
        return False
