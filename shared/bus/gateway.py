"""A gateway posts a command and waits for its outcome; only the service's consumer acts.

Phone and identity-card numbers in its free text are masked before it goes to a topic; the answer says how many.

What Kafka has acknowledged is safe though the store be away. The answer comes at once when this process handled
the command, else it is read from the aggregate's document: a rebalance can orphan the shortcut, never the
document.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from pydantic_core import from_json, to_json

from shared.bus.apply import REUSED
from shared.bus.document import Remembered, newest_event, outcome_id
from shared.bus.effects import Answer
from shared.bus.records import Outgoing, body_hash
from shared.contract.command import Command, Control, commands_topic
from shared.contract.envelope import seal, write_seen
from shared.domain.masking import masked
from shared.domain.reference import Directory
from shared.store import Aggregates, Unavailable

FIRST_LOOK, MOST_LOOK = 0.1, 1.0
LOOK_A_REQUEST = 0.005
"""Many commands take longer: their documents are looked at this much later for each."""

DirectoryAt = Callable[[datetime], Directory]


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

    def masked(
        self, directory: DirectoryAt | None = None, at: datetime | None = None
    ) -> tuple["Request", int]:
        """The same request with its free text masked, and how many numbers that hid.

        What an office publishes as its own, in the directory at that instant or now, stays.
        """
        asked_at = at or self.at or datetime.now(UTC)
        public = (lambda: directory(asked_at).phones()) if directory else frozenset
        command, hidden = masked(self.command, public)
        return self._replace(command=command), hidden

    @property
    def digest(self) -> str:
        """The hash of its body, as the processor counts it of the record."""
        return body_hash({**from_json(to_json(_data(self.command))), "": self.command.type})


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
        data=_data(command),
        actor=request.actor,
    )
    return Outgoing(commands_topic(service), request.subject, raw)


def _data(command: Command | Control) -> dict[str, Any]:
    return command.model_dump(mode="json", exclude_unset=True)


class _Asked(NamedTuple):
    """One command that somebody waits for. Its id alone is not enough: another body may come under the same id."""

    subject: str
    id: str
    digest: str
    future: "asyncio.Future[Mapping[str, Any]]"


class Gateway:
    """Posts commands of one service and finds their outcomes."""

    def __init__(
        self,
        source: str,
        publish: Callable[[Sequence[Outgoing]], Awaitable[object]],
        store: Aggregates,
        *,
        wait_seconds: float = 5.0,
        ready: Callable[[], Awaitable[None]] | None = None,
        directory: DirectoryAt | None = None,
    ) -> None:
        """``ready`` returns when commands can be decided: at a first start they wait for the reference data.

        ``directory`` says which phone numbers are public.
        """
        self._source = source
        self._publish, self._store, self._wait, self._ready = publish, store, wait_seconds, ready
        self._directory = directory
        self._waiting: dict[tuple[str, str], list[_Asked]] = {}

    def answer(self, answers: Sequence[Answer]) -> None:
        """Tell those who wait in this process; called with what a batch has settled."""
        if not self._waiting:
            return
        for answer in answers:
            for asked in self._waiting.pop((answer.command, answer.digest), ()):
                if not asked.future.done():
                    asked.future.set_result(_with_position(answer.outcome, answer.published))

    async def ask(self, request: Request) -> Mapping[str, Any] | None:
        """Post one command; its outcome, or None when it is not known after ``wait_seconds``."""
        return (await self.ask_all([request]))[0]

    async def ask_all(self, requests: Sequence[Request]) -> list[Mapping[str, Any] | None]:
        """Post many commands at once and wait for all; outcomes in the same order, with ``masked`` where numbers were.

        Raises TimeoutError where the reference data is not there, or Kafka has not acknowledged, within
        ``wait_seconds``: who asks again under the same key asks for the same command.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + self._wait
        if self._ready is not None:
            async with asyncio.timeout_at(end):
                await self._ready()
        hidden = [request.masked(self._directory) for request in requests]
        waiting = [_Asked(one.subject, one.id, one.digest, loop.create_future()) for one, _ in hidden]
        for asked in waiting:
            self._waiting.setdefault((asked.id, asked.digest), []).append(asked)
        try:
            async with asyncio.timeout_at(end):
                await self._publish([sealed(request, self._source) for request, _ in hidden])
            await self._settle(waiting, end)
        finally:
            for asked in waiting:
                self._forget(asked)
        outcomes = [asked.future.result() if asked.future.done() else None for asked in waiting]
        return [
            {**outcome, "masked": count} if outcome and count else outcome
            for outcome, (_, count) in zip(outcomes, hidden, strict=True)
        ]

    async def look(self, subject: str, command: str) -> Mapping[str, Any] | None:
        """The outcome of a command as its document remembers it, or None."""
        documents = await self._store.load([subject, outcome_id(subject, command)])
        if (found := _remembered(documents, subject, command)) is None:
            return None
        return _with_position(found.outcome, newest_event(documents.get(subject), self._source))

    async def post(self, requests: Sequence[Request]) -> None:
        """Post commands without waiting for outcomes: timers, and those who come back later."""
        await self._publish(
            [sealed(request.masked(self._directory)[0], self._source) for request in requests]
        )

    async def _settle(self, waiting: Sequence[_Asked], end: float) -> None:
        """Wait for all until ``end``; look into the documents of those that stay open, less and less often."""
        pause = FIRST_LOOK + len(waiting) * LOOK_A_REQUEST
        while (left := end - asyncio.get_running_loop().time()) > 0:
            still = [asked.future for asked in waiting if not asked.future.done()]
            if not still:
                return
            await asyncio.wait(still, timeout=min(pause, left))
            pause = max(pause, min(MOST_LOOK, pause * 2))
            with contextlib.suppress(Unavailable, TimeoutError):
                async with asyncio.timeout_at(end):  # a store that hangs makes nobody wait longer
                    await self._look_for([asked for asked in waiting if not asked.future.done()])

    async def _look_for(self, waiting: Sequence[_Asked]) -> None:
        if not waiting:
            return
        ids = [id for asked in waiting for id in (asked.subject, outcome_id(asked.subject, asked.id))]
        documents = await self._store.load(list(dict.fromkeys(ids)))
        for asked in waiting:
            known = _remembered(documents, asked.subject, asked.id)
            if known is not None and not asked.future.done():
                outcome = known.outcome if known.is_of(asked.digest) else REUSED
                newest = newest_event(documents.get(asked.subject), self._source)
                asked.future.set_result(_with_position(outcome, newest))

    def _forget(self, asked: _Asked) -> None:
        waiting = self._waiting.get((asked.id, asked.digest))
        if waiting and asked in waiting:
            waiting.remove(asked)
            if not waiting:
                del self._waiting[asked.id, asked.digest]


def _with_position(outcome: Mapping[str, Any], newest: Mapping[str, int]) -> Mapping[str, Any]:
    """An outcome with how far the aggregate has published, as ``seen`` says it: who asked can wait for that."""
    return {**outcome, "published": write_seen(newest)} if newest else outcome


def _remembered(documents: Mapping[str, Mapping[str, Any]], subject: str, command: str) -> Remembered | None:
    """From the aggregate's own document, or from the one that holds this old outcome alone."""
    for id, digest, outcome in documents.get(subject, {}).get("inbox", ()):
        if id == command:
            return Remembered(digest, outcome)
    old = documents.get(outcome_id(subject, command))
    return None if old is None else Remembered(old["digest"], old["outcome"])
