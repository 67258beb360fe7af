"""Faults planted into the real code: for each, some seed must make the checker complain, or it proves nothing."""

from tests.simulation.planted import (
    at_work,
    in_appeals,
    in_applying,
    in_clocks,
    in_decisions,
    in_documents,
    in_inbox,
    in_ladder,
    in_lives,
    in_mistakes,
    in_more_time,
    in_notices,
    in_people,
    in_renewals,
    in_stores,
    in_time,
)
from tests.simulation.planted.planting import FAULTS, Fault, planted

__all__ = [
    "FAULTS",
    "Fault",
    "at_work",
    "in_appeals",
    "in_applying",
    "in_clocks",
    "in_decisions",
    "in_documents",
    "in_inbox",
    "in_ladder",
    "in_lives",
    "in_mistakes",
    "in_more_time",
    "in_notices",
    "in_people",
    "in_renewals",
    "in_stores",
    "in_time",
    "planted",
]
