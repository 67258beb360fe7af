"""What the tests on real parts share: a small room with one worker, whole services in this process, a cutting wire.

Every test takes a namespace of its own (topics, groups and database), so that tests share one Kafka and one store.
"""

import asyncio
import contextlib
import gc
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pymongo
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict

from services.dispatch.app import build as build_dispatch
from services.feedback.app import build as build_feedback
from services.intake.app import build as build_intake
from services.supervision.app import build as build_supervision
from shared.bus.door import Request, sealed
from shared.bus.kafka import Conveyor, Publisher, make_broker
from shared.bus.loop import Batch, Loop
from shared.bus.records import Outgoing, Record
from shared.bus.room import Room
from shared.bus.topics import LARGEST_RECORD, ensure_topics
from shared.commands import AcceptIssue, WithdrawIssue
from shared.envelope import SHA256_HEADER, Envelope, seal, sha256_of
from shared.events import IssueClosed, IssueWithdrawn
from shared.metrics import Metrics
from shared.moves import Change, Context, Reason, Refusal
from shared.service import Service
from shared.settings import Settings
from shared.store import Aggregates, connect

PARTITIONS = 3
PATIENCE_SECONDS = 30.0
BUILDS: dict[str, Callable[[Settings], FastAPI]] = {
    "intake": build_intake,
    "dispatch": build_dispatch,
    "supervision": build_supervision,
    "feedback": build_feedback,
}


def own_namespace(word: str) -> str:
    """A namespace that no other test has."""
    return f"{word}-{uuid4().hex[:6]}"


# ------------------------------------------------------------------ a small room


class Notes(BaseModel):
    """The state of the small room: what was written, in order."""

    model_config = ConfigDict(frozen=True)
    lines: tuple[str, ...] = ()


def write_line(notes: Notes | None, command: WithdrawIssue, context: Context) -> Change[Notes] | Refusal:
    """Every command is one line and one event; the word ``no`` is refused and ``bug`` is one."""
    if command.reason == "no":
        return Refusal(Reason.ILLEGAL_MOVE, "no is not written", ("yes",))
    if command.reason == "bug":
        raise ZeroDivisionError("a bug")
    lines = (*(notes.lines if notes else ()), command.reason)
    return Change(Notes(lines=lines), (IssueWithdrawn(reason=command.reason),), outcome={"lines": len(lines)})


def note_closing(notes: Notes | None, fact: IssueClosed, context: Context) -> Change[Notes]:
    """The one fact it reads is a line too."""
    return Change(Notes(lines=(*(notes.lines if notes else ()), f"closed {fact.round}")))


def small_room(**more: Any) -> Room:
    """A room that writes lines: commands on ``intake.commands``, facts from ``feedback.events``."""
    return Room(
        service="intake", jurisdiction="test", state=Notes, reads=("feedback.events",),
        commands={WithdrawIssue: write_line, AcceptIssue: write_line}, facts={IssueClosed: note_closing}, **more,
    )  # fmt: skip


def line(subject: str, text: str, *, key: str = "", **more: Any) -> Outgoing:
    """The command that writes one line."""
    asked = Request(
        subject, WithdrawIssue(reason=text), "test", "office:test", key or f"{subject}/{text}", **more
    )
    return sealed(asked, "/test/intake")


def fact(
    subject: str, seq: int, type: str = "issue.closed.v1", data: Mapping[str, Any] | None = None
) -> Outgoing:
    """One event of feedback."""
    raw = seal(
        id=f"feedback.events:{subject}:{seq}", type=type, source="/test/feedback", subject=subject,
        time=datetime.now(UTC), seq=seq, data={"round": seq, "reason": "rated", **(data or {})},
    )  # fmt: skip
    return Outgoing("feedback.events", subject, raw)


