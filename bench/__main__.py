"""`python -m bench [pipeline|latency|replay|memory|all] [--json]`: measure, print beside the goals, keep as JSON."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable

from rich.console import Console

from bench import latency, memory, replay
from bench.machine import describe
from bench.pipeline import run as pipeline
from bench.results import Result, Skipped, keep, show

Say = Callable[[str], None]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "what", nargs="?", default="all", choices=["pipeline", "latency", "replay", "memory", "all"]
    )
    parser.add_argument("--json", action="store_true", help="one JSON array on stdout instead of tables")
    parser.add_argument(
        "--rounds", type=int, default=pipeline.ROUNDS, help="rounds of the pipeline comparison"
    )
    parser.add_argument(
        "--events", type=int, default=pipeline.EVENTS, help="events of each run of the pipeline"
    )
    parser.add_argument("--dry", action="store_true", help="do not write bench/results")
    return parser.parse_args()


def main() -> int:
    """Run what was asked; 1 when something failed or missed its goal, 0 when all is met or skipped."""
    arguments = _arguments()
    say_to = Console(stderr=True)

    def _pipeline(say: Say) -> list[Result]:
        return [asyncio.run(pipeline.measure(say, rounds=arguments.rounds, events=arguments.events))]

    jobs: dict[str, Callable[[Say], list[Result]]] = {
        "pipeline": _pipeline,
        "latency": lambda say: [latency.measure(say)],
        "memory": lambda say: [memory.measure(say)],
        "replay": lambda say: [replay.measure(say)],
    }
    results, missed = [], False
    for name in jobs if arguments.what == "all" else [arguments.what]:
        machine = describe()
        try:
            found = jobs[name](lambda text: say_to.print(f"[dim]{text}[/]", highlight=False))
        except Skipped as why:
            say_to.print(f"[yellow]{name} skipped:[/] {why}")
            continue
        for result in found:
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
