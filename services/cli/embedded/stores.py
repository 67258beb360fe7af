"""The embedded store: SecantusDB, a program that speaks MongoDB's protocol, one process and one folder per service."""

import asyncio
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from services.cli.embedded.ports import HOST, Ports
from services.cli.embedded.processes import Program, StartFailed

CACHE = "256M"
ENGINE_FILE = "WiredTiger.config"
ENGINE = "transaction_sync=(enabled=true,method=none)\n"
"""What the engine reads in its folder, beyond what the program tells it: each commit is handed to the operating system
before it is acknowledged. Else it waits up to 50 ms in the process's memory, and is gone when that is killed."""


def store_url(port: int) -> str:
    """Where one store listens. It syncs once for each document that a write changes, where a write asks for the
    journal: that makes bulk writes three times as slow, so here they do not (docs/decisions/0007)."""
    return f"mongodb://{HOST}:{port}/?directConnection=true&journal=false"


def store_program(service: str, ports: Ports, data_dir: Path) -> Program:
    """The store of one service, with its data in `data_dir`/store/<service>.

    Acknowledged writes survive kill -9 of the store (``ENGINE``), not a power cut. `--standalone`
    leaves out the replication log nobody here reads: a fifth less CPU and half the disk.
    """
    port = ports.store(service)
    folder = data_dir / "store" / service

    async def command(_progress: Callable[[str], None]) -> list[str]:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ENGINE_FILE).write_text(ENGINE)
        settings = data_dir / "store" / "settings.toml"
        settings.touch()  # empty and named, so that a file in the user's home is not picked up
        return [
            _program(),
            *("--config", str(settings), "--host", HOST, "--port", str(port), "--storage-path", str(folder)),
            *("--standalone", "--cache-size", CACHE, "--log-level", "WARNING"),
        ]

    async def ready() -> bool:
        return await listens(HOST, port)

    return Program(f"store-{service}", "store", port, command, ready)


def _program() -> str:
    """Its path. It is run as a program and never imported: it has another licence than this project."""
    beside = Path(sys.executable).parent / "secantusd-py"
    found = str(beside) if beside.exists() else shutil.which("secantusd-py")
    if found is None:
        raise StartFailed("secantusd-py is not installed here; `make setup` installs it")
    return found


async def listens(host: str, port: int) -> bool:
    """Whether connections are taken; the store listens only once its data is open."""
    try:
        async with asyncio.timeout(2.0):
            _, writer = await asyncio.open_connection(host, port)
            writer.close()
            return True
    except (OSError, TimeoutError):
        return False
