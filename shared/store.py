"""One document, one atomic write: the only module that names the Mongo driver.

A bulk write tells totals only and its outcome can get lost on the way; the version in the filter is the fence,
and reading ``_id, v, token`` again tells which writes were ours (docs/decisions/0002). A write counts once most
copies have it in their journal, and reads see nothing else: else what was acknowledged could be rolled back. Every
document carries its jurisdiction. Reads are by ``_id`` or by a range on one indexed string, bounded at both ends: what
MongoDB and the embedded store both do fast.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pymongo
from bson.errors import BSONError
from motor.motor_asyncio import AsyncIOMotorClient
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError, PyMongoError

from shared.deadlines import DueDeadline, due_of
from shared.domain.decisions import Reason

LOAD_CHUNK = 125
"""Ids of one read. The embedded store's time for a list grows with the square of its length: 500 ids in one read take
it three times as long as in four, and four reads side by side stay within the round trips of a batch."""
SCAN_CHUNK = 500

Document = dict[str, Any]

Unavailable = PyMongoError
"""What a store raises when it cannot be reached or answers with an error: infrastructure, so try again."""


class Refused(Exception):
    """The server took everything of a write but this document."""


REFUSED = (Refused, BSONError, OverflowError, UnicodeEncodeError)
"""What a write raises for a document that no try will store: an integer over 64 bits, more than 16 MB, too deep."""
DUPLICATE = 11000
FINAL = {2, 9, 14, 15, *range(52, 58), 121, 10334, 17280, 17419}
"""Codes that speak of the document itself: bad values and names, too deep, too large, against the collection's schema.
Whatever else a write is answered with may be answered otherwise by the next try."""


class Database:
    """One service's own database in one namespace; nothing is sent before the first use.

    Writes wait for most copies and their journal; only a ``url`` that says ``journal=false`` gives the journal up.
    """

    def __init__(self, url: str, name: str, *, timeout_seconds: float = 5.0) -> None:
        self.name = name
        journal: dict[str, Any] = {} if "journal=" in url else {"journal": True}
        self._client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(
            url,
            serverSelectionTimeoutMS=int(timeout_seconds * 1000),
            socketTimeoutMS=30_000,
            retryWrites=False,
            maxPoolSize=8,
            w="majority",
            readConcernLevel="majority",
            **journal,
        )

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def aggregates(self, collection: str, jurisdiction: str) -> "Aggregates":
        """The collection that holds every kind of aggregate of one service."""
        return Aggregates(self._client[self.name][collection], jurisdiction)

    def entries(self, collection: str) -> "Entries":
        """A collection beside the aggregates whose entries are written once: keys, and what somebody is found by."""
        return Entries(self._client[self.name][collection])

    async def ping(self) -> None:
        """Raise Unavailable when the server does not answer."""
        await self._client.admin.command("ping")

    async def server_names(self) -> list[str]:
        """Every database of this server."""
        return list(await self._client.list_database_names())

    async def drop(self) -> None:
        """Delete this database whole, where it is there."""
        await self._client.drop_database(self.name)


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
        self._marks = collection["waiting"]

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
        Raises Unavailable when that cannot be read either, and one of REFUSED where a document can never be stored:
        then some of the others may have been written.
        """
        if waiting := [document for document in documents if waits(document)]:
            await self._mark(waiting)
        new = [self._own(document) for document in documents if document["v"] == 1]
        old = [self._change(document) for document in documents if document["v"] > 1]
        certain = True
        try:
            if new:
                await self._collection.insert_many(new, ordered=False)
        except (BulkWriteError, DuplicateKeyError, AutoReconnect) as error:
            _raise_refused(error)
            certain = False
        try:
            if old:
                result = await self._collection.bulk_write(old, ordered=False)
                certain = certain and result.matched_count == len(old)
        except (BulkWriteError, AutoReconnect) as error:
            _raise_refused(error)
            certain = False
        return set() if certain else await self._not_ours(documents)

    async def remember(self, outcomes: Sequence[Document]) -> None:
        """Write old outcomes as documents of their own. One that is there already stays as it is, unless it was a
        failure that an operator has settled since: then it is replaced, and never the other way round.

        Raises Unavailable unless all of them are there: the next version of their aggregate leaves them out.
        """
        try:
            await self._collection.insert_many([self._own(outcome) for outcome in outcomes], ordered=False)
        except BulkWriteError as error:
            _raise_refused(error)
            if any(one["code"] != DUPLICATE for one in error.details["writeErrors"]):
                raise
            settled = [
                pymongo.ReplaceOne({"_id": one["_id"], "outcome.reason": Reason.FAILED.value}, self._own(one))
                for one in outcomes
                if one["outcome"].get("reason") != Reason.FAILED
            ]
            if settled:
                await self._collection.bulk_write(settled, ordered=False)

    def _own(self, document: Document) -> Document:
        return {**document, "jurisdiction": self._jurisdiction}

    def _change(self, document: Document) -> Any:
        """Over the version before it, in a form that is asked of no index but the one of ``_id``: for a plain value the
        embedded store looks through every index first, which takes it a fifth of the whole replace."""
        fence = {"_id": document["_id"], "v": {"$all": [document["v"] - 1]}}
        return pymongo.ReplaceOne(fence, self._own(document))

    async def _not_ours(self, documents: Sequence[Document]) -> set[str]:
        """The subjects that do not hold what we sent."""
        subjects = [document["_id"] for document in documents]
        there: dict[str, tuple[int, str]] = {}
        query = {"_id": {"$in": subjects}}
        async for found in self._collection.find(query, {"v": 1, "token": 1}, batch_size=len(subjects) + 1):
            there[found["_id"]] = (found["v"], found["token"])
        sent = {document["_id"]: (document["v"], document["token"]) for document in documents}
        return {subject for subject, place in sent.items() if there.get(subject) != place}

    # ------------------------------------------------------------ deadlines

    async def read_due(self, low: str, high: str) -> list[DueDeadline]:
        """The deadlines in [low, high), in order."""
        query = {"deadline": {"$gte": low, "$lt": high}}
        fields = {"deadline": 1, "due": 1, "v": 1, "held_since": 1}
        due = [due_of(found) async for found in self._collection.find(query, fields, batch_size=SCAN_CHUNK)]
        return sorted(due, key=lambda entry: entry.deadline)

    async def read_states(self, low: str, high: str) -> list[tuple[DueDeadline, Mapping[str, Any]]]:
        """The deadlines in [low, high), each with the state it stands in."""
        query = {"deadline": {"$gte": low, "$lt": high}}
        fields = dict.fromkeys(("deadline", "due", "v", "held_since", "state"), 1)
        found = self._collection.find(query, fields, batch_size=SCAN_CHUNK)
        return [(due_of(document), document["state"]) async for document in found]

    # ----------------------------------------------------------- whole reads

    async def waiting(self) -> AsyncIterator[Document]:
        """Documents that hold events, or passed over some of types that were unknown.

        By their marks, which stand beside the documents: a walk over a million takes the embedded store half a minute,
        and an index costs every write of every document. A mark whose document does not wait any more is removed.
        """
        marked = [mark["_id"] async for mark in self._marks.find({}, {"_id": 1}, batch_size=SCAN_CHUNK)]
        for start in range(0, len(marked), LOAD_CHUNK):
            found = (await self.load(marked[start : start + LOAD_CHUNK])).values()
            for document in found:
                if waits(document):
                    yield document
            await self.released([document for document in found if not waits(document)])

    async def _mark(self, waiting: Sequence[Document]) -> None:
        """Before they are written, so that no crash leaves a document that waits without its mark."""
        marks = [
            pymongo.UpdateOne({"_id": one["_id"]}, {"$max": {"v": one["v"]}}, upsert=True) for one in waiting
        ]
        await self._marks.bulk_write(marks, ordered=False)

    async def released(self, documents: Sequence[Document]) -> None:
        """These versions wait for nothing any more: their marks go, unless a later version has waited since."""
        if documents:
            marks = [pymongo.DeleteOne({"_id": one["_id"], "v": {"$lte": one["v"]}}) for one in documents]
            await self._marks.bulk_write(marks, ordered=False)

    async def find_ids(self, query: Document) -> AsyncIterator[str]:
        """The subjects of every document that fits; scans the collection, so for rare work of operators only."""
        async for found in self._collection.find(query, {"_id": 1}, batch_size=SCAN_CHUNK):
            yield found["_id"]

    async def between(self, low: str, high: str, most: int) -> list[Document]:
        """The first ``most`` documents whose subjects are in [low, high), in order."""
        query = {"_id": {"$gte": low, "$lt": high}}
        found = self._collection.find(query, batch_size=SCAN_CHUNK).sort("_id", 1).limit(most)
        return [document async for document in found]

    async def scan(self, fields: Sequence[str] = ()) -> AsyncIterator[Document]:
        """Every document; reads the whole collection."""
        projection = dict.fromkeys(fields, 1) or None
        async for found in self._collection.find({}, projection, batch_size=SCAN_CHUNK):
            yield found


