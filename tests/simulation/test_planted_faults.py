"""The checker proves itself: each clause has planted faults that make it complain, and the honest code does not."""

import pytest

from tests.simulation.checker import Clause
from tests.simulation.planted import FAULTS
from tests.simulation.planted.finding import first_seed

EVERY = 30
"""`make test` plants one fault of so many, `make prove` all the others: each plays towns until one notices it."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if place % EVERY == 0 else pytest.mark.prove)
        for place, name in enumerate(FAULTS)
    ],
)
def test_a_planted_fault_is_found(name: str):
    assert first_seed(name) is not None, f"no seed noticed that {name}, or more complained than should"


def test_every_clause_has_a_planted_fault_that_makes_it_complain():
    # That each fault provokes its clause is what the test above shows of all of them.
    without = set(Clause) - {fault.clause for fault in FAULTS.values()}
    assert without == set(), "clauses that nothing shows to be able to fail"
