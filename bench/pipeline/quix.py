"""Contender (d): Quix Streams, stateful, at least once; run with the Python of .venv-bench, which has it.

What it does, exactly: each message is decoded and decided by the same code as the floor's; its own RocksDB
state (with its changelog topic on the broker) is read in place of the find and holds the new document; the event
is published to the same topic; at each checkpoint of 500 messages a sink writes the documents in one insert_many
under the same indexes, the state is flushed, and the offsets are committed. librdkafka does the bus work in
threads of its own. One event a message, as all contenders have.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

# Pure packages that shared needs and Quix Streams does not bring (holidays); its own locked ones come first.
_MAIN = Path(__file__).resolve().parents[2] / ".venv/lib"
sys.path += [str(folder) for folder in _MAIN.glob("python3*/site-packages")]

import pymongo  # noqa: E402
from quixstreams import Application, message_context  # type: ignore[import-not-found]  # noqa: E402
from quixstreams.checkpointing.checkpoint import Checkpoint  # type: ignore[import-not-found]  # noqa: E402
from quixstreams.sinks import BatchingSink, SinkBatch  # type: ignore[import-not-found]  # noqa: E402

from bench.pipeline import work  # noqa: E402
from bench.pipeline.consumer import INTAKE, BuiltinReference  # noqa: E402
from bench.pipeline.counting import StoreCommands  # noqa: E402
from bench.pipeline.plan import BATCH_RECORDS, COLLECTION, Plan  # noqa: E402
from shared.bus.records import Record  # noqa: E402
from shared.contract.envelope import SHA256_HEADER  # noqa: E402

COMMANDS = StoreCommands()


class StoreSink(BatchingSink):
    """All documents of one checkpoint, all partitions together, in one insert_many."""

    def __init__(self, collection: Any) -> None:
        super().__init__(on_client_connect_success=lambda: None)
        self._collection, self._documents = collection, list[dict[str, Any]]()

    def add(self, value: Any, **_: Any) -> None:
        """One more document for the checkpoint."""
        self._documents.append(value)

    def write(self, batch: SinkBatch) -> None:
        """Not used: ``flush`` writes all partitions at once."""

    def flush(self) -> None:
        """Write what this checkpoint holds."""
        if self._documents:
            self._collection.insert_many(self._documents, ordered=False)
            self._documents = []


class Clock:
    """From the first message to the end of the last checkpoint; counts the messages of each checkpoint."""

    def __init__(self, events: int) -> None:
        self._goal = events
        self.stop: Callable[[], None] = lambda: None
        self.events, self.checkpoints, self.seconds, self.cpu_seconds = 0, 0, 0.0, 0.0
        self._started = self._cpu = 0.0
        self._watch_commits()

    def begin(self) -> None:
        """The first message is here: the clock starts."""
        if not self._started:
            self._started, self._cpu = time.perf_counter(), time.process_time()

    def message(self, *_: Any) -> None:
        """One message was processed."""
        self.events += 1
        if self.events >= self._goal:
            self.stop()

    def _watch_commits(self) -> None:
        commit = Checkpoint.commit

        def _timed(checkpoint: Checkpoint, **options: Any) -> None:
            commit(checkpoint, **options)
            if self._started and not self.seconds:
                self.checkpoints += 1
                if self.events >= self._goal:
                    self.seconds = time.perf_counter() - self._started
                    self.cpu_seconds = time.process_time() - self._cpu

        Checkpoint.commit = _timed


class Requests:
    """What librdkafka says it has sent, by client and kind of request."""

    def __init__(self) -> None:
        self.count: dict[str, dict[str, int]] = {}

    def take(self, text: str) -> None:
        """The latest statistics of one client."""
        statistics = json.loads(text)
        self.count[statistics["type"]] = {
            f"{name}Request": sum(broker["req"].get(name, 0) for broker in statistics["brokers"].values())
            for name in ("Fetch", "Produce", "OffsetCommit")
        }


def run(plan: Plan, folder: str) -> dict[str, Any]:
    """Run until the plan's events are committed."""
    client: Any = pymongo.MongoClient(plan.store_url, event_listeners=[COMMANDS])
    collection = client[plan.database][COLLECTION]
    collection.create_index("deadline", sparse=True)
    COMMANDS.count.clear()
    clock, requests = Clock(plan.events), Requests()
    measured = {"statistics.interval.ms": 200, "stats_cb": requests.take}
    app = Application(
        plan.bootstrap,
        consumer_group=plan.group,
        auto_offset_reset="earliest",
        state_dir=folder,
        loglevel=None,
        commit_every=BATCH_RECORDS,
        commit_interval=60.0,
        consumer_extra_config=measured,
        producer_extra_config={"acks": "all", "enable.idempotence": True, **measured},
        on_message_processed=clock.message,
    )
    clock.stop = app.stop
    _wire(app, plan, clock, collection)
    app.run()
    return {
        "events": clock.events,
        "seconds": round(clock.seconds, 3),
        "cpu_seconds": round(clock.cpu_seconds, 3),
        "events_per_second": round(clock.events / clock.seconds, 1),
        "batches": clock.checkpoints,
        "store_commands": dict(COMMANDS.count),
        "broker_requests_about": requests.count,
    }


def _wire(app: Any, plan: Plan, clock: Clock, collection: Any) -> None:
    """From the source topic through the decision to the store and the target topic."""
    reference = BuiltinReference().reference
    source = app.topic(
        plan.source_prefix + INTAKE.commands_topic, value_deserializer="bytes", key_deserializer="str"
    )
    target = app.topic(plan.output_prefix + "intake.events", value_serializer="bytes", key_serializer="bytes")

    def _decide(message: tuple[bytes, str, int, Any], state: Any) -> Any:
        clock.begin()
        value, key, timestamp, headers = message
        sha256 = next((text.decode() for name, text in headers or () if name == SHA256_HEADER), None)
        place = message_context()
        record = Record(
            INTAKE.commands_topic, place.partition, place.offset, timestamp, key.encode(), value, sha256
        )
        assert state.get("document") is None
        document, published = work.settle(reference, work.read(record), "token")
        state.set("document", document)
        return document, published

    frame = app.dataframe(source)
    frame = frame.apply(lambda value, key, at, headers: (value, key, at, headers), metadata=True)
    frame = frame.apply(_decide, stateful=True)
    frame.apply(lambda decided: decided[0]).sink(StoreSink(collection))
    events = frame.apply(lambda decided: decided[1], expand=True)
    events = events.set_headers(
        lambda one, *_: [(name, value.encode()) for name, value in one.headers().items()]
    )
    events.apply(lambda one: one.value, metadata=False).to_topic(target)


def main() -> None:
    """Run the plan on the command line; its state lives in a folder that goes away."""
    with tempfile.TemporaryDirectory(prefix="qinqing-quix-") as folder:
        print(json.dumps(run(Plan.read(sys.argv[1]), folder)))


if __name__ == "__main__":
    main()
