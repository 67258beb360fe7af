"""The routes all four services share: health, metrics, a route for each command, and what a service knows."""

from asyncio import gather
from collections.abc import Awaitable, Callable, Collection, Mapping
from types import MappingProxyType
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import StringConstraints

from shared.answers import Readiness, Reading, Readings, answer, place_of, problem
from shared.bus import gateway as gateways
from shared.bus.gateway import Gateway
from shared.bus.reference import Version
from shared.contract.asyncapi import text as asyncapi_text
from shared.contract.command import Command
from shared.contract.events.dispatch import WaysChosen
from shared.contract.subjects import KINDS, id_of, subject_of
from shared.deadlines import is_sweep
from shared.domain.aggregates import AggregateType, Consumer
from shared.domain.rights import Asker, granted, readable
from shared.identity.callers import Requires, askers_of, caller_of, reaches, readers_of, reads_ways
from shared.identity.raisers import Raisers
from shared.identity.tokens import Caller
from shared.metrics import Metrics
from shared.store import Aggregates, Document

MOST_AT_ONCE = 50
"""How many aggregates are told in one answer: a page of a list."""
ID_PATTERN = r"^[^:|/\x00-\x1f\x7f-\x9f]+$"
Id = Annotated[str, Path(max_length=90, examples=["7K3M9QXT2B4N6"], pattern=ID_PATTERN)]
"""What an envelope takes as subject behind a kind's prefix: another one would be acknowledged and never answered."""
Ids = Annotated[
    list[Annotated[str, StringConstraints(max_length=90, pattern=ID_PATTERN)]],
    Query(min_length=1, max_length=MOST_AT_ONCE),
]
CommandId = Annotated[str, Query(min_length=1, max_length=500)]
Key = Annotated[str | None, Header(max_length=200)]
"""``Idempotency-Key``: a request that is sent again with it is the same one."""


READINESS: dict[int | str, dict[str, Any]] = {200: {"model": Readiness}, 503: {"model": Readiness}}


def operations_routes(
    name: str,
    metrics: Metrics,
    not_ready: Callable[[], Awaitable[list[str]]],
    measure: Callable[[], Awaitable[None]],
) -> APIRouter:
    """Health and metrics. Ready means: reference data there, partitions owned, polled lately, store answers."""
    routes = APIRouter(tags=["operations"])

    @routes.get("/health/live")
    async def live() -> dict[str, str]:
        return {"status": "live", "service": name}

    @routes.get("/health/ready", response_model=None, responses=READINESS)
    async def ready() -> JSONResponse:
        missing = await not_ready()
        return JSONResponse({"service": name, "missing": missing}, 503 if missing else 200)

    @routes.get("/metrics", response_class=PlainTextResponse)
    async def scrape() -> Response:
        await measure()
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    @routes.get("/asyncapi.json", include_in_schema=False)
    async def asyncapi() -> Response:
        return Response(asyncapi_text(), media_type="application/json")

    return routes


Successor = Callable[[str], str]
"""The department that has the work of this one by now: itself, unless it was merged."""
Open = Callable[[str, Mapping[str, Any]], Awaitable[dict[str, Any]]]
"""(subject, state) -> the state with what is sealed in it open, for those who may read that."""


def command_routes(
    gateway: Gateway,
    consumer: Consumer,
    routed: Collection[type[Command]] = (),
    raisers: Raisers | None = None,
) -> APIRouter:
    """``POST /<kind's path>/{id}/<verb>`` for each command that somebody may give and that is not ``routed`` yet."""
    routes = APIRouter(tags=["commands"])
    for kind in consumer.aggregates:
        for shape in kind.commands:
            if granted(kind.name, shape.verb) and shape not in routed:
                _command_route(routes, gateway, consumer, shape, raisers)
    return routes


def _command_route(
    routes: APIRouter, gateway: Gateway, consumer: Consumer, shape: type[Command], raisers: Raisers | None
) -> None:
    verb = shape.verb.replace("_", "-")

    async def endpoint(
        id: Id,
        request: Request,
        asker: Annotated[Asker, Depends(Requires(shape.aggregate, shape.verb))],
        body: shape,  # type: ignore[valid-type]
        idempotency_key: Key = None,
    ) -> JSONResponse:
        subject, key = subject_of(shape.aggregate, id), idempotency_key or uuid4().hex
        if raisers is not None:
            asker, key = await raisers.asking(subject, asker, key)
        asked = gateways.Request(subject, body, "http", asker.actor, f"{verb}/{id}/{key}")
        if consumer.kind(asked.subject) is None:
            return problem(404, f"只有 {consumer.jurisdiction} / there is only {consumer.jurisdiction}")
        return answer(await gateway.ask(asked), request, place_of(asked.subject, asked.id))

    routes.add_api_route(
        f"/{KINDS[shape.aggregate].path}/{{id}}/{verb}",
        endpoint,
        methods=["POST"],
        name=shape.__name__,
        summary=shape.__doc__,
        response_model=None,
    )


