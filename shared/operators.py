"""What an operator does over HTTP: see dead letters, hand one in again, give one up, skip a place, publish again.

Every change is a record on this service's own topics, as everything else is: a command with its outcome, and a
resolution on the dead-letter topic (shared/bus/deadletters.py).
"""

import asyncio
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from shared.answers import answer, place_of, problem
from shared.bus import gateway as gateways
from shared.bus.deadletters import DeadLetter, what_still_waits
from shared.bus.gateway import Gateway
from shared.bus.held import awaited
from shared.bus.records import instant
from shared.bus.resolving import Log, NotPossible, Publish, Resolved, Resolver
from shared.contract.command import Skip
from shared.contract.event import MAX_REASON_CHARS, MOST, epoch_of, owner_of
from shared.contract.subjects import KINDS, subject_of
from shared.domain.aggregates import AggregateType, Consumer
from shared.domain.rights import Asker
from shared.identity.callers import Requires
from shared.store import Aggregates
from shared.web import Id, Key

TAG = "operators"
ORIGIN = "{topic}/{partition}/{offset}"
WAIT_SECONDS = 10.0
"""How long a whole topic may be read before the answer is 202: the work goes on."""
MOST_SHOWN_BYTES = 100_000
"""How much of a value is shown; what is handed in again is always the whole."""

Reader = Depends(Requires("record", "read"))
ReplayAsker = Annotated[Asker, Depends(Requires("record", "replay"))]
DiscardAsker = Annotated[Asker, Depends(Requires("record", "discard"))]
SkipAsker = Annotated[Asker, Depends(Requires("record", "skip"))]
PublishAgainAsker = Annotated[Asker, Depends(Requires("record", "publish_again"))]
Why = Annotated[str, Field(min_length=1, max_length=MAX_REASON_CHARS)]
SEGMENT = {"max_length": 249, "pattern": r"^[\w.-]+$"}
Topic = Annotated[str, Path(examples=["intake.events"], **SEGMENT)]
Partition = Annotated[str, Path(examples=["0"], **SEGMENT)]
Offset = Annotated[str, Path(examples=["12"], **SEGMENT)]
Count = Annotated[int, Query(ge=1, le=200)]
Before = Annotated[int | None, Query(ge=0, le=MOST)]
Status = Literal["open", "replayed", "discarded"]


class Discarding(BaseModel):
    """Why a dead letter is given up; ``seq`` where it does not say its place in the sequence itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    reason: Why
    seq: int = Field(0, ge=0, le=MOST)


class Skipping(BaseModel):
    """Which event never comes, as (topic, source, seq), and why its followers may go on without it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    topic: str = Field(min_length=1, max_length=249)
    source: str = Field("", max_length=200, description="left out: the service here that owns the topic")
    seq: int = Field(ge=1, le=MOST)
    reason: Why


class ShownDeadLetter(BaseModel):
    """One dead letter of this service; ``number`` counts the records of its topic."""

    group: str
    origin: str
    number: int
    status: Status
    resolved_by: str
    subject: str
    topic: str
    source: str
    seq: int
    event: str
    command: str
    reason: str
    at: datetime
    bytes: int
    unpublished: bool


class WholeDeadLetter(ShownDeadLetter):
    """One dead letter with the beginning of its value as text."""

    value: str


class DeadLetters(BaseModel):
    """A page of dead letters, newest first; ``next`` is where the next page begins, none at the end."""

    dead_letters: list[ShownDeadLetter]
    next: int | None


class Resolution(BaseModel):
    """What became of a dead letter, and the outcome of the command that it took."""

    status: Status
    origin: str
    outcome: dict[str, Any] | None = None
    remark: str = ""


class PublishedAgain(BaseModel):
    """How many events of one aggregate were published again."""

    status: Literal["done"] = "done"
    events: int


def operator_routes(
    gateway: Gateway, store: Aggregates, consumer: Consumer, publish: Publish, log: Log
) -> APIRouter:
    """The dead letters of this service and what is done about them; skips and events again for each kind."""
    routes = APIRouter()
    _reading(routes, log)
    _resolving(routes, Resolver(gateway, consumer, publish, log))
    for kind in consumer.aggregates:
        if kind.events:
            _skipping(routes, gateway, store, consumer, kind)
        _publishing(routes, store, publish, log, kind)
    return routes


def shown_whole(one: DeadLetter) -> WholeDeadLetter:
    """A dead letter as it is shown, with the beginning of its value as text."""
    return WholeDeadLetter(**_shown(one), value=one.value[:MOST_SHOWN_BYTES].decode("utf-8", "replace"))


def _reading(routes: APIRouter, log: Log) -> None:
    @routes.get("/dead-letters", tags=["reading"], dependencies=[Reader])
    async def dead_letters(
        status: Status | Literal["all"] = "open", limit: Count = 50, before: Before = None
    ) -> DeadLetters:
        """The dead letters of this service, newest first; the next page is ``before`` the last number."""
        found = [
            one
            for one in sorted(await log.dead_letters(""), key=lambda one: -one.number)
            if status in ("all", one.status) and (before is None or one.number < before)
        ]
        rest = found[limit - 1].number if len(found) > limit else None
        return DeadLetters(dead_letters=[ShownDeadLetter(**_shown(one)) for one in found[:limit]], next=rest)

    @routes.get(
        f"/dead-letters/{ORIGIN}", tags=["reading"], response_model=WholeDeadLetter, dependencies=[Reader]
    )
    async def dead_letter(topic: Topic, partition: Partition, offset: Offset) -> Any:
        """One dead letter with the beginning of its value."""
        origin = f"{topic}/{partition}/{offset}"
        for one in await log.dead_letters(origin):
            if one.origin == origin:
                return shown_whole(one)
        return _unknown()


