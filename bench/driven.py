"""A whole system that registers as many issues as each line on stdin says, and answers with the seconds of each.

Run as a file from the folder of any checkout, with that folder first on PYTHONPATH: `bench` below is that checkout's.
"""

import asyncio
import sys
from pathlib import Path

import uvloop

from bench import latency, parts
from bench.client import Client


async def _obey(url: str, data: Path) -> None:
    # Checkouts before there was identity have no tokens, and a client that brings none.
    client = Client(url, parts.rater(data)) if hasattr(parts, "rater") else Client(url)  # type: ignore[call-arg]
    for _ in range(latency.WARM_UP):
        await latency._register(client)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        seconds = [await latency._register(client) for _ in range(int(line))]
        print(*(f"{one:.6f}" for one in seconds), flush=True)
    client.close()


if __name__ == "__main__":
    with parts.whole_system() as system:
        uvloop.run(_obey(system.service_urls["intake"], Path(system.data_dir)))
