"""Find a seed for each planted fault, the recorded one first, and record it: ``python -m tests.simulation.planted``."""

import json
import sys

from tests.simulation.planted import FAULTS
from tests.simulation.planted.finding import RECORD, first_seed, recorded


def main() -> int:
    """Try the faults whose names hold the words; 1 when one of them shows nowhere."""
    words, hidden = " ".join(sys.argv[1:]), 0
    for name in [name for name in FAULTS if words in name]:
        seed = first_seed(name)
        print("none" if seed is None else f"{seed:4}", f"{name}: {FAULTS[name].clause}", flush=True)
        if seed is None:
            hidden += 1
            continue
        seeds = {known: at for known, at in recorded().items() if known in FAULTS} | {name: seed}
        RECORD.write_text(json.dumps(seeds, indent=1, sort_keys=True) + "\n")
    return 1 if hidden else 0


if __name__ == "__main__":
    sys.exit(main())
