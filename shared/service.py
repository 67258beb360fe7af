"""A running service: settings become a store, a loop, a door, timers and routes; every service is wired alike."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import structlog
import uvicorn
from fastapi import APIRouter, FastAPI
from fastapi_offline import FastAPIOffline

from shared.bus.door import Door, Request
from shared.bus.forward import Forwarder
from shared.bus.history import history_routes
from shared.bus.kafka import Conveyor, Publisher, make_broker
from shared.bus.loop import Batch, Loop
from shared.bus.room import Room
from shared.bus.topics import ensure_topics, service_topics
from shared.calendar import base_calendar
from shared.clocks import default_policy
from shared.commands import FireDeadline
from shared.logs import configure
from shared.metrics import Metrics
from shared.settings import Settings
from shared.store import Aggregates, Unavailable, connect
from shared.timers import Due, Timers
from shared.web import age, install_problems, operations_routes, reading_routes

log = structlog.get_logger(__name__)

POLL_SILENCE_SECONDS = 60.0


def room_of(make: Callable[..., Room], settings: Settings) -> Room:
    """A service's room under the rules in force.

    The policy is the packaged one, or the same with another reply limit, without grace in history; the calendar
    is the packaged one with the administrator's overlay.
    """
    policy = default_policy()
    if settings.reply_limit:
        policy = policy.with_reply_limit(settings.reply_limit)
    if settings.history:
        policy = policy.model_copy(update={"grace_seconds": 0})
    return make(
        jurisdiction=settings.jurisdiction, history=settings.history, policy=policy,
        calendar=base_calendar(settings.calendar_overlay),
    )  # fmt: skip


class Service:
    """One service while it runs. Routes read from ``store`` and write only by asking ``door``."""

    def __init__(
        self,
        settings: Settings,
        room: Room,
        *,
        collection: str,
        indexes: Sequence[str] = (),
        departments: Sequence[str] = (),
        after_sources: bool = False,
        forwarder: Forwarder | None = None,
    ) -> None:
        """``after_sources``: deadlines fire only when others' facts were read up to them (supervision)."""
        self._forwarder = forwarder
        self.name, self.settings, self.room = room.service, settings, room
        self.prefix = settings.topic_prefix()
        self.metrics = Metrics(self.name)
        self._collection, self._indexes, self._departments = collection, indexes, departments
        self.store: Aggregates
        self.door: Door
        self.timers: Timers
        self._after_sources = after_sources
        self._held: dict[str, tuple[datetime, int]] = {}
        self._database: Any = None
        self.broker = make_broker(settings.kafka_bootstrap, f"{self.prefix}{self.name}")
        self.publish = Publisher(self.broker, self.prefix, self.metrics)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Everything this service needs, started in order and stopped in reverse."""
        settings = self.settings
        async with connect(settings.store_url, settings.database(self.name)) as database:
            self._database = database
            self.store = database.aggregates(self._collection, settings.jurisdiction)
            self.door = Door(
                self.room.source, self.publish, self.store, wait_seconds=settings.outcome_seconds
            )
            await asyncio.gather(self._prepare_store(), self._prepare_topics())
            loop = Loop(self.room, self.store, self.publish, group=self.name)
            self.conveyor = Conveyor(loop, self.prefix, self.metrics)
            self.conveyor.on_batch += [self.door.answer, self._note]
            self.timers = Timers(
                self.store, self._post, late=self.metrics.timer_late.observe,
                may_fire=self.conveyor.read_up_to if self._after_sources else None,
            )  # fmt: skip
            self.conveyor.on_assigned.append(self.timers.assigned)
            self.conveyor.subscribe(
                self.broker, records=settings.batch_records, timeout_ms=settings.batch_timeout_ms
            )
            if self._forwarder is not None:
                self._forwarder.subscribe(
                    self.broker, self.publish, records=settings.batch_records, timeout_ms=50
                )
            await self._find_held()
            await self.broker.start()
            ticking = None if settings.history else asyncio.create_task(self._tick())
            log.info("service started", namespace=settings.namespace)
            try:
                yield
            finally:
                self.timers.stop()
                if ticking is not None:
                    ticking.cancel()
                    with contextlib.suppress(asyncio.CancelledError):
                        await ticking
                await self.broker.stop()

    async def _prepare_store(self) -> None:
        while True:
            try:
                await self.store.prepare(*self._indexes)
                return
            except Unavailable as error:
                log.info("waiting for the store", error=str(error)[:200])
                await asyncio.sleep(0.3)  # a foreign process that is still starting; nothing to await

    async def _prepare_topics(self) -> None:
        topics = [*service_topics(self.name, self._departments), *self.room.reads]
        settings = self.settings
        await ensure_topics(
            settings.kafka_bootstrap, self.prefix, topics, partitions=settings.partitions_count,
            replication=settings.replication_factor,
        )  # fmt: skip

    async def _tick(self) -> None:
        """Run the timers for ever; a failing store or bus only makes them late."""
        while True:
            try:
                await self.timers.run()
                return
            except Exception as error:
                log.warning("timers try again", error=f"{type(error).__name__}: {error}"[:300])
                await asyncio.sleep(1.0)

    async def _post(self, due: Sequence[Due]) -> None:
        await self.door.post(
            [
                Request(entry.subject, FireDeadline(name=entry.name, due_at=entry.at), "timer", "timer:due",
                        f"{entry.subject}/{entry.name}")
                for entry in due
            ]
        )  # fmt: skip

    # ------------------------------------------------------------- watching

    def _note(self, batch: Batch) -> None:
        for document in batch.written:
            if (deadline := document.get("deadline")) is not None:
                self.timers.note(deadline)
            subject = document["_id"]
            if "held_since" in document:
                self._held[subject] = (datetime.fromisoformat(document["held_since"]), len(document["held"]))
            elif self._held:
                self._held.pop(subject, None)

    async def _find_held(self) -> None:
        for subject, since, _, held in await self.store.held():
            self._held[subject] = (datetime.fromisoformat(since), len(held))

    async def not_ready(self) -> list[str]:
        """What is missing before this service can do its work; [] when ready."""
        missing = []
        consumer = self.conveyor.consumer()
        if consumer is None or not consumer.assignment():
            missing.append("partitions")
        if consumer is not None and self.conveyor.idle_seconds() > POLL_SILENCE_SECONDS:
            missing.append("poll")
        try:
            await self._database.ping()
        except Unavailable:
            missing.append("store")
        return missing

    async def measure(self) -> None:
        """Refresh the gauges before they are read."""
        metrics = self.metrics
        for topic, lag in self.conveyor.lag().items():
            metrics.lag.labels(topic).set(lag)
        metrics.poll_age.set(self.conveyor.idle_seconds())
        metrics.held.set(sum(count for _, count in self._held.values()))
        oldest = min((since for since, _ in self._held.values()), default=None)
        metrics.held_age.set((datetime.now(UTC) - oldest).total_seconds() if oldest else 0.0)
        metrics.timer_overdue.set(self.timers.overdue)
        metrics.timer_held.set(self.timers.overdue_held)
        if not self.settings.history:
            metrics.timer_heartbeat.set(age(self.timers.heartbeat))


def application(service: Service, *routers: APIRouter) -> FastAPI:
    """The HTTP application of one service, OpenAPI at /docs."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with service.running():
            yield

    # Its own copy of the documentation page: a county hall may have no way to the outside.
    app = FastAPIOffline(title=f"Qinqing {service.name}", version="1", redoc_url=None, lifespan=lifespan)
    install_problems(app, service.settings.body_bytes)
    for router in (operations_routes(service), *routers, reading_routes(service)):
        app.include_router(router)
    if service.settings.history:
        app.include_router(history_routes(service))
    return app


def run(name: str, build: Callable[[Settings], FastAPI]) -> None:
    """Read the settings and serve until SIGTERM or SIGINT."""
    settings = Settings()
    configure(name, settings.log_level)
    config = uvicorn.Config(
        build(settings), host=settings.http_host, port=settings.http_port, log_config=None, access_log=False,
        timeout_graceful_shutdown=5, loop="uvloop",
    )  # fmt: skip
    uvicorn.Server(config).run()
