"""The reference data as each worker of a simulation knows it: read whole at its start, then followed with a delay."""

import copy
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from operator import le
from typing import Any, TypeVar
from unittest.mock import Mock, patch

import shared.bus.reference
import shared.domain.reference
from shared.bus.reference import TOPICS, take_in
from shared.contract.event import Event
from shared.contract.subjects import id_of
from shared.domain.calendar import Calendar
from shared.domain.reference import Reference, Versions
from tests.simulation.world import Ask, Log, Raw

T = TypeVar("T")
built = lru_cache(Calendar)
MANY = 10
"""Records that are not read again from where the log began: to copy what they made is cheaper."""
SOON = (0, 0, 100, 5_000, 600_000, 3_600_000, 86_400_000)
"""How many ms a new version may take to be read by a worker."""


class Known(Reference):
    """Reference data that says how far its topics were read, and notes who decided with what."""

    def __init__(self) -> None:
        super().__init__()
        self.places: tuple[int, ...] = (0,) * len(TOPICS)
        self.used: dict[str, tuple[int, ...]] = {}
        self.raised: dict[str, set[str]] = {}
        """For each subject the types whose handlers raised when they were last asked."""

    def copied(self) -> "Known":
        """The same versions; what is learned there is not learned here."""
        twin = Known()
        twin.places = self.places
        twin.renewals = self.renewals
        twin.policies, twin.calendars, twin.rules = map(_copied, (self.policies, self.calendars, self.rules))
        twin.departments, twin.staff, twin.ways = dict(self.departments), dict(self.staff), dict(self.ways)
        return twin

    def learn(self, subject: str, event: Event) -> None:
        """One published version; the versions of its subject may be those of a twin, which does not learn it."""
        name = id_of(subject)
        for each in (self.departments, self.staff, self.ways):
            if name in each:
                each[name] = _copied(each[name])  # type: ignore[index]
        super().learn(subject, event)


class Heard(Reference):
    """Notes what is said, and learns nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[str, Event]] = []

    def learn(self, subject: str, event: Event) -> None:
        """One published version."""
        self.said.append((subject, event))


@lru_cache(maxsize=4096)
def said_by(raw: Raw) -> Sequence[tuple[str, Event]]:
    """What a worker hears in one record; each hears the same, so it is read once."""
    heard = Heard()
    take_in(heard, raw.record)
    return heard.said


def learn(known: Known, raws: Sequence[Raw]) -> None:
    """Take these records in. What cannot be learned is passed over, as ``take_in`` does it."""
    for raw in raws:
        for subject, event in said_by(raw):
            with suppress(Exception):
                known.learn(subject, event)


def known_at(log: Log, places: Sequence[int]) -> Known:
    """What a worker knows that has read so many records of each topic.

    Begins with what the log began with, or with what was known later and is within these places.
    """
    within = [known for known in log.references if all(map(le, known.places, places))]
    known = within[-1].copied() if within else Known()
    new = sum(places) - sum(known.places)
    for topic, start, end in zip(TOPICS, known.places, places, strict=True):
        learn(known, log.ends(topic)[0][start:end])
    known.places = tuple(places)
    if new > MANY:
        log.references.append(known.copied())
    return known


def ends(log: Log) -> tuple[int, ...]:
    """How many records each reference topic has."""
    return tuple(len(log.ends(topic)[0]) for topic in TOPICS)


class View:
    """One worker's reader of the reference topics; stands for shared/bus/reference.py."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self.reference = Known()
        self.deaf_until = self.news = self._noticed = 0
        """``news``: how much news of the log was taken in."""
        self.began = False
        """Whether its worker has begun to read anything else."""

    async def catch_up(self) -> None:
        """Return when everything published so far has been taken in; TimeoutError where that takes too long."""
        await Ask("catch up", self)

    async def complete(self) -> None:
        """Return when there is a version of everything a decision needs."""
        if self.reference.missing():
            await Ask("complete", self)

    async def follow(self) -> None:
        """Take new versions in, whenever the scheduler lets them come."""
        while True:
            await Ask("follow", self)

    def behind(self) -> bool:
        """Whether something was published that is not known here."""
        return self.news != self.log.news

    def hears(self, now_ms: int, delay: Callable[[Sequence[int]], int]) -> bool:
        """Whether it would take something in now; each new version gets a delay of its own."""
        if self.news == self.log.news:
            return False
        if self._noticed != self.log.news:
            self._noticed = self.log.news
            self.deaf_until = max(self.deaf_until, now_ms + delay(SOON))
        return now_ms >= self.deaf_until

    def read(self) -> None:
        """Take in everything there is. Other work may hold the object: it stays the same one after the start."""
        known, there = self.reference, ends(self.log)
        self.news = self.log.news
        if not any(known.places):
            used, raised = known.used, known.raised
            self.reference = known_at(self.log, there)
            self.reference.used, self.reference.raised = used, raised
            return
        for topic, start, end in zip(TOPICS, known.places, there, strict=True):
            learn(known, self.log.ends(topic)[0][start:end])
        known.places = there


@contextmanager
def quiet() -> Iterator[None]:
    """Nothing is logged of what strangers wrote on the reference topics, and no calendar is built twice."""
    with (
        patch.object(shared.bus.reference, "log", Mock()),
        patch.object(shared.domain.reference, "Calendar", built),
    ):
        yield


class Whole:
    """Reference data that is known whole, for what is played again."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference

    async def catch_up(self) -> None:
        """There is nothing more."""


def _copied(versions: Versions[T]) -> Versions[T]:
    twin: Any = copy.copy(versions)
    twin.__dict__ = {name: copy.copy(value) for name, value in vars(versions).items()}
    return twin