class Worker:
    """One worker of the small room, with everything between broker and store real."""

    def __init__(self, bootstrap: str, namespace: str, store: Any, room: Room | None = None) -> None:
        self.prefix, self.store = f"{namespace}.", store
        self.metrics = Metrics("intake")
        self.broker = make_broker(bootstrap, f"{namespace}-{uuid4().hex[:4]}")
        self.publish = Publisher(self.broker, self.prefix, self.metrics)
        self.loop = Loop(room or small_room(), store, self.publish, group="intake")
        self.conveyor = Conveyor(self.loop, self.prefix, self.metrics)
        self.batches: list[Batch] = []
        self.assignments: list[list[int]] = []
        self._news = asyncio.Event()
        self.conveyor.on_batch.append(self._note)
        self.conveyor.on_assigned.append(self._owned)
        self._measure, self.conveyor._measure = self.conveyor._measure, self._measured  # type: ignore[method-assign]

    def _note(self, batch: Batch) -> None:
        self.batches.append(batch)
        self._news.set()

    def _measured(self, *batch: Any) -> None:
        """A batch is wholly behind it: committed and measured too."""
        self._measure(*batch)
        self._news.set()

    def _owned(self, partitions: Sequence[int]) -> None:
        self.assignments.append(list(partitions))
        self._news.set()

    @property
    def consumer(self) -> AIOKafkaConsumer:
        """The consumer under it."""
        consumer = self.conveyor.consumer()
        assert consumer is not None
        return consumer

    def answers(self) -> dict[str, Mapping[str, Any]]:
        """Outcome by command id."""
        return {answer.command: answer.outcome for batch in self.batches for answer in batch.answers}

    async def until(self, true: Callable[[], Any]) -> None:
        """Return when it is true after some batch, commit or assignment."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not true():
                self._news.clear()
                await self._news.wait()

    async def stop_reading(self) -> None:
        """End the task that reads and carries batches, wherever it is; the consumer stays in its group."""
        (subscriber,) = self.broker.subscribers
        for task in subscriber.tasks:  # type: ignore[attr-defined]
            task.cancel()
            await asyncio.wait([task])

    async def die(self) -> None:
        """Leave the group without finishing the batch at hand."""
        await self.stop_reading()
        await self.broker.stop()

    async def lines(self, *subjects: str) -> dict[str, tuple[str, ...]]:
        """What is written of each subject."""
        found = await self.store.load(subjects)
        return {
            id: tuple(document["state"]["lines"]) for id, document in found.items() if document.get("state")
        }

    async def committed(self) -> dict[str, int]:
        """What the group has committed, "topic/partition" -> offset."""
        found = {tp: await self.consumer.committed(tp) for tp in self.consumer.assignment()}
        return {
            f"{tp.topic.removeprefix(self.prefix)}/{tp.partition}": offset
            for tp, offset in found.items()
            if offset
        }


@asynccontextmanager
async def worker(
    bootstrap: str, namespace: str, store: Any, *, room: Room | None = None, records: int = 500
) -> AsyncIterator[Worker]:
    """A running worker that owns partitions already; its topics exist."""
    topics = ["intake.commands", "intake.events", "intake.dlq", "feedback.events"]
    await ensure_topics(bootstrap, f"{namespace}.", topics, partitions=PARTITIONS)
    one = Worker(bootstrap, namespace, store, room)
    one.conveyor.subscribe(one.broker, records=records, timeout_ms=10)
    await one.broker.start()
    try:
        await one.until(lambda: one.conveyor.partitions)
        yield one
    finally:
        await one.broker.stop()


@asynccontextmanager
async def cellar(url: str, namespace: str) -> AsyncIterator[Aggregates]:
    """The real store behind a worker, dropped afterwards."""
    async with connect(url, f"{namespace}_intake") as database:
        store = database.aggregates("issues", "test")
        await store.prepare()
        yield store
        await database.drop()


class Unreliable:
    """The real store, which fails when told to: before it writes, or after it wrote."""

    def __init__(self, store: Aggregates) -> None:
        self._store = store
        self.fail_before_write = self.fail_after_write = self.fail_load = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.arrived = asyncio.Event()
        self.on_failure: Callable[[], Any] = lambda: None

    async def load(self, subjects: Sequence[str]) -> dict[str, Any]:
        """As the store; waits at the gate."""
        self.arrived.set()
        await self.gate.wait()
        if self.fail_load:
            self.fail_load -= 1
            raise pymongo.errors.ServerSelectionTimeoutError("the store is away")
        return await self._store.load(subjects)

    async def write(self, documents: Sequence[Any]) -> set[str]:
        """As the store."""
        if self.fail_before_write:
            self.fail_before_write -= 1
            await self._failed()
        lost = await self._store.write(documents)
        if self.fail_after_write:
            self.fail_after_write -= 1
            await self._failed()
        return lost

    async def _failed(self) -> None:
        if (waiting := self.on_failure()) is not None:
            await waiting
        raise pymongo.errors.AutoReconnect("the wire was cut")


# ------------------------------------------------------------------- from outside


async def put(
    bootstrap: str, namespace: str, records: Iterable[Outgoing], *, hashed: bool = True, **how: Any
) -> list[Any]:
    """Publish as somebody else's producer would; the broker's answers."""
    async with AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_request_size=LARGEST_RECORD + 1024 * 1024
    ) as producer:
        sent = []
        for record in records:
            headers = record.headers or ({SHA256_HEADER: sha256_of(record.value)} if hashed else {})
            pairs = [(name, value if value is None or isinstance(value, bytes) else value.encode())
                     for name, value in headers.items()]  # fmt: skip
            sent.append(
                await producer.send(
                    f"{namespace}.{record.topic}", record.value, key=record.key.encode(), headers=pairs, **how
                )
            )
        return list(await asyncio.gather(*sent))


class Ear:
    """Hears some topics of a namespace from their beginning, as one who only reads."""

    def __init__(self, consumer: AIOKafkaConsumer, prefix: str) -> None:
        self._consumer, self._prefix = consumer, prefix
        self.heard: list[Any] = []

    async def until(self, true: Callable[[list[Any]], Any]) -> Any:
        """Read on until this is true of all that was heard; what it returned."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not (found := true(self.heard)):
                for raws in (await self._consumer.getmany(timeout_ms=1000)).values():
                    self.heard += raws
            return found

    async def letter(self, reason: str = "", subject: str = "") -> Any:
        """The first dead letter whose reason holds these words."""
        found = await self.until(lambda _: [
            raw for raw in self.heard
            if dict(raw.headers).get("type") == b"deadletter" and reason in header(raw, "reason")
            and subject in (header(raw, "subject"), "")
        ])  # fmt: skip
        return found[0]

    async def event(self, subject: str, type: str, count: int = 1) -> Envelope:
        """The ``count``-th different event of this type about this subject."""
        found = await self.until(
            lambda _: (known := self.events(subject, type)) and len(known) >= count and known
        )
        return found[count - 1]

    def events(self, subject: str, type: str = "") -> list[Envelope]:
        """What was heard about this subject so far, each event once."""
        once: dict[tuple[str, str], Envelope] = {}
        for raw in self.heard:
            with contextlib.suppress(ValueError):
                envelope = Envelope.model_validate_json(raw.value or b"")
                if envelope.subject == subject and type in ("", envelope.type):
                    once.setdefault((envelope.source, envelope.id), envelope)
        return list(once.values())


