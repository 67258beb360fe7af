"""What goes wrong with workers and topics, whenever the scheduler's dice say so; and how it is healed."""

from collections.abc import Callable, Sequence
from random import Random

from tests.simulation.beginning import drive
from tests.simulation.clients import DAY, HOUR
from tests.simulation.faults import LATE, Rates
from tests.simulation.scheduler import Scheduler
from tests.simulation.worker import Worker

STORM = Rates(0.4, 0.004)
WAITING = ("poll", "tick", "follow")


class Trouble:
    """Rebalances, crashes, frozen and late workers, delayed topics. ``more``: what others do to the town."""

    def __init__(self, scheduler: Scheduler, rng: Random, more: Sequence[Callable[[], None]]) -> None:
        self.scheduler, self.rng = scheduler, rng
        scheduler.on_crash.append(self._crashed)
        scheduler.on_unpublished.append(self._away)
        scheduler.on_return.append(self._storm)
        late = [self._block, self._block, self._deafen]
        moving = [self._rebalance_any, self._freeze, self._join, self._leave, self._kill]
        scheduler.chaos += [*late, *([] if scheduler.rates is LATE else moving), *more]

    def members(self, service: str) -> list[Worker]:
        """The living workers of one service that their group knows."""
        return [w for w in self.scheduler.workers if w.service == service and not w.kicked]

    def rebalance(self, service: str) -> None:
        """All members give everything up and get their new share; batches under way go on as zombies."""
        group, members = self.scheduler.groups[service], self.members(service)
        group.generation += 1
        self.rng.shuffle(members)
        shares = group.share(members)
        for worker in members:
            own = [task.ask for task in self.scheduler.tasks if task.owner is worker and task.ask]
            if any(ask.kind not in WAITING for ask in own):
                self.scheduler.counts["rebalance in mid-batch"] += 1
            drive(worker.revoked())
        for worker in members:
            drive(worker.assigned(shares[worker]))
        self.scheduler.trace(f"{service} rebalanced to {[worker.name for worker in members]}")

    def _any(self) -> Worker | None:
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

    def _kick(self, worker: Worker) -> None:
        if worker.alive:
            worker.kicked = True
            self.rebalance(worker.service)

    def _back(self, worker: Worker) -> None:
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

    def _crashed(self, worker: Worker) -> None:
        service = worker.service
        self._away(worker)
        self.scheduler.after(self.rng.choice((300, 6_000)), lambda: self.rebalance(service))
        self.scheduler.after(self.rng.choice((1_000, 20_000)), lambda: self._replace(service))

    def _away(self, worker: Worker) -> None:
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
        scheduler = self.scheduler
        scheduler.rates = Rates()
        for worker in list(scheduler.workers):
            worker.frozen_until = worker.view.deaf_until = 0
            self._back(worker)
        for group in scheduler.groups.values():
            group.blocked_until.clear()
        for service in scheduler.groups:
            if not self.members(service):
                scheduler.start_worker(service)
            if not self._manned(service):
                self.rebalance(service)
