"""The dashboards as data: what each panel asks Prometheus, in which unit, what it says, and which runbook is its own.

Grafana's files are built of it (deploy/grafana); the operator's page draws the first row of each by itself. One file
per dashboard in the folder ``dashboards``.
"""

import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

FOLDER = Path(__file__).with_name("dashboards")
NAMES = ("sla", "department", "pipeline", "bus", "timers", "stores", "portal")
"""In this order."""


class _Part(BaseModel):
    """Something with a name in both languages."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    en: str


class Query(BaseModel):
    """One query, and how its series are called: names of labels stand in double braces."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    expr: str
    legend: str


class Panel(_Part):
    """One panel. ``red``: from which value on it is bad, or up to which; None where no value is by itself."""

    said_zh: str
    said_en: str
    unit: Literal["short", "percentunit", "s", "ops", "bytes", "dtdhms"]
    kind: Literal["stat", "series", "bars"]
    runbook: str
    """The heading in docs/operations.md, as addresses name it."""
    red: float | None = None
    is_low_bad: bool = False
    queries: Sequence[Query]


class Row(_Part):
    """Panels side by side."""

    panels: Sequence[Panel]


class Dashboard(_Part):
    """Rows, the first of which says whether all is well. ``variable``: a label that one chooses on top."""

    rows: Sequence[Row]
    variable: str = ""


@cache
def dashboards() -> dict[str, Dashboard]:
    """All of them by name."""
    read = TypeAdapter(Dashboard).validate_python
    return {name: read(tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))) for name in NAMES}