def header(raw: Any, name: str) -> str:
    """One header of a record as text."""
    return (dict(raw.headers).get(name) or b"").decode()


@asynccontextmanager
async def ear(bootstrap: str, namespace: str, *topics: str) -> AsyncIterator[Ear]:
    """Hear these topics; they must exist."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False,
        max_partition_fetch_bytes=16 << 20, fetch_max_wait_ms=50,
    )  # fmt: skip
    async with consumer:
        tps = []
        for topic in topics:
            await consumer._client._wait_on_metadata(f"{namespace}.{topic}")
            numbers = consumer.partitions_for_topic(f"{namespace}.{topic}") or ()
            tps += [TopicPartition(f"{namespace}.{topic}", number) for number in numbers]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        yield Ear(consumer, f"{namespace}.")


@asynccontextmanager
async def administrator(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Kafka's own administration."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def make_topics(bootstrap: str, names: Sequence[str], partitions: int) -> None:
    """Bare topics, and the broker tells of them."""
    async with administrator(bootstrap) as admin:
        await admin.create_topics([NewTopic(name, partitions, 1) for name in names])
        async with asyncio.timeout(PATIENCE_SECONDS):
            while any(topic["error_code"] for topic in await admin.describe_topics(list(names))):
                await asyncio.sleep(0.05)  # the broker spreads the news; it has no event for it


# -------------------------------------------------------------------- the services


class City:
    """The services of one namespace in this process, each behind its own HTTP client."""

    def __init__(self, settings: Callable[[str], Settings]) -> None:
        self.settings = settings
        self.clients: dict[str, httpx.AsyncClient] = {}
        self._settings: dict[str, Settings] = {}
        self._running: dict[str, contextlib.AsyncExitStack] = {}

    async def start(self, *names: str) -> None:
        """Start these services; returns when they are ready."""
        await asyncio.gather(*[self._start(name) for name in names])

    async def _start(self, name: str) -> None:
        stack = contextlib.AsyncExitStack()
        self._settings[name] = self.settings(name)
        app = BUILDS[name](self._settings[name])
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = httpx.ASGITransport(app)
        client = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url=f"http://{name}", timeout=PATIENCE_SECONDS)
        )
        self._running[name], self.clients[name] = stack, client
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (await client.get("/health/ready")).status_code != 200:
                await asyncio.sleep(0.05)  # a client outside sees only this route

    async def stop(self, *names: str) -> None:
        """Stop these services; all that still run, without names."""
        for name in names or list(self._running):
            await self._running.pop(name).aclose()

    async def end_readers(self, name: str) -> None:
        """End the tasks that read the topics, as a bug in a library would; the rest of the service lives on."""
        service = next(
            one for one in gc.get_objects()
            if type(one) is Service and one.name == name and one.settings is self._settings[name]
        )  # fmt: skip
        for subscriber in service.broker.subscribers:
            for task in subscriber.tasks:
                task.cancel()
                await asyncio.wait([task])

    async def ask(self, service: str, place: str, body: Any = None, **headers: str) -> httpx.Response:
        """One command over HTTP: ``actor`` and ``key`` are headers."""
        names = {"actor": "Qinqing-Actor", "key": "Idempotency-Key", "language": "Accept-Language"}
        return await self.clients[service].post(
            place,
            json={} if body is None else body,
            headers={names[name]: text for name, text in headers.items()},
        )

    async def done(self, service: str, place: str, body: Any = None, **headers: str) -> dict[str, Any]:
        """As ``ask``; fails unless it was done, and says why."""
        response = await self.ask(service, place, body, **headers)
        assert response.status_code in (200, 201), response.text
        return dict(response.json())

    async def issue(self, service: str, id: str) -> dict[str, Any] | None:
        """What a service knows of an issue."""
        response = await self.clients[service].get(f"/issues/{id}")
        return dict(response.json()) if response.status_code == 200 else None

    async def reaches(self, service: str, id: str, state: str) -> dict[str, Any]:
        """Wait until an issue is in this state here, by the only way a client has: to ask."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (found := await self.issue(service, id)) is None or found.get(
                "state", "registered"
            ) != state:
                await asyncio.sleep(0.03)
            return found

    async def metric(self, service: str, name: str) -> float:
        """The sum of one metric over its labels."""
        text = (await self.clients[service].get("/metrics")).text
        lines = [entry for entry in text.splitlines() if entry.startswith((f"{name} ", f"{name}{{"))]
        return sum(float(entry.rpartition(" ")[2]) for entry in lines)


