"""A running service: settings become a store, a processor, a gateway, timers and routes; all four are wired alike."""

import asyncio
import sys
import time
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from types import MappingProxyType
from typing import Any

import structlog
from fastapi import APIRouter, Depends, FastAPI
from fastapi_offline import FastAPIOffline

from shared.after import After
from shared.bus.consumer import BatchConsumer
from shared.bus.ending import Ending
from shared.bus.forwarder import Forwarder, Translate
from shared.bus.gateway import Gateway, Request
from shared.bus.held import HeldEvents
from shared.bus.own_topics import OwnTopics
from shared.bus.processor import Batch, Processor
from shared.bus.producer import Producers, make_broker
from shared.bus.publisher import Publisher, family
from shared.bus.reader import read_places
from shared.bus.records import Record
from shared.bus.reference import TOPICS, ReferenceReader, Version
from shared.bus.spans import spans_of
from shared.bus.topics import ensure_topics, service_topics
from shared.bus.upgrades import Place, Upgrades
from shared.collecting import collect_rarely
from shared.contract.command import Command, FireDeadline
from shared.contract.event import SUPERVISION, events_topic
from shared.contract.words import MAIL
from shared.deadlines import DueDeadline
from shared.domain.aggregates import Consumer
from shared.domain.reference import Reference
from shared.history import Prepare, history_routes
from shared.hosts import Hosts
from shared.identity.callers import SignedIn
from shared.identity.keys import NoKeys, check_keys, issuers
from shared.identity.raisers import Raisers
from shared.identity.tokens import Tokens
from shared.logs import configure, say_handled
from shared.mail import Mail, Mailing
from shared.metrics import Metrics
from shared.notifying import Asks, Handing, Notifier, StillSo, Write, always
from shared.openapi import name_answers
from shared.operators import operator_routes
from shared.problems import install_problems
from shared.serving import Server
from shared.settings import Settings
from shared.store import Database, Unavailable
from shared.timers import ACTOR, GATEWAY, Timers
from shared.traces import Traces
from shared.waiting import waiting_routes
from shared.waiting_notices import WaitingNotices
from shared.walking import Walk, Walker
from shared.ways import WrongWays
from shared.web import Open, command_routes, operations_routes, reading_routes, reference_routes

log = structlog.get_logger(__name__)

COLLECTION, WALKED = "aggregates", "walked"
POLL_SILENCE_SECONDS = 60.0
RETRY_SECONDS = 1.0
LEAVE_SECONDS = 10.0
"""So long a broker is waited for that is told that this worker leaves; a container is killed 30 s after its stop."""
BUILTIN, SYSTEM = "builtin", "system:first-start"
REPLIES_PATTERN = r"dept\.[^.]+\.replies"


Ongoing = Callable[[], Awaitable[None]]
"""What a service does as long as it runs; where it fails it is begun again."""


