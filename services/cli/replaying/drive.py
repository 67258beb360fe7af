"""History is driven in steps: each aggregate's next deadline or input, whichever is first; all side by side.

After each step the driver waits until every service has read all there is, then reads the next deadlines from
the index the timers use (docs/decisions/0005). Everything it posts carries a key, so that a step that was cut
off by a crash is posted again and happens once.
"""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

import httpx

from services.cli.replaying.lives import Coming, Course, Entry, ReplayFailed, Step, fire_entry
from services.cli.replaying.reads import WITH_DEADLINES
from shared.bus.reader import GroupLag
from shared.deadlines import is_sweep
from shared.settings import BODY_BYTES

CHUNK = 250
AT_ONCE = 2
"""Requests to one service at the same time: one that is decided on, and one that waits."""
PATIENCE_SECONDS = 90.0
"""How long nothing at all may happen; whatever gets on begins it anew."""
PAUSE_SECONDS = 0.2
BRACKETS, COMMA = 2, 1
"""What the bytes of a request are beside its commands."""
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)

T = TypeVar("T")


class Ready(NamedTuple, Generic[T]):
    """Commands that go out in one request, as they stand in it, and what they are for."""

    what: T
    entries: tuple[bytes, ...]


class Driver:
    """Plays many lives side by side against four history services."""

    def __init__(
        self,
        urls: Mapping[str, str],
        lag: GroupLag,
        lives: Sequence[Course],
        *,
        until: datetime,
        sweep_until: datetime = END_OF_TIME,
        auth: httpx.Auth | None = None,
        progress: Callable[[int], None] = lambda inputs: None,
        body_bytes: int = BODY_BYTES,
    ) -> None:
        """``auth``: an operator's. ``body_bytes``: the largest request that the services take.

        ``sweep_until``: up to when finished aggregates are swept; where the log goes on, timers sweep the others.
        """
        self._auth = auth
        self._urls, self._lag, self._until, self._progress = urls, lag, until, progress
        self._body_bytes, self._sweep_until = body_bytes, sweep_until
        self.lives = lives
        self._by_subject = {life.subject: life for life in self.lives}
        self.inputs = sum(life.inputs(until) for life in self.lives)

    async def run(self) -> dict[str, int]:
        """Play until nothing has a step left, then sweep; the documents written, by purpose.

        Raises ReplayFailed with what it stopped at.
        """
        limits = httpx.Limits(max_connections=16)
        async with httpx.AsyncClient(
            timeout=PATIENCE_SECONDS, limits=limits, auth=self._auth, trust_env=False
        ) as client:
            while steps := self._next_steps():
                await self._play(client, steps)
                await self._all_read()
                await self._read_deadlines(client)
            await self._sweep(client)
            return await self._document_writes(client)

    def _next_steps(self) -> list[tuple[Course, Step]]:
        """One step of each life; where some reach their circle, there only what is before the first of them, or that.

        What happens in one circle touches nobody outside of it, so circles go on side by side.
        """
        barriers: dict[str, datetime] = {}
        for life in self.lives:
            at = life.next_shared()
            if at is not None and at <= self._until:
                barriers[life.circle] = min(at, barriers.get(life.circle, at))
        steps, waiting = list[tuple[Course, Step]](), list[tuple[Course, Step]]()
        before = set[str]()
        for life in self.lives:
            if (step := life.next(self._until)) is None:
                continue
            barrier = barriers.get(life.circle)
            if barrier is None or step.at < barrier:
                steps.append((life, step))
                before.add(life.circle)
            elif step.shared and step.at == barrier:
                waiting.append((life, step))
        return [*steps, *((life, step) for life, step in waiting if life.circle not in before)]

    async def _play(self, client: httpx.AsyncClient, steps: Sequence[tuple[Course, Step]]) -> None:
        """Post one step of each, many at once, the earlier first (docs/decisions/0058)."""
        by_service: dict[str, list[Ready[tuple[Course, Step]]]] = {}
        for life, step in sorted(steps, key=lambda one: (one[1].at, one[0].subject)):
            ready = Ready((life, step), tuple(map(_encoded, step.entries)))
            by_service.setdefault(step.service, []).append(ready)
        async with asyncio.TaskGroup() as group:
            for service, mine in by_service.items():
                chunks = _chunks(mine, self._body_bytes)
                for _ in range(AT_ONCE):
                    group.create_task(self._post(client, service, chunks))

    async def _post(
        self, client: httpx.AsyncClient, service: str, chunks: "Iterator[list[Ready[tuple[Course, Step]]]]"
    ) -> None:
        """Post one chunk after the other, for as long as there are any."""
        for chunk in chunks:
            outcomes = iter(await self._answers(client, service, [one for _, own in chunk for one in own]))
            for (life, step), entries in chunk:
                life.done(step, [next(outcomes) for _ in entries])
            self._progress(sum(life.step for life in self.lives))

    async def _answers(
        self, client: httpx.AsyncClient, service: str, entries: Sequence[bytes]
    ) -> list[Mapping[str, Any]]:
        """All outcomes; what has none yet is posted again under its old key, also after the service died."""
        end = _patience()
        answers: dict[int, Mapping[str, Any]] = {}
        while missing := [number for number in range(len(entries)) if number not in answers]:
            if asyncio.get_running_loop().time() > end:
                first = entries[missing[0]].decode()[:500]
                raise ReplayFailed(f"{service} did not decide in {PATIENCE_SECONDS:.0f} s on {first}")
            body = b"[" + b",".join(entries[number] for number in missing) + b"]"
            response = await self._ask(client, "POST", service, "/history/commands", end, content=body)
            found = zip(missing, response.json(), strict=True)
            if new := {number: outcome for number, outcome in found if outcome is not None}:
                answers |= new
                end = _patience()
        return [answers[number] for number in range(len(entries))]

    async def _all_read(self) -> None:
        """Wait until every service has read all there is; raise ReplayFailed where they stand still."""
        waiting = asyncio.ensure_future(self._lag.wait_for_none())
        before: dict[str, int] = {}
        try:
            while not (await asyncio.wait({waiting}, timeout=PATIENCE_SECONDS))[0]:
                left = await self._lag.by_group()
                if left == before:
                    stands = ", ".join(
                        f"{group} has {count} records to read" for group, count in left.items() if count
                    )
                    raise ReplayFailed(f"nothing was read for {PATIENCE_SECONDS:.0f} s: {stands}")
                before = left
            await waiting
        finally:
            waiting.cancel()

    async def _ask(
        self, client: httpx.AsyncClient, method: str, service: str, path: str, end: float, **what: Any
    ) -> httpx.Response:
        """One request, made again until ``end`` while the service is away: it is started again by itself."""
        headers = {"Content-Type": "application/json"}
        while True:
            try:
                response = await client.request(
                    method, f"{self._urls[service]}{path}", headers=headers, **what
                )
                if response.status_code < 400:
                    return response
                if response.status_code < 500:
                    raise ReplayFailed(
                        f"{service} refused {path}: {_why(response, len(what.get('content', b'')))}"
                    )
                error = f"HTTP {response.status_code}: {response.text[:300]}"
            except httpx.TransportError as fault:
                error = str(fault)
            if asyncio.get_running_loop().time() > end:
                raise ReplayFailed(f"{service} did not answer for {PATIENCE_SECONDS:.0f} s: {error}")
            await asyncio.sleep(PAUSE_SECONDS)  # its readiness is not ours to await

    async def _read_deadlines(self, client: httpx.AsyncClient) -> None:
        """The next deadline of every issue in every service; a sweep is none, it comes after the end."""
        found = await self._deadlines(client, WITH_DEADLINES, self._until)
        for life in self.lives:
            life.deadlines.clear()
        for service, entry in found:
            mine = self._by_subject.get(entry["subject"])
            if mine is not None and not is_sweep(entry["name"]):
                mine.deadlines.append(_coming(service, entry))

    async def _deadlines(
        self, client: httpx.AsyncClient, services: Iterable[str], until: datetime
    ) -> list[tuple[str, dict[str, str]]]:
        """(service, deadline) of everything due up to ``until``."""
        end = _patience()
        params = {"until": until.isoformat()}

        async def of(service: str) -> list[tuple[str, dict[str, str]]]:
            response = await self._ask(client, "GET", service, "/history/deadlines", end, params=params)
            return [(service, entry) for entry in response.json()]

        return [entry for found in await asyncio.gather(*map(of, services)) for entry in found]

    async def _sweep(self, client: httpx.AsyncClient) -> None:
        """Fire the sweep of every finished issue: what it kept for sending again is forgotten."""
        sweeps: dict[str, list[Ready[None]]] = {}
        for service, found in await self._deadlines(client, self._urls, self._sweep_until):
            if is_sweep(found["name"]):
                fire = fire_entry(found["subject"], _coming(service, found))
                sweeps.setdefault(service, []).append(Ready(None, (_encoded(fire),)))
        async with asyncio.TaskGroup() as group:
            for service, ready in sweeps.items():
                group.create_task(self._fire(client, service, ready))
        await self._all_read()

    async def _fire(self, client: httpx.AsyncClient, service: str, ready: "Sequence[Ready[None]]") -> None:
        for chunk in _chunks(ready, self._body_bytes):
            await self._answers(client, service, [one for _, own in chunk for one in own])

    async def _document_writes(self, client: httpx.AsyncClient) -> dict[str, int]:
        """How many documents the four services have written, by purpose, as their metrics say."""
        end = _patience()
        texts = await asyncio.gather(
            *[self._ask(client, "GET", service, "/metrics", end) for service in self._urls]
        )
        writes = {"change": 0, "sweep": 0}
        for line in "\n".join(response.text for response in texts).splitlines():
            for purpose in writes:
                if line.startswith(f'qinqing_document_writes_total{{purpose="{purpose}"}}'):
                    writes[purpose] += int(float(line.rpartition(" ")[2]))
        return writes


