"""A seed's verdict: run it, check its history, play its log again, and rebuild its stores from nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from shared.bus.fold import Aggregate
from shared.bus.loop import Loop
from shared.bus.records import Bad, Record, decode
from shared.bus.room import Room
from tests.simulation.checker import check
from tests.simulation.simulation import SERVICES, Run, plain_rooms, record_of, run, silent
from tests.simulation.world import Raw

PASSING = ("v", "token", "produced", "jurisdiction")
Documents = dict[str, dict[str, Any]]


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
    seed: int, trace: Callable[[str], None] = silent, *, rooms: dict[str, Room] | None = None
) -> Verdict:
    """Everything that can be asked of one seed."""
    verdict = Verdict(seed)
    ran = run(seed, trace, rooms)
    for history in ran.moments:
        verdict.violations += check(history)
    if ran.stuck:
        verdict.violations = list(dict.fromkeys([*verdict.violations, ran.stuck]))
        return verdict
    verdict.counts = ran.counts + Counter(f"event {name}" for name in _event_types(ran)) + _asked(ran)
    verdict.records = sum(len(part) for parts in ran.scheduler.log.topics.values() for part in parts)
    for service in SERVICES:
        room = (rooms or plain_rooms())[service]
        verdict.violations += replay(ran, room)
        verdict.violations += rebuild(ran, room)
    verdict.violations = list(dict.fromkeys(verdict.violations))
    return verdict


def _event_types(ran: Run) -> list[str]:
    return [event["type"] for events in ran.scheduler.log.by_subject.values() for _, event in events]


def _asked(ran: Run) -> Counter[str]:
    """``asked <service> <verb> done|refused`` for what became of commands."""
    verbs: dict[str, tuple[str, str]] = {}
    for topic, parts in ran.scheduler.log.topics.items():
        for raw in (raw for part in parts for raw in part if topic.endswith(".commands")):
            item = decode(record_of(raw), plain_rooms()[topic.partition(".")[0]])
            if not isinstance(item, Bad) and hasattr(item.data, "verb"):
                verbs[item.id] = (item.data.service, item.data.verb)  # type: ignore[union-attr]
    return Counter(
        "asked {} {} {}".format(*verbs[answer.command], answer.outcome["status"])
        for answer in ran.scheduler.told
        if answer.command in verbs
    )


def _plain(document: dict[str, Any]) -> dict[str, Any]:
    """What must be the same again: all but version, token and what is kept only for re-sending."""
    return {name: value for name, value in document.items() if name not in PASSING}


class Memory:
    """A store that always answers, over plain documents."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    async def load(self, subjects: Any) -> Documents:
        return {subject: self.documents[subject] for subject in subjects if subject in self.documents}

    async def write(self, documents: Any) -> set[str]:
        for document in documents:
            if document.pop("gone", False):
                self.documents.pop(document["_id"], None)
            else:
                self.documents[document["_id"]] = document
        return set()


def replay(ran: Run, room: Room) -> list[str]:
    """The whole log from offset 0 into the same store: nothing may change, nothing new may be published."""
    service, log = room.service, ran.scheduler.log
    before = ran.scheduler.collections[service].everything()
    memory = Memory(ran.scheduler.collections[service].everything())
    there = {(raw.topic, raw.value) for parts in log.topics.values() for part in parts for raw in part}
    letters = {raw.key for raw in log.ends(f"{service}.dlq")[0]}
    found: list[str] = []

    async def publish(outgoing: Any) -> None:
        for out in outgoing:
            known = (
                out.key.encode() in letters if out.topic.endswith(".dlq") else (out.topic, out.value) in there
            )
            if not known:
                found.append(
                    f"{service}: a replay from offset 0 published something new on {out.topic}: {out.value!r:.300}"
                )

    loop = Loop(room, memory, publish, group=service)
    for batch in _mixed(ran, room, Random(ran.seed)):
        try:
            loop.run(batch).send(None)
        except StopIteration:
            continue
    for subject in {*before, *memory.documents} - _failed(ran, service, commands=True):
        old, new = _plain(before.get(subject, {})), _plain(memory.documents.get(subject, {}))
        if old != new:
            changed = [name for name in {*old, *new} if old.get(name) != new.get(name)]
            found.append(f"{subject}: a replay from offset 0 changed {changed} at {service}")
    return found


def _failed(ran: Run, service: str, *, commands: bool) -> set[str]:
    """Subjects where a handler had a bug that is repaired by now: a command that failed is judged anew."""
    return {
        letter.subject
        for letter in ran.clients.letters(service)
        if "failed" in letter.reason and not (commands and letter.seq)
    }


def _mixed(ran: Run, room: Room, rng: Random) -> list[list[Record]]:
    """All records of a room's topics, each partition in order, cut into batches at random."""
    lanes = [
        [record_of(raw) for raw in reversed(part)]
        for topic in room.topics
        for part in ran.scheduler.log.ends(topic)
    ]
    batches: list[list[Record]] = []
    while lanes := [lane for lane in lanes if lane]:
        batch: list[Record] = []
        for lane in rng.sample(lanes, len(lanes)):
            batch += [lane.pop() for _ in range(min(len(lane), rng.randint(1, 40)))]
        batches.append(batch)
    return batches


def rebuild(ran: Run, room: Room) -> list[str]:
    """Every aggregate from nothing, by the records of its own writes in their order: the same documents come out.

    Order between topics is a free choice of the first run, so its order is kept; nothing else is.
    """
    collection, service = ran.scheduler.collections[room.service], room.service
    built: Documents = {}
    for subject, batch in collection.applied:
        partition = ran.scheduler.log.partition_of(room.commands_topic, subject.encode())
        aggregate = Aggregate(room, subject, built.get(subject), partition, service)
        for record in map(record_of, _of(subject, batch)):
            item = decode(record, room)
            if not isinstance(item, Bad) and item.subject == subject:
                aggregate.apply(item)
        document = aggregate.document("")
        if document.pop("gone", False):
            built.pop(subject, None)
        else:
            built[subject] = document
    found = []
    failed = _failed(ran, service, commands=False)
    for subject, document in collection.everything().items():
        if subject in failed:
            continue
        old, new = _plain(document), _plain(built.get(subject, {}))
        if old != new:
            changed = [name for name in {*old, *new} if old.get(name) != new.get(name)]
            found.append(f"{subject}: built from nothing, {service} differs in {changed}")
    return found


def _of(subject: str, batch: Any) -> list[Raw]:
    key = subject.encode()
    return [raw for raw in batch if raw.key == key]
