"""What a program is answered over HTTP: no 500 for odd characters, every status documented, dead letters as routes."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import Depends, FastAPI

from services.intake.consumer import consumer
from shared.bus.gateway import Gateway
from shared.openapi import ACTING
from shared.problems import install_problems
from shared.web import reading_routes
from tests.faults.given import SOURCE, Store
from tests.faults.services import BUILDS, built
from tests.keys import bearer, signed_in
from tests.unit.reference import JURISDICTION

ODD = ("漏水", "é", "\x00", "\r\n", "%", "a/b", "\U0010ffff", "x" * 3000)
ANSWERS = {202, 400, 409, 413, 422, 500, 503}
"""What shared/web.py can answer to any command, beside that it was done."""
DONE_WITH_DEAD_LETTERS = ("replay", "discard", "skip", "publish-again")


async def _nothing(outgoing: Any) -> None:
    """Publish nothing."""


@pytest.mark.parametrize("odd", [*ODD, "no:kind"], ids=lambda odd: ascii(odd[:9]))
async def test_outcomes_that_are_asked_for_with_odd_characters_are_no_500(odd: str) -> None:
    owned, store = consumer(JURISDICTION), Store()
    gateway = Gateway(SOURCE, _nothing, store)  # type: ignore[arg-type]
    app = FastAPI(dependencies=[Depends(signed_in())])
    install_problems(app, 1_000_000)
    app.include_router(reading_routes(gateway, store, owned))  # type: ignore[arg-type]
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=bearer("office:chen")
    ) as client:
        place = quote(odd, safe="")
        for path in (f"/issues/{place}/outcomes?command=x", f"/issues/x/outcomes?command={place}"):
            assert (await client.get(path)).status_code < HTTPStatus.INTERNAL_SERVER_ERROR, path


@pytest.mark.parametrize("name", BUILDS)
def test_the_openapi_document_names_every_status_that_a_command_is_answered_with(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, service = built(name, monkeypatch)
    missing: dict[str, set[int]] = {}
    for path, methods in app.openapi()["paths"].items():
        if "post" in methods and methods["post"]["tags"][0] in ACTING:
            documented = {int(status) for status in methods["post"]["responses"] if status.isdecimal()}
            missing[path] = ANSWERS - documented
    service.database.close()
    assert {path: statuses for path, statuses in missing.items() if statuses} == {}


@pytest.mark.parametrize("name", BUILDS)
def test_what_an_operator_does_with_dead_letters_are_routes_of_each_service(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, service = built(name, monkeypatch)
    service.database.close()
    paths = app.openapi()["paths"]
    assert any("dead" in path for path, methods in paths.items() if "get" in methods)
    last = {path.rpartition("/")[2] for path, methods in paths.items() if "post" in methods}
    assert {*DONE_WITH_DEAD_LETTERS} <= last
