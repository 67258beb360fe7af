"""What somebody brings who is not signed in: no route takes a forged, foreign, expired or misplaced token."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI
from joserfc import jwt

from shared.contract.words import Role
from shared.identity.keys import ALGORITHM, issuers, make_keys, signing_key
from shared.identity.tokens import LEEWAY, LIFETIME, Caller, sign
from tests.faults.services import MODULES
from tests.fuzz.in_memory import ISSUE, in_memory
from tests.keys import KEYS, bearer, everybody
from tests.security.test_rights import Route, closed, place

EVERYBODY = Caller(
    sub="all",
    roles=tuple(Role),
    jurisdiction="huzhou",
    department="housing",
    session="tests",
    person="0" * 32,
)
"""In every role there is: whatever refuses a token of theirs refuses the token."""
NO_ALGORITHM = urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
LONG_AGO = datetime.now(UTC) - LIFETIME - LEEWAY - timedelta(seconds=1)


@pytest.fixture(scope="module")
def apps() -> Iterator[Mapping[str, FastAPI]]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield {name: in_memory(name, monkeypatch) for name in MODULES}


@pytest.fixture
async def dispatch(apps: Mapping[str, FastAPI]) -> AsyncIterator[httpx.AsyncClient]:
    app = apps["dispatch"]
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client,
    ):
        yield client


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("foreign") / "keys"
    make_keys(folder)
    return folder


def headers_of_strangers(foreign: Path) -> dict[str, dict[str, str]]:
    """Whatever a stranger might try, by what it is."""
    good, ours = everybody(), signing_key(KEYS)
    header, payload, signature = good.split(".")
    under_our_name = {"alg": ALGORITHM, "kid": ours.kid}
    claims = {
        **EVERYBODY.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "aud": "huzhou",
        "iat": int(datetime.now(UTC).timestamp()),
        "exp": int((datetime.now(UTC) + LIFETIME).timestamp()),
    }
    forged = jwt.encode(under_our_name, claims, signing_key(foreign), algorithms=[ALGORITHM])
    elsewhere = EVERYBODY.model_copy(update={"jurisdiction": "wuxing"})
    bearers = {
        "no token": "",
        "a word": "open sesame",
        "of a foreign key": sign(signing_key(foreign), EVERYBODY),
        "forged under our key's name": forged,
        "with another claim": f"{header}.{payload[:-4]}AAAA.{signature}",
        "without a signature": f"{header}.{payload}.",
        "without an algorithm": f"{NO_ALGORITHM}.{payload}.",
        "of another jurisdiction": sign(ours, elsewhere),
        "expired": sign(ours, EVERYBODY, now=LONG_AGO),
        "not valid yet": sign(ours, EVERYBODY, now=datetime.now(UTC) + timedelta(hours=1)),
        "good for a day": sign(ours, EVERYBODY, lifetime=timedelta(days=1)),
        "too long": good + "A" * 5_000,
        "the public key itself": json.dumps(issuers(KEYS).as_dict()),
    }
    return {what: {"Authorization": f"Bearer {token}"} for what, token in bearers.items()} | {
        "another scheme": {"Authorization": f"Basic {good}"},
        "no scheme": {"Authorization": good},
        "in a cookie": {"Cookie": f"Authorization={good}; token={good}"},
        "in another header": {"X-Authorization": f"Bearer {good}"},
        "the header of old": {"Qinqing-Actor": "operator:sun"},
    }


async def test_no_route_takes_what_is_no_token_of_this_deployment(
    apps: Mapping[str, FastAPI], foreign: Path
) -> None:
    strangers = headers_of_strangers(foreign)
    for name, app in apps.items():
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for route in (one for one in closed(apps) if one.service == name):
                for what, headers in strangers.items():
                    await refused(client, route, what, headers)


async def refused(client: httpx.AsyncClient, route: Route, what: str, headers: dict[str, str]) -> None:
    body = {} if route.method == "POST" else None
    answer = await client.request(route.method, place(route), json=body, headers=headers)
    assert answer.status_code == 401, (route, what, answer.text)
    assert answer.headers["www-authenticate"] == "Bearer"
    problem = answer.json()
    assert set(problem) <= {"type", "title", "status", "detail"}
    assert len(problem["detail"]) < 60
    for value in headers.values():
        assert not [part for part in value.split(".") if len(part) > 8 and part in answer.text], what


async def test_a_token_is_not_read_from_the_address(dispatch: httpx.AsyncClient) -> None:
    for name in ("token", "access_token", "authorization", "bearer"):
        assert (await dispatch.get("/departments", params={name: everybody()})).status_code == 401


async def test_a_good_token_opens_what_the_others_did_not(dispatch: httpx.AsyncClient) -> None:
    answer = await dispatch.get("/departments", headers=bearer("office:chen"))
    assert (answer.status_code, len(answer.json()) > 10) == (200, True)


async def test_a_request_that_is_replayed_with_its_token_and_key_changes_nothing(
    dispatch: httpx.AsyncClient,
) -> None:
    headers = bearer("office:chen") | {"Idempotency-Key": "once"}
    path, body = f"/issues/{ISSUE}/assign", {"department": "housing"}
    first = await dispatch.post(path, json=body, headers=headers)
    assert first.status_code == 200, first.text
    again = await dispatch.post(path, json=body, headers=headers)
    assert (again.status_code, again.json()) == (200, first.json())
    changed = await dispatch.post(path, json={"department": "planning"}, headers=headers)
    assert (changed.status_code, changed.json()["reason"]) == (422, "id_reused")
    held = (await dispatch.get(f"/issues/{ISSUE}", headers=headers)).json()
    assert held["department"] == "housing"
    # Without the key it is another request, which the issue's state refuses.
    del headers["Idempotency-Key"]
    assert (await dispatch.post(path, json=body, headers=headers)).status_code == 409


async def test_a_replayed_request_of_somebody_else_is_judged_as_theirs(dispatch: httpx.AsyncClient) -> None:
    """A key belongs to who used it: with another's key one neither sees their outcome nor acts as they."""
    path = f"/issues/{ISSUE}/assign"
    for actor, status in (("handler:housing/li", 403), ("entrepreneur:wu", 403), ("operator:sun", 403)):
        headers = bearer(actor) | {"Idempotency-Key": "once"}
        answer = await dispatch.post(path, json={"department": "housing"}, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (status, "wrong_role")
