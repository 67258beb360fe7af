"""The store of one service, pretended: the few calls of the Mongo driver that shared/store.py makes.

Each document is written atomically. Reads see what a majority of the servers confirmed. The first server also has
writes that are not confirmed yet: it judges the next write by them, and they are confirmed later, or rolled back.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import bson
import pymongo
from pymongo.errors import BulkWriteError, DocumentTooLarge

from shared.deadlines import fire_at_of
from tests.simulation.world import Ask, Origin

PARTITION = len("00000|")
"""What an index string of a deadline says before the instant."""
LARGEST_DOCUMENT = 16 * 1024 * 1024
"""Bytes."""


class Held(NamedTuple):
    """One document as the server holds it, and what it is asked for most, read out of it once."""

    raw: bytes
    version: int
    kind: str
    deadline: str | None
    waits: bool
    """Whether it waits for events."""


class Cursor:
    """What ``find`` returns: asks the scheduler once, then yields what was found."""

    def __init__(self, collection: Any, query: dict[str, Any], fields: Any) -> None:
        # What timers ask all the time without finding anything is not worth a step.
        nothing = "deadline" in query and not collection.range(query["deadline"])
        self._ask = None if nothing else Ask("find", (collection, query, fields))
        self._found: list[dict[str, Any]] = []

    def __aiter__(self) -> "Cursor":
        return self

    async def __anext__(self) -> dict[str, Any]:
        if self._ask is not None:
            ask, self._ask = self._ask, None
            self._found = list(reversed(await ask))
        if not self._found:
            raise StopAsyncIteration
        return self._found.pop()


class Collection:
    """One collection. ``documents`` is what everybody reads."""

    def __init__(self, service: str) -> None:
        self.service = service
        self.documents: dict[str, Held] = {}
        self.ahead: dict[str, tuple[Held, list[Origin]]] = {}
        """What only the first server has: document, and what its writes came of."""
        self.deadlines: list[tuple[str, str]] = []
        self.applied: list[tuple[str, Origin]] = []
        """(subject, what it came of) for every write that was confirmed, in order."""
        self.walked: set[str] = set()
        self.marks = Marks()
        self.unmarked: list[str] = []
        """Subjects of documents that waited for events when they were written, and had no mark by which a start finds
        them."""
        self.at_first: Mapping[str, dict[str, Any]] = {}
        """The documents that were there before the run."""
        self._deadline_of: dict[str, str] = {}
        self._soonest: int | None = None

    def find(self, query: dict[str, Any], fields: Any = None, batch_size: int = 0) -> Cursor:
        return Cursor(self, query, fields)

    async def find_one(self, query: dict[str, Any]) -> Any:
        found = await Ask("find", (self, query, None))
        return found[0] if found else None

    async def insert_many(self, documents: Sequence[dict[str, Any]], ordered: bool = True) -> Any:
        return await Ask("write", (self, [pymongo.InsertOne(document) for document in documents], True))

    async def bulk_write(self, operations: Sequence[Any], ordered: bool = True) -> Any:
        return await Ask("write", (self, list(operations), False))

    def __getitem__(self, name: str) -> "Marks":
        assert name == "waiting", "no other collection stands beside it"
        return self.marks

    async def add(self, id: str, entry: dict[str, Any]) -> bool:
        """What was walked to its end (shared/store.py, Entries)."""
        self.walked.add(id)
        return True

    async def get(self, id: str) -> dict[str, Any] | None:
        """Whether that was."""
        return {} if id in self.walked else None

    # ------------------------------------------------- what the scheduler calls

    def fill(self, documents: Mapping[str, dict[str, Any]]) -> None:
        """Begin with these documents."""
        for subject, document in documents.items():
            self._take(subject, packed(document))
        self.at_first = documents

    def look(self, subject: str) -> dict[str, Any] | None:
        """One document as it is now."""
        found = self.documents.get(subject)
        return None if found is None else bson.decode(found.raw)

    def everything(self) -> dict[str, dict[str, Any]]:
        """All documents by subject."""
        return {subject: bson.decode(found.raw) for subject, found in self.documents.items()}

    def select(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """The documents a query means: by id, by ids, by a range of one string, or by fields (it scans)."""
        wanted = query.get("_id")
        if isinstance(wanted, dict):
            subjects: Iterable[str] = wanted["$in"]
        elif wanted is not None:
            subjects = [wanted]
        elif "deadline" in query:
            subjects = [subject for _, subject in self.range(query["deadline"])]
        elif "kind" in query:
            of_kind = (one for one in self.documents.values() if one.kind == query["kind"])
            return [found for one in of_kind if _fits(found := bson.decode(one.raw), query)]
        else:
            raise NotImplementedError(f"the simulated store cannot answer {query}")
        return [found for subject in subjects if (found := self.look(subject)) is not None]

    def range(self, bounds: dict[str, str]) -> list[tuple[str, str]]:
        """(deadline, subject) with $gte <= deadline < $lt."""
        low, high = (bisect_left(self.deadlines, (bounds[side],)) for side in ("$gte", "$lt"))
        return self.deadlines[low:high]

    def apply(self, operation: Any, origin: Origin, confirmed: bool = True) -> int:
        """Do one write on the first server; the number of documents matched or inserted.

        Raise on a duplicate id. What is ``confirmed`` is there for good, with all that went before it.
        """
        subject = (getattr(operation, "_filter", None) or operation._doc)["_id"]
        if confirmed:  # a server that answers for a majority has waited for what it judged by
            self.confirm(subject)
        before, origins = self.ahead.get(subject) or (self.documents.get(subject), [])
        if isinstance(operation, pymongo.InsertOne):
            if before is not None:
                raise BulkWriteError({"writeErrors": [{"code": 11000}]})
        elif before is None or not _allows(before, operation._filter):
            return 0
        self.ahead[subject] = (packed(operation._doc), [*origins, origin])
        if confirmed:
            self.confirm(subject)
        return 1

    def confirm(self, subject: str) -> None:
        """A majority has it now, and it can never be lost."""
        if subject in self.ahead:
            found, origins = self.ahead.pop(subject)
            self._take(subject, found)
            self.applied += [(subject, origin) for origin in origins]

    def roll_back(self, subject: str) -> bool:
        """The first server went down with what it alone had; False when that was confirmed meanwhile."""
        return self.ahead.pop(subject, None) is not None

    def _take(self, subject: str, found: Held) -> None:
        if found.waits and subject not in self.marks.versions:
            self.unmarked.append(subject)
        self.documents[subject] = found
        self._index(subject, found.deadline)

    def _index(self, subject: str, deadline: str | None) -> None:
        before = self._deadline_of.pop(subject, None)
        if before is not None:
            del self.deadlines[bisect_left(self.deadlines, (before, subject))]
        if deadline is not None:
            self._deadline_of[subject] = deadline
            insort(self.deadlines, (deadline, subject))
        if deadline != before:
            self._soonest = None

    @property
    def soonest(self) -> int | None:
        """Milliseconds of the soonest deadline."""
        if self._soonest is None and self.deadlines:
            found = min(deadline[PARTITION:] for deadline, _ in self.deadlines)
            self._soonest = int(fire_at_of("0" * PARTITION + found).timestamp() * 1000)
        return self._soonest


class Marks:
    """The marks of what waits for events: by subject the newest version that did. They are confirmed at once."""

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.ahead: Mapping[str, Any] = {}

    def find(self, query: dict[str, Any], fields: Any = None, batch_size: int = 0) -> Cursor:
        return Cursor(self, query, fields)

    async def bulk_write(self, operations: Sequence[Any], ordered: bool = True) -> Any:
        return await Ask("write", (self, list(operations), False))

    # ------------------------------------------------- what the scheduler calls

    def select(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        """All of them."""
        assert not query
        return [{"_id": subject, "v": version} for subject, version in self.versions.items()]

    def apply(self, operation: Any, origin: Origin, confirmed: bool = True) -> int:
        """Set a mark to the newest version that is known, or remove it up to one."""
        subject = operation._filter["_id"]
        known = self.versions.get(subject, 0)
        if isinstance(operation, pymongo.UpdateOne):
            self.versions[subject] = max(known, operation._doc["$max"]["v"])
        elif 0 < known <= operation._filter["v"]["$lte"]:
            del self.versions[subject]
        return 1


def packed(document: dict[str, Any]) -> Held:
    """A document as the store holds it. Raises what the driver raises for one that it cannot hold."""
    found = bson.encode(document)
    if len(found) > LARGEST_DOCUMENT:
        raise DocumentTooLarge(f"BSON document too large ({len(found)} bytes)")
    waits = "held" in document or "passed" in document
    return Held(found, document["v"], document.get("kind", ""), document.get("deadline"), waits)


def _allows(before: Held, query: dict[str, Any]) -> bool:
    """Whether a write may replace this document: most ask for its version alone."""
    if query.keys() == {"_id", "v"}:
        return [before.version] == query["v"]["$all"]
    return _fits(bson.decode(before.raw), query)


def _fits(document: dict[str, Any], query: dict[str, Any]) -> bool:
    """Whether every field of a query has its value, or one of several, in a document: of a list in any of it."""
    for path, wanted in query.items():
        values: list[Any] = [document]
        for step in path.split("."):
            found = [(value or {}).get(step) for value in values]
            values = [one for value in found for one in (value if isinstance(value, list) else [value])]
        if not any(value in (wanted["$in"] if isinstance(wanted, dict) else [wanted]) for value in values):
            return False
    return True
