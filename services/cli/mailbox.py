"""The mailbox of the embedded system: a mail server on loopback that keeps whatever comes, for the portal to show.

It hands nothing on to anybody. A mail is in its file, and the file on the disk, before the sender is answered.
"""

import asyncio
import os
import sys
import time
from pathlib import Path
from secrets import token_hex

from aiosmtpd.smtp import SMTP, Envelope, Session

MOST_BYTES = 1_000_000
ENDING = ".eml"
HOST = "127.0.0.1"


class Mailbox:
    """Keeps each mail in a file of its own, named so that they sort by the time they came."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """One mail has come whole."""
        content = envelope.content
        assert isinstance(content, bytes)  # the server below decodes nothing
        await asyncio.to_thread(self.keep, content)
        return "250 kept"

    def keep(self, content: bytes) -> str:
        """Whole or not at all, whenever the process dies; returns the name of its file without the ending."""
        name = f"{time.time_ns():020d}-{token_hex(4)}"
        arriving = self._folder / f"{name}.arriving"
        with open(arriving, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        arriving.rename(self._folder / f"{name}{ENDING}")
        return name


async def serve(port: int, folder: Path) -> None:
    """Take mail until the process is ended."""
    mailbox = Mailbox(folder)
    server = await asyncio.get_running_loop().create_server(
        lambda: SMTP(mailbox, data_size_limit=MOST_BYTES, enable_SMTPUTF8=True, ident="Qinqing mailbox"),
        HOST,
        port,
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
