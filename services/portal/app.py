"""Wiring of the portal: settings, keys, the two databases, the services and every page become one running program."""

import asyncio
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from services.portal import desks
from services.portal.asking import TIMEOUT_SECONDS, Services
from services.portal.assets import Assets
from services.portal.figures import promised
from services.portal.figures.promised import Counted, recent_months
from services.portal.joining import Joining
from services.portal.mailbox import Mailbox
from services.portal.network import Network, wrong_tries
from services.portal.once import Once
from services.portal.own import Own
from services.portal.pages import (
    FormExpired,
    LinkOver,
    LinkUnknown,
    NotHere,
    Page,
    Portal,
    SignInFirst,
    TooLarge,
    TriedTooOften,
    page_in,
    sign_in_address,
)
from services.portal.projection.builds import Builds
from services.portal.projection.projection import Projection
from services.portal.projection.routes import api
from services.portal.promise_metrics import Directory, PromiseMetrics
from services.portal.queries import names
from services.portal.queries.board import moment
from services.portal.rendering import Templates
from services.portal.sending import Sending
from services.portal.settings import PortalSettings
from services.portal.shielding import Shield
from services.portal.viewers import Viewers
from services.portal.watching import Watching
from shared.collecting import collect_rarely
from shared.hosts import Hosts
from shared.identity.keys import REFERENCE, SIGNING, NoKeys, issuers, secret, signing_key
from shared.identity.references import References
from shared.identity.tokens import Tokens, sign
from shared.logs import configure
from shared.serving import Server

OWN, PROJECTION = "own.db", "projection.db"
"""The portal's two files: what only it knows, and what it can build again."""
COUNTED_SECONDS = 15
"""So long what /metrics counted of the promise stands."""
NOT_EMBEDDED = (
    "it has a page for choosing among invented people and no other sign-in yet, so it runs in the embedded system on "
    "loopback alone, QINQING_EMBEDDED=1 and QINQING_HTTP_HOST=127.0.0.1, or with QINQING_LAN_CODE on one address of a "
    "local network"
)


def build(settings: PortalSettings) -> FastAPI:
    """The portal's application; raises NoKeys."""
    own = Own(settings.folder() / OWN)
    projection = Projection(settings)
    services = Services(
        settings.services(), partial(sign, signing_key(settings.keys())), settings.jurisdiction
    )
    sending = Sending(own, services)
    references = References(secret(settings.keys(), REFERENCE))
    builds = Builds(projection, settings.namespace)
    watching = Watching(settings.prometheus_url) if settings.prometheus_url else None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with projection.running():
            task = asyncio.create_task(sending.run())
            yield
            task.cancel()
            await asyncio.wait([task])
            await builds.close()
        await services.close()
        if watching is not None:
            await watching.close()
        own.close()

    assets = Assets()
    mailbox = Mailbox(Path(settings.mailbox_dir)) if settings.embedded and settings.mailbox_dir else None
    templates = Templates(assets)
    portal = Portal(
        settings.jurisdiction,
        own,
        services,
        sending,
        projection,
        references,
        templates,
        desks.menus(),
        Once(),
        Viewers(),
        builds,
        wrong_tries(),
        mailbox,
        joining=_joining(settings, own),
        counties=settings.places_of_talks(),
        watching=watching,
    )
    app = application(portal, assets, settings, lifespan)
    _metrics(app, projection, portal.once, settings)
    app.mount(
        "/api",
        api(projection, Tokens(issuers(settings.keys()), settings.jurisdiction), settings.jurisdiction),
    )
    return app


def _joining(settings: PortalSettings, own: Own) -> Joining | None:
    """What lets browsers of the network in; None where only this machine is listened to."""
    if settings.on_loopback():
        return None
    return Joining(own.database, settings.network_address(), settings.lan_code)


def application(portal: Portal, assets: Assets, settings: PortalSettings, lifespan: object = None) -> FastAPI:
    """Every page behind what guards them all."""
    app = FastAPI(title="Qinqing portal", openapi_url=None, lifespan=lifespan)  # type: ignore[arg-type]
    app.add_middleware(Shield, portal=portal)
    app.add_middleware(GZipMiddleware, minimum_size=1_000, compresslevel=4)
    app.add_middleware(
        Hosts,
        hosts=settings.http_hosts,
        port=settings.http_port,
        origins=settings.http_origins,
        linked=True,
    )
    if portal.joining is not None:
        app.add_middleware(Network, joining=portal.joining, tries=portal.tries)
    app.include_router(assets.routes())
    for router in desks.routers():
        app.router.routes.extend(router.routes)  # flat: what is included is searched again at each level
    _health(app, portal)
    _problems(app)
    return app


