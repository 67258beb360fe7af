"""A small HTTP client on bare streams: connections are kept and a request costs little, so that the load is light."""

import asyncio
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

KEPT_SECONDS = 3.0


class Answer(NamedTuple):
    """Status and body of one answer."""

    status: int
    body: bytes


class Client:
    """Posts to one server as one person; as many connections as requests are under way, kept for the next ones."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._token = token
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter, float]] = []

    async def post(self, path: str, body: dict[str, Any]) -> Answer:
        """One POST and its whole answer."""
        reader, writer = await self._connection()
        content = json.dumps(body).encode()
        head = (
            f"POST {path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\n"
            f"authorization: Bearer {self._token}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
        )
        writer.write(head.encode() + content)
        start = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(start.partition("content-length:")[2].partition("\r\n")[0])
        answer = Answer(int(start.split(" ", 2)[1]), await reader.readexactly(length))
        self._idle.append((reader, writer, asyncio.get_running_loop().time()))
        return answer

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The connection used last; a server closes those that were idle for seconds, so long unused ones go."""
        now = asyncio.get_running_loop().time()
        while self._idle:
            reader, writer, used_at = self._idle.pop()
            if now - used_at < KEPT_SECONDS and not reader.at_eof():
                return reader, writer
            writer.close()
        return await asyncio.open_connection(self._host, self._port)

    def close(self) -> None:
        """Close every connection that waits."""
        for _, writer, _ in self._idle:
            writer.close()
        self._idle.clear()