def _coming(service: str, entry: Mapping[str, str]) -> Coming:
    fires, due = (datetime.fromisoformat(entry[name]) for name in ("fire_at", "at"))
    return Coming(fires, service, entry["name"], due)


def _chunks(ready: Iterable[Ready[T]], body_bytes: int) -> Iterator[list[Ready[T]]]:
    """As many at a time as one request may hold, by number and by bytes; what is too long by itself goes alone."""
    chunk: list[Ready[T]] = []
    size = BRACKETS
    for one in ready:
        bytes = sum(len(entry) + COMMA for entry in one.entries)
        if chunk and (len(chunk) == CHUNK or size + bytes > body_bytes):
            yield chunk
            chunk, size = [], BRACKETS
        chunk.append(one)
        size += bytes
    if chunk:
        yield chunk


def _encoded(entry: Entry) -> bytes:
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()


def _patience() -> float:
    return asyncio.get_running_loop().time() + PATIENCE_SECONDS


def _why(response: httpx.Response, bytes: int) -> str:
    """What a service has against a request, as a sentence."""
    if response.status_code == httpx.codes.REQUEST_ENTITY_TOO_LARGE:
        return f"{bytes} bytes are more than it takes; set QINQING_BODY_BYTES higher, for it and for this command"
    return f"HTTP {response.status_code}: {' '.join(response.text.split())[:300]}"