def _health(app: FastAPI, portal: Portal) -> None:
    @app.get("/health/live", include_in_schema=False)
    async def live() -> dict[str, str]:
        return {"status": "live", "service": "portal"}

    @app.get("/health/ready", include_in_schema=False)
    async def ready() -> JSONResponse:
        missing = portal.projection.not_ready()
        return JSONResponse({"service": "portal", "missing": missing}, 503 if missing else 200)


def _metrics(app: FastAPI, projection: Projection, once: Once, settings: PortalSettings) -> None:
    """What Prometheus asks: numbers of the projection, nothing of what is in it."""
    promises = PromiseMetrics(settings.windows())
    jurisdictions = (settings.jurisdiction, *settings.places_of_talks())
    projection.metrics.registry.register(promises)

    def count() -> tuple[Counted, Directory]:
        reads, now = projection.reader(), datetime.now(UTC)
        at = moment(now)
        counted = promised.count(reads, at, recent_months(now), [*settings.windows().values()])
        return counted, Directory(jurisdictions, names.levels(reads, at.now))

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        """Counted in a thread of its own, at most four times a minute, whoever asks."""
        turn = int(time.time() // COUNTED_SECONDS)
        promises.counted, promises.directory = await once.get(
            "promises", turn, lambda: run_in_threadpool(count), before=turn - 1
        )
        return Response(generate_latest(projection.measure().registry), media_type=CONTENT_TYPE_LATEST)


def _problems(app: FastAPI) -> None:
    """Whatever goes wrong is a page that says what, and what one can do."""

    @app.exception_handler(SignInFirst)
    async def _stranger(request: Request, error: SignInFirst) -> Response:
        # An open list asks again, less and less often; a page would be read to it as if it were its messages.
        if "text/event-stream" in request.headers.get("accept", ""):
            return Response(status_code=401)
        return page_in(request).to(sign_in_address(str(error)))

    @app.exception_handler(NotHere)
    async def _not_here(request: Request, _: NotHere) -> Response:
        return _not_found(page_in(request))

    @app.exception_handler(LinkOver)
    async def _over(request: Request, _: LinkOver) -> Response:
        return page_in(request).show("link/over.html", 404)

    @app.exception_handler(LinkUnknown)
    async def _unknown(request: Request, _: LinkUnknown) -> Response:
        return page_in(request).show("link/unknown.html", 503)

    @app.exception_handler(TriedTooOften)
    async def _often(request: Request, error: TriedTooOften) -> Response:
        page = page_in(request).show("link/often.html", 429)
        page.headers["Retry-After"] = str(error.seconds)
        return page

    @app.exception_handler(FormExpired)
    async def _expired(request: Request, _: FormExpired) -> Response:
        page = page_in(request)
        return page.show(
            "problem.html", 403, title=page.say("This form is no longer good: open the page again")
        )

    @app.exception_handler(TooLarge)
    async def _too_large(request: Request, _: TooLarge) -> Response:
        page = page_in(request)
        return page.show("problem.html", 413, title=page.say("That is too much for one form"))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        page = page_in(request)
        if error.status_code in (404, 405):
            return _not_found(page)
        return page.show("problem.html", error.status_code, title=page.say("This request cannot be read"))


def _not_found(page: Page) -> Response:
    return page.show(
        "problem.html", 404, title=page.say("There is nothing here, or it is not for you to read")
    )


def run() -> None:
    """Read the settings and serve until SIGTERM or SIGINT; ends with one sentence and exit code 2 where it may not."""
    settings = PortalSettings()
    try:
        if not (settings.embedded and (settings.on_loopback() or settings.on_a_local_network())):
            raise NoKeys(NOT_EMBEDDED)
        if not settings.keys_dir:
            raise NoKeys(
                f"QINQING_KEYS_DIR is not set: name the folder with {SIGNING}, {REFERENCE} (docs/security.md)"
            )
        app = build(settings)
        sockets = [_socket(host, settings.http_port) for host in settings.hosts()]
    except (NoKeys, OSError) as error:
        sys.stderr.write(f"portal does not start: {error}\n")
        raise SystemExit(2) from None
    configure("portal", settings.log_level, settings.log_format)
    collect_rarely()
    serving(app, settings.drain_seconds).run(sockets)


def serving(app: ASGIApp, drain: float, **how: object) -> Server:
    """How it is served, and stops: who asks is the socket's other end, whatever a request says of a proxy.

    A page that asks a service may take as long as the service.
    """
    return Server(app, "portal", drain=drain, answers=TIMEOUT_SECONDS, proxy_headers=False, **how)


def _socket(host: str, port: int) -> socket.socket:
    """Listens on this address alone; raises OSError where it is taken, or none of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


if __name__ == "__main__":
    run()
