"""Faults planted into what a restore has to keep to."""

from unittest.mock import patch

from tests.simulation import restoring
from tests.simulation.checker import Clause
from tests.simulation.planted.planting import Patches, fault, told


@fault(Clause.TOLD_ONCE)
def a_restored_service_goes_on_numbering_in_its_old_epoch() -> Patches:
    return [patch.object(restoring, "started_in", lambda epoch, consumer: consumer)]


@fault(Clause.FOLLOWS, alone=False)
def an_epoch_begins_without_a_word_of_the_one_before() -> Patches:
    return told("", lambda values: {**values, "follows": ""} if values.get("follows") else values)
