"""Faults planted into the real code: for each, some seed must make the checker complain, or it proves nothing."""

from tests.simulation.planted import at_work, in_applying, in_decisions, in_time
from tests.simulation.planted.planting import FAULTS, planted

__all__ = ["FAULTS", "at_work", "in_applying", "in_decisions", "in_time", "planted"]
