"""A supervisor to be killed by a test: runs the embedded system with stand-in services until it is ended."""

import asyncio
import sys
from pathlib import Path

from services.cli.embedded import Embedded

STANDIN = Path(__file__).with_name("standin.py")


async def main(data_dir: Path, base_port: int) -> None:
    async with Embedded(data_dir, base_port, service_command=lambda _name: [sys.executable, str(STANDIN)]):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
