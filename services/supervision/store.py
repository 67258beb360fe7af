"""Supervision's cellar: one document per issue with its clocks."""

from services.supervision.domain import Issue
from shared.store import Aggregates

COLLECTION = "issues"
INDEXES: tuple[str, ...] = ()


async def clocks_of(issues: Aggregates, subject: str) -> Issue | None:
    """One issue's clocks; None when supervision does not know the issue."""
    document = await issues.get(subject)
    state = None if document is None else document.get("state")
    return None if state is None else Issue.model_validate(state)