class Service:
    """One service, whole from the start. Routes read from ``store`` and write only by asking ``gateway``."""

    def __init__(
        self,
        settings: Settings,
        consumer: Consumer,
        *,
        first_commands: Sequence[tuple[str, Command]] = (),
        first_requests: Callable[[], Awaitable[Sequence[Request]]] | None = None,
        topics_for: Callable[[Version], list[str]] = lambda version: [],
        translate: Translate | None = None,
        walks: Callable[[Reference], Sequence[Walk]] | None = None,
    ) -> None:
        """``first_commands``: what a first start publishes, as (subject, command), where this service owns reference
        data. ``first_requests``: what else is missing at a start and asked for before it is ready. ``topics_for``:
        topics that a new version asks for. ``translate``: reads departments' replies. ``walks``: which versions reach
        what exists already.
        """
        self.settings, self.consumer = settings, consumer
        self.name, self.prefix = consumer.service, settings.topic_prefix()
        self.metrics = Metrics(of_promises=events_topic(consumer.source) == SUPERVISION)
        self.database = Database(settings.store_url, settings.database(self.name))
        self.store = self.database.aggregates(COLLECTION, settings.jurisdiction)
        self.broker = make_broker(settings.kafka_bootstrap, f"{self.prefix}{self.name}")
        self._producers = Producers(
            settings.kafka_bootstrap, self.prefix, f"{self.prefix}{self.name}", self.metrics
        )
        self.publish = Publisher(self._producers, self.name, self.metrics, history=settings.history)
        self.reference = ReferenceReader(settings.kafka_bootstrap, self.prefix, self._on_version)
        self.own_topics = OwnTopics(settings.kafka_bootstrap, self.prefix, consumer)
        self.gateway = Gateway(
            consumer.source,
            self.publish,
            self.store,
            wait_seconds=settings.outcome_seconds,
            ready=self.reference.complete,
            directory=self.reference.reference.directory,
        )
        self.batches = BatchConsumer(
            Processor(consumer, self.store, self.publish, self.reference, answer=self.gateway.answer),
            self.prefix,
            self.metrics,
            on_batch=self._on_batch,
            on_assigned=self._on_assigned,
        )
        self.waiting_notices = WaitingNotices(self.store)
        self.timers = Timers(
            self.store,
            self._post,
            late=self.metrics.timer_late.observe,
            may_fire=self.batches.positions.read_up_to if consumer.waits_for_topics else None,
            heard=partial(self.batches.positions.heard, self.prefix + consumer.commands_topic),
            on_heard=self.waiting_notices.assigned,
        )
        self.walker = (
            Walker(
                self.store,
                self.database.entries(WALKED),
                self.gateway.post,
                partial(walks, self.reference.reference),
            )
            if walks
            else None
        )
        self._first_commands, self._topics_for = first_commands, topics_for
        self._first_requests = first_requests
        self._new_topics: set[str] = set()
        self._topics_wanted, self._topics_tried = asyncio.Event(), asyncio.Event()
        self._forwarder = (
            Forwarder(self.publish, self.prefix, translate, waiting=self._commands_waiting)
            if translate
            else None
        )
        self.held = HeldEvents(self.store.waiting)
        self.upgrades = Upgrades(self.store.waiting, self._read_places, self.gateway.ask_all)
        live = settings.traces_endpoint and not settings.history
        whose = (settings.traces_endpoint, self.name, settings.jurisdiction)
        self._traces = Traces(*whose, self.metrics.drop_spans) if live else None
        self.consuming = False

    @asynccontextmanager
    async def running(self, *more: Ongoing) -> AsyncIterator[None]:
        """Everything this service needs, started in order and stopped in reverse; ``more`` of its own is done too."""
        await asyncio.gather(self._prepare_store(), self._make_topics([*service_topics(self.name), *TOPICS]))
        await self._make_topics(self.consumer.reads)
        await self._producers.start()
        await self.broker.start()
        ongoing = [self.reference.run, self._make_new_topics, self.held.run, self.upgrades.run, *more]
        if not self.settings.history:
            ongoing.append(self.timers.run)
            if self.walker is not None:
                ongoing.append(self.walker.run)
        tasks = [asyncio.create_task(self._keep_doing(work)) for work in ongoing]
        tasks.append(asyncio.create_task(self._consume()))
        log.info("service started", namespace=self.settings.namespace)
        try:
            yield
        finally:
            self.timers.stop()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.batches.under_way.stop()
            await self._leave()
            await self._producers.stop()
            if self._traces is not None:
                await self._traces.stop()
            self.database.close()

    async def _leave(self) -> None:
        """Give the partitions back. A broker that answers nothing is left without a word: it notices by itself."""
        try:
            async with asyncio.timeout(LEAVE_SECONDS):
                await self.broker.stop()
        except TimeoutError:
            log.warning("left without an answer of the broker", seconds=LEAVE_SECONDS)

    def notifying(
        self, asks: Asks, write: Write[Mail], *others: Handing[Any], is_still_so: StillSo = always
    ) -> tuple[Ongoing, ...]:
        """What sends this service's notices: by mail, where a mail server is named, and in the other ways that
        there are; nothing in history. ``is_still_so``: whether a mail still tells of one of its things.
        """
        server = self.settings.mail_server()
        mail = () if server is None else (Handing(MAIL, Mailing(server), write, is_still_so),)
        ways = () if self.settings.history else (*mail, *others)
        return tuple(
            Notifier(self.waiting_notices, self.gateway, self.store, way, asks, self.metrics).run
            for way in ways
        )

    async def _consume(self) -> None:
        """Read the reference data whole, then begin with the batches; an owner publishes what is missing itself."""
        await self._keep_doing(self.reference.catch_up)
        if not self._first_commands:
            await self.reference.complete()
        await self._keep_doing(self._start_batches)
        if self.reference.reference.missing():
            await self._keep_doing(self._publish_first)
        await self.reference.complete()
        await self._keep_doing(self._ask_first)
        if self._new_topics:
            await self._topics_tried.wait()
        await self._keep_doing(self._hear_departments)
        self.consuming = True

    async def _start_batches(self) -> None:
        await self.batches.start(
            self.broker, records=self.settings.batch_records, timeout_ms=self.settings.batch_timeout_ms
        )

    async def _hear_departments(self) -> None:
        if self._forwarder is not None:
            await self._forwarder.start(
                self.broker,
                REPLIES_PATTERN,
                f"{self.name}-gateway",
                timeout_ms=50,
            )

    def _commands_waiting(self) -> int:
        return self.batches.positions.lag(self.prefix).get(self.consumer.commands_topic, 0)

    async def _publish_first(self) -> None:
        await self.gateway.post(
            [
                Request(subject, command, BUILTIN, SYSTEM, f"{subject}/{command.verb}")
                for subject, command in self._first_commands
            ]
        )

    async def _ask_first(self) -> None:
        if self._first_requests is not None and (requests := await self._first_requests()):
            await self.gateway.ask_all(requests)

    async def _keep_doing(self, work: Ongoing) -> None:
        """Do one thing for ever; a store or bus that is away only makes it late."""
        while True:
            try:
                await work()
                return
            except Exception as error:
                log.warning(
                    "tried again", work=work.__qualname__, error=f"{type(error).__name__}: {error}"[:300]
                )
                await asyncio.sleep(RETRY_SECONDS)

    async def _prepare_store(self) -> None:
        while True:
            try:
                await self.store.prepare()
                return
            except Unavailable as error:
                log.info("waiting for the store", error=str(error)[:200])
                await asyncio.sleep(0.3)  # a foreign process that is still starting; nothing to await

    async def _make_topics(self, topics: Sequence[str]) -> None:
        settings = self.settings
        await ensure_topics(
            settings.kafka_bootstrap,
            self.prefix,
            topics,
            partitions=settings.partitions_count,
            replication=settings.replication_factor,
        )

    async def _make_new_topics(self) -> None:
        """Create the topics that new versions ask for, many at once; one that cannot be made holds no other."""
        while True:
            await self._topics_wanted.wait()
            self._topics_wanted.clear()
            wanted = sorted(self._new_topics)
            failed = await self._failed_topics(wanted)
            self._new_topics -= set(wanted) - set(failed)
            self._topics_tried.set()
            if failed:
                await asyncio.sleep(RETRY_SECONDS)  # the broker has no event for a topic that can be made now
                self._topics_wanted.set()

    async def _failed_topics(self, topics: Sequence[str]) -> list[str]:
        try:
            await self._make_topics(topics)
            return []
        except Exception as error:
            if len(topics) == 1:
                log.warning("topic not made", topic=topics[0], error=f"{type(error).__name__}: {error}"[:300])
                return list(topics)
        return [failed for topic in topics for failed in await self._failed_topics([topic])]

    def _read_places(self, places: Iterable[Place]) -> AsyncIterator[Record]:
        return read_places(self.settings.kafka_bootstrap, places, self.prefix)

    async def _post(self, due: Sequence[DueDeadline]) -> None:
        await self.gateway.post(
            [
                Request(
                    entry.subject,
                    FireDeadline(name=entry.name, due_at=entry.at),
                    GATEWAY,
                    ACTOR,
                    entry.key,
                )
                for entry in due
            ]
        )

    # ------------------------------------------------------------- watching

    def _on_version(self, version: Version) -> None:
        if self.walker is not None:
            self.walker.published()
        if topics := self._topics_for(version):
            self._new_topics.update(topics)
            self._topics_tried.clear()
            self._topics_wanted.set()

    def _on_assigned(self, partitions: Sequence[int]) -> None:
        self.timers.assigned(partitions)
        if self.walker is not None:
            self.walker.assigned(partitions)
        self.held.assigned(partitions)
        self.waiting_notices.assigned([])  # until all that was begun there was read: the timers tell
        self.upgrades.assigned(partitions)

    def _on_batch(self, batch: Batch) -> None:
        answered = [answer.command for answer in batch.answers]
        self.timers.handled(batch.written, answered)
        if self.walker is not None:
            self.walker.handled(answered)
        self.held.written(batch.written)
        self.waiting_notices.written(batch.written)
        say_handled(batch.handled)
        if self._traces is not None:
            now = time.time()
            self._traces.send(spans_of(batch, now - sum(batch.seconds.values()), now))

    def ending(self) -> Ending | None:
        """How the history ends that the live namespace begins with; None for history in a namespace of its own."""
        settings = self.settings
        if not settings.beginning:
            return None
        return Ending(
            settings.kafka_bootstrap,
            self.prefix,
            self.consumer.source,
            settings.partitions_count,
            self.publish,
        )

    async def not_ready(self) -> list[str]:
        """What is missing before this service can do its work; [] when ready."""
        missing = [f"reference: {name}" for name in self.reference.reference.missing()]
        consumer = self.batches.client
        if consumer is None or not consumer.assignment() or not self.consuming:
            missing.append("partitions")
        if self.batches.missed:
            missing.append("committed offsets")
        if consumer is not None and self.batches.positions.idle_seconds() > POLL_SILENCE_SECONDS:
            missing.append("poll")
        if self._forwarder is not None and self._forwarder.idle_seconds() > POLL_SILENCE_SECONDS:
            missing.append("poll of the departments' topics")
        answers = await asyncio.gather(self._producers.ping(), self.database.ping(), return_exceptions=True)
        missing += [part for part, said in zip(("broker", "store"), answers, strict=True) if said is not None]
        return missing

    async def measure(self) -> None:
        """Refresh the gauges before they are read."""
        metrics, now = self.metrics, datetime.now(UTC)
        lag = self.batches.positions.lag(self.prefix)
        for topic in self.consumer.topics:  # one of which nothing is ours any more has no lag here
            metrics.lag.labels(topic).set(lag.get(topic, 0))
        if self._forwarder is not None:
            metrics.lag.labels(family("dept.*.replies")).set(self._forwarder.lag())
        metrics.poll_age.set(self.batches.positions.idle_seconds())
        metrics.held.set(self.held.count())
        metrics.notices_waiting.set(self.waiting_notices.count())
        metrics.held_age.set((now - self.held.oldest(now)).total_seconds())
        metrics.timer_overdue.set(self.timers.overdue)
        metrics.timer_held.set(self.timers.overdue_held)
        metrics.timer_waiting.set(self.timers.overdue_waiting)
        if not self.settings.history:
            if self.consumer.waits_for_topics:
                metrics.watermark_age.set(self.batches.positions.watermark_age(now))
            metrics.timer_heartbeat.set(max(0.0, (now - self.timers.heartbeat).total_seconds()))


