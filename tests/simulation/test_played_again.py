"""The record of a disturbed town, played again by its own rules in memory, is what stands."""

from collections.abc import Iterator

from services.cli.supposing.comparing import Comparison, compare
from services.cli.supposing.log import TOPICS, Log, Sequences, recorded
from services.cli.supposing.rules import Rules
from shared.contract.events.supervision import LadderLifted
from shared.contract.words import LiftCause
from tests.simulation.caps import caps
from tests.simulation.simulation import run

SEEDS = range(12)


def towns() -> Iterator[tuple[Log, Comparison]]:
    """Towns with one policy, without the issues of which what was published is not what supervision decided on.

    Of these an operator set an event aside, or a person lifted a step before a late timer came to the next one.
    """
    for seed in SEEDS:
        with caps(seed):
            history = run(seed).moments[-1]
        log = Log()
        for record in history.records:
            if record.topic in TOPICS:
                log.take(record)
        for failed in history.dead_letters["supervision"]:
            log.issues.pop(failed.subject, None)
        for subject in [one for one, sequences in log.issues.items() if lifted(sequences)]:
            del log.issues[subject]
        if len(log.reference.policies.all()) == 1:
            yield log, compare(log, Rules.supposing(log.reference), history.now)


def lifted(sequences: Sequences) -> bool:
    """Whether a person lifted a step of this issue."""
    return any(
        isinstance(entry.event, LadderLifted) and entry.event.because == LiftCause.PERSON
        for entry in recorded(sequences)
    )


def test_late_timers_crossing_events_and_restarts_leave_what_stands_as_it_was() -> None:
    played = list(towns())
    for _, found in played:
        assert (found.differing, found.unplayed) == ([], [])
    breaches = sum(change.before for _, found in played for change in found.breaches.values())
    steps = sum(change.before for _, found in played for change in found.steps.values())
    assert breaches > 20 and steps > 20, (breaches, steps)
