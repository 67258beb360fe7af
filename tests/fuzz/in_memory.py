"""Each service's own application, with its real processor and gateway, over a store and topics that are in memory.

What a fuzzer asks of it is decided by the same code as on real parts, at some milliseconds a request.
"""

from collections import deque
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI

from services.supervision.builtin import builtin_calendar, builtin_policy
from shared.bus.deadletters import DeadLetter, with_status
from shared.bus.document import Stored
from shared.bus.gateway import Gateway
from shared.bus.held import HeldEvents
from shared.bus.processor import Processor
from shared.bus.records import DEAD_LETTER_TYPE, Outgoing, Record
from shared.bus.reference import Version
from shared.contract.envelope import sha256_of
from shared.contract.event import INTAKE
from shared.contract.events.intake import IssueAccepted, IssueRegistered, PromiseStarted
from shared.domain.aggregates import Consumer
from shared.domain.reference import Reference
from shared.metrics import Metrics
from shared.settings import Settings
from tests.faults.given import NOW, Store, foreign_event
from tests.faults.services import MODULES
from tests.unit.entries import DatabaseInMemory
from tests.unit.reference import builtin_events, builtin_reference

ISSUE, LOST = "7K3M9QXT2B4N6", "intake.events/0/12"
"""The examples of the OpenAPI documents (shared/web.py, shared/operators.py): here they exist."""


class Known:
    """The built-in reference data, as every service knows it soon after its start."""

    def __init__(self) -> None:
        self.reference: Reference = builtin_reference()
        versions = [
            Version(subject, event.type, data["version"], data["in_force_from"], data)
            for subject, event in builtin_events()
            if (data := event.model_dump(mode="json"))
        ]
        self.versions = {(version.subject, version.version): version for version in versions}

    async def catch_up(self) -> None:
        """There is nothing more to read."""


class FindingStore(Store):
    """The store in memory with the questions that services ask beside reading documents."""

    async def between(self, low: str, high: str, most: int) -> list[Stored]:
        """The first documents of a range of subjects."""
        return list(
            (await self.load([id for id in sorted(self.documents) if low <= id < high][:most])).values()
        )

    async def find_ids(self, query: Mapping[str, Any]) -> AsyncIterator[str]:
        """No department has an open issue here."""
        for found in ():
            yield found


class ServiceInMemory:
    """What ``application`` and the services' ``build`` need of a service (shared/service.py)."""

    def __init__(self, settings: Settings, consumer: Consumer, **more: Any) -> None:
        self.settings, self.consumer, self.name = settings, consumer, consumer.service
        self.metrics, self.store, self.reference, self.own_topics = Metrics(), FindingStore(), Known(), self
        self.database = DatabaseInMemory()
        self.held = HeldEvents(lambda: self.store.find_ids({}))  # type: ignore[arg-type, return-value]
        self.gateway = Gateway(consumer.source, self.publish, self.store)  # type: ignore[arg-type]
        self.processor = Processor(consumer, self.store, self.publish, self.reference)  # type: ignore[arg-type]
        self.log: list[Outgoing] = []
        self._unread, self._reading = deque[Record](), False
        self._first_requests = more.get("first_requests")

    @asynccontextmanager
    async def running(self, *more: object) -> AsyncIterator[None]:
        """An issue is known, and a dead letter stands there."""
        told = IssueRegistered(number="7K3M-9QXT-2B4N-6C")
        policy, calendar = builtin_policy(), builtin_calendar()
        due = {"due_at": NOW + timedelta(days=14), "limit": "10wd"}
        promised = PromiseStarted(started_at=NOW, **due, policy=policy.version, calendar=calendar.version)
        accepted = IssueAccepted(title="漏水", text="水管漏水", by="chen")
        lost = {
            "type": DEAD_LETTER_TYPE,
            "origin": LOST,
            "subject": ISSUE,
            "topic": INTAKE,
            "reason": "Invalid JSON",
        }
        await self.publish([Outgoing(f"{self.name}.dlq", LOST, b"{", lost)])
        if INTAKE in self.consumer.reads:
            events = enumerate((told, promised, accepted), start=1)
            await self.publish([foreign_event(ISSUE, seq, event) for seq, event in events])
        if self._first_requests is not None:
            await self.gateway.ask_all(await self._first_requests())
        yield

    def notifying(self, *how: object, **more: object) -> tuple[()]:
        """No mail server is named."""
        return ()

    async def not_ready(self) -> list[str]:
        """Nothing is missing."""
        return []

    async def measure(self) -> None:
        """There is nothing to measure."""

    async def publish(self, outgoing: Iterable[Outgoing], timestamps: Any = None) -> Sequence[Outgoing]:
        """Append each record to its topic; what this service reads is processed at once, one after the other."""
        for out in outgoing:
            offset = sum(sent.topic == out.topic for sent in self.log)
            self.log.append(out)
            if out.topic in self.consumer.topics:
                at_ms, key, sha256 = int(NOW.timestamp() * 1000), out.key.encode(), sha256_of(out.value)
                self._unread.append(Record(out.topic, 0, offset, at_ms, key, out.value, sha256, out.seq))
        if not self._reading:  # what a batch publishes is read behind it
            self._reading = True
            try:
                while self._unread:
                    self.gateway.answer((await self.processor.run([self._unread.popleft()])).answers)
            finally:
                self._reading = False
        return []

    async def dead_letters(self, only_value_of: str | None = None) -> list[DeadLetter]:
        """As the topic of this service's dead letters says."""
        topic = f"{self.name}.dlq"
        raws = [(out.key.encode(), out.value, out.wire_headers()) for out in self.log if out.topic == topic]
        return with_status(self.name, raws, only_value_of)

    async def events_of(self, subject: str) -> list[Outgoing]:
        """Every event of this service about one aggregate."""
        topic = f"{self.name}.events"
        return [out for out in self.log if (out.topic, out.key) == (topic, subject)]


def in_memory(name: str, monkeypatch: pytest.MonkeyPatch, **settings: object) -> FastAPI:
    """One service's application over parts in memory; ``settings`` as the service takes them."""
    module = MODULES[name]
    monkeypatch.setattr(module, "Service", ServiceInMemory)
    return module.build(Settings(**settings))
