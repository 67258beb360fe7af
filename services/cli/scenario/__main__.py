"""Plays a scenario into the live namespace, in a process of its own that tells how far it is: ``DONE/OF`` a line.

`qinqing up` starts it and keeps running itself: what playing needs of memory goes with it.
"""

import asyncio
import json
import sys
from pathlib import Path

from services.cli.embedded.processes import StartFailed
from services.cli.embedded.services import Parts
from services.cli.errors import first
from services.cli.replaying.lives import ReplayFailed
from services.cli.scenario.playing import NotEmpty, begin, wanted
from services.cli.scenario.starting import SKIPPED, Scenario


def main(bootstrap: str, stores: str, data: str, scenario: str, seed: str, size: str) -> int:
    """Play; 0 when it was played, or had been before."""
    parts = Parts(bootstrap, json.loads(stores), Path(data))
    shown = -1

    def show(done: int, of: int) -> None:
        nonlocal shown
        if (percent := done * 100 // max(1, of)) != shown:
            shown = percent
            print(f"{done}/{of}", flush=True)

    try:
        asyncio.run(begin(parts, wanted(Scenario(scenario), int(seed), int(size)), show))
    except (NotEmpty, ReplayFailed, StartFailed, ExceptionGroup) as error:
        cause = first(error)
        if not isinstance(cause, (NotEmpty, ReplayFailed, StartFailed)):
            raise
        sys.stderr.write(f"{cause}\n")
        return SKIPPED if isinstance(cause, NotEmpty) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
