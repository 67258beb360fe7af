"""What the store is asked: a write counts when most copies have it, in their journal, and reads see nothing else."""

from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import AutoReconnect
from pymongo.monitoring import CommandListener

from shared.store import Aggregates
from tests.faults.broker import own_prefix
from tests.faults.database import own_database
from tests.faults.given import given

pytestmark = pytest.mark.integration


class Listener(CommandListener):
    """Every command as it went over the wire."""

    def __init__(self) -> None:
        self.commands: list[Any] = []

    def started(self, event: Any) -> None:
        self.commands.append(event.command)

    def succeeded(self, event: Any) -> None:
        """What came of it is asked of the store itself."""

    def failed(self, event: Any) -> None:
        """What came of it is asked of the store itself."""

    def of(self, name: str, concern: str) -> list[Any]:
        """The concern of every command of this name; None where the server's default holds."""
        return [command.get(concern) for command in self.commands if name in command]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    heard = Listener()
    monkeypatch.setattr(
        "shared.store.AsyncIOMotorClient", partial(AsyncIOMotorClient, event_listeners=[heard])
    )
    return heard


@pytest.fixture
async def store(store_url: str, listener: Listener) -> AsyncIterator[Aggregates]:
    url = store_url.replace("&journal=false", "")  # as every deployment's but the embedded one's
    async with own_database(url, f"{own_prefix()[:-1]}_intake") as database:
        store = database.aggregates("aggregates", "huzhou")
        await store.prepare()
        yield store


def _document(version: int, **more: Any) -> dict[str, Any]:
    return {"_id": "a", "v": version, "token": f"t{version}", "partition": 0, "state": {"n": 1}, **more}


async def test_every_write_waits_for_most_copies_and_their_journal(
    store: Aggregates, listener: Listener
) -> None:
    for document in (_document(1), _document(2)):
        given(await store.write([document]) == set())
    for name in ("insert", "update"):
        (concern,) = listener.of(name, "writeConcern")
        assert {"w": "majority", "j": True}.items() <= (concern or {}).items(), name


async def test_a_read_sees_only_what_most_copies_have(store: Aggregates, listener: Listener) -> None:
    await store.load(["a"])
    await store.get("a")
    concerns = listener.of("find", "readConcern")
    given(len(concerns) == 2)
    assert concerns == [{"level": "majority"}] * 2


async def test_a_write_whose_outcome_got_lost_is_confirmed_by_what_most_copies_have(
    store: Aggregates, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    insert = store._collection.insert_many

    async def cut(*documents: Any, **how: Any) -> Any:
        await insert(*documents, **how)
        raise AutoReconnect("the wire was cut")

    monkeypatch.setattr(store, "_collection", _Cut(store._collection, cut))
    given(await store.write([_document(1)]) == set())
    assert listener.of("find", "readConcern") == [{"level": "majority"}]


class _Cut:
    """A collection whose inserts arrive, and the answer to them does not."""

    def __init__(self, collection: Any, insert_many: Any) -> None:
        self._collection, self.insert_many = collection, insert_many

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)
