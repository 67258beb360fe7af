"""What waits in this service for an event that has not come: of which aggregate, for whose event, since when."""

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from shared.bus.document import Stored
from shared.bus.held import awaited
from shared.identity.callers import Requires
from shared.store import Aggregates

Reader = Depends(Requires("record", "read"))
Count = Annotated[int, Query(ge=1, le=200)]


class Holding(Protocol):
    """Who knows what is held in the partitions of this worker (shared/bus/held.py)."""

    def count(self) -> int:
        """How many events are held."""

    def subjects(self, most: int) -> list[str]:
        """The aggregates that hold some, the one that waits longest first."""


class Missing(BaseModel):
    """An event that has not come, and how many of its followers wait for it here."""

    subject: str
    topic: str
    source: str
    seq: int
    waiting: int
    since: datetime


class Waiting(BaseModel):
    """How many events wait in the partitions of this worker, and for what, the longest first."""

    events: int
    missing: list[Missing]


def waiting_routes(holding: Holding, store: Aggregates) -> APIRouter:
    """``GET /held``: for operators alone."""
    routes = APIRouter()

    @routes.get("/held", tags=["reading"], dependencies=[Reader])
    async def held(limit: Count = 50) -> Waiting:
        """The events that are missing here; each can be published again by its owner, or skipped."""
        documents = await store.load(subjects) if (subjects := holding.subjects(limit)) else {}
        missing = [
            one for subject in subjects if subject in documents for one in _missing(documents[subject])
        ]
        return Waiting(events=holding.count(), missing=missing)

    return routes


def _missing(document: Stored) -> Iterator[Missing]:
    """For each sequence in which something is held its next event, which has to come first."""
    for (topic, source, seq), since in awaited(document).items():
        yield Missing(
            subject=document["_id"],
            topic=topic,
            source=source,
            seq=seq,
            waiting=len(since),
            since=datetime.fromisoformat(min(since)),
        )
