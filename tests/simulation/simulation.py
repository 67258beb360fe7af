"""One whole run from a seed: build the town, disturb it, let it come to rest, and hand over its history."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from random import Random
from typing import Any

from services.dispatch.builtin import first_commands as first_departments
from services.supervision.builtin import builtin_policy
from shared.bus import document
from shared.bus.deadletters import DeadLetter
from shared.bus.ending import marks
from shared.bus.records import Record
from shared.contract.subjects import id_of
from shared.deadlines import fire_at_of
from shared.domain.aggregates import Consumer
from tests.simulation.alarming import alarm, has_alerts
from tests.simulation.bargaining import Bargaining, outlive
from tests.simulation.beginning import JURISDICTION, first_commands, plain_consumers, settle
from tests.simulation.bugs import Buggy, planted_bugs
from tests.simulation.checker import Acknowledged, History, Said
from tests.simulation.clients import Clients
from tests.simulation.countersigning import Countersigning
from tests.simulation.departments import OwnSystem, open_gateway
from tests.simulation.faults import CALM, LATE, MIXED, WILD
from tests.simulation.instructing import Instructing
from tests.simulation.mail import ONE_TOWN_IN, WHICH, MailServer, in_town
from tests.simulation.neighbours import Neighbour
from tests.simulation.operators import Operators
from tests.simulation.overseeing import Overseeing, sign_in_vain
from tests.simulation.papers import Papers
from tests.simulation.people import People
from tests.simulation.questioning import Questioning
from tests.simulation.raising import Raised, raised
from tests.simulation.reminding import Reminding
from tests.simulation.renewing import renew
from tests.simulation.restoring import Backup
from tests.simulation.scheduler import Scheduler, Stuck
from tests.simulation.store import Collection
from tests.simulation.storms import storm
from tests.simulation.talking import Talking
from tests.simulation.tasks import virtual_time
from tests.simulation.trouble import WAITING, Trouble
from tests.simulation.world import Clock, Group, Log, Raw

SKEW_MS = 3_000
"""How far a machine's clock may be from the true time, either way."""
A_YEAR = timedelta(days=400)
RESTORED = 0.12
"""The share of towns that are brought back from a backup, of those where all that is kept is within."""
OFTEN = "urban_management"
"""The department that the routing rules choose for what people raise here."""


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
        self.seed, self.rng = seed, rng
        year, month, day = rng.randint(2019, 2026), rng.randint(1, 12), rng.randint(1, 28)
        start = datetime(year, month, day, rng.randint(0, 23), tzinfo=UTC)
        clock = Clock(start)
        log = Log(rng.choice((1, 2, 3, 4)), clock)
        rates = rng.choices((CALM, LATE, MIXED, WILD), (0.1, 0.2, 0.4, 0.3))[0]
        self.scheduler = scheduler = Scheduler(rng, clock, log, rates, self._stamped(trace, clock))
        scheduler.skew_ms = rng.choice((0, 500, SKEW_MS, SKEW_MS))
        scheduler.counts["clocks differ by seconds"] += scheduler.skew_ms == SKEW_MS
        codes = sorted(id_of(subject) for subject, _ in first_departments(JURISDICTION)[:-1])[:4]
        codes.append(OFTEN)
        self.clients = Clients(scheduler, codes, rng)
        self.operators = Operators(scheduler, self.clients, codes, rng)
        scheduler.mail = MailServer(scheduler, seed) if seed % ONE_TOWN_IN == WHICH else None
        for service, consumer in in_town(seed, consumers or plain_consumers()).items():
            scheduler.consumers[service] = Buggy(consumer, scheduler, self.clients.repairs).consumer
            scheduler.groups[service] = Group(service, consumer.topics, log)
            scheduler.collections[service] = Collection(service)
        self.connected = rng.sample(codes, rng.choice((1, 2, 3))) if rng.random() < 0.3 else []
        if self.connected:
            open_gateway(scheduler, self.connected, lambda name, topics: Group(name, topics, log))
        self.lost: Sequence[Record] = ()
        """What a restore did not bring back."""
        self._begin()
        self.trouble = Trouble(scheduler, rng, [self.clients.scribble])
        for service in scheduler.groups:
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
        if self.seed % 16 == 11:  # few, and chosen apart, so that the others go their way as before
            self._end_history()

    def _end_history(self) -> None:
        """A town that began with history: nobody has read the marks of its end yet."""
        log, clock = self.scheduler.log, self.scheduler.clock
        for service in self.scheduler.consumers:
            for mark in marks(f"/{JURISDICTION}/{service}", log.partitions):
                log.append(mark, clock.ms)
        self.scheduler.counts["history ended"] += 1

    @staticmethod
    def _stamped(trace: Callable[[str], None], clock: Clock) -> Callable[[str], None]:
        return trace if trace is silent else lambda text: trace(f"{clock.now():%m-%d %H:%M:%S.%f} {text}")


