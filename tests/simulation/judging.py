"""A seed's verdict: run it, check its history, play its log again, and rebuild its stores from nothing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from typing import Any

from shared.bus.apply import apply
from shared.bus.document import read_document, write_document
from shared.bus.effects import Scope
from shared.bus.processor import Processor
from shared.bus.records import Bad, Record, decode
from shared.contract.envelope import Malformed, open_envelope
from shared.domain.aggregates import Consumer
from tests.simulation.beginning import SERVICES, Documents, Memory, drive, plain_consumers
from tests.simulation.checker import check
from tests.simulation.happened import happened
from tests.simulation.reference import Whole, ends, known_at, quiet, record_of
from tests.simulation.simulation import Run, run, silent
from tests.simulation.world import Origin, Raw

PASSING = ("v", "token", "outbox", "jurisdiction")


@dataclass
class Verdict:
    """What was found in one seed."""

    seed: int
    violations: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    records: int = 0

    def __str__(self) -> str:
        again = f"run it again: python -m tests.simulation {self.seed} --trace"
        return "\n".join([f"seed {self.seed}:", *self.violations[:10], again])


def judge(
    seed: int, trace: Callable[[str], None] = silent, *, consumers: Mapping[str, Consumer] | None = None
) -> Verdict:
    """Everything that can be asked of one seed."""
    verdict = Verdict(seed)
    ran = run(seed, trace, consumers)
    for history in ran.moments:
        verdict.violations += check(history)
    if ran.stuck:
        verdict.violations = list(dict.fromkeys([*verdict.violations, ran.stuck]))
        return verdict
    verdict.counts = happened(ran)
    verdict.records = sum(len(part) for parts in ran.scheduler.log.topics.values() for part in parts)
    for service in SERVICES:
        consumer = (consumers or plain_consumers())[service]
        with quiet():
            verdict.violations += replay(ran, consumer)
            verdict.violations += rebuild(ran, consumer)
    verdict.violations = list(dict.fromkeys(verdict.violations))
    return verdict


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """What must be the same again: all but version, token, and what is kept only to be sent again and swept."""
    plain = {name: value for name, value in document.items() if name not in PASSING}
    if str(plain.get("due", {}).get("name", "")).startswith("sweep/"):
        del plain["due"], plain["deadline"]
    return plain


def replay(ran: Run, consumer: Consumer) -> list[str]:
    """The whole log from offset 0 into the same store: nothing may change, nothing new may be published.

    A command that failed once is not remembered: it is judged anew, now that its bug is repaired.
    """
    service, log = consumer.service, ran.scheduler.log
    before = ran.scheduler.collections[service].everything()
    memory = Memory(ran.scheduler.collections[service].everything())
    there = {(raw.topic, raw.value) for parts in log.topics.values() for part in parts for raw in part}
    dead_letters = {raw.key for raw in log.ends(f"{service}.dlq")[0]}
    failed = {
        open_envelope(dead_letter.value).id
        for dead_letter in ran.dead_letters(service)
        if "handler failed" in dead_letter.reason and not dead_letter.seq
    }
    found: list[str] = []

    async def publish(outgoing: Any) -> None:
        for out in outgoing:
            known = (
                out.key.encode() in dead_letters
                if out.topic.endswith(".dlq")
                else (out.topic, out.value) in there
            )
            if not known and _cause_of(out.value) not in failed:
                new = f"{out.topic}: {out.value!r:.300}"
                found.append(f"{service}: a replay from offset 0 published something new on {new}")

    processor = Processor(consumer, memory, publish, Whole(known_at(log, ends(log))))
    for batch in _mixed(ran, consumer, Random(ran.seed)):
        drive(processor.run(batch))
    for subject in {*before, *memory.documents} - _failed(ran, service, commands=True):
        old, new = _plain(before.get(subject, {})), _plain(memory.documents.get(subject, {}))
        if old != new:
            changed = [name for name in {*old, *new} if old.get(name) != new.get(name)]
            found.append(f"{subject}: a replay from offset 0 changed {changed} at {service}")
    return found


def _cause_of(value: bytes) -> str:
    try:
        return open_envelope(value).cause
    except Malformed:
        return ""


def _failed(ran: Run, service: str, *, commands: bool) -> set[str]:
    """Subjects where a handler had a bug that is repaired by now: a command that failed is judged anew."""
    return {
        dead_letter.subject
        for dead_letter in ran.dead_letters(service)
        if "failed" in dead_letter.reason and not (commands and dead_letter.seq)
    }


def _mixed(ran: Run, consumer: Consumer, rng: Random) -> list[list[Record]]:
    """All records of a consumer's topics, each partition in order, cut into batches at random."""
    lanes = [
        [record_of(raw) for raw in reversed(part)]
        for topic in consumer.topics
        for part in ran.scheduler.log.ends(topic)
    ]
    batches: list[list[Record]] = []
    while lanes := [lane for lane in lanes if lane]:
        batch: list[Record] = []
        for lane in rng.sample(lanes, len(lanes)):
            batch += [lane.pop() for _ in range(min(len(lane), rng.randint(1, 40)))]
        batches.append(batch)
    return batches


def rebuild(ran: Run, consumer: Consumer) -> list[str]:
    """Every aggregate from nothing, by the records of its own writes in their order: the same documents come out.

    Order between topics, and how far the reference data was known, are free choices of the first run, so they are
    kept; nothing else is.
    """
    collection, service, log = (
        ran.scheduler.collections[consumer.service],
        consumer.service,
        ran.scheduler.log,
    )
    known = lru_cache(lambda places: known_at(log, places))
    everything = collection.everything()
    touched = {subject for subject, _ in collection.applied}
    built: Documents = {
        subject: first for subject, first in collection.at_first.items() if subject in touched
    }
    for subject, origin in collection.applied:
        reference = known(origin.places.get(subject, ends(log)))
        document = _again(Scope(consumer, reference, patient=False), subject, origin, built.get(subject), log)
        if document.pop("gone", False):
            built.pop(subject, None)
        else:
            built[subject] = document
    found = []
    failed = _failed(ran, service, commands=False)
    for subject in {*everything, *built} & touched - failed:
        old, new = _plain(everything.get(subject, {})), _plain(built.get(subject, {}))
        if old != new:
            changed = [name for name in {*old, *new} if old.get(name) != new.get(name)]
            found.append(f"{subject}: built from nothing, {service} differs in {changed}")
    return found


def _again(
    scope: Scope, subject: str, origin: Origin, before: dict[str, Any] | None, log: Any
) -> dict[str, Any]:
    """One write once more: the records of its batch on the document before it."""
    kind = scope.consumer.kind(subject)
    assert kind is not None
    partition = log.partition_of(scope.consumer.commands_topic, subject.encode())
    document = read_document(kind, subject, partition, before)
    for raw in _of(subject, origin.batch):
        item = decode(record_of(raw), scope.consumer)
        if item is not None and not isinstance(item, Bad):
            document = apply(scope, document, item).document
    return write_document(document, "")


def _of(subject: str, batch: Any) -> list[Raw]:
    key = subject.encode()
    return [raw for raw in batch if raw.key == key]
