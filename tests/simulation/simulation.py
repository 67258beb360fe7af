"""One whole run from a seed: build the town, disturb it, let it come to rest, and hand over its history."""

import importlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache, partial
from random import Random
from typing import Any

from shared.bus.records import Record
from shared.bus.room import Room
from shared.calendar import base_calendar
from shared.clocks import default_policy
from tests.simulation.checker import Acknowledged, History
from tests.simulation.clients import DAY, HOUR, Clients
from tests.simulation.faults import CALM, MIXED, WILD
from tests.simulation.scheduler import Scheduler, Stuck, virtual_sleep
from tests.simulation.trouble import Trouble
from tests.simulation.world import Clock, Collection, Group, Log, Raw

SERVICES = ("intake", "dispatch", "supervision", "feedback")
BUGGY = {
    "intake": ("intake.accept.v1", "intake.withdraw.v1"),
    "dispatch": ("issue.accepted.v1", "dispatch.draft.v1", "issue.withdrawn.v1", "rework.decided.v1"),
    "supervision": ("issue.assigned.v1", "reply.released.v1", "issue.registered.v1"),
    "feedback": ("reply.released.v1", "feedback.rate.v1", "issue.assigned.v1"),
}
"""Handlers that may have a bug for one issue, for some days: a dead letter, held followers, an operator."""


def silent(text: str) -> None:
    """No trace."""


@dataclass
class Run:
    """What one seed left behind. ``moments`` are histories: at rest, and after all deadlines have passed."""

    seed: int
    scheduler: Scheduler
    clients: Clients
    moments: list[History] = field(default_factory=list)
    stuck: str = ""

    @property
    def counts(self) -> Counter[str]:
        """How often each kind of fault and visit took place."""
        return self.scheduler.counts


@lru_cache(maxsize=1)
def plain_rooms() -> dict[str, Room]:
    """The four services' real rooms, live mode, with the packaged policy and calendar."""
    return {service: room_of(service) for service in SERVICES}


def room_of(service: str) -> Room:
    """One service's room, newly built."""
    build = importlib.import_module(f"services.{service}.bus").room
    return build(jurisdiction="wuxing", history=False, policy=default_policy(), calendar=base_calendar())


def record_of(raw: Raw) -> Record:
    """As the conveyor reads it."""
    sha256 = next((value.decode() for name, value in raw.headers if name == "sha256"), None)
    return Record(raw.topic, raw.partition, raw.offset, raw.timestamp, raw.key, raw.value, sha256)


class Town:
    """The four services with their workers and their clients; some handlers have a bug for a while."""

    def __init__(self, seed: int, trace: Callable[[str], None], rooms: dict[str, Room] | None = None) -> None:
        rng = Random(seed)
        self.rng = rng
        year, month, day = rng.randint(2019, 2026), rng.randint(1, 12), rng.randint(1, 28)
        start = datetime(year, month, day, rng.randint(0, 23), tzinfo=UTC)
        clock = Clock(start)
        log = Log(rng.choice((1, 2, 3, 4)), clock)
        rates = rng.choices((CALM, MIXED, WILD), (0.25, 0.45, 0.3))[0]
        self.scheduler = scheduler = Scheduler(rng, clock, log, rates, self._stamped(trace, clock))
        departments = sorted(importlib.import_module("services.dispatch.routing").directory())[:5]
        self.clients = Clients(scheduler, departments, rng)
        for service, room in (rooms or plain_rooms()).items():
            scheduler.rooms[service] = self._with_bugs(room)
            scheduler.groups[service] = Group(service, room.topics, log)
            scheduler.collections[service] = Collection(service)
        self.trouble = Trouble(scheduler, rng, [self.clients.scribble])
        for service in scheduler.rooms:
            for _ in range(rng.choice((1, 1, 2, 3))):
                scheduler.start_worker(service)
            self.trouble.rebalance(service)

    @staticmethod
    def _stamped(trace: Callable[[str], None], clock: Clock) -> Callable[[str], None]:
        return trace if trace is silent else lambda text: trace(f"{clock.now():%m-%d %H:%M:%S.%f} {text}")

    # ---------------------------------------------------------------- bugs

    def _with_bugs(self, room: Room) -> Room:
        """The same room, whose handlers raise for what ``repairs`` names until the repair."""

        def may_fail(handler: Callable[..., Any], state: Any, what: Any, context: Any) -> Any:
            at = self.clients.repairs.get((room.service, what.type, context.subject))
            if at is not None and self.scheduler.clock.ms < at:
                self.scheduler.counts["handler bug"] += 1
                raise RuntimeError("a bug that is not repaired yet")
            return handler(state, what, context)

        return replace(
            room,
            commands={shape: partial(may_fail, handler) for shape, handler in room.commands.items()},
            facts={shape: partial(may_fail, handler) for shape, handler in room.facts.items()},
        )

    def plant_bugs(self, subjects: list[str]) -> None:
        """Some handlers fail for some issues during some days."""
        for subject in subjects:
            if self.rng.random() < 0.25:
                service = self.rng.choice(SERVICES)
                place = (service, self.rng.choice(BUGGY[service]), subject)
                self.clients.repairs[place] = self.scheduler.clock.ms + self.rng.randint(HOUR, 9 * DAY)


