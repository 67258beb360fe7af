"""The far side of a robot or webhook on loopback: it answers as a test says, and keeps what it was asked."""

import asyncio
from typing import Any

from services.cli.embedded.ports import HOST, free_ports
from shared.posting import Poster
from shared.ways import Way, WayKind

TOKEN, SECRET = "token-that-nobody-may-read", "secret-that-nobody-may-read"
NOW = 1_772_413_200.25
FINE = b'{"errcode":0,"errmsg":"ok"}'


class Far:
    """A far side on loopback that answers as the test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.port = free_ports(1)[0]
        self.status, self.answer = "200 OK", FINE
        self.goes_on = asyncio.Event()
        self.goes_on.set()
        self.hangs_up = False
        self.posts: list[tuple[str, dict[str, str], bytes]] = []
        self._server: asyncio.Server | None = None

    async def stand(self) -> "Far":
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        return self

    async def go(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await self._head(reader):
            request, *lines = head.decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (one.partition(": ") for one in lines)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            if request.startswith("HEAD"):
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
                continue
            self.posts.append((request.split(" ")[1], headers, body))
            if self.hangs_up:
                break
            await self.goes_on.wait()
            length = len(self.answer)
            writer.write(f"HTTP/1.1 {self.status}\r\nContent-Length: {length}\r\n\r\n".encode() + self.answer)
        writer.close()

    async def _head(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return (await reader.readuntil(b"\r\n\r\n")).removesuffix(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""

    def poster(self, kind: WayKind, **more: Any) -> Poster:
        """What sends there."""
        told = {"token": TOKEN, "secret": SECRET, "url": f"http://{HOST}:{self.port}", **more}
        way = Way.model_validate(
            {"name": "group", "kind": kind, "label_zh": "群", "label_en": "Group", **told}
        )
        return Poster(way, clock=lambda: NOW)
