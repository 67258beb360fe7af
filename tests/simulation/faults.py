"""How one ask is answered: done, done with the answer lost, half done, late, failed; and how often which.

Every kind that took place is counted under ``fault ...``, so that a test can see that none went missing.
"""

from collections import Counter
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaConnectionError, KafkaTimeoutError
from pymongo.errors import AutoReconnect, BulkWriteError

from tests.simulation.world import Group, Log, Origin, Raw


class Rates(NamedTuple):
    """Chances of one step, from 0 to 1; a seed is calm or wild."""

    fault: float = 0.0
    crash: float = 0.0
    chaos: float = 0.0


CALM, MIXED, WILD = Rates(0.002, 0.001, 0.001), Rates(0.03, 0.006, 0.004), Rates(0.12, 0.02, 0.012)
LATE = Rates(0.03, 0.0, 0.006)
"""Nobody crashes and nothing is rebalanced, but topics come late: what workers keep in memory grows old."""


class Failed(Exception):
    """The ask's answer is this error."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Later(NamedTuple):
    """What still happens after the answer: a write or a record that was on its way."""

    kind: str
    what: Any


class Answering:
    """Answers asks. ``later`` collects what lands after its answer."""

    def __init__(self, rng: Random, log: Log, counts: Counter[str]) -> None:
        self.rng, self.log, self.counts = rng, log, counts
        self.later: list[Later] = []

    def mode(self, kind: str, rate: float, modes: tuple[str, ...]) -> str:
        """``done`` or one of the faults, counted."""
        if self.rng.random() >= rate:
            return "done"
        mode = self.rng.choice(modes)
        self.counts[f"fault {kind} {mode}"] += 1
        return mode

    def read(self, kind: str, rate: float) -> None:
        """A read that may fail."""
        if self.mode(kind, rate, ("failed",)) != "done":
            raise Failed(AutoReconnect("the store did not answer"))

    def catch_up(self, rate: float) -> None:
        """The reference topics may not be read to their end in time."""
        if self.mode("catch up", rate, ("failed",)) != "done":
            raise Failed(TimeoutError("the reference data was not read to its end in time"))

    def write(self, what: Any, origin: Origin, rate: float) -> Any:
        """Writes are atomic one by one; any number of a bulk may be done when the answer gets lost."""
        collection, operations, inserting = what
        mode = self.mode("write", rate, ("failed", "lost", "partial", "late"))
        if mode in ("failed", "late"):
            if mode == "late":
                self.later.append(Later("write", (collection, operations, origin)))
            raise Failed(AutoReconnect("the connection was lost"))
        if mode == "partial":
            operations = self.rng.sample(operations, self.rng.randint(0, len(operations)))
        matched, errors = self.apply(collection, operations, origin)
        if mode in ("lost", "partial"):
            raise Failed(AutoReconnect("the connection was lost"))
        if inserting and errors:
            raise Failed(errors[0])
        return SimpleNamespace(matched_count=matched, deleted_count=0)

    def apply(self, collection: Any, operations: Any, origin: Origin) -> tuple[int, list[Exception]]:
        """Do the writes; (matched, errors)."""
        matched, errors = 0, []
        for operation in operations:
            try:
                matched += collection.apply(operation, origin)
            except BulkWriteError as error:
                errors.append(error)
        return matched, errors

    def publish(self, what: Any, rate: float) -> None:
        """Order holds within one partition of one session; between partitions anything goes."""
        outgoing, sent_ms = what
        lanes: dict[tuple[str, int], list[Any]] = {}
        for out in outgoing:
            lanes.setdefault((out.topic, self.log.partition_of(out.topic, out.key.encode())), []).append(out)
        mode = self.mode("publish", rate, ("failed", "lost", "partial", "late"))
        names = list(lanes)
        self.rng.shuffle(names)
        for name in names:
            lane = lanes[name]
            keep = len(lane) if mode in ("done", "lost") else self.rng.randint(0, len(lane))
            for out in lane[: 0 if mode == "failed" else keep]:
                self.log.append(out, sent_ms)
            if mode == "late" and lane[keep:]:
                self.later.append(Later("publish", (lane[keep:], sent_ms)))
        if mode != "done":
            raise Failed(KafkaTimeoutError("not acknowledged in time"))

    def commit(self, group: Group, offsets: dict[TopicPartition, int], fenced: bool, rate: float) -> None:
        """Of a member of the present generation only."""
        if fenced:
            self.counts["commit fenced"] += 1
            raise Failed(CommitFailedError())
        mode = self.mode("commit", rate, ("failed", "lost"))
        if mode != "failed":
            group.committed.update(offsets)
        if mode != "done":
            raise Failed(KafkaConnectionError("the coordinator did not answer"))

    def fetch(self, worker: Any, blocked: set[str]) -> list[Raw]:
        """A batch: any part of any partitions, each in order, topics mixed at random."""
        rng, parts = self.rng, []
        limit = rng.choice((1, 2, 5, 20, 200))
        for tp, position in worker.client.positions.items():
            partition = self.log.ends(tp.topic)[tp.partition]
            if tp.topic not in blocked and position < len(partition) and rng.random() < 0.8:
                parts.append((tp, partition[position : position + rng.randint(1, limit)]))
        rng.shuffle(parts)
        for tp, part in parts:
            worker.client.positions[tp] = part[-1].offset + 1
        lanes = [list(reversed(part)) for _, part in parts]
        if rng.random() < 0.5:
            return [raw for lane in lanes for raw in reversed(lane)]
        batch = []
        while lanes:
            lane = rng.choice(lanes)
            batch.append(lane.pop())
            if not lane:
                lanes.remove(lane)
        return batch