def waits(document: Mapping[str, Any]) -> bool:
    """Whether it holds events, or passed some over: a start has to find it."""
    return "held_since" in document or "passed" in document


class Entries:
    """Small entries by id, each written once and never changed; only a deletion ends one, or empties it for good."""

    def __init__(self, collection: Any) -> None:
        self._collection = collection

    async def add(self, id: str, entry: Document) -> bool:
        """Write an entry; False where there is one already, which stays as it is."""
        try:
            await self._collection.insert_one({**entry, "_id": id})
        except DuplicateKeyError:
            return False
        return True

    async def get(self, id: str) -> Document | None:
        """The entry of this id, or None."""
        found: Document | None = await self._collection.find_one({"_id": id})
        return found

    async def between(self, low: str, high: str) -> list[Document]:
        """The entries whose ids are in [low, high), in order."""
        query = {"_id": {"$gte": low, "$lt": high}}
        found = [entry async for entry in self._collection.find(query, batch_size=SCAN_CHUNK)]
        return sorted(found, key=lambda entry: str(entry["_id"]))

    async def delete(self, id: str) -> None:
        """Delete an entry, where it is there."""
        await self._collection.delete_one({"_id": id})

    async def delete_all(self, query: Document) -> None:
        """Delete every entry that fits; without an ``_id`` it scans the collection, so for rare work only."""
        await self._collection.delete_many(query)

    async def clear(self, id: str) -> None:
        """Delete what an entry holds and leave its id taken, also where there was none: nobody adds it any more."""
        try:
            await self._collection.replace_one({"_id": id}, {}, upsert=True)
        except DuplicateKeyError:  # somebody added it at this moment: now it is there to be emptied
            await self._collection.replace_one({"_id": id}, {})


def _raise_refused(error: Exception) -> None:
    """Raise Refused where the error says that a document can never be stored; else what was written is unclear."""
    if isinstance(error, BulkWriteError):
        for one in (error.details or {}).get("writeErrors", ()):
            if one.get("code") in FINAL:
                raise Refused(f"{one.get('code')}: {one.get('errmsg', '')}"[:300]) from None
