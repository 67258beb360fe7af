"""What programs ask the portal, by token: figures, and to build the projection anew. Pages are elsewhere."""

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime
from starlette.concurrency import run_in_threadpool

from services.portal.figures.counting import Scope
from services.portal.figures.reporting import report
from services.portal.projection.building import Checked
from services.portal.projection.projection import Projection, UnknownNamespace
from services.portal.queries.impact import Wanted, impact
from shared.answers import problem
from shared.contract.commands.supervision import PublishCalendar, PublishPolicy
from shared.identity.callers import Requires, SignedIn
from shared.identity.tokens import Tokens
from shared.problems import install_problems

MOST_BODY_BYTES = 2_000_000
"""A whole calendar of many years has 50,000."""
NAMESPACE = r"^[a-z0-9-]{0,50}$"
MONTH = r"^(\d{4}-(0[1-9]|1[0-2]))?$"
Namespace = Annotated[str | None, Query(pattern=NAMESPACE)]


def api(projection: Projection, tokens: Tokens, jurisdiction: str) -> FastAPI:
    """An application of its own, to be mounted: its answers are JSON, and whatever goes wrong a problem document."""
    app = FastAPI(
        title="Qinqing portal, for programs", openapi_url=None, dependencies=[Depends(SignedIn(tokens))]
    )
    install_problems(app, MOST_BODY_BYTES)

    @app.get("/figures", dependencies=[Depends(Requires("figures", "read"))])
    async def figures(
        month: Annotated[str, Query(pattern=MONTH)] = "",
        department: Annotated[str, Query(max_length=100)] = "",
        source: Annotated[str, Query(max_length=100)] = "",
        as_of: AwareDatetime | None = None,
        namespace: Annotated[str, Query(pattern=NAMESPACE)] = "",
    ) -> dict[str, Any]:
        """All figures of one month, or of all, as of one instant (now, if none is named)."""
        reads = await projection.reader_of(namespace)
        scope = Scope(month, department, source)
        return await run_in_threadpool(_figures, reads, as_of or datetime.now(UTC), scope)

    @app.post("/impact/calendar", dependencies=[Depends(Requires("calendar", "publish"))])
    async def of_a_calendar(wanted: PublishCalendar) -> dict[str, Any]:
        """Which due dates this table would move, from when to when, and whose; nothing is published."""
        return await _impact(wanted)

    @app.post("/impact/policy", dependencies=[Depends(Requires("policy", "publish"))])
    async def of_a_policy(wanted: PublishPolicy) -> dict[str, Any]:
        """The same of a policy."""
        return await _impact(wanted)

    async def _impact(wanted: Wanted) -> dict[str, Any]:
        def count() -> dict[str, Any]:
            return impact(projection.reader(), jurisdiction, wanted, datetime.now(UTC)).as_json()

        return await run_in_threadpool(count)

    @app.post("/projection/rebuild", dependencies=[Depends(Requires("projection", "rebuild"))])
    async def rebuild(check: bool = False, namespace: Namespace = None) -> list[dict[str, Any]]:
        """Build it anew beside the one that pages read, and compare; without ``check`` it takes its place."""
        found = await projection.check(namespace) if check else [await projection.rebuild(namespace)]
        return [_answer(one) for one in found]

    @app.exception_handler(UnknownNamespace)
    async def _unknown(_: object, error: UnknownNamespace) -> JSONResponse:
        return problem(404, "没有这个命名空间 / no such namespace", detail=str(error))

    return app


def _figures(reads: Callable[[], sqlite3.Connection], as_of: datetime, scope: Scope) -> dict[str, Any]:
    database = reads()
    try:
        query = "SELECT coalesce(sum(records), 0) FROM unreadable WHERE topic LIKE '%.events'"
        return {**report(database, as_of, scope), "unreadable": database.execute(query).fetchone()[0]}
    finally:
        database.close()


def _answer(found: Checked) -> dict[str, Any]:
    return {
        "namespace": found.namespace,
        "records": found.records,
        "seconds": found.seconds,
        "same": found.same,
        "tables": {name: table._asdict() for name, table in found.tables.items()},
    }
