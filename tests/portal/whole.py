"""The whole system in memory: the four services' own applications, the portal over them, one clock for a test to move.

Everything is the real thing but broker and stores: what the portal asks goes through the services' routes and rights to
their processors; what they publish is read by each other and by the projection. So weeks pass in a browser's test.
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest.mock import patch

import bson
import httpx

from services.portal.app import application
from services.portal.asking import Services
from services.portal.sending import Sending
from services.portal.settings import PortalSettings
from shared.bus.gateway import Gateway, Request
from shared.bus.held import HeldEvents
from shared.bus.processor import Processor
from shared.bus.records import Outgoing, Record
from shared.bus.reference import Version, take_in
from shared.contract.command import FireDeadline
from shared.contract.envelope import open_envelope
from shared.deadlines import fire_at_of, is_sweep
from shared.domain.aggregates import Consumer
from shared.domain.reference import Reference
from shared.identity.keys import signing_key
from shared.identity.tokens import sign
from shared.metrics import Metrics
from shared.service import BUILTIN, SYSTEM
from shared.settings import Settings
from tests.faults.services import MODULES
from tests.fuzz.in_memory import FindingStore
from tests.keys import KEYS, bearer
from tests.portal.given import ASSETS, Given
from tests.portal.projection.given import JURISDICTION
from tests.unit.entries import DatabaseInMemory

PORTS = {name: 18_401 + place for place, name in enumerate(MODULES)}
ALL = "\x7f"
"""Behind every deadline."""


class People(NamedTuple):
    """Two people of a department, as they ask."""

    handler: str
    leader: str


class Topics:
    """Every topic, and who has read how far: what is published is read at once by all who read it."""

    def __init__(self, given: Given) -> None:
        self.given = given
        self.reference, self.versions = Reference(), dict[tuple[str, str], Version]()
        self.parts: dict[str, Part] = {}
        self._log: dict[str, list[Record]] = defaultdict(list)
        self._read: dict[tuple[str, str], int] = defaultdict(int)
        self._reading = False

    async def catch_up(self) -> None:
        """Reference data is taken in as it is published."""

    async def publish(self, outgoing: Sequence[Outgoing], timestamps: Any = None) -> Sequence[Outgoing]:
        """Append each record to its topic; then everybody reads, until nobody has anything left to read."""
        at_ms = int(self.given.now.timestamp() * 1000)
        for out in outgoing:
            there, sha256 = self._log[out.topic], out.wire_headers().get("sha256")
            place, key = len(there), out.key.encode()
            there.append(Record(out.topic, 0, place, at_ms, key, out.value, sha256, out.seq))
            if out.topic.endswith(".reference") and (version := take_in(self.reference, there[-1])):
                self.versions[version.subject, version.version] = version
            if out.topic.endswith((".events", ".reference")):
                self.given.shown.topics.records.append(there[-1])
        if not self._reading:
            self._reading = True
            try:
                while await self._all_read():
                    pass
            finally:
                self._reading = False
            self.given.shown.apply()
        return []

    def told(self, topic: str) -> Sequence[Record]:
        """All that stands there."""
        return self._log[topic]

    async def _all_read(self) -> bool:
        """Whether there was anything."""
        found = False
        for name, part in self.parts.items():
            for topic in part.consumer.topics:
                if records := self._log[topic][self._read[name, topic] :]:
                    found = True
                    self._read[name, topic] += len(records)
                    part.gateway.answer((await part.processor.run(records)).answers)
        return found


class Part:
    """What ``build`` and ``application`` need of one service (shared/service.py), over parts in memory."""

    def __init__(self, topics: Topics, settings: Settings, consumer: Consumer, **more: Any) -> None:
        self.settings, self.consumer, self.name = settings, consumer, consumer.service
        self.metrics, self.store, self.database = Metrics(), FindingStore(), DatabaseInMemory()
        self.reference, self.own_topics = topics, self
        self.held = HeldEvents(lambda: self.store.find_ids({}))  # type: ignore[arg-type, return-value]
        self.publish = topics.publish
        self.gateway = Gateway(consumer.source, topics.publish, self.store)  # type: ignore[arg-type]
        self.processor = Processor(consumer, self.store, topics.publish, topics)  # type: ignore[arg-type]
        self._first, self._later = more.get("first_commands", ()), more.get("first_requests")
        topics.parts[self.name] = self

    async def begin(self) -> None:
        """What a first start publishes."""
        first = [
            Request(subject, command, BUILTIN, SYSTEM, f"{subject}/{command.verb}")
            for subject, command in self._first
        ]
        if self._later is not None:
            first += await self._later()
        for request in first:
            outcome = await self.gateway.ask(request)
            assert outcome is not None and outcome["status"] == "done", outcome

    def notifying(self, *how: object, **more: object) -> tuple[()]:
        """No mail server is named."""
        return ()

    async def not_ready(self) -> list[str]:
        """Nothing is missing."""
        return []

    async def measure(self) -> None:
        """There is nothing to measure."""


class Wire(httpx.AsyncBaseTransport):
    """Each service by its port."""

    def __init__(self, apps: Mapping[int, Any]) -> None:
        self._apps = {port: httpx.ASGITransport(app) for port, app in apps.items()}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As that service answers."""
        answering = self._apps[request.url.port or 0].handle_async_request(request)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(answering, _loop()))


