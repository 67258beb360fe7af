"""Feedback's cellar: one document per issue, and the reads behind the figures."""

from collections.abc import AsyncIterator

from services.feedback.domain import Issue
from shared.store import Aggregates

COLLECTION = "issues"
MONTH = "state.month"
INDEXES: tuple[str, ...] = (MONTH,)


async def issues_of(issues: Aggregates, month: str | None = None) -> AsyncIterator[Issue]:
    """The issues registered in one Asia/Shanghai month ("2019-04"), by index; without a month, all of them."""
    found = issues.scan(("state",)) if month is None else issues.between(MONTH, month, month + "!")
    async for document in found:
        if document.get("state") is not None:
            yield Issue.model_validate(document["state"])
