"""In which seed a planted fault shows: the recorded one, or the first that is found by trying."""

import json
from collections.abc import Iterable
from pathlib import Path

from tests.simulation import beginning
from tests.simulation.checker import Clause, Violation
from tests.simulation.judging import judge
from tests.simulation.planted.planting import FAULTS, planted

RECORD = Path(__file__).with_name("seeds.json")
MOST_SEEDS = 400


def recorded() -> dict[str, int]:
    """The sentence that names a fault -> the first seed in which it showed when that was last looked for."""
    found: dict[str, int] = json.loads(RECORD.read_text())
    return found


def complaints(name: str, seed: int) -> list[Violation]:
    """What is wrong in one seed with a fault in the code."""
    with planted(name):
        consumers = {service: beginning.consumer_of(service) for service in beginning.SERVICES}
        return judge(seed, consumers=consumers).violations


def shows(name: str, found: Iterable[Violation]) -> bool:
    """Whether its clause complains, and, of a fault that breaks one thing alone, no other."""
    broken: set[Clause] = {violation.clause for violation in found}
    fault = FAULTS[name]
    return broken == {fault.clause} if fault.alone else fault.clause in broken


def first_seed(name: str) -> int | None:
    """The recorded seed if the fault still shows there, else the first in which it does; None: in none of them."""
    seeds = [recorded().get(name, 0), *range(MOST_SEEDS)]
    return next((seed for seed in seeds if shows(name, complaints(name, seed))), None)
