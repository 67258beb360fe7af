"""What is loaded before anything is measured: how many of what, under which names, copied from which documents."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import bson

from bench.draining import INSERT, QUIET, WARM_UP
from bench.timers import issues
from services.cli.embedded.services import jurisdiction
from shared.bus.document import Stored
from shared.service import COLLECTION
from shared.store import Aggregates, connect

OPEN, DUE, SMALL = 1_000_000, 100_000, 10_000
QUIET_TIME = timedelta(hours=3)
"""So long nothing of the open ones comes due."""
DUE_A_PERSON, LEAST_PEOPLE = 12, 2_000
"""One issue to explain for so many deadlines: more than are explained while they fire."""
BARE = 20_000


class Sizes(NamedTuple):
    """How many are open; how many fall due in one second, or are moved by a policy; how many a small store holds."""

    open: int = OPEN
    due: int = DUE
    small: int = SMALL


class Names(NamedTuple):
    """Subjects: of what is open, of what breaches and of what is warned in one second, of the person, of bare loops."""

    open: Sequence[str]
    due: Sequence[str]
    warned: Sequence[str]
    people: Sequence[str]
    bare: Sequence[str]

    @classmethod
    def of(cls, sizes: Sizes) -> "Names":
        """As many as are needed, one after the other."""
        people = WARM_UP + QUIET + max(LEAST_PEOPLE, sizes.due // DUE_A_PERSON)
        many = (sizes.open, sizes.due, sizes.due, people, 2 * min(BARE, sizes.due))
        firsts = [sum(many[:place]) for place in range(len(many))]
        return cls(*(issues.subjects(first, count) for first, count in zip(firsts, many, strict=True)))


class Models(NamedTuple):
    """What documents are copied from: open ones, one that is due, one whose breach was told, one that a warning is due
    of, one that was warned, one that was moved."""

    open: Sequence[Stored]
    due: Stored
    broken: Stored
    to_warn: Stored
    warned: Stored
    moved: Stored

    @classmethod
    async def at(cls, now: datetime) -> "Models":
        """As they stand at this instant."""
        to_warn, warned = await issues.warned_last(now), await issues.warned_last(now)
        await warned.fire(now)
        return cls(
            await issues.open_ones(now, now + QUIET_TIME),
            (await issues.due_last(now)).at_rest(),
            (await issues.broken_last(now)).at_rest(),
            to_warn.at_rest(),
            warned.at_rest(),
            (await issues.moved(now)).at_rest(),
        )

    def bytes(self) -> dict[str, int]:
        """How large they are in the store."""
        open_ones = [len(bson.encode(one)) for one in self.open]
        single = {
            "due": self.due,
            "broken": self.broken,
            "to_warn": self.to_warn,
            "warned": self.warned,
            "moved": self.moved,
        }
        sizes = {name: len(bson.encode(document)) for name, document in single.items()}
        return {"open": round(sum(open_ones) / len(open_ones)), **sizes}


async def collection(stack: AsyncExitStack, url: str, name: str) -> Aggregates:
    """The collection of a database, with its indexes."""
    database = await stack.enter_async_context(connect(url, name))
    store = database.aggregates(COLLECTION, jurisdiction())
    await store.prepare()
    return store


async def load(store: Aggregates, documents: Iterator[Mapping[str, Any]]) -> None:
    """Insert documents that are new, under the index; the driver takes them as they are encoded."""
    while part := [document for _, document in zip(range(INSERT), documents, strict=False)]:
        await store._collection.insert_many(part, ordered=False)
