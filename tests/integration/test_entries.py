"""Small entries on the real store: written once, emptied for good, read by range; and documents page by page."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.store import Database, Entries
from tests.faults.database import own_database
from tests.integration.broker import own_namespace

pytestmark = pytest.mark.integration


@pytest.fixture
async def database(store_url: str) -> AsyncIterator[Database]:
    async with own_database(store_url, own_namespace("entries")) as made:
        yield made


@pytest.fixture
def entries(database: Database) -> Entries:
    return database.entries("keys")


async def test_an_entry_is_written_once_and_keeps_its_bytes(entries: Entries) -> None:
    added = await asyncio.gather(*[entries.add("a", {"key": bytes([number])}) for number in range(8)])
    assert sorted(added) == [False] * 7 + [True]
    found = await entries.get("a")
    assert found is not None and found["key"] == bytes([added.index(True)])
    assert await entries.get("b") is None


async def test_an_entry_that_was_emptied_is_never_added_again(entries: Entries) -> None:
    await entries.add("a", {"key": b"k"})
    for id in ("a", "b", "a"):
        await entries.clear(id)
        assert await entries.get(id) == {"_id": id}
        assert not await entries.add(id, {"key": b"k"})


async def test_entries_of_one_person_are_read_by_range_and_deleted_by_what_they_say(entries: Entries) -> None:
    for id, person in (("h1", "a"), ("h2", "a"), ("h3", "b")):
        await entries.add(id, {"person": person})
    assert [entry["_id"] for entry in await entries.between("h1", "h3")] == ["h1", "h2"]
    await entries.delete_all({"person": "a", "_id": {"$ne": "h2"}})
    assert [entry["_id"] for entry in await entries.between("h", "i")] == ["h2", "h3"]
    await entries.delete_all({"_id": "h2", "person": "b"})
    await entries.delete_all({"person": "b"})
    assert [entry["_id"] for entry in await entries.between("h", "i")] == ["h2"]


async def test_documents_are_read_page_by_page_in_order(database: Database) -> None:
    aggregates = database.aggregates("aggregates", "test")
    ids = [f"enterprise:{number}" for number in (3, 1, 2)] + ["person:1", "7K3M9QXT2B4N6"]
    await aggregates.write([{"_id": id, "v": 1, "token": "t"} for id in ids])
    first = await aggregates.between("enterprise:", "enterprise;", 2)
    assert [document["_id"] for document in first] == ["enterprise:1", "enterprise:2"]
    rest = await aggregates.between("enterprise:2}", "enterprise;", 2)
    assert [document["_id"] for document in rest] == ["enterprise:3"]
