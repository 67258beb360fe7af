"""Results: measures beside their goals, printed as a table and kept as JSON in bench/results."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parent / "results"


class Skipped(Exception):
    """A benchmark, or a part of one, that cannot run here; the message says what is missing."""


def check_checkout(other: Path) -> None:
    """Raise Skipped where a folder is no checkout that can be compared with."""
    if not (other / ".venv/bin/python").exists():
        raise Skipped(f"{other} is no checkout with a .venv of its own: run `make setup` in it")


class Measure(NamedTuple):
    """One number; with a goal it is met when the value is at most, or at least, that."""

    name: str
    value: float
    unit: str
    goal: float | None = None
    sense: Literal["at most", "at least"] = "at most"

    @property
    def met(self) -> bool | None:
        """Whether the goal is reached; None where there is none."""
        if self.goal is None:
            return None
        return self.value <= self.goal if self.sense == "at most" else self.value >= self.goal


class Result(NamedTuple):
    """What one benchmark found: measures for the table, everything else as detail."""

    name: str
    measures: Sequence[Measure]
    detail: Mapping[str, Any]

    def as_json(self, machine: Mapping[str, Any]) -> dict[str, Any]:
        """The JSON object that is kept and printed."""
        measures = [
            {"name": measure.name, "value": measure.value, "unit": measure.unit}
            | (
                {}
                if measure.goal is None
                else {"goal": f"{measure.sense} {measure.goal:g}", "met": measure.met}
            )
            for measure in self.measures
        ]
        return {
            "benchmark": self.name,
            "measures": measures,
            "detail": dict(self.detail),
            "machine": dict(machine),
        }


def keep(result: dict[str, Any]) -> None:
    """Write one result over the last one of its name."""
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(result, ensure_ascii=False, indent=1)
    (FOLDER / f"{result['benchmark']}.json").write_text(text + "\n")


def show(result: Result, console: Console) -> None:
    """Print the measures, the goals beside them."""
    table = Table(title=result.name, title_justify="left", header_style="bold")
    table.add_column("measure")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("goal")
    table.add_column("")
    for measure in result.measures:
        goal = "" if measure.goal is None else f"{measure.sense} {measure.goal:g}"
        mark = {None: "", True: "[green]met[/]", False: "[bold red]missed[/]"}[measure.met]
        value = f"{measure.value:,.4g}" if measure.value < 1000 else f"{measure.value:,.0f}"
        table.add_row(measure.name, value, measure.unit, goal, mark)
    console.print(table)
