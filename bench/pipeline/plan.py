"""What every contender is told: where the parts are, which topics, how many events; one JSON object on the way in."""

import json
from dataclasses import asdict, dataclass

BATCH_RECORDS = 500
BATCH_TIMEOUT_MS = 10
PARTITIONS = 6
COLLECTION = "aggregates"


@dataclass(frozen=True)
class Plan:
    """One run of one contender."""

    contender: str
    bootstrap: str
    store_url: str
    source_prefix: str
    """Stands before ``intake.commands``, where the preloaded input is."""
    output_prefix: str
    """Stands before ``intake.events``, where this run publishes; also names its group and its database."""
    events: int

    @property
    def group(self) -> str:
        """The consumer group of this run."""
        return self.output_prefix.rstrip(".").replace(".", "-")

    @property
    def database(self) -> str:
        """The database of this run."""
        return self.group.replace("-", "_")

    def text(self) -> str:
        """The plan as it is handed to a process."""
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> "Plan":
        """The inverse of ``text``."""
        return cls(**json.loads(text))
