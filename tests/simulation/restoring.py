"""A town is brought back as it was at an earlier instant and goes on in a new epoch; who reads outside has read on.

What is brought back is of one instant, as `qinqing backup` takes it: stores, topics, and how far groups have committed
(docs/decisions/0071). What happened since is gone with all programs; people go on as if nothing had been.
"""

from collections import defaultdict
from copy import copy, deepcopy
from dataclasses import replace
from typing import Any

from shared.bus.records import Record
from shared.domain.aggregates import Consumer
from tests.simulation.clients import Clients
from tests.simulation.scheduler import Scheduler
from tests.simulation.store import Collection
from tests.simulation.world import Log, Partition


class Backup:
    """Everything that a town keeps, as of the instant at which this is made."""

    def __init__(self, scheduler: Scheduler, clients: Clients) -> None:
        self._scheduler, self._clients = scheduler, clients
        self._topics = {
            topic: [_same(part) for part in parts] for topic, parts in scheduler.log.topics.items()
        }
        self._by_subject = {subject: [*events] for subject, events in scheduler.log.by_subject.items()}
        self._known = set(scheduler.log._known)
        self._committed = {name: dict(group.committed) for name, group in scheduler.groups.items()}
        self._kept = {name: _kept(collection) for name, collection in scheduler.collections.items()}
        self._acknowledged, self._answers = dict(clients.acknowledged), len(scheduler.answers)

    def bring_back(self, epoch: int) -> list[Record]:
        """Bring all of it back, with nobody at work; from then on events are of this epoch. What is lost by that."""
        scheduler, log = self._scheduler, self._scheduler.log
        for worker in list(scheduler.workers):
            scheduler.kill(worker)
        for task in scheduler.tasks:
            task.over = True
            task.coroutine.close()
        scheduler.awake, scheduler._parked = [], {}
        scheduler.answering.later.clear()
        lost = [*self._lost(log)]
        log.topics = {topic: [_same(part) for part in parts] for topic, parts in self._topics.items()}
        log.by_subject = defaultdict(
            list, {subject: [*events] for subject, events in self._by_subject.items()}
        )
        log._known = set(self._known)
        log.size, log.news = log.size + 1, log.news + 1  # whoever looks again finds something else
        for name, group in scheduler.groups.items():
            group.committed = dict(self._committed[name])
            group.generation += 1
        for name, collection in scheduler.collections.items():
            vars(collection).update(
                deepcopy(self._kept[name], {id(collection.at_first): collection.at_first})
            )
        self._clients.acknowledged = dict(self._acknowledged)
        del scheduler.answers[self._answers :]
        scheduler.consumers = {
            name: started_in(epoch, consumer) for name, consumer in scheduler.consumers.items()
        }
        return lost

    def _lost(self, log: Log) -> Any:
        for topic, parts in log.topics.items():
            kept = self._topics.get(topic, ())
            for number, part in enumerate(parts):
                end = kept[number].end if number < len(kept) else 0
                yield from (raw.record for raw in part if raw.offset >= end)


def started_in(epoch: int, consumer: Consumer) -> Consumer:
    """The consumer of a service that is told of its epoch."""
    return replace(consumer, epoch=epoch)


def _same(part: Partition) -> Partition:
    found = Partition(part)
    found.start, found.end = part.start, part.end
    return found


def _kept(collection: Collection) -> dict[str, Any]:
    """What a majority of its servers has; the rest is lost with the first server."""
    kept = {name: copy(value) for name, value in vars(collection).items() if name != "marks"}
    return kept | {"ahead": {}, "marks": deepcopy(collection.marks)}
