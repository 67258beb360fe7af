"""The routes all four services share: health, metrics, a route for each command, and what a service knows."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.answers import Readiness, Reading, answer, place_of, problem
from shared.bus import gateway as gateways
from shared.bus.document import SWEEP
from shared.bus.gateway import Gateway
from shared.bus.reference import Version
from shared.contract.asyncapi import text as asyncapi_text
from shared.contract.command import Command
from shared.contract.subjects import KINDS, subject_of
from shared.domain.aggregates import Consumer
from shared.identity.callers import actor_of
from shared.metrics import Metrics
from shared.store import Aggregates

ID_PATTERN = r"^[^:|/\x00-\x1f\x7f-\x9f]+$"
Id = Annotated[str, Path(max_length=90, examples=["7K3M9QXT2B4N6"], pattern=ID_PATTERN)]
"""What an envelope takes as subject behind a kind's prefix: another one would be acknowledged and never answered."""
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


def command_routes(gateway: Gateway, consumer: Consumer, routed: Collection[type[Command]] = ()) -> APIRouter:
    """``POST /<kind's path>/{id}/<verb>`` for each command that somebody may give and that is not ``routed`` yet."""
    routes = APIRouter(tags=["commands"])
    for kind in consumer.aggregates:
        for shape in kind.commands:
            if shape.role and shape not in routed:
                _command_route(routes, gateway, consumer, shape)
    return routes


def _command_route(routes: APIRouter, gateway: Gateway, consumer: Consumer, shape: type[Command]) -> None:
    verb = shape.verb.replace("_", "-")

    async def endpoint(
        id: Id,
        request: Request,
        body: shape,  # type: ignore[valid-type]
        idempotency_key: Key = None,
    ) -> JSONResponse:
        key = f"{verb}/{id}/{idempotency_key or uuid4().hex}"
        actor = actor_of(request, f"{shape.role}:demo")
        asked = gateways.Request(subject_of(shape.aggregate, id), body, "http", actor, key)
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


def reading_routes(gateway: Gateway, store: Aggregates, consumer: Consumer) -> APIRouter:
    """What a service knows of one aggregate, and the outcome of one command on it."""
    routes = APIRouter()
    for kind in consumer.aggregates:
        _reading_route(routes, gateway, store, kind.name)
    return routes


def _reading_route(routes: APIRouter, gateway: Gateway, store: Aggregates, kind: str) -> None:
    path = f"/{KINDS[kind].path}/{{id}}"

    async def read(id: Id) -> JSONResponse:
        document = await store.get(subject_of(kind, id))
        if document is None or document.get("state") is None:
            return problem(
                404, "没有这件问题 / there is no such issue" if kind == "issue" else "没有 / there is none"
            )
        due = document.get("due")
        if due is not None and due["name"].startswith(f"{SWEEP}/"):
            due = None  # the sweep is of the document, nothing that the issue still has before it
        return JSONResponse({"id": id, "version": document["v"], "due": due, **document["state"]})

    async def outcome(id: Id, command: CommandId, request: Request) -> JSONResponse:
        subject = subject_of(kind, id)
        return answer(await gateway.look(subject, command), request, place_of(subject, command))

    routes.add_api_route(
        path,
        read,
        name=f"read_{kind}",
        tags=["reading"],
        response_model=None,
        responses={200: {"model": Reading}},
    )
    routes.add_api_route(
        f"{path}/outcomes", outcome, name=f"outcome_{kind}", tags=["commands"], response_model=None
    )


def reference_routes(versions: Mapping[tuple[str, str], Version]) -> APIRouter:
    """Every published version of reference data that this service knows."""
    routes = APIRouter(tags=["reading"])

    @routes.get("/reference")
    async def reference() -> list[dict[str, Any]]:
        return [version._asdict() for version in versions.values()]

    return routes
