"""What a town begins with: the four consumers, and the reference data that a first start publishes."""

import importlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from aiokafka import TopicPartition

from services.dispatch import builtin as dispatch
from services.supervision import builtin as supervision
from shared.bus.gateway import Request, sealed
from shared.bus.processor import Processor
from shared.contract.commands.dispatch import PublishStaff
from shared.contract.words import Role
from shared.domain.aggregates import Consumer
from shared.domain.decisions import Reason
from shared.domain.reference import BEGINNING
from shared.service import BUILTIN, SYSTEM
from tests.simulation.reference import Known, View, ends, known_at
from tests.simulation.scheduler import Scheduler
from tests.simulation.worker import FirstCommands
from tests.simulation.world import Clock, Log, Raw

JURISDICTION = "wuxing"
SERVICES = ("intake", "dispatch", "supervision", "feedback")
FIRST_START = datetime(2018, 12, 3, 1, tzinfo=UTC)

Documents = dict[str, dict[str, Any]]


def consumer_of(service: str) -> Consumer:
    """One service's consumer, newly built."""
    made: Consumer = importlib.import_module(f"services.{service}.consumer").consumer(JURISDICTION)
    return made


@lru_cache(maxsize=1)
def plain_consumers() -> Mapping[str, Consumer]:
    """The four services' real consumers, live mode."""
    return {service: consumer_of(service) for service in SERVICES}


OVERSEERS = {
    "he": PublishStaff(name="何正", roles=(Role.SUPERVISOR,), in_force_from=BEGINNING),
    "li": PublishStaff(name="李明", roles=(Role.LEADER,), in_force_from=BEGINNING),
}
"""Who may sign and lift: names in the directory."""


@lru_cache(maxsize=1)
def first_commands() -> Mapping[str, FirstCommands]:
    """What the owners of reference data publish at a first start."""
    return {
        "dispatch": [
            *dispatch.first_commands(JURISDICTION),
            *((f"staff:{account}", entry) for account, entry in OVERSEERS.items()),
        ],
        "supervision": supervision.first_commands(JURISDICTION, supervision.builtin_policy()),
    }


class Memory:
    """A store that always answers, over plain documents."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    async def load(self, subjects: Any) -> Documents:
        return {subject: self.documents[subject] for subject in subjects if subject in self.documents}

    async def write(self, documents: Any) -> set[str]:
        for document in documents:
            self.documents[document["_id"]] = document
        return set()

    async def released(self, documents: Any) -> None:
        """Nothing is marked here."""

    async def remember(self, outcomes: Any) -> None:
        for outcome in outcomes:
            there = self.documents.get(outcome["_id"])
            if there is None or there["outcome"].get("reason") == Reason.FAILED.value:
                self.documents[outcome["_id"]] = outcome


@dataclass(frozen=True)
class FirstStart:
    """What a first start leaves behind: topics, documents by service, and the reference data that is read from it."""

    topics: Mapping[str, Sequence[Sequence[Raw]]]
    documents: Mapping[str, Documents]
    reference: Known


@lru_cache(maxsize=8)
def first_start(partitions: int) -> FirstStart:
    """The first commands through the real processor, once for each number of partitions."""
    log = Log(partitions, Clock(FIRST_START))
    ms = int(FIRST_START.timestamp() * 1000)
    documents: dict[str, Documents] = {}
    for service, commands in first_commands().items():
        for subject, command in commands:
            request = Request(subject, command, BUILTIN, SYSTEM, f"{subject}/{command.verb}")
            log.append(sealed(request, f"/{JURISDICTION}/{service}"), ms)

        async def publish(outgoing: Any) -> None:
            for out in outgoing:
                log.append(out, ms)

        memory = Memory({})
        processor = Processor(plain_consumers()[service], memory, publish, View(log), token=lambda: "first")
        records = [raw.record for part in log.ends(f"{service}.commands") for raw in part]
        drive(processor.run(records))
        documents[service] = memory.documents
    return FirstStart(log.topics, documents, known_at(log, ends(log)))


def settle(scheduler: Scheduler) -> None:
    """The town had its first start long ago: everything is published, read and committed."""
    log = scheduler.log
    first = first_start(log.partitions)
    log.fill(first.topics)
    log.references = [first.reference]
    for service, documents in first.documents.items():
        scheduler.collections[service].fill(documents)
    for group in scheduler.groups.values():
        for topic in group.topics:
            group.committed |= {
                TopicPartition(topic, number): part.end for number, part in enumerate(log.ends(topic)) if part
            }


def drive(coroutine: Any) -> Any:
    """Run a coroutine that waits for nothing outside."""
    try:
        while coroutine.send(None) is None:  # it gives way to others: there are none
            pass
    except StopIteration as end:
        return end.value
    raise RuntimeError("it should not have to wait")
