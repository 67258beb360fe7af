"""Talks and whose turn it is: the rules of each series, and what follows from a plan by arithmetic alone."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Literal, NamedTuple, Protocol

from shared.contract.words import Phase, Series, Source
from shared.domain.clocks import SHANGHAI, Limit

WAIT = Limit("5wd")
"""How long what was collected for a talk waits behind its date, under a policy that was published before it said so."""


class SeriesRules(NamedTuple):
    """How talks of one series are held."""

    rhythm: Literal["week", "quarter", ""]
    """In what time each place holds one: without it something is missing; "" for as it comes."""
    asks_leader: bool = True
    """Whether it needs a leader of the four bodies."""
    by_invitation: bool = False
    """Whether who organises it names who comes, and nobody else signs up."""
    places: int = 12
    """How many entrepreneurs have one, unless the announcement says otherwise."""
    begins: time = time(14)
    ends: time = time(16, 30)
    """From when until when it is, unless the announcement says otherwise."""


SERIES: Mapping[Series, SeriesRules] = {
    Series.WEEKLY: SeriesRules("week"),
    Series.QUARTERLY: SeriesRules("quarter", places=30),
    Series.ROUND_TABLE: SeriesRules("", by_invitation=True, places=8),
    Series.SERVICE_DAY: SeriesRules("", asks_leader=False, places=50, begins=time(9)),
}
"""The rules of each series (loop.md: weekly talks by rotation, round tables, days at the service centre)."""


def rules_of(series: str) -> SeriesRules:
    """The rules of a series; one that this version does not know is held as it comes."""
    return SERIES[Series(series)] if series in set(Series) else SeriesRules("")


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


def begins_text(starts_at: datetime) -> str:
    """When a talk begins, as a notice names it: ``2022-06-08 14:00`` in Shanghai. It has no number that people read."""
    return f"{starts_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def waits_for(origin: str, phase: str | None, talk: str) -> bool:
    """Whether the promise of an issue begins when its talk says so: not of what was added after one, which runs."""
    return origin == Source.TALK and phase != Phase.AFTER and bool(talk)


def gaps(weeks: Iterable[Week], places: Collection[str], between: Iterable[int]) -> Iterator[tuple[int, str]]:
    """The weeks (ISO 8601) in which a place has no leader, as (week, place): in order of time, then of the places."""
    planned = {(one.week, one.jurisdiction) for one in weeks}
    return ((week, place) for week in between for place in places if (week, place) not in planned)