class Whole(Given):
    """The portal as ``Given`` has it, over services that really decide; ``now`` is the time of all of them."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._topics, apps = Topics(self), dict[int, Any]()
        for name, module in MODULES.items():
            settings = Settings(
                jurisdiction=JURISDICTION,
                keys_dir=str(KEYS),
                http_port=PORTS[name],
                attachments_dir=str(folder / "attachments"),
                invented_people=True,
            )
            with patch.object(module, "Service", partial(Part, self._topics)):
                apps[PORTS[name]] = module.build(settings)
        urls = {name: f"http://127.0.0.1:{port}" for name, port in PORTS.items()}
        services = Services(urls, partial(sign, signing_key(KEYS)), JURISDICTION, Wire(apps))
        self._client = partial(httpx.AsyncClient, transport=Wire(apps), timeout=30.0)
        sending = Sending(self.own, services, clock=lambda: self.now)
        self.portal = self.portal._replace(services=services, sending=sending)
        self.app = application(self.portal, ASSETS, PortalSettings(portal_dir=str(folder), embedded=True))
        for name in ("supervision", "dispatch", "intake", "feedback"):
            _apart(self._topics.parts[name].begin())

    def go_to(self, at: datetime) -> None:
        """Let time pass: every deadline up to then fires at its own instant."""
        _apart(self._go_to(at))

    async def _go_to(self, at: datetime) -> None:
        while due := await self._next_due(at):
            fires_at, part, found = due
            self.now = max(self.now, fires_at)
            fire = FireDeadline(name=found["due"]["name"], due_at=datetime.fromisoformat(found["due"]["at"]))
            key = f"{found['_id']}/{found['deadline']}/{fire.name}"
            await part.gateway.ask(Request(found["_id"], fire, "timer", "timer:due", key))
        self.now = at
        await self.portal.sending.turn()  # what was asked on a page and could be taken back

    async def _next_due(self, at: datetime) -> tuple[datetime, Part, Any] | None:
        found = [
            (fire_at_of(document["deadline"]), name, document)
            for name, part in self._topics.parts.items()
            for document in map(bson.decode, part.store.documents.values())
            if "deadline" in document and not is_sweep(document["due"]["name"])
        ]
        due = min((one for one in found if one[0] <= at), key=lambda one: one[:2], default=None)
        return due and (due[0], self._topics.parts[due[1]], due[2])

    def ask(self, service: str, path: str, actor: str, **body: Any) -> dict[str, Any]:
        """What somebody asks a service by another way than these pages; fails unless it was done."""
        return _apart(self._ask(service, path, actor, body))

    async def _ask(self, service: str, path: str, actor: str, body: Mapping[str, Any]) -> dict[str, Any]:
        async with self._client(base_url=f"http://127.0.0.1:{PORTS[service]}") as client:
            answer = await client.post(path, json=dict(body), headers=bearer(actor))
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def people_of(self, department: str) -> People:
        """Who handles and who signs in a department, as the directory has it."""
        entry = self._topics.reference.directory(self.now).department(department)
        assert entry is not None, department
        return People(
            f"handler:{department}/{entry.handlers[0]}", f"department_leader:{department}/{entry.leaders[0]}"
        )

    def state(self, service: str, subject: str) -> dict[str, Any]:
        """What a service remembers of one aggregate."""
        return dict(bson.decode(self._topics.parts[service].store.documents[subject])["state"])

    def reminded(self, department: str, subject: str) -> list[str]:
        """What a department is reminded of in one issue, on its own topic: a warning, a reminder that was issued."""
        found = [open_envelope(one.value or b"") for one in self._topics.told(f"dept.{department}.orders")]
        about = [one for one in found if (one.subject, one.type) == (subject, "order.reminded.v1")]
        return [str(one.data["saying"]) for one in about]


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """One loop in a thread of its own: a browser's test has one that runs, and the portal another."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def _apart(doing: Coroutine[Any, Any, Any]) -> Any:
    """Let it happen where the services run: two threads that publish at once would leave records unread."""
    return asyncio.run_coroutine_threadsafe(doing, _loop()).result()
