"""`python -m bench [pipeline|latency|backlog|replay|memory|masking|portal|room|whatif|timers|policy|start
|all]`: measure, print, and keep it as JSON.

`python -m bench against DIR` compares the replay with that of another checkout, `python -m bench turns DIR` the time
from a command to its outcome; `all` leaves them out.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
from rich.console import Console

from bench import against, backlog, latency, masking, memory, portal, replay, room, start, turns, whatif
from bench.machine import describe, stolen_since
from bench.pipeline import run as pipeline
from bench.results import Result, Skipped, keep, show
from bench.timers import policy
from bench.timers import run as timers
from bench.timers.loading import Sizes

Say = Callable[[str], None]
ALL = (
    "pipeline",
    "latency",
    "backlog",
    "memory",
    "replay",
    "masking",
    "portal",
    "room",
    "whatif",
    "timers",
    "policy",
    "start",
)
COMPARING = ("against", "turns")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", default="all", choices=[*ALL, *COMPARING, "all"])
    parser.add_argument(
        "other", nargs="?", type=Path, metavar="DIR", help="the other checkout to compare with"
    )
    parser.add_argument("--json", action="store_true", help="one JSON array on stdout instead of tables")
    parser.add_argument(
        "--rounds", type=int, default=pipeline.ROUNDS, help="rounds of the pipeline comparison"
    )
    parser.add_argument(
        "--events", type=int, default=pipeline.EVENTS, help="events of each run of the pipeline"
    )
    parser.add_argument(
        "--deadlines",
        type=int,
        default=backlog.DEADLINES,
        help="overdue deadlines of the backlog and the timers",
    )
    parser.add_argument("--open", type=int, default=Sizes().open, help="open deadlines of the timers")
    parser.add_argument("--dry", action="store_true", help="do not write bench/results")
    arguments = parser.parse_args()
    if (arguments.what in COMPARING) != (arguments.other is not None):
        parser.error("against and turns need the folder of another checkout, and nothing else does")
    return arguments


def main() -> int:
    """Run what was asked; 1 when something failed or missed its goal, 0 when all is met or skipped."""
    arguments = _arguments()
    say_to = Console(stderr=True)

    def _pipeline(say: Say) -> Result:
        return asyncio.run(pipeline.measure(say, rounds=arguments.rounds, events=arguments.events))

    jobs: dict[str, Callable[[Say], Result]] = {
        "pipeline": _pipeline,
        "latency": latency.measure,
        "backlog": lambda say: backlog.measure(say, deadlines=arguments.deadlines),
        "memory": memory.measure,
        "replay": replay.measure,
        "masking": masking.measure,
        "portal": portal.measure,
        "room": room.measure,
        "whatif": whatif.measure,
        "timers": lambda say: timers.measure(say, Sizes(arguments.open, arguments.deadlines)),
        "policy": lambda say: policy.measure(say, Sizes(arguments.open, arguments.deadlines)),
        "start": start.measure,
        "against": lambda say: against.measure(say, arguments.other),
        "turns": lambda say: turns.measure(say, arguments.other),
    }
    results, missed = [], False
    for name in ALL if arguments.what == "all" else [arguments.what]:
        machine, before = describe(), psutil.cpu_times()
        try:
            result = jobs[name](lambda text: say_to.print(f"[dim]{text}[/]", highlight=False))
        except Skipped as why:
            say_to.print(f"[yellow]{name} skipped:[/] {why}")
            continue
        machine["stolen_percent"] = stolen_since(before)
        say_to.print(f"[dim]{machine['stolen_percent']} % of the processor time went to the host's others[/]")
        results.append(result.as_json(machine))
        missed = missed or any(measure.met is False for measure in result.measures)
        if not arguments.dry:
            keep(results[-1])
        if not arguments.json:
            show(result, Console())
    if arguments.json:
        print(json.dumps(results, ensure_ascii=False))
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