def reading_routes(
    gateway: Gateway,
    store: Aggregates,
    consumer: Consumer,
    raisers: Raisers | None = None,
    opened: Mapping[str, Open] = MappingProxyType({}),
    successor: Successor = str,
) -> APIRouter:
    """What a service knows of one aggregate, and the outcome of one command on it."""
    routes = APIRouter()
    for kind in consumer.aggregates:
        _reading_route(routes, gateway, store, kind, raisers, opened.get(kind.name), successor)
    return routes


def _reading_route(
    routes: APIRouter,
    gateway: Gateway,
    store: Aggregates,
    kind: AggregateType,
    raisers: Raisers | None,
    open_state: Open | None,
    successor: Successor,
) -> None:
    path = f"/{KINDS[kind.name].path}/{{id}}"

    async def shown(
        subject: str, id: str, document: Document | None, caller: Caller
    ) -> dict[str, Any] | None:
        if raisers is not None:
            caller = raisers.known(subject, caller, document)
        fields = {} if document is None else readable_fields(kind, document, caller, successor)
        if document is None or not fields:
            return None
        if open_state is not None:
            state = await open_state(subject, document["state"])
            fields = readable_fields(kind, {**document, "state": state}, caller, successor)
        due = document.get("due")
        if due is not None and is_sweep(due["name"]):
            due = None  # the sweep is of the document, nothing that the issue still has before it
        return {"id": id, "version": document["v"], "due": due, **fields}

    async def read(id: Id, request: Request) -> JSONResponse:
        subject = subject_of(kind.name, id)
        body = await shown(subject, id, await store.get(subject), caller_of(request))
        return nothing(kind.name) if body is None else JSONResponse(body)

    async def read_many(
        id: Ids, request: Request, _: Annotated[Asker, Depends(Requires(kind.name, "read"))]
    ) -> JSONResponse:
        """Those of them that there are and that the asker may read, in one answer."""
        subjects = {subject_of(kind.name, one): one for one in id}
        found = await store.load(list(subjects))
        caller = caller_of(request)
        bodies = await gather(*(shown(one, subjects[one], found.get(one), caller) for one in subjects))
        return JSONResponse({"found": [body for body in bodies if body is not None]})

    async def outcome(id: Id, command: CommandId, request: Request) -> JSONResponse:
        subject, caller = subject_of(kind.name, id), caller_of(request)
        callers = (caller,) if raisers is None else (caller, raisers.alone(subject, caller))
        own = reaches(caller, subject) and any(
            f"/{asker.actor}/" in command for one in callers for asker in askers_of(one)
        )
        if not own and not await _reads(kind, store, subject, caller, raisers, successor):
            return nothing(kind.name)
        return answer(await gateway.look(subject, command), request, place_of(subject, command))

    routes.add_api_route(
        path,
        read,
        name=f"read_{kind.name}",
        tags=["reading"],
        response_model=None,
        responses={200: {"model": Reading}},
    )
    if open_state is not None:  # what is sealed stands on no topic, so lists ask for it
        routes.add_api_route(
            f"/reading/{KINDS[kind.name].path}",
            read_many,
            name=f"read_{KINDS[kind.name].path}",
            tags=["reading"],
            response_model=None,
            responses={200: {"model": Readings}},
        )
    routes.add_api_route(
        f"{path}/outcomes", outcome, name=f"outcome_{kind.name}", tags=["commands"], response_model=None
    )


def readable_fields(
    kind: AggregateType, document: Mapping[str, Any], caller: Caller, successor: Successor = str
) -> dict[str, Any]:
    """The fields of a stored aggregate that this caller reads in any of its roles; none where it may read nothing."""
    state = document.get("state")
    if state is None:
        return {}
    belongs = kind.belongs(kind.state.model_validate(state)).followed(successor)
    names = {
        name
        for asker in readers_of(caller, document["_id"], belongs)
        for name in readable(kind.name, state, asker, belongs)
    }
    return {name: value for name, value in state.items() if name in names}


async def _reads(
    kind: AggregateType,
    store: Aggregates,
    subject: str,
    caller: Caller,
    raisers: Raisers | None,
    successor: Successor,
) -> bool:
    document = await store.get(subject)
    if raisers is not None:
        caller = raisers.known(subject, caller, document)
    return document is not None and bool(readable_fields(kind, document, caller, successor))


def nothing(kind: str) -> JSONResponse:
    """The same answer for what is not there and for what somebody may not read."""
    title = "没有这件问题，或您无权查看 / there is no such issue, or it is not for you to read"
    return problem(404, title if kind == "issue" else "没有 / there is none")


def reference_routes(versions: Mapping[tuple[str, str], Version]) -> APIRouter:
    """Every published version of reference data that this service knows; of chosen ways those of whoever asks."""
    routes = APIRouter(tags=["reading"])

    @routes.get("/reference")
    async def reference(request: Request) -> list[dict[str, Any]]:
        caller = caller_of(request)
        return [
            version._asdict()
            for version in versions.values()
            if version.type != WaysChosen.type or reads_ways(caller, id_of(version.subject))
        ]

    return routes
