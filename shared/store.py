"""One document, one atomic write: the only module that names the Mongo driver.

A bulk write tells totals only and its outcome can get lost on the way; the version in the filter is the fence,
and reading ``_id, v, token`` again tells which writes were ours (docs/decisions/0002). Every document carries its
jurisdiction. Reads are by ``_id`` or by a range on one indexed string, bounded at both ends: what MongoDB and
the embedded store both do fast.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pymongo
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError, PyMongoError

from shared.timers import DueDeadline

LOAD_CHUNK = 125
"""Ids of one read. The embedded store's time for a list grows with the square of its length: 500 ids in one read take
it three times as long as in four, and four reads side by side stay within the round trips of a batch."""
SCAN_CHUNK = 500
HIGH = "\U0010ffff"

Document = dict[str, Any]

Unavailable = PyMongoError
"""What a store raises when it cannot be reached or answers with an error: infrastructure, so try again."""


class Database:
    """One service's own database in one namespace; nothing is sent before the first use."""

    def __init__(self, url: str, name: str, *, timeout_seconds: float = 5.0) -> None:
        self.name = name
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            serverSelectionTimeoutMS=int(timeout_seconds * 1000),
            socketTimeoutMS=30_000,
            retryWrites=False,
            maxPoolSize=8,
        )

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def aggregates(self, collection: str, jurisdiction: str) -> "Aggregates":
        """The collection that holds every kind of aggregate of one service."""
        return Aggregates(self._client[self.name][collection], jurisdiction)

    async def ping(self) -> None:
        """Raise Unavailable when the server does not answer."""
        await self._client.admin.command("ping")


@asynccontextmanager
async def connect(url: str, name: str) -> AsyncIterator[Database]:
    """A database that is closed at the end."""
    database = Database(url, name)
    try:
        yield database
    finally:
        database.close()


class Aggregates:
    """The documents of one service: load many, write many, read due deadlines."""

    def __init__(self, collection: Any, jurisdiction: str) -> None:
        self._collection, self._jurisdiction = collection, jurisdiction

    async def prepare(self) -> None:
        """Create the index; safe to call at every start."""
        await self._collection.create_index("deadline", sparse=True)

    async def load(self, subjects: Sequence[str]) -> dict[str, Document]:
        """The documents that exist, by subject; one read for each LOAD_CHUNK of them, side by side."""
        if len(subjects) <= LOAD_CHUNK:
            found = [await self._load(subjects)]
        else:
            parts = [subjects[start : start + LOAD_CHUNK] for start in range(0, len(subjects), LOAD_CHUNK)]
            found = await asyncio.gather(*map(self._load, parts))
        return {document["_id"]: document for documents in found for document in documents}

    async def _load(self, subjects: Sequence[str]) -> list[Document]:
        query = {"_id": subjects[0]} if len(subjects) == 1 else {"_id": {"$in": list(subjects)}}
        # One more than asked for: a read that is exactly full costs another round trip to learn its end.
        return [document async for document in self._collection.find(query, batch_size=LOAD_CHUNK + 1)]

    async def get(self, subject: str) -> Document | None:
        """One document, or None."""
        found: Document | None = await self._collection.find_one({"_id": subject})
        return found

    async def write(self, documents: Sequence[Document]) -> set[str]:
        """Write each document over the version before it; return the subjects whose write was not ours.

        Ordinary case: one insert_many for new ones, one bulk write for the rest. Anything unclear (fewer
        matched than sent, a duplicate, a lost connection) is settled by reading version and token again.
        Raises Unavailable when that cannot be read either.
        """
        new = [self._own(document) for document in documents if document["v"] == 1]
        old = [self._change(document) for document in documents if document["v"] > 1]
        certain = True
        try:
            if new:
                await self._collection.insert_many(new, ordered=False)
        except (BulkWriteError, DuplicateKeyError, AutoReconnect):
            certain = False
        try:
            if old:
                result = await self._collection.bulk_write(old, ordered=False)
                certain = certain and result.matched_count + result.deleted_count == len(old)
        except (BulkWriteError, AutoReconnect):
            certain = False
        return set() if certain else await self._not_ours(documents)

    def _own(self, document: Document) -> Document:
        return {**document, "jurisdiction": self._jurisdiction}

    def _change(self, document: Document) -> Any:
        filter = {"_id": document["_id"], "v": document["v"] - 1}
        if document.get("gone"):
            return pymongo.DeleteOne(filter)
        return pymongo.ReplaceOne(filter, self._own(document))

    async def _not_ours(self, documents: Sequence[Document]) -> set[str]:
        """The subjects that do not hold what we sent. A deletion that is gone counts as ours."""
        subjects = [document["_id"] for document in documents]
        there: dict[str, tuple[int, str]] = {}
        query = {"_id": {"$in": subjects}}
        async for found in self._collection.find(query, {"v": 1, "token": 1}, batch_size=len(subjects) + 1):
            there[found["_id"]] = (found["v"], found["token"])
        lost = set()
        for document in documents:
            place = there.get(document["_id"])
            ours = place is None if document.get("gone") else place == (document["v"], document["token"])
            if not ours:
                lost.add(document["_id"])
        return lost

    # ------------------------------------------------------------ deadlines

    async def count_due(self, low: str, high: str) -> int:
        """How many deadlines lie in [low, high)."""
        count: int = await self._collection.count_documents({"deadline": {"$gte": low, "$lt": high}})
        return count

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        """The deadlines in [low, high), in order."""
        query = {"deadline": {"$gte": low, "$lt": high}}
        fields = {"deadline": 1, "due": 1, "v": 1, "held_since": 1}
        due = [_due(found) async for found in self._collection.find(query, fields, batch_size=SCAN_CHUNK)]
        return sorted(due, key=lambda entry: entry.deadline)

    # ----------------------------------------------------------- whole reads

    async def held(self) -> list[tuple[str, str, int, list[Document]]]:
        """(subject, held since, partition, held events) of every aggregate that waits for a predecessor.

        It reads the whole collection, once at a start: an index would cost every write of every document more than
        the write itself on the embedded store, and it would be empty nearly always.
        """
        query = {"held_since": {"$gte": "", "$lt": HIGH}}
        fields = {"held_since": 1, "partition": 1, "held": 1}
        return [
            (found["_id"], found["held_since"], found["partition"], found["held"])
            async for found in self._collection.find(query, fields)
        ]

    async def find_ids(self, query: Document) -> AsyncIterator[str]:
        """The subjects of every document that fits; scans the collection, so for rare work of operators only."""
        async for found in self._collection.find(query, {"_id": 1}, batch_size=SCAN_CHUNK):
            yield found["_id"]

    async def scan(self, fields: Sequence[str] = ()) -> AsyncIterator[Document]:
        """Every document; reads the whole collection."""
        projection = dict.fromkeys(fields, 1) or None
        async for found in self._collection.find({}, projection, batch_size=SCAN_CHUNK):
            yield found


def _due(found: Document) -> DueDeadline:
    at = datetime.fromisoformat(found["due"]["at"]).astimezone(UTC)
    return DueDeadline(
        found["_id"], found["due"]["name"], at, found["deadline"], found["v"], "held_since" in found
    )