def _resolving(routes: APIRouter, resolver: Resolver) -> None:
    @routes.post(f"/dead-letters/{ORIGIN}/replay", tags=[TAG], response_model=Resolution)
    async def replay(
        topic: Topic, partition: Partition, offset: Offset, asker: ReplayAsker, request: Request
    ) -> JSONResponse:
        """Hand one dead letter in again; a record that could not be published is published."""
        try:
            return _resolved(await resolver.replay(f"{topic}/{partition}/{offset}", asker.actor), request)
        except NotPossible as error:
            return problem(409, "这条死信不能重放 / it cannot be handed in again", detail=str(error))

    @routes.post(f"/dead-letters/{ORIGIN}/discard", tags=[TAG], response_model=Resolution)
    async def discard(
        topic: Topic,
        partition: Partition,
        offset: Offset,
        body: Discarding,
        asker: DiscardAsker,
        request: Request,
    ) -> JSONResponse:
        """Give one dead letter up: what waits for it goes on without it, and no replay executes it."""
        try:
            origin = f"{topic}/{partition}/{offset}"
            return _resolved(await resolver.discard(origin, asker.actor, body.reason, body.seq), request)
        except NotPossible as error:
            return problem(409, "这条死信不能放弃 / it cannot be discarded", detail=str(error))


def _skipping(
    routes: APIRouter, gateway: Gateway, store: Aggregates, consumer: Consumer, kind: AggregateType
) -> None:
    @routes.post(_path(kind, "skip"), tags=["commands"], name=f"skip_{kind.name}", response_model=None)
    async def skip(
        id: Id, body: Skipping, asker: SkipAsker, request: Request, idempotency_key: Key = None
    ) -> JSONResponse:
        """Record that an event never comes: what is held behind it goes on; refused where nothing is."""
        owner = f"/{consumer.jurisdiction}/{body.topic.partition('.')[0]}"
        if body.topic not in consumer.reads or owner_of(body.source or owner) != owner:
            detail = f"topic: one of {', '.join(consumer.reads)}; source: the one that owns it, or none"
            return problem(422, "这里不读这个主题 / this topic is not read here", detail=detail)
        subject = subject_of(kind.name, id)
        document = await store.get(subject)
        if document is None:
            return _unknown()
        waited = {source: seq for topic, source, seq in awaited(document) if topic == body.topic}
        source = body.source or min(waited, key=epoch_of, default=owner)
        read = {(topic, one): seq for topic, one, seq in document.get("read", ())}
        following = read.get((body.topic, source), 0) + 1
        if body.seq != following:
            detail = (
                f"the next event of {body.topic} here is number {following}, and only that can be skipped"
            )
            return problem(409, "只能跳过下一件 / only the next event can be skipped", detail=detail)
        if source not in waited:
            detail = f"nothing is held behind number {following} of {body.topic}: it may still come"
            return problem(409, "没有等待它的事件 / nothing waits for it", detail=detail)
        command = Skip(topic=body.topic, source=source, seq=body.seq, reason=body.reason)
        key = f"skip/{body.topic}/{body.seq}/{idempotency_key or uuid4().hex}"
        asked = gateways.Request(subject, command, "http", asker.actor, key)
        return answer(await gateway.ask(asked), request, place_of(subject, asked.id))


def _publishing(
    routes: APIRouter, store: Aggregates, publish: Publish, log: Log, kind: AggregateType
) -> None:
    under_way: set[asyncio.Task[JSONResponse]] = set()  # the loop itself does not keep a task alive

    @routes.post(
        _path(kind, "publish-again"),
        tags=[TAG],
        name=f"publish_again_{kind.name}",
        response_model=PublishedAgain,
    )
    async def publish_again(id: Id, asker: PublishAgainAsker, request: Request) -> JSONResponse:
        """Publish every event of one aggregate again as it was: who has it drops it, who lost it goes on."""
        subject = subject_of(kind.name, id)
        if await store.get(subject) is None:
            return _unknown()
        work = asyncio.create_task(_publish(publish, log, subject))
        under_way.add(work)
        work.add_done_callback(under_way.discard)
        if work not in (await asyncio.wait([work], timeout=WAIT_SECONDS))[0]:
            return answer(None, request, f"/{KINDS[kind.name].path}/{id}")
        return work.result()


async def _publish(publish: Publish, log: Log, subject: str) -> JSONResponse:
    events = await log.events_of(subject)
    if events and (lost := await publish(events)):
        detail = f"{len(lost)} of {len(events)} could not be published; see the dead letters"
        return problem(409, "未能全部发布 / not all could be published", detail=detail)
    return JSONResponse({"status": "done", "events": len(events)})


def _path(kind: AggregateType, verb: str) -> str:
    return f"/{KINDS[kind.name].path}/{{id}}/{verb}"


def _unknown() -> JSONResponse:
    return problem(404, "没有 / there is none")


def _resolved(resolved: Resolved | None, request: Request) -> JSONResponse:
    if resolved is None:
        return _unknown()
    dead_letter, asked, outcome = resolved
    if asked is not None and outcome is None:
        return answer(None, request, place_of(asked.subject, asked.id))
    result = {"status": dead_letter.status, "origin": dead_letter.origin, "outcome": outcome}
    return JSONResponse({**result, "remark": what_still_waits(dead_letter, asked)})


def _shown(one: DeadLetter) -> dict[str, Any]:
    fields = {name: value for name, value in one._asdict().items() if name in ShownDeadLetter.model_fields}
    return {**fields, "at": instant(one.at_ms)}
