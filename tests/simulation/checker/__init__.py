"""The history checker: what a run left behind, simulated or real, goes in; sentences about what is wrong come out.

It knows nothing of the simulator. Records are enough for sequences, lives and clocks; with dead letters,
documents and acknowledged commands (all optional) it also judges delivery, outcomes, timers and the stores.
"""

from tests.simulation.checker.addressees import check_addressees
from tests.simulation.checker.alerts import check_alerts
from tests.simulation.checker.appeals import check_appeals
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.clocks import check_clocks
from tests.simulation.checker.co_handlers import check_co_handlers
from tests.simulation.checker.delivery import check_delivery
from tests.simulation.checker.documents import check_documents
from tests.simulation.checker.due_dates import check_due_dates
from tests.simulation.checker.figures import check_figures
from tests.simulation.checker.files import check_files
from tests.simulation.checker.heard import SKIP, Hearing
from tests.simulation.checker.history import Acknowledged, Evidence, History, Mailed, Said
from tests.simulation.checker.instructions import check_instructions
from tests.simulation.checker.ladder import check_ladder
from tests.simulation.checker.levels import check_levels
from tests.simulation.checker.lives import check_lives
from tests.simulation.checker.looking import check_looking
from tests.simulation.checker.material import check_material
from tests.simulation.checker.mergers import check_mergers
from tests.simulation.checker.mistakes import check_mistakes
from tests.simulation.checker.more_time import check_more_time
from tests.simulation.checker.notices import check_notices
from tests.simulation.checker.outcomes import check_outcomes
from tests.simulation.checker.papers import check_papers
from tests.simulation.checker.people import check_people
from tests.simulation.checker.posts import check_posts
from tests.simulation.checker.presence import check_presence
from tests.simulation.checker.questions import check_questions
from tests.simulation.checker.raised import check_raised
from tests.simulation.checker.rating_rounds import check_rating_rounds
from tests.simulation.checker.refusals import check_refusals
from tests.simulation.checker.renewals import check_renewals
from tests.simulation.checker.sequences import check_sequences
from tests.simulation.checker.stores import check_stores, check_timers
from tests.simulation.checker.talks import check_talks
from tests.simulation.checker.terms import check_terms
from tests.simulation.checker.words import check_words

__all__ = ["Acknowledged", "Clause", "Evidence", "History", "Mailed", "Said", "Violation", "check"]


def check(history: History) -> list[Violation]:
    """Every violation found, each a sentence that names subject and record; [] for a good history."""
    evidence = Evidence(history)
    found = _check(evidence, Hearing(evidence))
    if found and any(opened.event and opened.event["type"] == SKIP for opened in evidence.opened):
        # No record says whether an event that was given up had been read again before: both may be, and what is wrong
        # must be wrong either way.
        either = set(_check(evidence, Hearing(evidence, read_again=True)))
        found = [violation for violation in found if violation in either]
    return found


def _check(evidence: Evidence, hearing: Hearing) -> list[Violation]:
    found = [
        *check_sequences(evidence),
        *check_lives(evidence, hearing),
        *check_clocks(evidence, hearing),
        *check_terms(evidence, hearing),
        *check_more_time(evidence),
        *check_co_handlers(evidence, hearing),
        *check_material(evidence),
        *check_questions(evidence, hearing),
        *check_renewals(evidence, hearing),
        *check_ladder(evidence, hearing),
        *check_levels(evidence),
        *check_looking(evidence, hearing),
        *check_documents(evidence),
        *check_addressees(evidence, hearing),
        *check_refusals(evidence, hearing),
        *check_instructions(evidence, hearing),
        *check_mergers(evidence),
        *check_mistakes(evidence),
        *check_appeals(evidence),
        *check_posts(evidence),
        *check_words(evidence),
        *check_raised(evidence),
        *check_talks(evidence, hearing),
        *check_presence(evidence),
        *check_rating_rounds(evidence),
        *check_papers(evidence, hearing),
        *check_people(evidence),
        *check_notices(evidence),
        *check_alerts(evidence),
        *check_files(evidence),
    ]
    if evidence.history.documents is not None:
        found += [
            *check_delivery(evidence, hearing),
            *check_due_dates(evidence, hearing),
            *check_outcomes(evidence),
            *check_stores(evidence),
            *check_timers(evidence, hearing),
            *check_figures(evidence, hearing),
        ]
    return found
