"""History is driven in steps: each issue's next deadline or input, whichever is first; issues side by side.

After each step the driver waits until every service has read all there is, then reads the next deadlines from
the index the timers use (docs/decisions/0005). Everything it posts carries a key, so that a step that was cut
off by a crash is posted again and happens once.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import httpx

from services.cli.replaying.lives import Coming, Entry, Life, ReplayFailed, Step, fire_entry
from services.cli.replaying.messages import Message
from services.cli.replaying.reads import WITH_DEADLINES
from shared.bus.document import SWEEP
from shared.bus.reader import GroupLag

CHUNK = 250
AT_ONCE = 2
"""Requests to one service at the same time: one that is decided on, and one that waits."""
PATIENCE_SECONDS = 90.0
PAUSE_SECONDS = 0.2
END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)

T = TypeVar("T")


class Driver:
    """Plays many lives side by side against four history services."""

    def __init__(
        self,
        urls: Mapping[str, str],
        lag: GroupLag,
        messages: Sequence[Message],
        *,
        jurisdiction: str,
        until: datetime,
        progress: Callable[[int], None] = lambda inputs: None,
    ) -> None:
        self._urls, self._lag, self._until, self._progress = urls, lag, until, progress
        self.lives = [Life.of(message, jurisdiction) for message in messages]
        self._by_subject = {life.subject: life for life in self.lives}
        self.inputs = sum(life.inputs(until) for life in self.lives)

    async def run(self) -> dict[str, int]:
        """Play until no issue has a step left, then sweep; the documents written, by purpose.

        Raises ReplayFailed with the message it stopped at.
        """
        limits = httpx.Limits(max_connections=16)
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, limits=limits) as client:
            while steps := [(life, step) for life in self.lives if (step := life.next(self._until))]:
                await self._play(client, steps)
                await self._lag.wait_for_none()
                await self._read_deadlines(client)
            await self._sweep(client)
            return await self._document_writes(client)

    async def _play(self, client: httpx.AsyncClient, steps: Sequence[tuple[Life, Step]]) -> None:
        """Post one step of every issue, many at once."""
        by_service: dict[str, list[tuple[Life, Step]]] = {}
        for life, step in steps:
            by_service.setdefault(step.service, []).append((life, step))
        async with asyncio.TaskGroup() as group:
            for service, mine in by_service.items():
                chunks = _chunks(mine)
                for _ in range(AT_ONCE):
                    group.create_task(self._post(client, service, chunks))

    async def _post(
        self, client: httpx.AsyncClient, service: str, chunks: Iterator[Sequence[tuple[Life, Step]]]
    ) -> None:
        """Post one chunk after the other, for as long as there are any."""
        for chunk in chunks:
            entries = [entry for _, step in chunk for entry in step.entries]
            outcomes = await self._answers(client, service, entries)
            position = 0
            for life, step in chunk:
                life.done(step, outcomes[position : position + len(step.entries)])
                position += len(step.entries)
            self._progress(sum(life.step for life in self.lives))

    async def _answers(
        self, client: httpx.AsyncClient, service: str, entries: Sequence[Entry]
    ) -> list[Mapping[str, Any]]:
        """All outcomes; what has none yet is posted again under its old key, also after the service died."""
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        answers: dict[int, Mapping[str, Any]] = {}
        while missing := [number for number in range(len(entries)) if number not in answers]:
            if asyncio.get_running_loop().time() > end:
                raise ReplayFailed(
                    f"{service} did not decide in {PATIENCE_SECONDS:.0f} s on {entries[missing[0]]}"
                )
            body = [entries[number] for number in missing]
            response = await self._ask(client, "POST", service, "/history/commands", end, json=body)
            found = zip(missing, response.json(), strict=True)
            answers |= {number: outcome for number, outcome in found if outcome is not None}
        return [answers[number] for number in range(len(entries))]

    async def _ask(
        self, client: httpx.AsyncClient, method: str, service: str, path: str, end: float, **what: Any
    ) -> httpx.Response:
        """One request, made again until ``end`` while the service is away: it is started again by itself."""
        while True:
            try:
                response = await client.request(method, f"{self._urls[service]}{path}", **what)
                if response.status_code < 500:
                    return response.raise_for_status()
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
            if mine is not None and not _is_sweep(entry):
                mine.deadlines.append(Coming(datetime.fromisoformat(entry["at"]), service, entry["name"]))

    async def _deadlines(
        self, client: httpx.AsyncClient, services: Iterable[str], until: datetime
    ) -> list[tuple[str, dict[str, str]]]:
        """(service, deadline) of everything due up to ``until``."""
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        params = {"until": until.isoformat()}

        async def of(service: str) -> list[tuple[str, dict[str, str]]]:
            response = await self._ask(client, "GET", service, "/history/deadlines", end, params=params)
            return [(service, entry) for entry in response.json()]

        return [entry for found in await asyncio.gather(*map(of, services)) for entry in found]

    async def _sweep(self, client: httpx.AsyncClient) -> None:
        """Fire the sweep of every finished issue: what it kept for sending again is forgotten."""
        sweeps: dict[str, list[Entry]] = {}
        for service, found in await self._deadlines(client, self._urls, END_OF_TIME):
            if _is_sweep(found):
                at = datetime.fromisoformat(found["at"])
                sweeps.setdefault(service, []).append(fire_entry(found["subject"], found["name"], at))
        async with asyncio.TaskGroup() as group:
            for service, entries in sweeps.items():
                group.create_task(self._fire(client, service, entries))
        await self._lag.wait_for_none()

    async def _fire(self, client: httpx.AsyncClient, service: str, entries: Sequence[Entry]) -> None:
        for chunk in _chunks(entries):
            await self._answers(client, service, chunk)

    async def _document_writes(self, client: httpx.AsyncClient) -> dict[str, int]:
        """How many documents the four services have written, by purpose, as their metrics say."""
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        texts = await asyncio.gather(
            *[self._ask(client, "GET", service, "/metrics", end) for service in self._urls]
        )
        writes = {"change": 0, "sweep": 0}
        for line in "\n".join(response.text for response in texts).splitlines():
            for purpose in writes:
                if line.startswith(f'qinqing_document_writes_total{{purpose="{purpose}"}}'):
                    writes[purpose] += int(float(line.rpartition(" ")[2]))
        return writes


def _is_sweep(deadline: Mapping[str, str]) -> bool:
    return deadline["name"].startswith(f"{SWEEP}/")


def _chunks(steps: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(steps), CHUNK):
        yield steps[start : start + CHUNK]
