"""A gateway posts a command and waits for its outcome; only the service's consumer acts.

What Kafka has acknowledged is safe though the store be away. The answer comes at once when this process handled
the command, else it is read from the aggregate's document: a rebalance can orphan the shortcut, never the
document.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shared.bus.processor import Batch
from shared.bus.records import Outgoing
from shared.contract.command import Command, Control, commands_topic
from shared.contract.envelope import seal
from shared.store import Aggregates, Unavailable

FIRST_LOOK, MOST_LOOK = 0.1, 1.0
LOOK_A_REQUEST = 0.005
"""Many commands take longer: their documents are looked at this much later for each."""


class Request(NamedTuple):
    """One command to post. ``key`` makes it the same one when it is sent again: (gateway, role and principal, key)."""

    subject: str
    command: Command | Control
    gateway: str
    actor: str
    key: str
    at: datetime | None = None
    """Official time, only in a history namespace."""

    @property
    def id(self) -> str:
        """The command's id for life."""
        return f"{self.gateway}/{self.actor}/{self.key}"


def sealed(request: Request, source: str) -> Outgoing:
    """The record of one command, on its service's own topic; ``source`` is ``/<jurisdiction>/<service>``."""
    command = request.command
    service = command.service if isinstance(command, Command) else source.rpartition("/")[2]
    raw = seal(
        id=request.id,
        type=command.type,
        source=source,
        subject=request.subject,
        time=request.at,
        data=command.model_dump(mode="json", exclude_unset=True),
        actor=request.actor,
    )
    return Outgoing(commands_topic(service), request.subject, raw)


class Gateway:
    """Posts commands of one service and finds their outcomes."""

    def __init__(
        self,
        source: str,
        publish: Callable[[Sequence[Outgoing]], Awaitable[None]],
        store: Aggregates,
        *,
        wait_seconds: float = 5.0,
        ready: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """``ready`` returns when commands can be decided: at a first start they wait for the reference data."""
        self._source = source
        self._publish, self._store, self._wait, self._ready = publish, store, wait_seconds, ready
        self._waiting: dict[str, list[asyncio.Future[Mapping[str, Any]]]] = {}

    def answer(self, batch: Batch) -> None:
        """Tell those who wait in this process; called after each batch."""
        if not self._waiting:
            return
        for answer in batch.answers:
            for future in self._waiting.pop(answer.command, ()):
                if not future.done():
                    future.set_result(answer.outcome)

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        """Post one command; its outcome, or None when it is not known after ``wait_seconds``."""
        return (await self.ask_all([request]))[0]

    async def ask_all(self, requests: Sequence[Request]) -> list[Mapping[str, Any] | None]:
        """Post many commands at once and wait for all; outcomes in the same order.

        Raises TimeoutError where the reference data is not there within ``wait_seconds``.
        """
        if self._ready is not None:
            await asyncio.wait_for(self._ready(), self._wait)
        loop = asyncio.get_running_loop()
        futures = []
        for request in requests:
            future: asyncio.Future[Mapping[str, Any]] = loop.create_future()
            self._waiting.setdefault(request.id, []).append(future)
            futures.append(future)
        try:
            await self.post(requests)
            await self._settle(requests, futures)
        finally:
            for request, future in zip(requests, futures, strict=True):
                self._forget(request.id, future)
        return [future.result() if future.done() else None for future in futures]

    async def look(self, subject: str, command: str) -> Mapping[str, Any] | None:
        """The outcome of a command as its document remembers it, or None."""
        return _remembered(await self._store.get(subject), command)

    async def post(self, requests: Sequence[Request]) -> None:
        """Post commands without waiting for outcomes: timers, and those who come back later."""
        await self._publish([sealed(request, self._source) for request in requests])

    async def _settle(self, requests: Sequence[Request], futures: Sequence[asyncio.Future[Any]]) -> None:
        """Wait for all; look into the documents of those that stay open, less and less often."""
        end = asyncio.get_running_loop().time() + self._wait
        pause = FIRST_LOOK + len(requests) * LOOK_A_REQUEST
        while (left := end - asyncio.get_running_loop().time()) > 0:
            open_futures = [future for future in futures if not future.done()]
            if not open_futures:
                return
            await asyncio.wait(open_futures, timeout=min(pause, left))
            pause = max(pause, min(MOST_LOOK, pause * 2))
            if any(not future.done() for future in futures):
                with contextlib.suppress(Unavailable):
                    await self._look_for_all(requests, futures)

    async def _look_for_all(
        self, requests: Sequence[Request], futures: Sequence[asyncio.Future[Any]]
    ) -> None:
        pairs = [pair for pair in zip(requests, futures, strict=True) if not pair[1].done()]
        documents = await self._store.load(list({request.subject: None for request, _ in pairs}))
        for request, future in pairs:
            outcome = _remembered(documents.get(request.subject), request.id)
            if outcome is not None and not future.done():
                future.set_result(outcome)

    def _forget(self, command: str, future: asyncio.Future[Any]) -> None:
        waiting = self._waiting.get(command)
        if waiting and future in waiting:
            waiting.remove(future)
            if not waiting:
                del self._waiting[command]


def _remembered(document: Mapping[str, Any] | None, command: str) -> Mapping[str, Any] | None:
    inbox = (document or {}).get("inbox", ())
    return next((outcome for id, _, outcome in inbox if id == command), None)