def application(
    service: Service,
    *routers: APIRouter,
    routed: Collection[type[Command]] = (),
    raisers: Raisers | None = None,
    opened: Mapping[str, Open] = MappingProxyType({}),
    prepared: Mapping[str, Prepare] = MappingProxyType({}),
    streamed: Collection[str] = (),
    ongoing: Sequence[Ongoing] = (),
) -> FastAPI:
    """The HTTP application of one service, OpenAPI at /docs; ``routers`` hold the routes of ``routed`` commands.

    ``raisers``: how entrepreneurs stand on this service's commands. ``opened``: by kind, how what is sealed in a
    state is opened for readers. ``prepared``: by type, how a command of history is made of what the driver says.
    ``streamed``: the ends of the paths of routes that read files as they come (shared/problems.py).
    ``ongoing``: what it does beside.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running(*ongoing):
            yield

    # Its own copy of the documentation page: a county hall may have no way to the outside.
    app = FastAPIOffline(title=f"Qinqing {service.name}", version="1", redoc_url=None, lifespan=lifespan)
    settings = service.settings
    install_problems(app, settings.body_bytes, streamed)
    app.add_middleware(
        Hosts, hosts=settings.http_hosts, port=settings.http_port, origins=settings.http_origins
    )
    app.include_router(operations_routes(service.name, service.metrics, service.not_ready, service.measure))
    tokens = Tokens(issuers(settings.keys()), settings.jurisdiction)
    after = After(service.store, service.consumer, settings.after_seconds)
    for router in (*routers, *_shared_routes(service, routed, raisers, opened, prepared)):
        app.include_router(router, dependencies=[Depends(SignedIn(tokens)), Depends(after)])
    name_answers(app)
    return app


def _shared_routes(
    service: Service,
    routed: Collection[type[Command]],
    raisers: Raisers | None,
    opened: Mapping[str, Open],
    prepared: Mapping[str, Prepare],
) -> Iterator[APIRouter]:
    """The routes that every service has, for whoever is signed in and has the right."""
    gateway, store, consumer = service.gateway, service.store, service.consumer
    yield operator_routes(gateway, store, consumer, service.publish, service.own_topics)
    yield waiting_routes(service.held, store)
    yield command_routes(gateway, consumer, routed, raisers)
    yield reference_routes(service.reference.versions)
    successor = service.reference.reference.successor
    yield reading_routes(gateway, store, consumer, raisers, opened, successor)
    if service.settings.history:
        yield history_routes(gateway, store, service.settings.partitions_count, prepared, service.ending())


def run(name: str, build: Callable[[Settings], FastAPI], *secrets: str) -> None:
    """Read the settings and serve until SIGTERM or SIGINT.

    Without the keys of its deployment, these secrets among them, or with a file of ways that cannot be used, a
    service ends with one sentence and exit code 2.
    """
    settings = Settings()
    configure(name, settings.log_level, settings.log_format)
    try:
        check_keys(settings.keys_dir, *secrets)
        app = build(settings)
    except (NoKeys, WrongWays) as error:
        sys.stderr.write(f"{name} does not start: {error}\n")
        raise SystemExit(2) from None
    collect_rarely()
    server = Server(
        app,
        name,
        drain=settings.drain_seconds,
        answers=settings.outcome_seconds + settings.after_seconds,
        host=settings.http_host,
        port=settings.http_port,
    )
    server.run()
