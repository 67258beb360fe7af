"""Find a seed for each planted fault, the recorded one first, and record it: ``python -m tests.simulation.planted``.

On all cores; each is recorded as soon as it is found, so that a run that is ended early has its result too.
"""

import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.simulation.planted import FAULTS
from tests.simulation.planted.finding import RECORD, first_seed, recorded


def main() -> int:
    """Try the faults whose names hold the words; 1 when one of them shows nowhere."""
    words, hidden = " ".join(sys.argv[1:]), 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        searches = {pool.submit(first_seed, name): name for name in FAULTS if words in name}
        for search in as_completed(searches):
            name, seed = searches[search], search.result()
            print("none" if seed is None else f"{seed:4}", f"{name}: {FAULTS[name].clause}", flush=True)
            if seed is None:
                hidden += 1
                continue
            seeds = {known: at for known, at in recorded().items() if known in FAULTS} | {name: seed}
            RECORD.write_text(json.dumps(seeds, indent=1, sort_keys=True) + "\n")
    return 1 if hidden else 0


if __name__ == "__main__":
    sys.exit(main())
