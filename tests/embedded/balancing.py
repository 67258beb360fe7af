"""Several processes of each service behind one that spreads requests over them, as a load balancer does."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

import httpx

from services.cli.embedded import Child, Embedded, free_ports
from services.cli.embedded.services import mail_home, service_program, wait_for_all
from tests.keys import bearer

CHECK_SECONDS = 0.2
PATIENCE_SECONDS = 60.0


class Balancer:
    """Asks a process that says it is ready, and another one only where a connection is refused."""

    def __init__(self, system: Embedded, urls: Mapping[str, Sequence[str]]) -> None:
        self._system, self._urls = system, urls
        self._clients = {
            url: httpx.AsyncClient(base_url=url, timeout=30.0, trust_env=False)
            for every in urls.values()
            for url in every
        }
        self._ready: set[str] = set(self._clients)
        self._turn = 0
        self.refused = self.put_off = 0
        """Connections that were refused; answers that asked to come again."""
        self.slowest = 0.0

    async def check(self) -> None:
        """For ever: ask each process whether it is ready."""
        async with httpx.AsyncClient(timeout=5.0, trust_env=False) as asking:

            async def look(url: str) -> None:
                ready = False
                with suppress(httpx.TransportError):
                    ready = (await asking.get(f"{url}/health/ready")).status_code == 200
                (self._ready.add if ready else self._ready.discard)(url)

            while True:
                await asyncio.gather(*map(look, self._clients))
                await asyncio.sleep(CHECK_SECONDS)  # as a load balancer does

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.aclose()

    async def done(
        self, service: str, path: str, actor: str, body: Mapping[str, Any], after: str = ""
    ) -> dict[str, Any]:
        """One command, done; a client's error other than a refused connection is the test's failure."""
        headers = bearer(actor, keys=self._system.parts.keys_dir) | {"Idempotency-Key": uuid4().hex}
        if after:
            headers["Qinqing-After"] = after
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.timeout(PATIENCE_SECONDS):
            answer = await self._asked(service, path, headers, body)
            while answer.status_code == 202:
                look = answer.headers["Location"]
                await asyncio.sleep(CHECK_SECONDS)  # it is taken, and looked for as its answer says
                answer = await self._clients[self._next(service)].get(look, headers=headers)
        self.slowest = max(self.slowest, loop.time() - began)
        assert answer.status_code in (200, 201), f"{path}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    async def _asked(
        self, service: str, path: str, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> httpx.Response:
        while True:
            url = self._next(service)
            try:
                answer = await self._clients[url].post(path, json=dict(body), headers=dict(headers))
            except httpx.ConnectError:
                self.refused += 1
                self._ready.discard(url)
                continue
            if answer.status_code not in (409, 503) or "Retry-After" not in answer.headers:
                return answer
            self.put_off += 1
            await asyncio.sleep(float(answer.headers["Retry-After"]))

    def _next(self, service: str) -> str:
        ready = [url for url in self._urls[service] if url in self._ready] or list(self._urls[service])
        self._turn += 1
        return ready[self._turn % len(ready)]


class Seconds:
    """A second process of each service beside those of a running system."""

    def __init__(self, system: Embedded) -> None:
        names, mail = list(system.service_urls), mail_home(system.ports.mailbox, system.portal_url)
        self._logs = system.data_dir / "logs"
        self._children = {
            name: Child(
                replace(service_program(name, system.parts, port, mail=mail), name=f"{name}-second"),
                self._logs,
            )
            for name, port in zip(names, free_ports(len(names)), strict=True)
        }
        self.urls = {name: child.url for name, child in self._children.items()}

    async def start(self) -> None:
        """Start all; returns when they are ready."""
        for child in self._children.values():
            child.start()
        await wait_for_all(self._children.values(), PATIENCE_SECONDS)

    async def restart(self, name: str) -> None:
        """Stop one politely, and start it again."""
        await self._children[name].stop()
        self._children[name] = Child(self._children[name].program, self._logs)
        self._children[name].start()
        await self._children[name].wait_ready(PATIENCE_SECONDS)

    async def stop(self) -> None:
        """Stop all."""
        await asyncio.gather(*(child.stop() for child in self._children.values()))


@asynccontextmanager
async def twice(system: Embedded) -> AsyncIterator[tuple[Seconds, Balancer]]:
    """Two processes of each service of a running system, and who spreads requests over them."""
    seconds = Seconds(system)
    balancer = Balancer(
        system, {name: (url, seconds.urls[name]) for name, url in system.service_urls.items()}
    )
    checking = None
    try:
        await seconds.start()
        checking = asyncio.create_task(balancer.check())
        yield seconds, balancer
    finally:
        if checking is not None:
            checking.cancel()
        await seconds.stop()
        await balancer.close()
