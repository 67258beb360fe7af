"""Writes what the contract's tests compare with: ``python -m tests.contract.write``.

A golden file is a promise to those who stored such a record: it is written once, for a new type, and never
again. docs/events.md keeps its text, its tables are written anew; docs/asyncapi.json is the generator's output.
"""

import json
import re
from pathlib import Path

from pydantic import BaseModel

from shared import asyncapi
from shared.events import EVENTS, REPLIES_BY_TYPE
from tests.contract.examples import envelope_of

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
DOCS = HERE.parents[1] / "docs"
EVENTS_MD = DOCS / "events.md"
ASYNCAPI_JSON = DOCS / "asyncapi.json"

ALL: dict[str, type[BaseModel]] = {**EVENTS, **REPLIES_BY_TYPE}


def happens(shape: type[BaseModel]) -> str:
    """The first line of the docstring."""
    return (shape.__doc__ or "").strip().splitlines()[0]


def table_of(topic: str) -> str:
    """The table of one topic in docs/events.md."""
    rows = [
        f"| `{name}` | `{shape.__name__}` | {happens(shape)} |"
        for name, shape in ALL.items()
        if shape.topic == topic  # type: ignore[attr-defined]
    ]
    return "\n".join(["| type | class | when |", "|---|---|---|", *rows])


def write_goldens() -> list[str]:
    """Write the golden files that are not there yet; return their names."""
    written = []
    for name, shape in ALL.items():
        path = GOLDEN / f"{name}.json"
        if not path.exists():
            example = json.loads(envelope_of(shape))
            path.write_text(json.dumps(example, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            written.append(path.name)
    return written


def write_tables() -> None:
    """Replace the table under each ``## `topic` `` heading of docs/events.md."""
    text = EVENTS_MD.read_text(encoding="utf-8")
    for topic in asyncapi.WRITERS:
        heading = re.escape(f"## `{topic}`")
        pattern = rf"(?ms)^({heading}$.*?\n\n)\| type \|.*?(?=\n\n|\Z)"
        text, count = re.subn(pattern, lambda found, t=topic: found[1] + table_of(t), text)
        if count != 1:
            raise SystemExit(f"docs/events.md needs one heading ## `{topic}` with a table under it")
    EVENTS_MD.write_text(text.rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    print("golden files written:", ", ".join(write_goldens()) or "none")
    write_tables()
    ASYNCAPI_JSON.write_text(asyncapi.text(), encoding="utf-8")
