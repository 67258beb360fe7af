"""The history checker: what a run left behind, simulated or real, goes in; sentences about what is wrong come out.

It knows nothing of the simulator. Records are enough for sequences, lives and clocks; with dead letters,
documents and acknowledged commands (all optional) it also judges delivery, outcomes, timers and the stores.
"""

from tests.simulation.checker.clocks import check_clocks
from tests.simulation.checker.delivery import check_delivery, check_outcomes
from tests.simulation.checker.figures import check_figures
from tests.simulation.checker.history import Acknowledged, Facts, History
from tests.simulation.checker.lives import check_lives
from tests.simulation.checker.sequences import check_sequences
from tests.simulation.checker.stores import check_stores, check_timers

__all__ = ["Acknowledged", "Facts", "History", "check"]


def check(history: History) -> list[str]:
    """Every violation found, each a sentence that names subject and record; [] for a good history."""
    facts = Facts(history)
    found = [*check_sequences(facts), *check_lives(facts), *check_clocks(facts)]
    if history.documents is not None:
        found += [
            *check_delivery(facts),
            *check_outcomes(facts),
            *check_stores(facts),
            *check_timers(facts),
            *check_figures(facts),
        ]
    return found
