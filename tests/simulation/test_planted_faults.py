"""The checker proves itself: each planted fault makes some seed complain, and the honest code does not."""

import pytest

from tests.simulation import beginning
from tests.simulation.judging import judge
from tests.simulation.planted import FAULTS, planted

MOST_SEEDS = 200


def complaint_of(name: str) -> str | None:
    """``seed: sentence`` of the first seed in which a fault shows, or None."""
    with planted(name):
        consumers = {service: beginning.consumer_of(service) for service in beginning.SERVICES}
        for seed in range(MOST_SEEDS):
            if found := judge(seed, consumers=consumers).violations:
                return f"{seed}: {found[0]}"
    return None


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str):
    assert complaint_of(name) is not None, f"no seed of {MOST_SEEDS} noticed that {name}"
