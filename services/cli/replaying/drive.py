"""History is driven in steps: each issue's next deadline or input, whichever is first; issues side by side.

After each step the driver waits until every service has read all there is, then reads the next deadlines from
the index the timers use (docs/decisions/0005). Everything it posts carries a key, so that a step that was cut
off by a crash is posted again and happens once.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from services.cli.replaying.messages import Message
from services.intake.domain import issue_id
from shared.bus.reading import Stillness

CHUNK = 250
PATIENCE_SECONDS = 90.0

Entry = dict[str, Any]


class ReplayFailed(RuntimeError):
    """The replay could not go on: says which service, which message and why."""


@dataclass(frozen=True, slots=True)
class Input:
    """What happens to one issue at one instant in one service: commands in order."""

    service: str
    at: datetime
    entries: tuple[Entry, ...]


@dataclass(slots=True)
class Life:
    """One message on its way: what was done, what comes next."""

    message: Message
    subject: str
    step: int = 0
    department: str = ""
    assignment: str = ""
    deadlines: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    void: tuple[str, str] = ("", "")

    def _fired(self, service: str, name: str, status: str) -> None:
        """A deadline that is void may have been fired by a request that was cut off; the same one twice never."""
        if status == "void" and self.void == (service, name):
            raise ReplayFailed(
                f"message {self.message.message_id} (line {self.message.line}): {service} does not fire {name}; "
                "it holds events whose predecessor is missing: see qinqing deadletters list"
            )
        self.void = (service, name) if status == "void" else ("", "")

    def next_input(self) -> Input | None:
        """The next input by the plan: registered, accepted, assigned and signed at submission; answered at its time."""
        message, at = self.message, self.message.submitted_at
        if self.step == 0:
            data = {"title": message.title, "text": message.text}
            entrepreneur = f"entrepreneur:{message.author or 'unknown'}"
            register = self._entry("intake.register.v1", data, entrepreneur, at)
            return Input("intake", at, (register, self._entry("intake.accept.v1", {}, "office:replay", at)))
        if self.step == 1:
            return Input("dispatch", at, (self._entry("dispatch.assign.v1", {}, "office:replay", at),))
        held = {"assignment": self.assignment}
        if self.step == 2:
            signs = f"dept:{self.department}/signs"
            return Input("dispatch", at, (self._entry("dispatch.sign.v1", held, signs, at),))
        if self.step == 3 and message.replied_at is not None:
            at = message.replied_at
            draft = {**held, "outcome": "explained", "text": message.reply}
            return Input(
                "dispatch", at,
                (
                    self._entry("dispatch.draft.v1", draft, f"dept:{self.department}/handler", at),
                    self._entry("dispatch.sign_off.v1", held, f"dept:{self.department}/leader", at),
                    self._entry("dispatch.check.v1", held, "office:replay", at),
                    self._entry("dispatch.release.v1", held, "office:replay", at),
                ),
            )  # fmt: skip
        return None

    def inputs(self, until: datetime) -> int:
        """How many inputs the plan has up to ``until``."""
        message = self.message
        answered = message.replied_at is not None and message.replied_at <= until
        return (4 if answered else 3) if message.submitted_at <= until else 0

    def next(self, until: datetime) -> Input | None:
        """The next step up to ``until``: the earliest deadline in any service if it is before the next input."""
        coming = self.next_input()
        if coming is not None and coming.at > until:
            coming = None
        if self.deadlines:
            service, (at, name) = min(self.deadlines.items(), key=lambda entry: (entry[1][0], entry[0]))
            if at <= until and (coming is None or at < coming.at):
                data = {"name": name, "due_at": at.isoformat()}
                entry = self._entry("deadline.fire.v1", data, "timer:due", at, f"{self.subject}/{name}")
                return Input(service, at, (entry,))
        return coming

    def _entry(self, kind: str, data: Entry, actor: str, at: datetime, key: str = "") -> Entry:
        key = key or f"{self.message.message_id}/{kind}"
        return {
            "subject": self.subject, "type": kind, "data": data, "actor": actor, "key": key, "at": at.isoformat(),
        }  # fmt: skip

    def done(self, step: Input, outcomes: Sequence[Mapping[str, Any]]) -> None:
        """Take note of what a step answered."""
        for entry, outcome in zip(step.entries, outcomes, strict=True):
            if outcome["status"] == "refused":
                raise ReplayFailed(
                    f"message {self.message.message_id} (line {self.message.line}): {entry['type']} was refused: "
                    f"{outcome['reason']} {outcome.get('detail', '')}"
                )
            if entry["type"] == "deadline.fire.v1":
                self._fired(step.service, entry["data"]["name"], outcome["status"])
                return
            if entry["type"] == "dispatch.assign.v1":
                self.department, self.assignment = outcome["department"], outcome["assignment"]
        self.step += 1


class Driver:
    """Plays many lives side by side against four history services."""

    def __init__(
        self,
        urls: Mapping[str, str],
        stillness: Stillness,
        messages: Sequence[Message],
        *,
        until: datetime,
        progress: Callable[[int], None] = lambda inputs: None,
    ) -> None:
        self._urls, self._stillness, self._until, self._progress = urls, stillness, until, progress
        self.lives = [Life(message, issue_id("replay", message.message_id)) for message in messages]
        self._by_subject = {life.subject: life for life in self.lives}
        self.inputs = sum(life.inputs(until) for life in self.lives)

    async def run(self) -> None:
        """Play until no issue has a step left; raises ReplayFailed with the message it stopped at."""
        limits = httpx.Limits(max_connections=16)
        async with httpx.AsyncClient(timeout=PATIENCE_SECONDS, limits=limits) as client:
            while True:
                steps = [(life, step) for life in self.lives if (step := life.next(self._until)) is not None]
                if not steps:
                    return
                await self._play(client, steps)
                await self._stillness.wait()
                await self._read_deadlines(client)

    async def _play(self, client: httpx.AsyncClient, steps: Sequence[tuple[Life, Input]]) -> None:
        """Post one step of every issue; chunks of one service run one after the other, services side by side."""
        by_service: dict[str, list[tuple[Life, Input]]] = {}
        for life, step in steps:
            by_service.setdefault(step.service, []).append((life, step))
        async with asyncio.TaskGroup() as group:
            for service, mine in by_service.items():
                for chunk in _chunks(mine):
                    group.create_task(self._post(client, service, chunk))

    async def _post(
        self, client: httpx.AsyncClient, service: str, chunk: Sequence[tuple[Life, Input]]
    ) -> None:
        entries = [entry for _, step in chunk for entry in step.entries]
        outcomes = await self._answers(client, service, entries)
        position = 0
        for life, step in chunk:
            life.done(step, outcomes[position : position + len(step.entries)])
            position += len(step.entries)
        self._progress(sum(life.step for life in self.lives))

    async def _answers(
        self, client: httpx.AsyncClient, service: str, entries: list[Entry]
    ) -> list[Mapping[str, Any]]:
        """All outcomes; what has none yet is posted again under its old key, also after the service died."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_SECONDS
        answers: dict[int, Mapping[str, Any]] = {}
        while missing := [number for number in range(len(entries)) if number not in answers]:
            body = [entries[number] for number in missing]
            error: Exception | None = None
            try:
                response = await client.post(f"{self._urls[service]}/history/commands", json=body)
                if response.status_code < 500:
                    response.raise_for_status()
                    found = zip(missing, response.json(), strict=True)
                    answers |= {number: outcome for number, outcome in found if outcome is not None}
                    continue
                error = ReplayFailed(f"HTTP {response.status_code}: {response.text[:300]}")
            except httpx.TransportError as fault:
                error = fault
            if loop.time() > end:
                raise ReplayFailed(f"{service} did not answer for {PATIENCE_SECONDS:.0f} s: {error}")
            await asyncio.sleep(0.2)  # the service is being started again; its readiness is not ours to await
        return [answers[number] for number in range(len(entries))]

    async def _read_deadlines(self, client: httpx.AsyncClient) -> None:
        async with asyncio.TaskGroup() as group:
            tasks = {
                service: group.create_task(self._deadlines_of(client, service)) for service in self._urls
            }
        for life in self.lives:
            life.deadlines.clear()
        for service, task in tasks.items():
            for entry in task.result():
                if (found := self._by_subject.get(entry["subject"])) is not None:
                    found.deadlines[service] = (datetime.fromisoformat(entry["at"]), entry["name"])

    async def _deadlines_of(self, client: httpx.AsyncClient, service: str) -> list[dict[str, str]]:
        end = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            try:
                response = await client.get(
                    f"{self._urls[service]}/history/deadlines", params={"until": self._until.isoformat()}
                )
                if response.status_code == 200:
                    found: list[dict[str, str]] = response.json()
                    return found
            except httpx.TransportError as error:
                if asyncio.get_running_loop().time() > end:
                    raise ReplayFailed(f"{service} does not answer: {error}") from error
            await asyncio.sleep(0.2)  # as above


def _chunks(steps: Sequence[tuple[Life, Input]]) -> Iterator[Sequence[tuple[Life, Input]]]:
    for start in range(0, len(steps), CHUNK):
        yield steps[start : start + CHUNK]
