"""One upload: its body goes to the disk as it comes, a process apart looks at it, then it stands under its hash."""

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import structlog

from services.intake.attachments.content import Fault, NotTaken
from services.intake.attachments.folder import File, Folder
from shared.contract.words import MediaType

log = structlog.get_logger(__name__)

PROGRAM = "services.intake.attachments.checking"
SWEEP_SECONDS = 60 * 60


class Uploads:
    """Takes files of at most ``most_bytes`` into a folder. At most one is looked at at a time: pictures take memory."""

    def __init__(self, folder: Folder, most_bytes: int) -> None:
        self._folder, self.most_bytes = folder, most_bytes
        self._one_at_a_time = asyncio.Semaphore(1)
        self._swept_at = float("-inf")

    async def take(self, chunks: AsyncIterator[bytes]) -> File:
        """Keep one file; raises NotTaken, and OSError where the disk does not take it. Nothing of it is left then."""
        await self._sweep()
        with self._folder.arriving() as path:
            await self._write(path, chunks)
            media_type = await self._look_at(path)
            return await asyncio.to_thread(self._folder.keep, path, media_type)

    async def _write(self, path: Path, chunks: AsyncIterator[bytes]) -> None:
        size = 0
        with await asyncio.to_thread(path.open, "xb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > self.most_bytes:
                    raise NotTaken(Fault.TOO_LARGE)
                await asyncio.to_thread(file.write, chunk)

    async def _look_at(self, path: Path) -> MediaType:
        """What the file is, by the program that may be harmed by it; one that dies of it found it unreadable."""
        environment = {"PYTHONPATH": os.pathsep.join(sys.path), "MALLOC_ARENA_MAX": "2"}
        async with self._one_at_a_time:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "ignore", "-m", PROGRAM, str(path)),
                env=environment,
                stdout=asyncio.subprocess.PIPE,
            )
            try:
                said, _ = await process.communicate()
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        if process.returncode != 0:
            log.warning("a file could not be looked at", ended=process.returncode)
            raise NotTaken(Fault.UNREADABLE)
        answer = said.decode()
        if answer in list(Fault):
            raise NotTaken(Fault(answer))
        return MediaType(answer)

    async def _sweep(self) -> None:
        """Who brings a file first takes away, at most once an hour, what nobody listed for a day."""
        now = time.monotonic()
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        if swept := await asyncio.to_thread(self._folder.sweep):
            log.info("files swept that no issue lists", files=swept)
