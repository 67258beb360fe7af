"""What goes wrong with workers and topics, whenever the scheduler's dice say so; and how it is healed."""

from collections.abc import Callable, Sequence
from random import Random

from aiokafka.errors import TopicAuthorizationFailedError, UnknownTopicOrPartitionError

from shared.deadlines import fire_at_of
from tests.simulation.beginning import drive
from tests.simulation.clients import DAY, HOUR
from tests.simulation.faults import LATE, Rates
from tests.simulation.scheduler import Scheduler
from tests.simulation.worker import Process
from tests.simulation.world import Ask

MARKED = (".events", ".commands", ".replies")
"""The topics on which transactions may end; those of reference data and dead letters are read by number here."""
OWN_EVENTS = ("intake.events", "dispatch.events", "supervision.events", "feedback.events")
STORM = Rates(0.4, 0.004)
AWAY = 2 * DAY
WAITING = ("poll", "tick", "walk", "follow", "wanted")


class Trouble:
    """Rebalances, crashes, frozen and late workers, delayed topics. ``more``: what others do to the town."""

    def __init__(self, scheduler: Scheduler, rng: Random, more: Sequence[Callable[[], None]]) -> None:
        self.scheduler, self.rng, self._healed = scheduler, rng, False
        scheduler.rebalanced = self.rebalance
        scheduler.on_crash.append(self._crashed)
        scheduler.on_unpublished.append(self._away)
        scheduler.on_return.append(self._storm)
        late = [self._block, self._block, self._deafen, self._mark, self._delete, self._refuse]
        moving = [self._rebalance_any, self._freeze, self._join, self._leave, self._kill, self._stop]
        scheduler.chaos += [*late, *([] if scheduler.rates is LATE else moving), *more]

    def members(self, service: str) -> list[Process]:
        """The living workers of one service that their group knows."""
        return [w for w in self.scheduler.workers if w.service == service and not w.kicked]

    def rebalance(self, service: str) -> None:
        """All members give everything up and get their new share; batches under way go on as zombies."""
        group, members = self.scheduler.groups[service], self.members(service)
        group.generation += 1
        group.rebalanced_ms.append(self.scheduler.clock.ms)
        self.rng.shuffle(members)
        shares = group.share(members)
        for worker in members:
            own = [task.ask for task in self.scheduler.tasks if task.owner is worker]
            if any(ask.kind not in WAITING for ask in own):
                self.scheduler.counts["rebalance in mid-batch"] += 1
            drive(worker.revoked())
        for worker in members:
            self.scheduler.spawn(f"{worker.name} assigned", worker.assigned(shares[worker]), worker)
        self.scheduler.trace(f"{service} rebalanced to {[worker.name for worker in members]}")

    def _any(self) -> Process | None:
        return self.rng.choice(self.scheduler.workers) if self.scheduler.workers else None

    def _rebalance_any(self) -> None:
        self.scheduler.counts["rebalance"] += 1
        self.rebalance(self.rng.choice(list(self.scheduler.groups)))

    def _freeze(self) -> None:
        """SIGSTOP; after the session timeout its group goes on without it, and it wakes up as a zombie."""
        worker = self._any()
        if worker is None or worker.kicked:
            return
        self.scheduler.counts["freeze"] += 1
        pause = self.rng.choice((2_000, 30_000, 600_000))
        worker.frozen_until = self.scheduler.clock.ms + pause
        self.scheduler.trace(f"{worker.name} freezes for {pause} ms")
        if pause > 6_000:
            self.scheduler.after(6_000, lambda: self._kick(worker))
            self.scheduler.after(pause + self.rng.choice((1, 500, 3_000)), lambda: self._back(worker))

    def _kick(self, worker: Process) -> None:
        if worker.alive:
            worker.kicked = True
            self.rebalance(worker.service)

    def _back(self, worker: Process) -> None:
        if worker.alive and worker.kicked:
            drive(worker.revoked())
            worker.kicked = False
            self.rebalance(worker.service)

    def _block(self) -> None:
        """One topic does not reach one group for a while, or for days."""
        group = self.rng.choice(list(self.scheduler.groups.values()))
        topic = self.rng.choice(group.topics)
        span = self.rng.randint(1, self.rng.choice((5_000, 600_000, HOUR, DAY, 4 * DAY)))
        self.scheduler.counts["topic delayed"] += 1
        self.scheduler.block(group, topic, span)

    def _storm(self) -> None:
        """What comes back is shaky at first: for some seconds most steps fail."""
        calm = self.scheduler.rates
        if calm.chaos == 0 or calm.fault >= STORM.fault or self.rng.random() < 0.4:
            return

        def over() -> None:
            if self.scheduler.rates.chaos:
                self.scheduler.rates = calm

        self.scheduler.counts["storm"] += 1
        self.scheduler.rates = STORM._replace(chaos=calm.chaos)
        self.scheduler.after(self.rng.choice((50, 300, 2_000)), over)

    def _deafen(self) -> None:
        """New versions of the reference data do not reach one worker by themselves, for an hour or for days."""
        worker = self._any()
        if worker is not None:
            self.scheduler.counts["reference delayed"] += 1
            worker.view.deaf_until = self.scheduler.clock.ms + self.rng.choice((HOUR, DAY, 4 * DAY))

    def _join(self) -> None:
        service = self.rng.choice(list(self.scheduler.groups))
        if len(self.members(service)) < 3:
            self.scheduler.counts["worker joins"] += 1
            self.scheduler.start_worker(service)
            self.rebalance(service)

    def _leave(self) -> None:
        worker = self._any()
        if worker is not None and len(self.members(worker.service)) > 1:
            self.scheduler.counts["worker leaves"] += 1
            self.scheduler.kill(worker)
            self.rebalance(worker.service)

    def _kill(self) -> None:
        worker = self._any()
        if worker is not None:
            self.scheduler.counts["crash at rest"] += 1
            self.scheduler.kill(worker)
            self._crashed(worker)

    def _stop(self) -> None:
        """A whole service is down for a while; sometimes an operator sets its group back to the first record."""
        service = self.rng.choice(list(self.scheduler.groups))
        for worker in [worker for worker in self.scheduler.workers if worker.service == service]:
            self.scheduler.kill(worker)
        self.scheduler.counts["service down"] += 1
        if self.rng.random() < 0.5:
            group = self.scheduler.groups[service]
            topics = self.rng.choice((group.topics, [self.rng.choice(group.topics)]))
            group.committed = {tp: at for tp, at in group.committed.items() if tp.topic not in topics}
            self.scheduler.counts["offsets set back"] += 1
            self.scheduler.trace(f"{service} is set back to the first record of {topics}")
        pause = self.rng.choice((5_000, 600_000, HOUR))
        for _ in range(self.rng.choice((1, 2))):
            self.scheduler.after(pause, lambda: self._replace(service))

    async def outlive(self, service: str, rng: Random) -> None:
        """Some time later, when deadlines are open, a service is away for two days, whatever anybody does about it."""
        scheduler = self.scheduler
        await Ask("sleep", scheduler.clock.ms + rng.choice((HOUR, DAY, 4 * DAY, 9 * DAY)))
        if self._healed:
            return
        scheduler.away.add(service)
        for worker in [worker for worker in scheduler.workers if worker.service == service]:
            scheduler.kill(worker)
        scheduler.trace(f"{service} is away for two days")
        await Ask("sleep", scheduler.clock.ms + AWAY)
        if service in scheduler.away:
            now = scheduler.clock.now()
            scheduler.counts[f"deadlines while {service} was away for two days"] += sum(
                fire_at_of(deadline) <= now for deadline, _ in scheduler.collections[service].deadlines
            )
            scheduler.away.discard(service)
            self._replace(service)

    def _mark(self) -> None:
        """Somebody writes in transactions: a marker takes an offset, mostly behind the last record."""
        topic = self.rng.choice([name for name in self.scheduler.log.topics if name.endswith(MARKED)])
        self.scheduler.log.mark(topic, self.rng.randrange(len(self.scheduler.log.ends(topic))))
        self.scheduler.counts["end marker"] += 1

    def _delete(self) -> None:
        """Retention of a department's orders: the department has read them, or comes too late."""
        orders = [
            name
            for name in self.scheduler.log.topics
            if name.startswith("dept.") and name.endswith(".orders")
        ]
        if orders:
            topic = self.rng.choice(orders)
            end = self.scheduler.log.ends(topic)[0].end
            self.scheduler.log.delete(topic, 0, self.rng.randint(0, end))
            self.scheduler.counts["orders deleted"] += 1

    def _refuse(self) -> None:
        """For a while the broker takes nothing on one department's topic, or one issue's events on one topic."""
        log, subjects = self.scheduler.log, sorted(self.scheduler.log.by_subject)
        span = self.rng.randint(1, self.rng.choice((600_000, HOUR, DAY)))
        if self.rng.random() < 0.5 or not subjects:
            orders = [name for name in log.topics if name.startswith("dept.") and name.endswith(".orders")]
            if not orders:
                return
            topic = self.rng.choice(orders)
            log.away[topic] = self.rng.choice((UnknownTopicOrPartitionError, TopicAuthorizationFailedError))()
            self.scheduler.after(span, lambda: log.away.pop(topic, None))
            self.scheduler.counts["topic refuses"] += 1
        else:
            place = (self.rng.choice(OWN_EVENTS), self.rng.choice(subjects))
            log.against.add(place)
            self.scheduler.after(span, lambda: log.against.discard(place))
            self.scheduler.counts["record refused by a policy"] += 1

    def _crashed(self, worker: Process) -> None:
        service = worker.service
        self._away(worker)
        self.scheduler.after(self.rng.choice((300, 6_000)), lambda: self.rebalance(service))
        self.scheduler.after(self.rng.choice((1_000, 20_000)), lambda: self._replace(service))

    def _away(self, worker: Process) -> None:
        """What let a batch fail keeps its topics away as well: what was stored is published days later."""
        for topic in sorted({raw.topic for raw in worker.batch}):
            if self.scheduler.rates.chaos and self.rng.random() < 0.2:
                self.scheduler.block(worker.group, topic, self.rng.randint(1, 4 * DAY))
                self.scheduler.counts["topic away with its batch"] += 1

    def _replace(self, service: str) -> None:
        if len(self.members(service)) < 3:
            self.scheduler.start_worker(service)
        self.rebalance(service)

    def _manned(self, service: str) -> bool:
        """Every partition has an owner who knows that it is."""
        group, members = self.scheduler.groups[service], self.members(service)
        owned = [tp for worker in members for tp in worker.client.positions]
        known = all(worker.generation == group.generation for worker in members)
        return known and sorted(owned) == sorted(
            tp for share in group.share(members).values() for tp in share
        )

    def heal(self) -> None:
        """Nothing goes wrong any more: everybody awake, every service manned, every topic flowing."""
        scheduler, self._healed = self.scheduler, True
        scheduler.rates = Rates()
        scheduler.lacks.clear()
        scheduler.away.clear()
        for worker in [worker for worker in scheduler.workers if worker.lacks]:
            scheduler.kill(worker)
        for worker in list(scheduler.workers):
            worker.frozen_until = worker.view.deaf_until = 0
            worker.client.look_again()
            self._back(worker)
        scheduler.log.away.clear()
        scheduler.log.against.clear()
        for group in scheduler.groups.values():
            group.blocked_until.clear()
        for service in scheduler.groups:
            if not self.members(service):
                scheduler.start_worker(service)
            if not self._manned(service):
                self.rebalance(service)