@asynccontextmanager
async def city(
    bootstrap: str, store_url: str, namespace: str, *names: str, **more: Any
) -> AsyncIterator[City]:
    """These services, or all four, running and ready."""

    def settings(_: str) -> Settings:
        values = {"kafka_bootstrap": bootstrap, "store_url": store_url, "namespace": namespace}
        return Settings(**{**values, "partitions_count": PARTITIONS, **more})

    one = City(settings)
    try:
        await one.start(*(names or BUILDS))
        yield one
    finally:
        await one.stop()


def said(type: str, subject: str, message: str, data: Mapping[str, Any], department: str) -> Outgoing:
    """One message of a department's own system."""
    raw = seal(
        id=message,
        type=type,
        source=f"/huzhou/dept/{department}",
        subject=subject,
        time=datetime.now(UTC),
        data=data,
    )
    return Outgoing(f"dept.{department}.replies", subject, raw)


def order_letters(heard: Sequence[Any]) -> list[dict[str, Any]]:
    """Every readable value heard, as plain JSON."""
    return [json.loads(raw.value) for raw in heard if raw.value]


# ------------------------------------------------------------------------ the wire


class Wire:
    """A TCP wire to the store that can be cut, or lose the reply to one command after it was carried out."""

    def __init__(self, host: str, port: int) -> None:
        self._to = host, port
        self._loop = asyncio.new_event_loop()  # of its own: the driver blocks the test's loop when it closes
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.StreamWriter] = set()
        self.port = 0
        self.lose_reply_to = b""
        """The next request that holds these bytes reaches the store; its reply does not come back."""
        self.lost = 0

    @property
    def url(self) -> str:
        """The store's address behind this wire."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    async def mend(self) -> None:
        """Let connections through."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._mend(), self._loop))

    async def cut(self) -> None:
        """End all connections and take no more."""
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._cut(), self._loop))

    def end(self) -> None:
        """Stop the wire's own thread."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _mend(self) -> None:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _cut(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in list(self._pairs):
            writer.transport.abort()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._to)
        except OSError:
            writer.transport.abort()
            return
        self._pairs |= {writer, far_writer}
        lossy = asyncio.Event()

        async def there() -> None:
            while data := await reader.read(1 << 16):
                if self.lose_reply_to and self.lose_reply_to in data:
                    self.lose_reply_to = b""
                    lossy.set()
                far_writer.write(data)
                await far_writer.drain()

        async def back() -> None:
            while data := await far_reader.read(1 << 16):
                if lossy.is_set():
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()

        tasks = [asyncio.ensure_future(there()), asyncio.ensure_future(back())]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for end in (writer, far_writer):
            self._pairs.discard(end)
            end.transport.abort()


@asynccontextmanager
async def wire(store_url: str) -> AsyncIterator[Wire]:
    """A wire to the session's store."""
    host, _, port = store_url.removeprefix("mongodb://").partition("/")[0].rpartition(":")
    one = Wire(host, int(port))
    await one.mend()
    try:
        yield one
    finally:
        await one.cut()
        one.end()


def of_record(raw: Any, prefix: str) -> Record:
    """A consumer's record without its namespace."""
    return Record(
        raw.topic.removeprefix(prefix), raw.partition, raw.offset, raw.timestamp, raw.key, raw.value
    )
