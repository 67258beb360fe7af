"""A request that says what its sender has seen is asked when its aggregate has read that, and not before."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

import httpx
import pytest
from fastapi import Depends, FastAPI, Header

from shared.after import After
from shared.problems import install_problems

SEEN = "/huzhou/intake=5,/wu-xing/dispatch=12"


class Reading:
    """A gateway whose aggregates have read everything, or nothing."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, int]]] = []
        self.has = True

    async def has_read(self, subject: str, seen: Mapping[str, int], seconds: float) -> bool:
        self.asked.append((subject, seen))
        return self.has


@pytest.fixture
def reading() -> Reading:
    return Reading()


@pytest.fixture
async def client(reading: Reading) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(dependencies=[Depends(After(reading, ["issue", "department"]))])  # type: ignore[arg-type]
    install_problems(app, 1000)

    @app.post("/{path}")
    async def new(path: str, key: Annotated[str, Header()] = "") -> dict[str, Any]:
        return {}

    @app.post("/{path}/{id}/sign")
    async def sign(path: str, id: str) -> dict[str, Any]:
        return {}

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as found:
        yield found


async def _asked(client: httpx.AsyncClient, path: str, after: str | None) -> httpx.Response:
    return await client.post(path, headers={} if after is None else {"Qinqing-After": after})


async def test_the_aggregate_in_the_path_is_waited_for(client: httpx.AsyncClient, reading: Reading) -> None:
    assert (await _asked(client, "/issues/A1/sign", SEEN)).status_code == 200
    assert (await _asked(client, "/departments/housing/sign", SEEN)).status_code == 200
    seen = {"/huzhou/intake": 5, "/wu-xing/dispatch": 12}
    assert reading.asked == [("A1", seen), ("dept:housing", seen)]


@pytest.mark.parametrize(
    ("path", "after"), [("/issues/A1/sign", None), ("/issues", SEEN), ("/talks/T/sign", SEEN)]
)
async def test_nothing_is_waited_for_where_nothing_was_seen_or_there_is_nothing_yet(
    client: httpx.AsyncClient, reading: Reading, path: str, after: str | None
) -> None:
    reading.has = False
    assert (await _asked(client, path, after)).status_code == 200
    assert reading.asked == []


async def test_what_does_not_come_in_time_is_said_and_may_be_asked_again(
    client: httpx.AsyncClient, reading: Reading
) -> None:
    reading.has = False
    answer = await _asked(client, "/issues/A1/sign", SEEN)
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert "ask again" in answer.json()["title"]


@pytest.mark.parametrize(
    "after", ["intake=5", "/huzhou/intake", "/huzhou/intake=-1", "/huzhou/intake=5;", "=" * 9]
)
async def test_a_header_of_another_form_is_refused_by_name(client: httpx.AsyncClient, after: str) -> None:
    answer = await _asked(client, "/issues/A1/sign", after)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "header.Qinqing-After"
