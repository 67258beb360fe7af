"""A request that says what its sender has seen is asked when its aggregate has read that, and not before."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from fastapi import Depends, FastAPI

from shared.after import After, Behind
from shared.contract.event import DISPATCH, FEEDBACK
from shared.problems import install_problems
from tests.faults.given import SOURCE, notebook
from tests.unit.reference import JURISDICTION

ANOTHER = f"/{JURISDICTION}/feedback"
UNREAD = f"/{JURISDICTION}/supervision"
SEEN = f"{ANOTHER}=3,{SOURCE}=5"
KNOWN = {"_id": "A1", "read": [[FEEDBACK, ANOTHER, 3]], "published": [["intake.events", 5, "hash"]]}


class Documents:
    """A store with one aggregate, which notes what it is asked for."""

    def __init__(self) -> None:
        self.documents: dict[str, Mapping[str, Any]] = {"A1": KNOWN}
        self.asked: list[str] = []

    async def get(self, subject: str) -> Mapping[str, Any] | None:
        self.asked.append(subject)
        return self.documents.get(subject)


@pytest.fixture
def store() -> Documents:
    return Documents()


def after(store: Documents, seconds: float) -> After:
    """As one service has it that reads feedback and dispatch."""
    return After(store, notebook(reads=(FEEDBACK, DISPATCH)), seconds)  # type: ignore[arg-type]


async def has_read(store: Documents, subject: str, seen: Mapping[str, int]) -> bool:
    try:
        await after(store, 0).has_read(subject, seen)
    except Behind:
        return False
    return True


async def test_after_a_restore_nobody_waits_for_what_was_published_before_it(store: Documents) -> None:
    epoch = 1_795_890_000
    anew = replace(notebook(reads=(FEEDBACK,)), epoch=epoch)
    waiting = After(store, anew, 0)  # type: ignore[arg-type]
    await waiting.has_read("A1", {SOURCE: 9, ANOTHER: 9})
    with pytest.raises(Behind):
        await waiting.has_read("A1", {f"{SOURCE};{epoch}": 1})
    store.documents["A1"] = {**KNOWN, "published": [["intake.events", 1, "hash", epoch]]}
    await waiting.has_read("A1", {f"{SOURCE};{epoch}": 1})


@pytest.mark.parametrize(
    ("seen", "known", "unknown"),
    [
        ({}, True, True),
        ({ANOTHER: 3}, True, False),
        ({ANOTHER: 4}, False, False),
        ({SOURCE: 5, ANOTHER: 1}, True, False),
        ({SOURCE: 6}, False, False),
        ({UNREAD: 9}, True, True),
    ],
)
async def test_whether_an_aggregate_has_read_what_its_asker_has_seen(
    store: Documents, seen: Mapping[str, int], known: bool, unknown: bool
) -> None:
    assert await has_read(store, "A1", seen) is known
    assert await has_read(store, "A2", seen) is unknown


async def test_who_asks_too_early_waits_until_the_aggregate_has_read_as_far(store: Documents) -> None:
    waiting = asyncio.create_task(after(store, 60).has_read("A1", {ANOTHER: 4}))
    while len(store.asked) < 2:
        await asyncio.sleep(0)
    store.documents = {"A1": {**KNOWN, "read": [[FEEDBACK, ANOTHER, 4]]}}
    await waiting


# ------------------------------------------------------------------ over HTTP


@pytest.fixture
async def client(store: Documents) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI(dependencies=[Depends(after(store, 0))])
    install_problems(app, 1000)

    @app.post("/{path}")
    async def new(path: str) -> dict[str, Any]:
        return {}

    @app.post("/{path}/{id}/sign")
    async def sign(path: str, id: str) -> dict[str, Any]:
        return {}

    @app.get("/{path}/{id}")
    async def read(path: str, id: str) -> dict[str, Any]:
        return {}

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as found:
        yield found


async def _asked(client: httpx.AsyncClient, path: str, after: str | None) -> httpx.Response:
    return await client.post(path, headers={} if after is None else {"Qinqing-After": after})


async def test_the_aggregate_in_the_path_is_waited_for(client: httpx.AsyncClient, store: Documents) -> None:
    assert (await _asked(client, "/issues/A1/sign", SEEN)).status_code == 200
    assert store.asked == ["A1"]


@pytest.mark.parametrize(
    ("path", "after"), [("/issues/A2/sign", None), ("/issues", SEEN), ("/talks/T/sign", SEEN)]
)
async def test_nothing_is_waited_for_where_nothing_was_seen_or_there_is_nothing_yet(
    client: httpx.AsyncClient, store: Documents, path: str, after: str | None
) -> None:
    assert (await _asked(client, path, after)).status_code == 200
    assert store.asked == []


async def test_who_reads_waits_for_nothing(client: httpx.AsyncClient, store: Documents) -> None:
    assert (await client.get("/issues/A2", headers={"Qinqing-After": SEEN})).status_code == 200
    assert store.asked == []


async def test_what_does_not_come_in_time_is_said_and_may_be_asked_again(client: httpx.AsyncClient) -> None:
    answer = await _asked(client, "/issues/A2/sign", SEEN)
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    assert "ask again" in answer.json()["title"]


@pytest.mark.parametrize(
    "after", ["intake=5", "/huzhou/intake", "/huzhou/intake=-1", "/huzhou/intake=5;", "=" * 9, ""]
)
async def test_a_header_of_another_form_is_refused_by_name(client: httpx.AsyncClient, after: str) -> None:
    answer = await _asked(client, "/issues/A1/sign", after)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "header.Qinqing-After"
