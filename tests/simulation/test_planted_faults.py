"""The checker proves itself: each clause has planted faults that make it complain, and the honest code does not."""

import pytest

from tests.simulation.checker import Clause
from tests.simulation.planted import FAULTS
from tests.simulation.planted.finding import complaints, recorded, shows

EVERY = 30
"""`make test` plants one fault of so many, `make prove` all the others, each in the town where it showed last.

Towns go other ways when anything that they play changes: `python -m tests.simulation.planted` looks for one anew.
"""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if place % EVERY == 0 else pytest.mark.prove)
        for place, name in enumerate(FAULTS)
    ],
)
def test_a_planted_fault_is_found(name: str):
    found = complaints(name, recorded()[name])
    assert shows(name, found), f"record it anew, python -m tests.simulation.planted {name!r}: {found[:3]}"


def test_every_clause_has_a_planted_fault_that_makes_it_complain():
    # That each fault provokes its clause is what the test above shows of all of them.
    without = set(Clause) - {fault.clause for fault in FAULTS.values()}
    assert without == set(), "clauses that nothing shows to be able to fail"
