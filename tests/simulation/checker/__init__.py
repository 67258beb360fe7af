"""The history checker: what a run left behind, simulated or real, goes in; sentences about what is wrong come out.

It knows nothing of the simulator. Records are enough for sequences, lives and clocks; with dead letters,
documents and acknowledged commands (all optional) it also judges delivery, outcomes, timers and the stores.
"""

from tests.simulation.checker.clocks import check_clocks
from tests.simulation.checker.delivery import check_delivery, check_outcomes
from tests.simulation.checker.figures import check_figures
from tests.simulation.checker.history import Acknowledged, Evidence, History
from tests.simulation.checker.lives import check_lives
from tests.simulation.checker.mergers import check_mergers
from tests.simulation.checker.sequences import check_sequences
from tests.simulation.checker.stores import check_stores, check_timers
from tests.simulation.checker.terms import check_terms

__all__ = ["Acknowledged", "Evidence", "History", "check"]


def check(history: History) -> list[str]:
    """Every violation found, each a sentence that names subject and record; [] for a good history."""
    evidence = Evidence(history)
    found = [
        *check_sequences(evidence),
        *check_lives(evidence),
        *check_clocks(evidence),
        *check_terms(evidence),
        *check_mergers(evidence),
    ]
    if history.documents is not None:
        found += [
            *check_delivery(evidence),
            *check_outcomes(evidence),
            *check_stores(evidence),
            *check_timers(evidence),
            *check_figures(evidence),
        ]
    return found
