"""Talks and whose turn it is: what follows from a plan by arithmetic alone."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date, datetime
from typing import Protocol

from shared.contract.words import Phase, Source
from shared.domain.clocks import SHANGHAI, Limit

WAIT = Limit("5wd")
"""How long what was collected for a talk waits behind its date, under a policy that was published before it said so."""


class Week(Protocol):
    """Whose turn it is: one week of the plan at one place."""

    @property
    def week(self) -> int:
        """Its number in the year (ISO 8601)."""

    @property
    def jurisdiction(self) -> str:
        """The place."""


def talk_id(jurisdiction: str, series: str, on: date, number: int) -> str:
    """The id of a talk: ``huzhou-weekly-20220608-1``; the same four things are the same talk."""
    return f"{jurisdiction}-{series}-{on:%Y%m%d}-{number}"


def day_of(at: datetime) -> date:
    """The day in Shanghai on which a talk begins."""
    return at.astimezone(SHANGHAI).date()


def waits_for(origin: str, phase: str | None, talk: str) -> bool:
    """Whether the promise of an issue begins when its talk says so: not of what was added after one, which runs."""
    return origin == Source.TALK and phase != Phase.AFTER and bool(talk)


def gaps(weeks: Iterable[Week], places: Collection[str], between: Iterable[int]) -> Iterator[tuple[int, str]]:
    """The weeks (ISO 8601) in which a place has no leader, as (week, place): in order of time, then of the places."""
    planned = {(one.week, one.jurisdiction) for one in weeks}
    return ((week, place) for week in between for place in places if (week, place) not in planned)
