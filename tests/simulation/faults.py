"""How one ask is answered: done, done with the answer lost, half done, late, failed; and how often which.

Every kind that took place is counted under ``fault ...``, so that a test can see that none went missing.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from types import SimpleNamespace
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    KafkaConnectionError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
)
from pymongo.errors import AutoReconnect, BulkWriteError

from shared.bus.records import Outgoing
from shared.store import REFUSED
from tests.simulation.world import Group, Log, Origin, Raw


class Rates(NamedTuple):
    """Chances of one step, from 0 to 1; a seed is calm or wild."""

    fault: float = 0.0
    crash: float = 0.0
    chaos: float = 0.0


CALM, MIXED, WILD = Rates(0.002, 0.001, 0.001), Rates(0.03, 0.006, 0.005), Rates(0.12, 0.02, 0.014)
LATE = Rates(0.03, 0.0, 0.007)
"""Nobody crashes and nothing is rebalanced, but topics come late: what workers keep in memory grows old."""


WRITE_FAULTS = (
    "failed",
    "lost",
    "partial",
    "partly refused for now",
    "late",
    "confirmed later",
    "rolled back",
)


class Failed(Exception):
    """The ask's answer is this error."""

    def __init__(self, error: Exception) -> None:
        self.error = error


Offsets = Mapping[TopicPartition, int]
Lane = tuple[str, int]
"""One partition of one topic, as a producer counts what it sends there."""
Sending = Sequence[tuple[Outgoing, int]]
"""Records with the timestamps that they carry, in ms."""


