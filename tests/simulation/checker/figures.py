"""Figures rest on the log alone: what it says of every issue's rating is what feedback stored."""

from collections.abc import Iterator

from services.cli.figures.rebuild import rebuild
from services.feedback.issue.life import Issue
from shared.contract.envelope import open_envelope
from tests.simulation.checker.clauses import Clause, Violation
from tests.simulation.checker.heard import Hearing
from tests.simulation.checker.history import OWNERS, Evidence, aggregate_of

READ = ("intake.events", "dispatch.events")
"""The topics that feedback reads."""


def check_figures(evidence: Evidence, hearing: Hearing) -> Iterator[Violation]:
    """What feedback dropped, applied twice or in another order than its events say shows here.

    What it set aside and an operator gave up never happened there; what an operator has still to decide about, and
    what is held behind it, has not happened yet.
    """
    stored = evidence.documents("feedback")
    acted_on = [
        open_envelope(opened.record.value)
        for (topic, subject, source), found in evidence.events.items()
        if topic in OWNERS
        for seq, opened in found.items()
        if topic not in READ or hearing.of("feedback", subject).has((topic, source, seq))
    ]
    rebuilt = rebuild(acted_on)
    for subject, document in stored.items():
        state = document.get("state")
        if state is None or aggregate_of(subject) != "issue":
            continue
        known, again = Issue.model_validate(state), rebuilt.get(subject)
        if again is None:
            yield Clause.FIGURES_KNOWN(f"{subject}: feedback knows an issue that the log does not")
            continue
        kept = (known.state.value, known.kind, known.reply and (known.round, known.reply.open_until))
        invited = [(reply.round, reply.open_until) for reply in again.rounds if reply.open_until]
        counted = (again.state.value, again.kind, invited[-1] if invited else None)
        if kept != counted:
            yield Clause.FIGURES_SAME(
                f"{subject}: feedback's state is not what the log says: {kept}, {counted}"
            )
