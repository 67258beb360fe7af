"""Picks by the seed whose step comes next, and makes time pass when there is none."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from random import Random
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import shared.bus.consumer
from shared.domain.aggregates import Consumer
from shared.timers import fire_at_of
from tests.simulation.faults import Answering, Failed, Rates
from tests.simulation.reference import quiet
from tests.simulation.worker import Anything, FirstCommands, Worker
from tests.simulation.world import Ask, Clock, Collection, Group, Log, Origin

DAY_MS = 86_400_000
FREE = ("sleep", "poll", "tick", "follow", "complete")
"""Waiting for something to come: nobody crashes in these."""


class Stuck(RuntimeError):
    """The run did not come to rest; says what still moved."""


class Task:
    """One coroutine and what it waits for."""

    __slots__ = ("ask", "coroutine", "name", "owner")

    def __init__(self, name: str, coroutine: Coroutine[Any, Any, None], owner: Worker | None) -> None:
        self.name, self.coroutine, self.owner = name, coroutine, owner
        self.ask: Ask | None = None

    def step(self, value: Any = None, error: Exception | None = None) -> bool:
        """Run to the next ask; False when the coroutine is over."""
        try:
            self.ask = self.coroutine.throw(error) if error else self.coroutine.send(value)
            while self.ask is None:  # asyncio.sleep(0)
                self.ask = self.coroutine.send(None)
        except StopIteration:
            return False
        return True


@contextmanager
def virtual_sleep(clock: Clock) -> Iterator[None]:
    """The consumer's backoff takes virtual time while a simulation runs, and nothing is logged."""

    async def sleep(seconds: float) -> None:
        await Ask("sleep", clock.ms + int(seconds * 1000))

    consumer = shared.bus.consumer
    pretended = SimpleNamespace(sleep=sleep, CancelledError=asyncio.CancelledError)
    with (
        patch.object(consumer, "asyncio", pretended),
        patch.object(consumer, "log", Anything()),
        quiet(),
    ):
        yield