class Hangs(NamedTuple):
    """No answer comes; the client gives up by itself and knows nothing of what became of its records."""

    results: list[Exception | None]


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
        """A read of the store that may fail."""
        if self.mode(kind, rate, ("failed",)) != "done":
            raise Failed(AutoReconnect("the store did not answer"))

    def ask_broker(self, kind: str, rate: float) -> None:
        """A question to the broker or its coordinator that may find nobody."""
        if self.mode(kind, rate, ("failed",)) != "done":
            raise Failed(KafkaConnectionError("the broker did not answer"))

    def catch_up(self, rate: float) -> None:
        """The reference topics may not be read to their end in time."""
        if self.mode("catch up", rate, ("failed",)) != "done":
            raise Failed(TimeoutError("the reference data was not read to its end in time"))

    def write(self, what: Any, origin: Origin, rate: float) -> Any:
        """Writes are atomic one by one; any number of a bulk may be done when the answer gets lost."""
        collection, operations, inserting = what
        mode = self.mode("write", rate, WRITE_FAULTS)
        if mode in ("failed", "late"):
            if mode == "late":
                self.later.append(Later("write", (collection, operations, origin)))
            raise Failed(AutoReconnect("the connection was lost"))
        if mode != "done" and mode != "lost":
            operations = self.rng.sample(operations, self.rng.randint(0, len(operations)))
        unconfirmed = mode in ("confirmed later", "rolled back")
        matched, errors = self.apply(collection, operations, origin, not unconfirmed)
        if unconfirmed:
            self.later.append(Later(mode, (collection, list(collection.ahead))))
        if (
            mode == "partly refused for now"
        ):  # an election, or a shutdown: the server says so of single writes
            raise Failed(
                BulkWriteError({"writeErrors": [{"code": 11600}, *({"code": 11000} for _ in errors)]})
            )
        if mode != "done":
            raise Failed(AutoReconnect("the connection was lost"))
        if inserting and errors:
            raise Failed(errors[0])
        return SimpleNamespace(matched_count=matched)

    def apply(
        self, collection: Any, operations: Any, origin: Origin, confirmed: bool = True
    ) -> tuple[int, list[Exception]]:
        """Do the writes; (matched, errors). What the driver cannot pack ends them with whatever went before."""
        matched, errors = 0, []
        for operation in operations:
            try:
                matched += collection.apply(operation, origin, confirmed)
            except BulkWriteError as error:
                errors.append(error)
            except REFUSED as error:
                self.counts["store refused a document"] += 1
                raise Failed(error) from error
        return matched, errors

    def settle(self, collection: Any, subjects: Any, how: str) -> None:
        """What the first server alone had is confirmed, or lost."""
        for subject in subjects:
            if how == "confirmed later":
                collection.confirm(subject)
            elif collection.roll_back(subject):
                self.counts["a write was rolled back"] += 1

    def publish(self, sending: Sending, spoilt: set[Lane], rate: float) -> list[Exception | None] | Hangs:
        """What became of each record; order holds within one partition of one session, between them anything goes.

        ``spoilt``: partitions for which the producer's own count is ahead of the broker's, since something was
        refused for good. They take nothing any more, and this adds to them.
        """
        results: list[Exception | None] = [None] * len(sending)
        lanes: dict[Lane, list[int]] = {}
        for number, (out, _) in enumerate(sending):
            place = (out.topic, self.log.partition_of(out.topic, out.key.encode()))
            lanes.setdefault(place, []).append(number)
        mode = self.mode("publish", rate, ("failed", "lost", "partial", "late", "hung"))
        names = list(lanes)
        self.rng.shuffle(names)
        for place in names:
            lane = self._broker_takes(place, lanes[place], sending, results, spoilt)
            keep = len(lane) if mode in ("done", "lost") else self.rng.randint(0, len(lane))
            keep = 0 if mode == "failed" else keep
            for number in lane[:keep]:
                self.log.append(*sending[number])
            if mode == "late" and lane[keep:]:
                self.later.append(Later("publish", [sending[number] for number in lane[keep:]]))
            for number in lane[keep if mode == "partial" else 0 :] if mode != "done" else ():
                results[number] = KafkaTimeoutError("not acknowledged in time")
        return Hangs(results) if mode == "hung" else results

    def _broker_takes(
        self,
        place: Lane,
        lane: list[int],
        sending: Sending,
        results: list[Exception | None],
        spoilt: set[Lane],
    ) -> list[int]:
        """Those records of a partition that the broker would take; it answers whole requests, not records."""
        errors = {number: self.log.refuses(sending[number][0]) for number in lane}
        guilty = next((at for at, number in enumerate(lane) if errors[number] is not None), None)
        if place in spoilt:
            self.counts["sequence out of order"] += 1
            results_of = dict.fromkeys(lane, OutOfOrderSequenceNumber())
            first = 0
        elif guilty is None:
            return lane
        else:
            self.counts[f"broker refused for good: {type(errors[lane[guilty]]).__name__}"] += 1
            first, end = self.rng.randint(0, guilty), self.rng.randint(guilty + 1, len(lane))
            request = dict.fromkeys(lane[first:end], errors[lane[guilty]])
            results_of = {**request, **dict.fromkeys(lane[end:], OutOfOrderSequenceNumber())}
            spoilt.add(place)
        for number, error in results_of.items():
            results[number] = error
        return lane[:first]

    def publish_alone(self, out: Any, sent_ms: int, rate: float) -> None:
        """One record by a producer without a count."""
        error = self.log.refuses(out)
        if error is not None:
            raise Failed(error)
        # Asked seldom, so that it goes wrong more often.
        mode = self.mode("publish alone", 3 * rate, ("failed", "lost"))
        if mode != "failed":
            self.log.append(out, sent_ms)
        if mode != "done":
            raise Failed(KafkaTimeoutError("not acknowledged in time"))

    def commit(self, group: Group, client: Any, offsets: Offsets, fenced: bool, rate: float) -> None:
        """Of a member of the present generation only; a client's commits arrive in the order in which it asks."""
        if fenced:
            self.counts["commit fenced"] += 1
            raise Failed(CommitFailedError())
        mode = self.mode("commit", rate, ("failed", "lost"))
        if mode != "failed":
            client.committed |= {tp: max(at, client.committed.get(tp, 0)) for tp, at in offsets.items()}
            group.committed.update({tp: client.committed[tp] for tp in offsets})
        if mode != "done":
            raise Failed(KafkaConnectionError("the coordinator did not answer"))

    def fetch(self, client: Any, blocked: set[str]) -> list[Raw]:
        """A batch: any part of any partitions, each in order, topics mixed at random."""
        rng, parts = self.rng, []
        limit = rng.choice((1, 2, 5, 20, 200))
        for tp, position in client.positions.items():
            partition = self.log.topics[tp.topic][tp.partition]
            if tp.topic in blocked or tp in client.paused:
                continue
            if position < partition.end and rng.random() < 0.8:
                first = partition.since(position)
                part = partition[first : first + rng.randint(1, limit)]
                whole = not part or part[-1] is partition[-1]
                # Behind the last record there may be a marker, which this fetch skips as well or the next one.
                skips = not part or (whole and rng.random() < 0.5)
                client.positions[tp] = partition.end if skips else part[-1].offset + 1
                parts.append((tp, part))
        rng.shuffle(parts)
        # It looks again when the batch has been handled; until then a poll that finds nothing comes only sometimes.
        client.idle_polls = rng.choice((0, 0, 1)) if parts else client.idle_polls - 1
        lanes = [list(reversed(part)) for _, part in parts if part]
        if rng.random() < 0.5:
            return [raw for lane in lanes for raw in reversed(lane)]
        batch = []
        while lanes:
            lane = rng.choice(lanes)
            batch.append(lane.pop())
            if not lane:
                lanes.remove(lane)
        return batch
