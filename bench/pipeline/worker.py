"""One run of one contender in a process of its own: `python -m bench.pipeline.worker PLAN`, a JSON report out."""

import json
import sys
from typing import Any

import uvloop

from bench.pipeline import floor, one_message, ours
from bench.pipeline.meter import Meter
from bench.pipeline.plan import Plan

CONTENDERS = {"ours": ours.run, "logged": ours.logged, "floor": floor.run, "one_message": one_message.run}


async def _run(plan: Plan) -> dict[str, Any]:
    meter = Meter(plan.events)
    more = await CONTENDERS[plan.contender](plan, meter)
    return meter.report() | more


def main() -> None:
    """Run the plan on the command line, on the event loop the services use."""
    report = uvloop.run(_run(Plan.read(sys.argv[1])))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
