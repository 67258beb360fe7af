"""Picks by the seed whose step comes next, and makes time pass when there is none."""

from collections import Counter
from collections.abc import Callable, Container, Coroutine, Iterator, Sequence
from contextlib import suppress
from heapq import heappop, heappush
from random import Random
from typing import Any

from shared.bus.under_way import AT_ONCE
from shared.domain.aggregates import Consumer
from tests.simulation.client import NEVER
from tests.simulation.faults import Answering, Failed, Rates
from tests.simulation.mail import MailServer
from tests.simulation.reading import Reading
from tests.simulation.store import Collection
from tests.simulation.tasks import Task
from tests.simulation.worker import FirstCommands, Lacks, Process, Worker
from tests.simulation.world import Ask, Clock, Group, Log, Origin, Raw

DAY_MS = 86_400_000
IMMINENT_MS = 1_000
"""Timers that wait no longer than this know what comes; others may wait for something for days, and looking every five
seconds is not worth a step."""
FREE = ("sleep", "poll", "tick", "walk", "follow", "complete", "wanted", "done")
"""Waiting for something to come: nobody crashes in these."""


class Stuck(RuntimeError):
    """The run did not come to rest; says what still moved."""


class Scheduler:
    """All tasks of one run. ``rates`` may be changed at any moment; calm is ``Rates()``."""

    def __init__(
        self, rng: Random, clock: Clock, log: Log, rates: Rates, trace: Callable[[str], None]
    ) -> None:
        self.rng, self.clock, self.log, self.rates, self.trace = rng, clock, log, rates, trace
        self.counts: Counter[str] = Counter()
        self.answering = Answering(rng, log, self.counts)
        self.reading = Reading()
        self.consumers: dict[str, Consumer] = {}
        self.first_commands: dict[str, FirstCommands] = {}
        self.others: dict[str, Callable[..., Process]] = {}
        """What makes a process of a group that is no service."""
        self.lacks: dict[str, Lacks] = {}
        """The types that the version of a service lacks of which workers are started now."""
        self.groups: dict[str, Group] = {}
        self.collections: dict[str, Collection] = {}
        self.workers: list[Process] = []
        self.away: set[str] = set()
        """The services of which nobody starts a worker for now."""
        self.awake: list[Task] = []
        self._parked: dict[Task, None] = {}
        """Those that wait for somebody to set an event; whoever does wakes them."""
        self._asleep: list[tuple[int, int, Task]] = []
        """(until when, number, task): a heap."""
        self.answers: list[Any] = []
        self.mail: MailServer | None = None
        self.rebalanced: Callable[[str], None] = lambda service: None
        """Hands the partitions of a group out anew (trouble.py)."""
        self.chaos: list[Callable[[], None]] = []
        self.on_crash: list[Callable[[Process], None]] = []
        self.on_unpublished: list[Callable[[Process], None]] = []
        self.on_return: list[Callable[[], None]] = []
        """Called when a topic that was away comes back."""
        self._turn: Process | None = None
        self.skew_ms = 0
        """How far a clock may be from the true time, either way."""
        self._started = 0
        self._patience = 5_000
        self._imminent: dict[str, int | None] = {}
        """The deadlines for which timers that had been a moment too early were let look once more."""

    # -------------------------------------------------------------- tasks

    def spawn(
        self,
        name: str,
        coroutine: Coroutine[Any, Any, None],
        owner: Process | None = None,
        batch: Sequence[Raw] | None = None,
    ) -> None:
        """A new task, run up to its first ask. ``batch``: what it works on, beside others of its process."""
        task = Task(name, coroutine, owner)
        task.batch = batch
        before, self._turn = self._turn, owner
        if task.step():
            self._keep(task)
        self._turn = before

    def spawn_beside(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Another task of the process whose turn it is."""
        owner = self._turn
        name = f"{owner.name} beside" if owner else "beside"
        self.spawn(name, coroutine, owner, owner.batch if owner else None)

    def _beside(self, worker: Process) -> list[Task]:
        """The batches that a process has under way."""
        waiting = (*self.awake, *self._parked)
        return [task for task in waiting if task.owner is worker and task.name.endswith(" beside")]

    def _keep(self, task: Task) -> None:
        ask = task.ask
        if ask.kind == "sleep":
            self._started += 1
            heappush(self._asleep, (ask.what, self._started, task))
        elif ask.kind == "wanted" and not ask.what.set_:
            self._parked[task] = None
            ask.what.wake.append(lambda: self._wake(task))
        else:
            self.awake.append(task)

    def _wake(self, task: Task) -> None:
        if task in self._parked:
            del self._parked[task]
            self.awake.append(task)

    @property
    def tasks(self) -> list[Task]:
        """All that are not over."""
        return [*self.awake, *self._parked, *self._sleeping()]

    def _sleeping(self) -> Iterator[Task]:
        return (task for _, _, task in self._asleep if not task.over)

    def waits_only(self, kinds: Container[str]) -> bool:
        """Whether no task sleeps, and each waits for something of these kinds."""
        return not any(self._sleeping()) and all(task.ask.kind in kinds for task in self.awake)

    def after(self, ms: int, do: Callable[[], None]) -> None:
        """Do something later."""

        async def wait() -> None:
            await Ask("sleep", self.clock.ms + ms)
            do()

        self.spawn("later", wait())

    def start_worker(self, service: str) -> None:
        """A new process of one service, unless that is away; it owns nothing until the next rebalance."""
        if service in self.away:
            return
        self._started += 1
        skew_ms = self.rng.randint(-self.skew_ms, self.skew_ms)
        process = (
            self._started,
            self.groups[service],
            self.log,
            self.clock,
            skew_ms,
            self.lacks.get(service, ()),
        )
        if service in self.consumers:
            first = self.first_commands.get(service, ())
            worker = Worker(self.consumers[service], self.collections[service], first, *process)
            worker.answers, worker.mail = self.answers, self.mail
            started: Process = worker
        else:
            started = self.others[service](*process)
        self.workers.append(started)
        for what, coroutine in started.tasks().items():
            self.spawn(f"{started.name} {what}", coroutine, started)

    def kill(self, worker: Process) -> None:
        """kill -9: its memory is gone, its partitions are nobody's until the group notices."""
        worker.alive = False
        self.workers.remove(worker)
        for task in [task for task in self.tasks if task.owner is worker]:
            task.over = True
            task.coroutine.close()
        self.awake = [task for task in self.awake if not task.over]
        self._parked = {task: None for task in self._parked if not task.over}

    # --------------------------------------------------------------- steps

    def step(self, until: Callable[[], bool] = lambda: False) -> bool:
        """One step of one task, or time passes; False when nothing is left to wait for, or when nothing moves and what
        the run goes on ``until`` is true already: time stays there."""
        self.clock.ms += self.rng.choice((0, 0, 1, 1, 3, 10))
        if self.rates.chaos and self.rng.random() < self.rates.chaos:
            self.rng.choice(self.chaos)()
        while self._asleep and self._asleep[0][0] <= self.clock.ms:
            woken = heappop(self._asleep)[2]
            if not woken.over:
                self.awake.append(woken)
        ready = self._ready()
        if not ready:
            return not until() and self._pass_time()
        task = self.rng.choice(ready)
        if task.owner is None and task.ask.kind == "publish":  # somebody does something
            self._patience = 5_000
        self._answer(task, task.ask)
        while self.answering.later:
            late = self.answering.later.pop()
            self.after(self.rng.choice((1, 20, 1000, 30_000)), lambda late=late: self._land(late))
        return True

    def _ready(self) -> list[Task]:
        """The tasks of which one may come next: asked of all of them at each step, so most are answered here."""
        now, news, size, ready = self.clock.ms, self.log.news, self.log.size, []
        for task in self.awake:
            worker = task.owner
            if worker is None:
                ready.append(task)
                continue
            if worker.frozen_until > now:
                continue
            ask = task.ask
            kind = ask.kind
            if kind == "wanted":
                wakes = ask.what.set_
            elif kind == "follow":
                wakes = worker.view.news != news and worker.view.hears(now, self.rng.choice)
            elif kind == "poll":
                client = worker.client
                dry = client.dry == size and now < client.dry_until
                wakes = client.idle_polls > 0 or (not dry and self._fetchable(worker))
            elif kind == "tick":
                wakes = worker.wants_tick()
            else:
                wakes = self._wakes(kind, ask, worker)
            if wakes:
                ready.append(task)
        return ready

    def _wakes(self, kind: str, ask: Ask, worker: Process) -> bool:
        if kind == "walk":
            return worker.wants_walk()
        if kind == "done":
            return bool(ask.what.ready(self.clock.ms))
        return kind != "complete" or not worker.view.reference.missing()

    def block(self, group: Group, topic: str, ms: int) -> None:
        """One topic does not reach one group for so long."""
        group.blocked_until[topic] = self.clock.ms + ms
        self.trace(f"{topic} does not reach {group.name} for {ms} ms")
        for returned in self.on_return:
            self.after(ms, returned)

    def blocked(self, group: Group) -> set[str]:
        """Topics that do not reach this group now."""
        until, now = group.blocked_until, self.clock.ms
        if until and max(until.values()) <= now:
            until.clear()
        return {topic for topic, end in until.items() if now < end} if until else set()

    def _fetchable(self, worker: Process) -> bool:
        client, topics, blocked = worker.client, self.log.topics, self.blocked(worker.group)
        for tp, position in client.positions.items():
            if (
                position < topics[tp.topic][tp.partition].end
                and tp.topic not in blocked
                and tp not in client.paused
            ):
                return True
        client.dry = self.log.size
        client.dry_until = min((worker.group.blocked_until[topic] for topic in blocked), default=NEVER)
        return False

    def _answer(self, task: Task, ask: Ask) -> None:
        worker = task.owner
        if worker is not None and task.batch is not None:
            worker.batch = task.batch
        if worker is not None and ask.kind not in FREE and self.rng.random() < self.rates.crash:
            self._crash_in(worker, ask)
            return
        self.trace(f"{task.name}: {ask.kind}")
        self._turn = worker
        try:
            value = self._value(worker, ask)
        except Failed as failed:
            self.trace(f"{task.name}: {ask.kind} failed: {failed.error}")
            alive = task.step(error=failed.error)
        else:
            if ask.kind == "poll":
                task.batch = value
            if worker is not None and ask.kind == "publish" and any(value):
                for unpublished in self.on_unpublished:
                    unpublished(worker)
            alive = task.step(value)
        if not alive:
            self.awake.remove(task)
        elif task.ask.kind in ("sleep", "wanted"):
            self.awake.remove(task)
            self._keep(task)

    def _value(self, worker: Process | None, ask: Ask) -> Any:
        answering, rate = self.answering, self.rates.fault
        match ask.kind:
            case "poll":
                batch = answering.fetch(worker.client, self.blocked(worker.group))  # type: ignore[union-attr]
                self.counts["batch mixes topics"] += len({raw.topic for raw in batch}) > 1
                return batch
            case "find":
                answering.read("find", rate)
                return ask.what[0].select(ask.what[1])
            case "write":
                if worker is not None:
                    self._count_write(worker, ask.what[1])
                return answering.write(ask.what, worker.origin() if worker else Origin(), rate)
            case "publish":
                return answering.publish(*ask.what, rate)
            case "publish alone":
                answering.publish_alone(*ask.what, rate)
            case "topics":
                answering.ask_broker("topics", rate)
                return {topic: self.log.away[topic] for topic in ask.what if topic in self.log.away}
            case "read":
                answering.ask_broker("read", rate)
                return [
                    raw.record
                    for topic, partition, offset in ask.what
                    for raw in self.log.ends(topic)[partition]
                    if raw.offset == offset
                ]
            case "offsets":
                answering.ask_broker("offsets", rate)
                return ask.what()
            case "commit":
                fenced = worker.generation != worker.group.generation  # type: ignore[union-attr]
                client, offsets = ask.what
                return answering.commit(worker.group, client, offsets, fenced, rate)  # type: ignore[union-attr]
            case "catch up":
                answering.catch_up(rate)
                self.counts["version awaited"] += ask.what.began
                ask.what.read()
            case "follow":
                self.counts["reference followed"] += bool(any(ask.what.reference.places))
                ask.what.read()
            case "ends":
                answering.ask_broker("ends", rate)
                return {tp: self.log.ends(tp.topic)[tp.partition].end for tp in ask.what}
        return None

    def _count_write(self, worker: Process, operations: Any) -> None:
        under_way = [task.ask.kind for task in self._beside(worker)]
        self.counts["written side by side"] += under_way.count("write") > 1
        self.counts["written while another is published"] += "publish" in under_way
        self.counts["written ahead of a full house"] += len(under_way) > AT_ONCE
        owned = {(tp.topic, tp.partition) for tp in worker.client.positions}
        self.counts["write by a zombie"] += any(
            (raw.topic, raw.partition) not in owned for raw in worker.batch
        )
        documents = [getattr(operation, "_doc", {}) for operation in operations]
        self.counts["events held"] += sum("held" in document for document in documents)
        self.counts["swept while something was on its way"] += sum(
            "outbox" in document and "sweeps" in document for document in documents
        )

    def _crash_in(self, worker: Process, ask: Ask) -> None:
        """The step is done, half done or not at all, and its answer reaches nobody."""
        self.counts[f"crash in {ask.kind}"] += 1
        self.counts["crash with several batches under way"] += len(self._beside(worker)) > 1
        self.trace(f"{worker.name} crashes in {ask.kind}")
        if ask.kind in ("write", "publish", "publish alone", "commit"):
            try:
                value = self._value(worker, ask)
                half = ask.kind == "publish" and any(value)
            except Failed:
                half = True
            self.counts[f"crash in half a {ask.kind}"] += half
        self.kill(worker)
        for crashed in self.on_crash:
            crashed(worker)

    def _land(self, late: Any) -> None:
        if late.kind == "publish":
            for out, sent_ms in late.what:
                self.log.append(out, sent_ms)
        elif late.kind == "write":
            with suppress(Failed):
                self.answering.apply(*late.what)
        else:
            self.answering.settle(*late.what, late.kind)

    # ---------------------------------------------------------------- time

    def _pass_time(self) -> bool:
        """Jump to the next instant at which anything may move."""
        now, later = self.clock.ms, []
        while self._asleep and self._asleep[0][2].over:
            heappop(self._asleep)
        later += [until for until, _, _ in self._asleep[:1]]
        later += [until for group in self.groups.values() for until in group.blocked_until.values()]
        later += [worker.frozen_until for worker in self.workers]
        later += [worker.view.deaf_until for worker in self.workers if worker.view.behind()]
        later += [worker.idle_until for worker in self.workers if worker.hears()]
        for collection in self.collections.values():
            if (soonest := collection.soonest) is not None:
                if soonest <= now:  # overdue: waits for what has not been read yet, or for the auditor
                    soonest = now + self._patience
                    self._patience = min(2 * self._patience, DAY_MS)
                    if self._imminent.get(collection.service) != collection.soonest:
                        self._imminent[collection.service] = collection.soonest
                        later += [
                            one.idle_until for one in self.workers if one.idle_until <= now + IMMINENT_MS
                        ]
                later.append(max(soonest, now + 1))
        later = [at for at in later if at > now]
        if not later:
            return False
        self.clock.ms = min(later)
        return True

    def run(self, until: Callable[[], bool], most: int) -> None:
        """Step until a condition holds, or nothing moves; Stuck after ``most`` steps."""
        for number in range(most):
            if number % 5 == 0 and until():
                return
            if not self.step(until):
                return
        moving = Counter(task.ask.kind for task in self.tasks)
        lags = {name: group.lag() for name, group in self.groups.items()}
        raise Stuck(f"still moving after {most} steps: {dict(moving)}, lags {lags}")
