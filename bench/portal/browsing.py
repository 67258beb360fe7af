"""A browser as a benchmark needs it: one kept connection, a session, pages whole, and an open stream."""

import asyncio
import re
from collections.abc import AsyncIterator
from time import perf_counter
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

REDIRECTS = (302, 303)


class Answer(NamedTuple):
    """One answer, and the seconds until its last byte."""

    status: int
    head: str
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        """The value of one header, "" for none."""
        found = re.search(rf"^{name}: *(.*?)\r?$", self.head, re.MULTILINE | re.IGNORECASE)
        return found[1] if found else ""


class Browser:
    """Asks one server; ``cookie`` is what it brings along."""

    def __init__(self, url: str, cookie: str = "") -> None:
        parts = urlsplit(url)
        self._host, self._port, self.cookie = parts.hostname or "127.0.0.1", parts.port or 80, cookie
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str, *, packed: bool = True) -> Answer:
        """One page; ``packed``: as browsers ask for it."""
        return await self._ask("GET", path, b"", "gzip" if packed else "identity")

    async def post(self, path: str, fields: dict[str, str]) -> Answer:
        """One form."""
        return await self._ask("POST", path, urlencode(fields).encode(), "identity")

    async def sign_in(self, role: str) -> bool:
        """Become the first person there is in this role; whether there is one."""
        page = await self.get("/sign-in", packed=False)
        self.cookie = page.header("set-cookie").partition(";")[0]
        text = page.body.decode()
        who = re.search(rf'value="({role}:[^"]+)"', text)
        if who is None:
            return False
        mark = re.findall(r'name="mark" value="(\w+)"', text)[0]
        answer = await self.post("/sign-in", {"mark": mark, "do": who[1], "next": ""})
        self.cookie = answer.header("set-cookie").partition(";")[0]
        return answer.status in REDIRECTS

    async def stream(self, path: str) -> AsyncIterator[float]:
        """When each message of a stream was read whole, from the first on."""
        reader, writer = await asyncio.open_connection(self._host, self._port, limit=2**22)
        try:
            writer.write(self._head("GET", path, "identity", 0))
            await reader.readuntil(b"\r\n\r\n")
            while True:
                line = await reader.readline()
                if not line:
                    return
                if line.startswith(b"id:"):
                    yield perf_counter()
        finally:
            writer.close()

    async def close(self) -> None:
        """Close the connection."""
        if self._open is not None:
            self._open[1].close()
            self._open = None

    async def _ask(self, method: str, path: str, body: bytes, encoding: str) -> Answer:
        began, is_kept = perf_counter(), self._open is not None
        if self._open is None:
            self._open = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._open
        writer.write(self._head(method, path, encoding, len(body)) + body)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, ConnectionResetError):
            if not is_kept or method != "GET":
                raise
            # As browsers do where a server has closed a kept connection: once more, on a new one.
            await self.close()
            answer = await self._ask(method, path, body, encoding)
            return answer._replace(seconds=perf_counter() - began)
        answer = Answer(int(head.split(" ", 2)[1]), head, b"", 0.0)
        content = await reader.readexactly(int(answer.header("content-length") or 0))
        if answer.header("connection") == "close":
            await self.close()
        return answer._replace(body=content, seconds=perf_counter() - began)

    def _head(self, method: str, path: str, encoding: str, length: int) -> bytes:
        kind = "content-type: application/x-www-form-urlencoded\r\n" if method == "POST" else ""
        cookie = f"cookie: {self.cookie}\r\n" if self.cookie else ""
        return (
            f"{method} {path} HTTP/1.1\r\nhost: {self._host}:{self._port}\r\naccept-encoding: {encoding}\r\n"
            f"accept-language: zh-CN\r\n{cookie}{kind}content-length: {length}\r\n\r\n"
        ).encode()