def run(
    seed: int, trace: Callable[[str], None] = silent, consumers: Mapping[str, Consumer] | None = None
) -> Run:
    """One seed from beginning to end; ``stuck`` says so when it did not come to rest."""
    town = Town(seed, trace, consumers)
    scheduler, clients = town.scheduler, town.clients
    result = Run(seed, scheduler, clients, town.operators.dead_letters)
    with virtual_time(scheduler):
        try:
            _play(town, result)
        except Stuck as stuck:
            result.stuck = str(stuck)
            result.moments.append(_history(town))
        for task in scheduler.tasks:
            task.coroutine.close()
    return result


def _play(town: Town, result: Run) -> None:
    """People and trouble first; then rest; then, mostly, until every deadline of a year has passed: what nobody looks
    at is reminded of for ever."""
    scheduler, clients = town.scheduler, town.clients
    _people(town)
    restoring = Random(f"brought back/{town.seed}")
    if restoring.random() < RESTORED and _is_whole(town):
        _restore(town, restoring)
    scheduler.run(lambda: clients.busy == 0, 120_000)
    town.trouble.heal()
    clients.repairs.clear()
    if town.rng.random() < 0.3:
        scheduler.spawn("client", clients.forget(8, raised(8, town.rng)))
    in_vain = Random(f"in vain/{town.seed}")
    if in_vain.random() < 0.03:
        scheduler.spawn("overseeing", sign_in_vain(scheduler, clients, raised(6, in_vain)))
    for _ in range(5):
        scheduler.spawn("operator", town.operators.tend(finally_=True))
        scheduler.run(partial(_at_rest, town), 15_000)
        scheduler.spawn("operator", town.operators.merge_again())
        scheduler.run(partial(_at_rest, town), 15_000)
    result.moments.append(_history(town))
    if town.rng.random() < 0.6:
        until = scheduler.clock.now() + A_YEAR
        scheduler.run(lambda: _quiet(town) and not any(_deadlines(town, until)), 15_000)
        result.moments.append(_history(town))


def _is_whole(town: Town) -> bool:
    """Whether all that is kept is within: no mail server, department's system or neighbour goes on by itself."""
    scheduler = town.scheduler
    outside = scheduler.mail or town.connected or any(task.name == "neighbour" for task in scheduler.tasks)
    return not outside


