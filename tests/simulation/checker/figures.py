"""Figures rest on the log alone: feedback's state of every issue, rebuilt from the events, is the one it stored."""

from collections.abc import Iterator

from services.feedback.domain import Issue, rebuild
from shared.envelope import open_envelope
from tests.simulation.checker.history import Facts


def check_figures(facts: Facts) -> Iterator[str]:
    """What feedback dropped, applied twice or in another order than its events say shows here."""
    stored = (facts.history.documents or {}).get("feedback")
    if stored is None:
        return
    firsts = [
        open_envelope(opened.record.value)
        for (topic, _, _), found in facts.events.items()
        if topic.endswith(".events")
        for opened in found.values()
    ]
    rebuilt = rebuild(firsts)
    for subject, document in stored.items():
        state = document.get("state")
        if state is None or document.get("held") or facts.spared(subject, "feedback"):
            continue
        known, again = Issue.model_validate(state), rebuilt.get(subject)
        if known != again:
            kept, found = known.model_dump(mode="json"), again.model_dump(mode="json") if again else {}
            differ = {name: (kept[name], found.get(name)) for name in kept if kept[name] != found.get(name)}
            yield f"{subject}: feedback's state is not what the log says: {differ}"