def run(seed: int, trace: Callable[[str], None] = silent, rooms: dict[str, Room] | None = None) -> Run:
    """One seed from beginning to end; ``stuck`` says so when it did not come to rest."""
    town = Town(seed, trace, rooms)
    scheduler, clients = town.scheduler, town.clients
    result = Run(seed, scheduler, clients)
    with virtual_sleep(scheduler.clock):
        try:
            _play(town, result)
        except Stuck as stuck:
            result.stuck = str(stuck)
            result.moments.append(_history(town))
        for task in scheduler.tasks:
            task.coroutine.close()
    return result


def _play(town: Town, result: Run) -> None:
    """People and trouble first; then rest; then, mostly, until every deadline has passed."""
    scheduler, clients = town.scheduler, town.clients
    _people(town)
    scheduler.run(lambda: clients.busy == 0, 60_000)
    town.trouble.heal()
    clients.repairs.clear()
    for _ in range(4):
        scheduler.spawn("operator", clients.tend(finally_=True))
        scheduler.run(partial(_at_rest, town), 15_000)
    result.moments.append(_history(town))
    if town.rng.random() < 0.6:
        scheduler.run(
            lambda: _quiet(town) and not any(c.deadlines for c in scheduler.collections.values()), 15_000
        )
        result.moments.append(_history(town))


def _people(town: Town) -> None:
    from services.intake.domain import issue_id

    clients, rng, scheduler = town.clients, town.rng, town.scheduler
    subjects = []
    for number in range(rng.randint(1, 6)):
        person = f"entrepreneur:p{number}"
        subject = issue_id(person, str(number))
        subjects.append(subject)
        scheduler.spawn("client", clients.live(number, subject, person))
        if rng.random() < 0.3:
            scheduler.spawn("client", clients.withdraw(number, subject, person))
    if rng.random() < 0.4:
        scheduler.spawn("client", clients.err(9, issue_id("entrepreneur:nobody", "9"), "entrepreneur:nobody"))
    scheduler.spawn("operator", clients.watch())
    town.plant_bugs(subjects)


def _quiet(town: Town) -> bool:
    """Everything sent has been read, answered and committed."""
    return all(
        task.ask is None or task.ask.kind in ("poll", "tick") for task in town.scheduler.tasks
    ) and not any(group.lag() for group in town.scheduler.groups.values())


def _at_rest(town: Town) -> bool:
    """Quiet, and no deadline is overdue."""
    scheduler = town.scheduler
    overdue = any(
        (at := scheduler.next_deadline(collection)) is not None and at <= scheduler.clock.ms
        for collection in scheduler.collections.values()
    )
    return not overdue and _quiet(town)


def _history(town: Town) -> History:
    scheduler, clients = town.scheduler, town.clients
    told: dict[str, list[Any]] = {}
    for answer in scheduler.told:
        told.setdefault(answer.command, []).append(dict(answer.outcome))
    return History(
        records=[
            record_of(raw)
            for partitions in scheduler.log.topics.values()
            for part in partitions
            for raw in part
        ],
        reads={service: room.topics for service, room in scheduler.rooms.items()},
        letters={service: clients.letters(service) for service in scheduler.rooms},
        documents={service: collection.everything() for service, collection in scheduler.collections.items()},
        acknowledged=[
            Acknowledged(service, subject, id, tuple(told.get(id, ())))
            for id, (service, subject) in clients.acknowledged.items()
        ],
        now=scheduler.clock.now(),
        grace_seconds=default_policy().grace_seconds,
    )
