"""The one question that dispatch asks its store beside reading a document: what a department has to do."""

from services.dispatch.issue.life import HELD, State
from shared.store import Aggregates


async def open_issues_of(aggregates: Aggregates, department: str) -> list[str]:
    """The issues on which a department has work to do, as the lead or as a co-handler, in the order of their ids.

    It reads the whole collection, without an index of its own: departments merge once in a few years, and an index
    would cost a write with every step of every issue.
    """
    leads = {"state.department": department, "state.state": {"$in": [*map(str, HELD)]}}
    co_handles = {
        "state.co_handlers.department": department,
        "state.state": {"$in": [str(State.WAITING), *map(str, HELD)]},
    }
    found = [
        {issue async for issue in aggregates.find_ids({"kind": "issue", **query})}
        for query in (leads, co_handles)
    ]
    return sorted({*found[0], *found[1]})
