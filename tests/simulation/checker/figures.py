"""Figures rest on the log alone: what it says of every issue's rating is what feedback stored."""

from collections.abc import Iterator

from services.cli.figures.rebuild import rebuild
from services.feedback.issue.life import Issue
from shared.contract.envelope import open_envelope
from tests.simulation.checker.history import OWNERS, Evidence


def check_figures(evidence: Evidence) -> Iterator[str]:
    """What feedback dropped, applied twice or in another order than its events say shows here."""
    stored = (evidence.history.documents or {}).get("feedback")
    if stored is None:
        return
    firsts = [
        open_envelope(opened.record.value)
        for (topic, _, _), found in evidence.events.items()
        if topic in OWNERS
        for opened in found.values()
    ]
    rebuilt = rebuild(firsts)
    for subject, document in stored.items():
        state = document.get("state")
        if state is None or document.get("held") or evidence.spared(subject, "feedback"):
            continue
        known, again = Issue.model_validate(state), rebuilt.get(subject)
        if again is None:
            yield f"{subject}: feedback knows an issue that the log does not"
            continue
        kept = (known.state.value, known.kind, known.reply and (known.round, known.reply.open_until))
        invited = [(reply.round, reply.open_until) for reply in again.rounds if reply.open_until]
        counted = (again.state.value, again.kind, invited[-1] if invited else None)
        if kept != counted:
            yield f"{subject}: feedback's state is not what the log says: {kept}, {counted}"
