"""Which part listens on which port of 127.0.0.1, and who holds a port that is taken."""

import asyncio
import errno
import os
import socket
import time
from dataclasses import dataclass

import psutil

SERVICES = ("intake", "dispatch", "supervision", "feedback")
DEFAULT_BASE_PORT = 18400
HOST = "127.0.0.1"
LINGER_SECONDS = 3.0


@dataclass(frozen=True)
class Ports:
    """Every port of one embedded system, counted from its base port."""

    base: int = DEFAULT_BASE_PORT

    def service(self, name: str) -> int:
        return self.base + SERVICES.index(name)

    @property
    def portal(self) -> int:
        return self.base + len(SERVICES)

    @property
    def mailbox(self) -> int:
        return self.portal + 1

    @property
    def kafka(self) -> int:
        return self.base + 10

    @property
    def controller(self) -> int:
        return self.base + 11

    @property
    def prometheus(self) -> int:
        """Of `qinqing watch`, as the next one."""
        return self.base + 30

    @property
    def alertmanager(self) -> int:
        return self.base + 31

    def store(self, service: str) -> int:
        return self.base + 20 + SERVICES.index(service)


@dataclass(frozen=True)
class TakenPort:
    """A port that is needed and not free; `holder` is "name (pid N)" when the system tells."""

    port: int
    purpose: str
    holder: str | None

    def __str__(self) -> str:
        return f"{self.port} (for {self.purpose}) is held by {self.holder or 'another process'}"


class PortsTaken(Exception):
    """Some ports are not free, so nothing was started."""

    def __init__(self, taken: list[TakenPort]) -> None:
        self.taken = taken
        super().__init__("; ".join(str(port) for port in taken))


def taken_ports(needed: dict[int, str]) -> list[TakenPort]:
    """Those of `needed` (port: purpose) that cannot be bound on 127.0.0.1."""
    busy = {port: purpose for port, purpose in needed.items() if not _can_bind(port)}
    holders = _holders(set(busy)) if busy else {}
    return [TakenPort(port, purpose, holders.get(port)) for port, purpose in busy.items()]


async def still_taken(needed: dict[int, str], seconds: float = LINGER_SECONDS) -> list[TakenPort]:
    """The same, once so long has passed for those that no living process holds: one that was killed a moment ago may
    keep its ports for a little, and nothing tells when it gives them back."""
    until = time.monotonic() + seconds
    while (taken := taken_ports(needed)) and time.monotonic() < until:
        if any(port.holder for port in taken):
            break
        await asyncio.sleep(0.05)
    return taken


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago: for programs that are started beside the main system and in tests."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _can_bind(port: int) -> bool:
    with socket.socket() as trial:
        # as the programs themselves do: a port whose last connections linger is free, one that is listened on is not
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((HOST, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def _holders(ports: set[int]) -> dict[int, str]:
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.Error:  # some systems show only one's own
        return {}
    found = {}
    for connection in connections:
        if connection.laddr and connection.laddr.port in ports and connection.pid:
            found[connection.laddr.port] = _describe(connection.pid)
    return found


def _describe(pid: int) -> str:
    try:
        name = psutil.Process(pid).name()
    except psutil.Error:
        return f"pid {pid}"
    return f"{name} (pid {pid}{', this one' if pid == os.getpid() else ''})"
