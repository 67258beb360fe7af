"""The limits of the built-in policy, and which events start and stop the clocks they belong to."""

from services.supervision.builtin import builtin_policy
from services.supervision.issue.life import CLOCKS, ENDS
from shared.contract.event import Event
from shared.contract.words import ClockName
from shared.domain.clocks import LIMITS
from tests.house.tables.markdown import code, table

NO_CLOCKS = {
    "rework": ("in place of `promise` and `holding` in a new round", ""),
    "rating": ("`reply.released.v1`, as feedback's invitation", "rated, or lapsed"),
    "appeal": ("`issue.rejected.v1`, as the time to appeal", "appealed, or over"),
}
"""Limits that supervision has no clock of its own for."""


def limits() -> str:
    """Every limit with what starts and what stops its clock, and when it warns."""
    policy = builtin_policy()
    rows = []
    for name in LIMITS:
        starts, stops = NO_CLOCKS[name] if name in NO_CLOCKS else _rule(ClockName(name))
        rows.append(
            (code(name), code(policy.limits[name]), starts, stops, ", ".join(policy.warnings_of(name)))
        )
    return table(("limit", "built-in", "runs from", "until", "warns"), rows)


def _rule(name: ClockName) -> tuple[str, str]:
    rule = CLOCKS[name]
    return _types(rule.starts), _types(tuple(event for event in rule.stops if event not in ENDS)) or "the end"


def _types(events: tuple[type[Event], ...]) -> str:
    return ", ".join(code(event.type) for event in events)