def _restore(town: Town, rng: Random) -> None:
    """Some steps later everything is backed up; when people are done that is brought back, and some begin anew."""
    scheduler, clients, steps = town.scheduler, town.clients, count()
    most = rng.choice((200, 600, 1_500, 3_000))
    scheduler.run(lambda: next(steps) * 5 > most, 120_000)
    backup = Backup(scheduler, clients)
    scheduler.run(lambda: clients.busy == 0, 120_000)
    town.lost = backup.bring_back(epoch=scheduler.clock.ms // 1000)
    scheduler.counts["restored"] += 1
    scheduler.away.clear()
    for service in scheduler.groups:
        scheduler.start_worker(service)
        town.trouble.rebalance(service)
    for number, one in enumerate(clients.raised.copy().values(), start=100):
        if rng.random() < 0.7:
            scheduler.spawn("client", clients.live(number, one))


def _people(town: Town) -> None:
    clients, operators, rng, scheduler = town.clients, town.operators, town.rng, town.scheduler
    subjects, everything = [], []
    material = Random(f"material/{town.seed}")
    if material.random() < 0.2:
        clients.material = material
    for number in range(rng.randint(1, 6)):
        one = raised(number, rng)
        subjects.append(one.subject)
        everything.append(one)
        scheduler.spawn("client", clients.live(number, one))
        if rng.random() < 0.3:
            scheduler.spawn("client", clients.withdraw(number, one))
        if one.actor != one.person and rng.random() < 0.7:
            scheduler.spawn("client", clients.hand_out(number, one))
    if rng.random() < 0.4:
        scheduler.spawn("client", clients.err(9, raised(9, rng)))
    if rng.random() < 0.5:
        scheduler.spawn("operator", operators.publish())
    if rng.random() < 0.5:
        scheduler.spawn("operator", operators.merge())
        if rng.random() < 0.3:
            scheduler.spawn("operator", operators.merge_crosswise())
    if rng.random() < 0.25:
        scheduler.spawn("operator", operators.upgrade())
    if rng.random() < 0.05:
        scheduler.spawn("robot", clients.insist(7, rng.choice(subjects)))
    if rng.random() < 0.2:
        neighbour = Neighbour(scheduler, clients, rng)
        scheduler.spawn("neighbour", neighbour.tell(rng.choice(subjects)))
    renewing = Random(f"renewing/{town.seed}")
    if renewing.random() < 0.2:
        scheduler.spawn("operator", renew(clients, scheduler, renewing))
    _known(town)
    _bargain(town, subjects)
    _countersign(town, subjects)
    _instruct(town, subjects)
    _question(town, everything)
    _talk(town)
    _remind(town, subjects)
    _publish(town, everything)
    _oversee(town, subjects)
    away = Random(f"away/{town.seed}")
    if away.random() < 0.1:
        scheduler.spawn("trouble", town.trouble.outlive("supervision", away))
    for code in town.connected:
        scheduler.spawn("department", OwnSystem(code, scheduler, clients, rng).work())
    scheduler.spawn("operator", operators.watch())
    if scheduler.mail is not None:
        scheduler.spawn("storm", storm(scheduler, clients, town.seed))
        if has_alerts(town.seed):
            scheduler.spawn("watcher", alarm(scheduler, clients, town.seed))
    clients.repairs |= planted_bugs(subjects, scheduler.clock.ms, rng)


def _bargain(town: Town, subjects: Sequence[str]) -> None:
    """In some towns departments ask for time; chosen apart, so that the others, and those with persons, go their way as
    before."""
    rng = Random(f"time/{town.seed}")
    if rng.random() < 0.67 and not _has_persons(town.seed):
        bargaining = Bargaining(town.scheduler, town.clients, rng)
        for number, subject in enumerate(subjects):
            town.scheduler.spawn("bargaining", bargaining.live(number, subject))
    unheard = Random(f"unheard/{town.seed}")
    if unheard.random() < 0.08:
        one = raised(7, unheard)
        town.scheduler.spawn("bargaining", outlive(town.scheduler, town.clients, unheard, one))


def _countersign(town: Town, subjects: Sequence[str]) -> None:
    """In some towns the office asks co-handlers; chosen apart, so that the others go their way as before."""
    rng = Random(f"opinion/{town.seed}")
    if rng.random() < 0.4 and not _has_persons(town.seed):
        people = Countersigning(town.scheduler, town.clients, town.operators, rng)
        for number, subject in enumerate(subjects):
            town.scheduler.spawn("countersigning", people.live(number, subject))


def _instruct(town: Town, subjects: Sequence[str]) -> None:
    """In some towns leaders instruct departments; chosen apart in the same way."""
    rng = Random(f"instructing/{town.seed}")
    if rng.random() < 0.35:
        instructing = Instructing(town.scheduler, town.clients, town.operators, rng)
        for number, subject in enumerate(subjects):
            town.scheduler.spawn("instructing", instructing.live(number, subject))


def _question(town: Town, everything: Sequence[Raised]) -> None:
    """In some of the other towns departments ask who raised an issue."""
    rng = Random(f"questions/{town.seed}")
    if rng.random() < 0.3 and not _has_persons(town.seed):
        questioning = Questioning(town.scheduler, town.clients, rng)
        for number, one in enumerate(everything):
            town.scheduler.spawn("questioning", questioning.live(number, one))


def _talk(town: Town) -> None:
    """In some towns there are talks; chosen apart, so that the others go their way as before."""
    rng = Random(f"talks/{town.seed}")
    if rng.random() < 0.25 and not _has_persons(town.seed):
        for number in range(rng.choice((1, 1, 2))):
            talking = Talking(town.scheduler, town.clients, rng, number)
            town.scheduler.spawn("talking", talking.organise())
            if not number:
                town.scheduler.spawn("talking", talking.plan())
        apart = Random(f"overtaken/{town.seed}")
        if town.scheduler.mail is not None and apart.random() >= 0.5:
            town.scheduler.spawn("talking", Talking(town.scheduler, town.clients, apart, 2).call_off())


def _remind(town: Town, subjects: Sequence[str]) -> None:
    """In some towns the office reminds of ratings and makes replies public; chosen apart in the same way."""
    rng = Random(f"reminding/{town.seed}")
    if rng.random() < 0.3:
        reminding = Reminding(town.scheduler, town.clients, rng, subjects)
        town.scheduler.spawn("reminding", reminding.live())


def _publish(town: Town, everything: Sequence[Raised]) -> None:
    """In some towns papers are published and heard; chosen apart, so that the others go their way as before."""
    rng = Random(f"papers/{town.seed}")
    if rng.random() < 0.2:
        town.scheduler.spawn("papers", Papers(town.scheduler, town.clients, rng, [*everything]).work())


def _oversee(town: Town, subjects: Sequence[str]) -> None:
    """In some towns city and county oversee the same departments; chosen apart in the same way."""
    rng = Random(f"overseeing/{town.seed}")
    if rng.random() < 0.2:
        overseeing = Overseeing(town.scheduler, town.clients, rng, town.clients.departments)
        town.scheduler.spawn("overseeing", overseeing.appoint())
        for subject in subjects:
            town.scheduler.spawn("overseeing", overseeing.live(subject))


def _has_persons(seed: int) -> bool:
    return Random(f"known/{seed}").random() < 0.25


def _known(town: Town) -> None:
    """In some towns persons and enterprises; chosen apart, so that the others go their way as before."""
    rng = Random(f"known/{town.seed}")
    if rng.random() < 0.25:
        known = People(town.scheduler, town.clients, rng)
        for number in range(rng.randint(1, 2)):
            town.scheduler.spawn("person", known.live(f"p{number}"))
        for number in range(2):
            town.scheduler.spawn("clerk", known.clerk(number))


def _quiet(town: Town) -> bool:
    """Everything sent has been read, answered and committed, and everybody knows all reference data."""
    scheduler = town.scheduler
    return (
        scheduler.waits_only(WAITING)
        and not any(group.lag() for group in scheduler.groups.values())
        and not any(worker.view.behind() or worker.wants_walk() for worker in scheduler.workers)
    )


def _at_rest(town: Town) -> bool:
    """Quiet, and no deadline is overdue."""
    return _quiet(town) and not any(_deadlines(town, town.scheduler.clock.now()))


def _deadlines(town: Town, until: datetime | None = None) -> Iterator[str]:
    """All but those of aggregates that hold an event, which may be the very one that stops the clock."""
    for collection in town.scheduler.collections.values():
        for deadline, subject in collection.deadlines:
            wanted = until is None or fire_at_of(deadline) <= until
            if wanted and "held_since" not in (collection.look(subject) or {}):
                yield deadline


def _at_once(scheduler: Scheduler) -> dict[tuple[str, str], int]:
    """How many outcomes the last write of each aggregate may have added: an operator's command brings two."""
    last: dict[tuple[str, str], Sequence[Raw]] = {}
    for service, collection in scheduler.collections.items():
        last |= {(service, subject): origin.batch for subject, origin in collection.applied}
    return {
        (service, subject): 2
        * sum(raw.key == subject.encode() and raw.topic.endswith(".commands") for raw in batch)
        for (service, subject), batch in last.items()
    }


def _history(town: Town) -> History:
    scheduler, clients = town.scheduler, town.clients
    answers: dict[str, list[Any]] = {}
    for answer in scheduler.answers:
        answers.setdefault(answer.command, []).append(dict(answer.outcome))
    return History(
        records=[
            raw.record for partitions in scheduler.log.topics.values() for part in partitions for raw in part
        ],
        reads={service: consumer.topics for service, consumer in scheduler.consumers.items()},
        dead_letters={service: town.operators.dead_letters(service) for service in scheduler.consumers},
        documents={service: collection.everything() for service, collection in scheduler.collections.items()},
        acknowledged=[
            Acknowledged(service, subject, id, tuple(answers.get(id, ())))
            for id, (service, subject) in clients.acknowledged.items()
        ],
        said={one.subject: Said(one.person, one.title, one.text) for one in clients.raised.values()},
        now=scheduler.clock.now(),
        grace_seconds=builtin_policy().grace_seconds,
        skew_ms=max(1000, 2 * scheduler.skew_ms),
        most_outcomes=document.MOST_REMEMBERED + document.MOVED_AT_ONCE,
        at_once=_at_once(scheduler),
        mailed=tuple(scheduler.mail.mailed) if scheduler.mail else (),
        refused=tuple(scheduler.mail.refused) if scheduler.mail else (),
        lost=town.lost,
        unmarked={service: collection.unmarked for service, collection in scheduler.collections.items()},
        rebalanced_ms={service: group.rebalanced_ms for service, group in scheduler.groups.items()},
    )
