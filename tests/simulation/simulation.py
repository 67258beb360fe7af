"""One whole run from a seed: build the town, disturb it, let it come to rest, and hand over its history."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from random import Random
from typing import Any

from services.dispatch.builtin import first_commands as first_departments
from services.intake.issue.numbers import issue_id
from services.supervision.builtin import builtin_policy
from shared.bus.deadletters import DeadLetter
from shared.contract.subjects import id_of
from shared.domain.aggregates import AggregateType, Consumer
from tests.simulation.beginning import JURISDICTION, SERVICES, first_commands, plain_consumers, settle
from tests.simulation.checker import Acknowledged, History
from tests.simulation.clients import DAY, HOUR, Clients
from tests.simulation.faults import CALM, LATE, MIXED, WILD
from tests.simulation.operators import Operators
from tests.simulation.reference import record_of
from tests.simulation.scheduler import Scheduler, Stuck, virtual_sleep
from tests.simulation.trouble import WAITING, Trouble
from tests.simulation.world import Clock, Collection, Group, Log

OFTEN = "urban_management"
"""The department that the routing rules choose for what people raise here."""
BUGGY = {
    "intake": ("intake.accept.v1", "intake.withdraw.v1", "rating.invited.v1"),
    "dispatch": (
        "issue.accepted.v1",
        "dispatch.draft.v1",
        "issue.withdrawn.v1",
        "rework.decided.v1",
        "dispatch.hand_over.v1",
    ),
    "supervision": ("issue.assigned.v1", "reply.released.v1", "issue.registered.v1"),
    "feedback": ("reply.released.v1", "feedback.rate.v1", "issue.registered.v1"),
}
"""What may have a bug for one issue, for some days: a dead letter, held followers, an operator."""


def silent(text: str) -> None:
    """No trace."""


@dataclass
class Run:
    """What one seed left behind. ``moments`` are histories: at rest, and after all deadlines have passed."""

    seed: int
    scheduler: Scheduler
    clients: Clients
    dead_letters: Callable[[str], list[DeadLetter]]
    """The dead letters of one service with their status."""
    moments: list[History] = field(default_factory=list)
    stuck: str = ""

    @property
    def counts(self) -> Counter[str]:
        """How often each kind of fault and visit took place."""
        return self.scheduler.counts


class Town:
    """The four services with their workers and their clients; some handlers have a bug for a while."""

    def __init__(
        self, seed: int, trace: Callable[[str], None], consumers: Mapping[str, Consumer] | None = None
    ) -> None:
        rng = Random(seed)
        self.rng = rng
        year, month, day = rng.randint(2019, 2026), rng.randint(1, 12), rng.randint(1, 28)
        start = datetime(year, month, day, rng.randint(0, 23), tzinfo=UTC)
        clock = Clock(start)
        log = Log(rng.choice((1, 2, 3, 4)), clock)
        rates = rng.choices((CALM, LATE, MIXED, WILD), (0.1, 0.2, 0.4, 0.3))[0]
        self.scheduler = scheduler = Scheduler(rng, clock, log, rates, self._stamped(trace, clock))
        codes = sorted(id_of(subject) for subject, _ in first_departments(JURISDICTION)[:-1])[:4]
        codes.append(OFTEN)
        self.clients = Clients(scheduler, codes, rng)
        self.operators = Operators(scheduler, self.clients, codes, rng)
        for service, consumer in (consumers or plain_consumers()).items():
            scheduler.consumers[service] = self._watched(consumer)
            scheduler.groups[service] = Group(service, consumer.topics, log)
            scheduler.collections[service] = Collection(service)
        self._begin()
        self.trouble = Trouble(scheduler, rng, [self.clients.scribble])
        for service in scheduler.consumers:
            for _ in range(rng.choice((1, 1, 2, 3))):
                scheduler.start_worker(service)
            self.trouble.rebalance(service)

    def _begin(self) -> None:
        """Some towns have their first start in the midst of all the trouble; the others had it long ago."""
        if self.rng.random() < 0.08:
            self.scheduler.first_commands.update(first_commands())
            self.scheduler.counts["first start"] += 1
        else:
            settle(self.scheduler)

    @staticmethod
    def _stamped(trace: Callable[[str], None], clock: Clock) -> Callable[[str], None]:
        return trace if trace is silent else lambda text: trace(f"{clock.now():%m-%d %H:%M:%S.%f} {text}")

    # ---------------------------------------------------------------- bugs

    def _watched(self, consumer: Consumer) -> Consumer:
        """The same consumer; its functions raise for what ``repairs`` names until the repair, and it is noted which
        reference data each subject used."""

        def watched(decide: Callable[..., Any], state: Any, what: Any, context: Any) -> Any:
            context.reference.used[context.subject] = context.reference.places
            name = (consumer.service, getattr(what, "type", ""), context.subject)
            if self.scheduler.clock.ms < self.clients.repairs.get(name, 0):
                self.scheduler.counts["handler bug"] += 1
                raise RuntimeError("a bug that is not repaired yet")
            return decide(state, what, context)

        def kind(plain: AggregateType) -> AggregateType:
            deadlines = plain.deadlines
            return replace(
                plain,
                commands={shape: partial(watched, decide) for shape, decide in plain.commands.items()},
                events={shape: partial(watched, react) for shape, react in plain.events.items()},
                deadlines=deadlines and replace(deadlines, expire=partial(watched, deadlines.expire)),
            )

        return replace(consumer, aggregates=tuple(map(kind, consumer.aggregates)))

    def plant_bugs(self, subjects: list[str]) -> None:
        """Some handlers fail for some issues during some days."""
        for subject in subjects:
            if self.rng.random() < 0.25:
                service = self.rng.choice(SERVICES)
                place = (service, self.rng.choice(BUGGY[service]), subject)
                self.clients.repairs[place] = self.scheduler.clock.ms + self.rng.randint(HOUR, 9 * DAY)


def run(
    seed: int, trace: Callable[[str], None] = silent, consumers: Mapping[str, Consumer] | None = None
) -> Run:
    """One seed from beginning to end; ``stuck`` says so when it did not come to rest."""
    town = Town(seed, trace, consumers)
    scheduler, clients = town.scheduler, town.clients
    result = Run(seed, scheduler, clients, town.operators.dead_letters)
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
    if town.rng.random() < 0.3:
        nobody = "entrepreneur:forgotten"
        scheduler.spawn("client", clients.forget(8, issue_id(JURISDICTION, nobody, "8"), nobody))
    for _ in range(5):
        scheduler.spawn("operator", town.operators.tend(finally_=True))
        scheduler.run(partial(_at_rest, town), 15_000)
        scheduler.spawn("operator", town.operators.merge_again())
        scheduler.run(partial(_at_rest, town), 15_000)
    result.moments.append(_history(town))
    if town.rng.random() < 0.6:
        scheduler.run(
            lambda: _quiet(town) and not any(c.deadlines for c in scheduler.collections.values()), 15_000
        )
        result.moments.append(_history(town))


def _people(town: Town) -> None:
    clients, operators, rng, scheduler = town.clients, town.operators, town.rng, town.scheduler
    subjects = []
    for number in range(rng.randint(1, 6)):
        person = f"entrepreneur:p{number}"
        subject = issue_id(JURISDICTION, person, str(number))
        subjects.append(subject)
        scheduler.spawn("client", clients.live(number, subject, person))
        if rng.random() < 0.3:
            scheduler.spawn("client", clients.withdraw(number, subject, person))
    if rng.random() < 0.4:
        nobody = "entrepreneur:nobody"
        scheduler.spawn("client", clients.err(9, issue_id(JURISDICTION, nobody, "9"), nobody))
    if rng.random() < 0.5:
        scheduler.spawn("operator", operators.publish())
    if rng.random() < 0.5:
        scheduler.spawn("operator", operators.merge())
    scheduler.spawn("operator", operators.watch())
    town.plant_bugs(subjects)


def _quiet(town: Town) -> bool:
    """Everything sent has been read, answered and committed, and everybody knows all reference data."""
    scheduler = town.scheduler
    return (
        all(task.ask is None or task.ask.kind in WAITING for task in scheduler.tasks)
        and not any(group.lag() for group in scheduler.groups.values())
        and not any(worker.view.behind() for worker in scheduler.workers)
    )


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
    answers: dict[str, list[Any]] = {}
    for answer in scheduler.answers:
        answers.setdefault(answer.command, []).append(dict(answer.outcome))
    return History(
        records=[
            record_of(raw)
            for partitions in scheduler.log.topics.values()
            for part in partitions
            for raw in part
        ],
        reads={service: consumer.topics for service, consumer in scheduler.consumers.items()},
        dead_letters={service: town.operators.dead_letters(service) for service in scheduler.consumers},
        documents={service: collection.everything() for service, collection in scheduler.collections.items()},
        acknowledged=[
            Acknowledged(service, subject, id, tuple(answers.get(id, ())))
            for id, (service, subject) in clients.acknowledged.items()
        ],
        now=scheduler.clock.now(),
        grace_seconds=builtin_policy().grace_seconds,
    )
