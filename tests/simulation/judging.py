"""A seed's verdict: run it, check its history, play its log again, and rebuild its stores from nothing."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from itertools import chain
from random import Random
from typing import Any
from unittest.mock import patch

from shared.bus import processor
from shared.bus.apply import apply, commands_of
from shared.bus.deadletters import OPEN
from shared.bus.document import move_old, read_document, with_old, write_document
from shared.bus.effects import Scope
from shared.bus.processor import Processor
from shared.bus.records import Record
from shared.contract.registry import CONTROL
from shared.domain.aggregates import Consumer
from tests.simulation.beginning import SERVICES, Documents, Memory, drive, plain_consumers
from tests.simulation.bugs import NEXT
from tests.simulation.caps import caps
from tests.simulation.checker import Clause, Violation, check
from tests.simulation.comparing import in_one_order, plain, with_old_outcomes
from tests.simulation.happened import happened
from tests.simulation.mail import in_town
from tests.simulation.reading import Reading
from tests.simulation.reference import Known, Whole, ends, known_at, quiet
from tests.simulation.simulation import Run, run, silent
from tests.simulation.versions import as_version
from tests.simulation.world import Origin, Raw

KnownAt = Callable[[tuple[int, ...]], Known]
"""The reference data as it was when so many records of each of its topics had been read."""


@dataclass
class Verdict:
    """What was found in one seed."""

    seed: int
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    records: int = 0

    def __str__(self) -> str:
        again = f"run it again: python -m tests.simulation {self.seed} --trace"
        return "\n".join([f"seed {self.seed}:", *self.violations[:10], again])


def judge(
    seed: int, trace: Callable[[str], None] = silent, *, consumers: Mapping[str, Consumer] | None = None
) -> Verdict:
    """Everything that can be asked of one seed."""
    with caps(seed):
        return _judge(seed, trace, consumers)


def _judge(seed: int, trace: Callable[[str], None], consumers: Mapping[str, Consumer] | None) -> Verdict:
    verdict = Verdict(seed)
    ran = run(seed, trace, consumers)
    for history in ran.moments:
        verdict.violations += check(history)
    if ran.stuck:
        verdict.violations = list(dict.fromkeys([*verdict.violations, Clause.COMES_TO_REST(ran.stuck)]))
        return verdict
    reading = ran.scheduler.reading
    verdict.counts = happened(ran, reading.decode)
    verdict.records = sum(len(part) for parts in ran.scheduler.log.topics.values() for part in parts)
    known = lru_cache(partial(known_at, ran.scheduler.log))
    for service in SERVICES:
        consumer = in_town(seed, consumers or plain_consumers())[service]
        with quiet(), patch.object(processor, "decode", reading.decode):
            verdict.violations += replay(ran, consumer, known)
            verdict.violations += rebuild(ran, consumer, known, reading)
            verdict.violations += in_order(ran, consumer, reading)
    verdict.violations = list(dict.fromkeys(verdict.violations))
    return verdict


def replay(ran: Run, consumer: Consumer, known: KnownAt) -> list[Violation]:
    """The whole log from offset 0 into the same store: nothing may change, nothing new may be published.

    What nobody has mended fails as before; all the rest of what failed once has its outcome, and is not done anew.
    """
    service, log = consumer.service, ran.scheduler.log
    bugs = Bugs()
    for dead_letter in ran.dead_letters(service):
        if dead_letter.status == OPEN and dead_letter.seq:
            bugs.raised.setdefault(dead_letter.subject, set()).add(dead_letter.event)
    before = ran.moments[-1].documents[service]
    memory = Memory(ran.scheduler.collections[service].everything())
    there = {(raw.topic, raw.value) for parts in log.topics.values() for part in parts for raw in part}
    dead_letters = {raw.key for raw in log.ends(f"{service}.dlq")[0]}
    found: list[Violation] = []

    async def publish(outgoing: Any) -> None:
        for out in outgoing:
            is_there = (
                out.key.encode() in dead_letters
                if out.topic.endswith(".dlq")
                else (out.topic, out.value) in there
            )
            if not is_there:
                new = f"{out.topic}: {out.value!r:.300}"
                found.append(
                    Clause.REPLAY_PUBLISHES(
                        f"{service}: a replay from offset 0 published something new on {new}"
                    )
                )

    again = Processor(bugs.into(consumer), memory, publish, Whole(known(ends(log))))
    for batch in _mixed(ran, consumer, Random(ran.seed)):
        drive(again.run(batch))
    was, became = with_old_outcomes(before), with_old_outcomes(memory.documents)
    for subject in {*was, *became}:
        old, new = plain(was.get(subject, {})), plain(became.get(subject, {}))
        if old != new or not in_one_order(before.get(subject, {}), memory.documents.get(subject, {})):
            changed = [name for name in {*old, *new} if old.get(name) != new.get(name)]
            found.append(
                Clause.REPLAY_CHANGES(f"{subject}: a replay from offset 0 changed {changed} at {service}")
            )
    return found


class Bugs:
    """Handlers that raise as they did in the run; ``raised``: for each subject the types of what they raise for."""

    def __init__(self) -> None:
        self.raised: dict[str, set[str]] = {}
        self._subject = ""

    def into(self, consumer: Consumer) -> Consumer:
        """The same consumer with these bugs."""

        def next_of(state: Any, plain: Callable[[Any], Any]) -> Any:
            if NEXT in self.raised.get(self._subject, ()):
                raise RuntimeError("a bug that is not repaired yet")
            return plain(state)

        def buggy(decide: Callable[..., Any], state: Any, what: Any, context: Any) -> Any:
            self._subject = context.subject
            if getattr(what, "type", "") in self.raised.get(context.subject, ()):
                raise RuntimeError("a bug that is not repaired yet")
            return decide(state, what, context)

        kinds = [
            replace(
                kind,
                commands={shape: partial(buggy, decide) for shape, decide in kind.commands.items()},
                events={shape: partial(buggy, react) for shape, react in kind.events.items()},
                deadlines=kind.deadlines
                and replace(
                    kind.deadlines,
                    next=partial(next_of, plain=kind.deadlines.next),
                    expire=partial(buggy, kind.deadlines.expire),
                ),
            )
            for kind in consumer.aggregates
        ]
        return replace(consumer, aggregates=tuple(kinds))


def _refused(ran: Run, service: str) -> set[str]:
    """Subjects of which the store refused a document: then its records were written one by one."""
    return {
        dead_letter.subject for dead_letter in ran.dead_letters(service) if "refuses" in dead_letter.reason
    }


def _mixed(ran: Run, consumer: Consumer, rng: Random) -> list[list[Record]]:
    """All records of a consumer's topics, each partition in order, cut into batches at random."""
    lanes = [
        [raw.record for raw in reversed(part)]
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


def rebuild(ran: Run, consumer: Consumer, known: KnownAt, reading: Reading) -> list[Violation]:
    """Every aggregate from nothing, by the records of its own writes in their order: the same documents come out.

    Order between topics, how far the reference data was known, and which handlers had a bug are free choices of the
    first run, so they are kept; nothing else is.
    """
    collection, service, log = (
        ran.scheduler.collections[consumer.service],
        consumer.service,
        ran.scheduler.log,
    )
    everything = ran.moments[-1].documents[service]
    touched = {subject for subject, _ in collection.applied}
    built: Documents = {
        subject: first for subject, first in collection.at_first.items() if subject in touched
    }
    bugs = Bugs()
    broken = bugs.into(consumer)
    for subject, origin in collection.applied:
        if "|" in subject:
            continue  # an old outcome, written with its aggregate
        reference = known(origin.places.get(subject, ends(log)))
        bugs.raised = {name: set(types) for name, types in origin.raised.items()}
        with as_version(origin.lacks):
            scope = Scope(broken, reference, patient=False)
            built[subject] = _again(scope, subject, origin, built, log, reading)
    found: list[Violation] = []
    refused = _refused(ran, service)
    # All of it is numbered in the newest epoch then; what is wrong with numbers the checker finds.
    anew = ("published",) if ran.scheduler.consumers[service].epoch else ()
    for subject in {*everything, *built} & touched:
        if subject.partition("|")[0] in refused:
            continue
        old, new = (plain(documents.get(subject, {}), *anew) for documents in (everything, built))
        if old != new:
            changed = [name for name in {*old, *new} if old.get(name) != new.get(name)]
            found.append(Clause.BUILT_AGAIN(f"{subject}: built from nothing, {service} differs in {changed}"))
    return found


def in_order(ran: Run, consumer: Consumer, reading: Reading) -> list[Violation]:
    """Commands of one aggregate take effect in the order of their records, however many batches are under way.

    Of those that an operator hands in, and of deadlines, some do nothing at first and something when they come again.
    """
    found: list[Violation] = []
    newest: dict[str, int] = {}
    collection = ran.scheduler.collections[consumer.service]
    seen = {
        (subject, id) for subject, first in collection.at_first.items() for id, *_ in first.get("inbox", ())
    }
    for subject, origin in collection.applied:
        commands = [raw for raw in _of(subject, origin.batch) if raw.topic == consumer.commands_topic]
        for raw, item in reading.usable(sorted(commands, key=lambda raw: raw.offset), consumer):
            if item.type in CONTROL or (subject, item.id) in seen:
                continue
            seen.add((subject, item.id))
            if raw.offset < newest.get(subject, 0):
                after = f"{subject}: {item.id} at {raw.offset} took effect after {newest[subject]}"
                found.append(Clause.IN_ORDER(after))
            newest[subject] = max(raw.offset, newest.get(subject, 0))
    return found


def _again(
    scope: Scope, subject: str, origin: Origin, built: Documents, log: Any, reading: Reading
) -> dict[str, Any]:
    """One write once more: the records of its batch on the document before it; old outcomes go into ``built``."""
    kind = scope.consumer.kind(subject)
    assert kind is not None
    partition = log.partition_of(scope.consumer.commands_topic, subject.encode())
    items = [item for _, item in reading.usable(_of(subject, origin.batch), scope.consumer)]
    before = read_document(kind, subject, partition, built.get(subject))
    document, moved = move_old(with_old(before, chain.from_iterable(map(commands_of, items)), built))
    built |= {outcome["_id"]: outcome for outcome in moved}
    for item in items:
        document = apply(scope, document, item).document
    # What is kept only to be sent again is not compared, and would grow for ever.
    return write_document(document._replace(outbox=()), "")


def _of(subject: str, batch: Any) -> list[Raw]:
    key = subject.encode()
    return [raw for raw in batch if raw.key == key]
