"""What the live namespace of a data folder begins with, in one small file of it: which scenario, of which day."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Beginning:
    """One scenario in the live namespace; ``on`` is the day whose plan it is, also when it is played on later."""

    scenario: str
    seed: int
    on: str
    size: int
    ended: bool = False

    @classmethod
    def read(cls, data: Path) -> "Beginning | None":
        """What was begun there; None where nothing was."""
        try:
            return cls(**json.loads(_file(data).read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def write(self, data: Path) -> None:
        """Replace the file at once, so that a reader never sees half of it."""
        beside = _file(data).with_suffix(f".{os.getpid()}.tmp")
        beside.write_text(json.dumps(asdict(self)))
        beside.replace(_file(data))


def _file(data: Path) -> Path:
    return data / "scenario.json"