class Scheduler:
    """All tasks of one run. ``rates`` may be changed at any moment; calm is ``Rates()``."""

    def __init__(
        self, rng: Random, clock: Clock, log: Log, rates: Rates, trace: Callable[[str], None]
    ) -> None:
        self.rng, self.clock, self.log, self.rates, self.trace = rng, clock, log, rates, trace
        self.counts: Counter[str] = Counter()
        self.answering = Answering(rng, log, self.counts)
        self.consumers: dict[str, Consumer] = {}
        self.first_commands: dict[str, FirstCommands] = {}
        self.groups: dict[str, Group] = {}
        self.collections: dict[str, Collection] = {}
        self.workers: list[Worker] = []
        self.tasks: list[Task] = []
        self.answers: list[Any] = []
        self.chaos: list[Callable[[], None]] = []
        self.on_crash: list[Callable[[Worker], None]] = []
        self.on_unpublished: list[Callable[[Worker], None]] = []
        self.on_return: list[Callable[[], None]] = []
        """Called when a topic that was away comes back."""
        self._started = 0
        self._patience = 5_000

    # -------------------------------------------------------------- tasks

    def spawn(self, name: str, coroutine: Coroutine[Any, Any, None], owner: Worker | None = None) -> None:
        """A new task, run up to its first ask."""
        task = Task(name, coroutine, owner)
        if task.step():
            self.tasks.append(task)

    def after(self, ms: int, do: Callable[[], None]) -> None:
        """Do something later."""

        async def wait() -> None:
            await Ask("sleep", self.clock.ms + ms)
            do()

        self.spawn("later", wait())

    def start_worker(self, service: str) -> Worker:
        """A new process of one service; it owns nothing until the next rebalance."""
        self._started += 1
        worker = Worker(
            self._started,
            self.consumers[service],
            self.groups[service],
            self.collections[service],
            self.log,
            self.clock,
            self.first_commands.get(service, ()),
        )
        worker.answers = self.answers
        self.workers.append(worker)
        self.spawn(f"{worker.name} consume", worker.consume(), worker)
        self.spawn(f"{worker.name} tick", worker.tick(), worker)
        self.spawn(f"{worker.name} follow", worker.view.follow(), worker)
        return worker

    def kill(self, worker: Worker) -> None:
        """kill -9: its memory is gone, its partitions are nobody's until the group notices."""
        worker.alive = False
        self.workers.remove(worker)
        for task in [task for task in self.tasks if task.owner is worker]:
            self.tasks.remove(task)
            task.coroutine.close()

    # --------------------------------------------------------------- steps

    def step(self) -> bool:
        """One step of one task, or time passes; False when nothing is left to wait for."""
        self.clock.ms += self.rng.choice((0, 0, 1, 1, 3, 10))
        if self.rates.chaos and self.rng.random() < self.rates.chaos:
            self.rng.choice(self.chaos)()
        ready = [task for task in self.tasks if self._ready(task)]
        if not ready:
            return self._pass_time()
        task = self.rng.choice(ready)
        assert task.ask is not None
        if task.owner is None and task.ask.kind == "publish":  # somebody does something
            self._patience = 5_000
        self._answer(task, task.ask)
        while self.answering.later:
            late = self.answering.later.pop()
            self.after(self.rng.choice((1, 20, 1000, 30_000)), lambda late=late: self._land(late))
        return True

    def _ready(self, task: Task) -> bool:
        ask, worker = task.ask, task.owner
        assert ask is not None
        if ask.kind == "sleep":
            return self.clock.ms >= ask.what
        if worker is None:
            return True
        if self.clock.ms < worker.frozen_until:
            return False
        match ask.kind:
            case "poll":
                return self._fetchable(worker)
            case "tick":
                return worker.wants_tick()
            case "follow":
                return worker.view.hears(self.clock.ms, self.rng.choice)
            case "complete":
                return not worker.view.reference.missing()
        return True

    def block(self, group: Group, topic: str, ms: int) -> None:
        """One topic does not reach one group for so long."""
        group.blocked_until[topic] = self.clock.ms + ms
        self.trace(f"{topic} does not reach {group.name} for {ms} ms")
        for returned in self.on_return:
            self.after(ms, returned)

    def blocked(self, group: Group) -> set[str]:
        """Topics that do not reach this group now."""
        if not group.blocked_until:
            return set()
        return {topic for topic, until in group.blocked_until.items() if self.clock.ms < until}

    def _fetchable(self, worker: Worker) -> bool:
        client = worker.client
        if client.dry == self.log.size:
            return False
        topics, blocked = self.log.topics, self.blocked(worker.group)
        for tp, position in client.positions.items():
            if position < len(topics[tp.topic][tp.partition]) and tp.topic not in blocked:
                return True
        if not blocked:
            client.dry = self.log.size
        return False

    def _answer(self, task: Task, ask: Ask) -> None:
        worker = task.owner
        if worker is not None and ask.kind not in FREE and self.rng.random() < self.rates.crash:
            self._crash_in(worker, ask)
            return
        self.trace(f"{task.name}: {ask.kind}")
        try:
            value = self._value(worker, ask)
        except Failed as failed:
            self.trace(f"{task.name}: {ask.kind} failed: {failed.error}")
            if worker is not None and ask.kind == "publish":
                for unpublished in self.on_unpublished:
                    unpublished(worker)
            alive = task.step(error=failed.error)
        else:
            alive = task.step(value)
        if not alive:
            self.tasks.remove(task)

    def _value(self, worker: Worker | None, ask: Ask) -> Any:
        answering, rate = self.answering, self.rates.fault
        match ask.kind:
            case "poll":
                batch = answering.fetch(worker, self.blocked(worker.group))  # type: ignore[union-attr]
                self.counts["batch mixes topics"] += len({raw.topic for raw in batch}) > 1
                return batch
            case "find":
                answering.read("find", rate)
                return ask.what[0].select(ask.what[1])
            case "count":
                answering.read("count", rate)
                return len(ask.what[0].range(ask.what[1]["deadline"]))
            case "write":
                if worker is not None:
                    self._count_write(worker, ask.what[1])
                return answering.write(ask.what, worker.origin() if worker else Origin(), rate)
            case "publish":
                return answering.publish(ask.what, rate)
            case "commit":
                fenced = worker.generation != worker.group.generation  # type: ignore[union-attr]
                return answering.commit(worker.group, ask.what[1], fenced, rate)  # type: ignore[union-attr]
            case "catch up":
                answering.catch_up(rate)
                self.counts["version awaited"] += ask.what.began
                ask.what.read()
            case "follow":
                self.counts["reference followed"] += bool(any(ask.what.reference.places))
                ask.what.read()
            case "ends":
                answering.read("ends", rate)
                return {tp: len(self.log.ends(tp.topic)[tp.partition]) for tp in ask.what}
        return None

    def _count_write(self, worker: Worker, operations: Any) -> None:
        owned = {(tp.topic, tp.partition) for tp in worker.client.positions}
        self.counts["write by a zombie"] += any(
            (raw.topic, raw.partition) not in owned for raw in worker.batch
        )
        documents = [getattr(operation, "_doc", {}) for operation in operations]
        self.counts["events held"] += sum("held" in document for document in documents)
        self.counts["swept while something was on its way"] += sum(
            "outbox" in document and "sweeps" in document for document in documents
        )

    def _crash_in(self, worker: Worker, ask: Ask) -> None:
        """The step is done, half done or not at all, and its answer reaches nobody."""
        self.counts[f"crash in {ask.kind}"] += 1
        self.trace(f"{worker.name} crashes in {ask.kind}")
        if ask.kind in ("write", "publish", "commit"):
            try:
                self._value(worker, ask)
            except Failed:
                self.counts[f"crash in half a {ask.kind}"] += 1
        self.kill(worker)
        for crashed in self.on_crash:
            crashed(worker)

    def _land(self, late: Any) -> None:
        if late.kind == "publish":
            for out in late.what[0]:
                self.log.append(out, late.what[1])
        else:
            self.answering.apply(*late.what)

    # ---------------------------------------------------------------- time

    def _pass_time(self) -> bool:
        """Jump to the next instant at which anything may move."""
        now, later = self.clock.ms, []
        later += [task.ask.what for task in self.tasks if task.ask and task.ask.kind == "sleep"]
        later += [until for group in self.groups.values() for until in group.blocked_until.values()]
        later += [worker.frozen_until for worker in self.workers]
        later += [worker.view.deaf_until for worker in self.workers if worker.view.behind()]
        for collection in self.collections.values():
            if (soonest := self.next_deadline(collection)) is not None:
                if soonest <= now:  # overdue: waits for what has not been read yet, or for the auditor
                    soonest = now + self._patience
                    self._patience = min(2 * self._patience, DAY_MS)
                later.append(max(soonest, now + 1))
        later = [at for at in later if at > now]
        if not later:
            return False
        self.clock.ms = min(later)
        return True

    def next_deadline(self, collection: Collection) -> int | None:
        """Milliseconds of the soonest deadline in a store."""
        soonest = min((deadline.partition("|")[2] for deadline, _ in collection.deadlines), default=None)
        return None if soonest is None else int(fire_at_of(f"00000|{soonest}").timestamp() * 1000)

    def run(self, until: Callable[[], bool], most: int) -> None:
        """Step until a condition holds, or nothing moves; Stuck after ``most`` steps."""
        for number in range(most):
            if number % 5 == 0 and until():
                return
            if not self.step():
                return
        moving = Counter(task.ask.kind for task in self.tasks if task.ask)
        lags = {name: group.lag() for name, group in self.groups.items()}
        raise Stuck(f"still moving after {most} steps: {dict(moving)}, lags {lags}")
