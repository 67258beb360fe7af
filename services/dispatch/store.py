"""The one question that dispatch asks its store beside reading a document: what a department has to do."""

from services.dispatch.issue.life import HELD
from shared.store import Aggregates


async def open_issues_of(aggregates: Aggregates, department: str) -> list[str]:
    """The issues on which a department has work to do, in the order of their ids.

    It reads the whole collection, without an index of its own: departments merge once in a few years, and an index
    would cost a write with every step of every issue.
    """
    query = {"kind": "issue", "state.department": department, "state.state": {"$in": [*map(str, HELD)]}}
    return sorted([issue async for issue in aggregates.find_ids(query)])
