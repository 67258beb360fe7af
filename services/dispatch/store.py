"""Dispatch's cellar: one document per issue, and one per department for what belongs to no issue."""

from services.dispatch.domain import Issue
from shared.store import Aggregates

COLLECTION = "issues"
INDEXES: tuple[str, ...] = ()


async def issue_of(issues: Aggregates, subject: str) -> Issue | None:
    """One issue; None when dispatch does not know it."""
    document = await issues.get(subject)
    state = None if document is None else document.get("state")
    return None if state is None else Issue.model_validate(state)
