"""A TCP wire to the session's store that can be cut, or lose the reply to one command after it was carried out."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Wire:
    """Carries bytes to the store and back; a loop and a thread of its own."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._loop = asyncio.new_event_loop()  # of its own: the driver blocks the test's loop when it closes
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.lose_reply_to = b""
        """The next request that holds these bytes reaches the store; its reply does not come back."""
        self.lost = 0

    @property
    def url(self) -> str:
        """The store's address behind this wire."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    async def mend(self) -> None:
        """Let connections through."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._mend(), self._loop))

    async def cut(self) -> None:
        """End all connections and take no more."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._cut(), self._loop))

    def end(self) -> None:
        """Stop the wire's own thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._pairs):
            writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        self._pairs |= {writer, far_writer}
        lossy = asyncio.Event()

        async def there() -> None:
            while data := await reader.read(1 << 16):
                if self.lose_reply_to and self.lose_reply_to in data:
                    self.lose_reply_to = b""
                    lossy.set()
                far_writer.write(data)
                await far_writer.drain()

        async def back() -> None:
            while data := await far_reader.read(1 << 16):
                if lossy.is_set():
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()

        tasks = [asyncio.ensure_future(there()), asyncio.ensure_future(back())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for end in (writer, far_writer):
            self._pairs.discard(end)
            end.transport.abort()


@asynccontextmanager
async def wire(store_url: str) -> AsyncIterator[Wire]:
    """A wire to the session's store."""
    host, _, port = store_url.removeprefix("mongodb://").partition("/")[0].rpartition(":")
    one = Wire(host, int(port))
    await one.mend()
    try:
        yield one
    finally:
        await one.cut()
        one.end()
