"""The limits and the ladder of the built-in policy, and which events start and stop the clocks."""

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
    "talk": ("the date of a talk, as the time in which it is held", "held, cancelled, or over"),
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


def ladder() -> str:
    """Every step with when it comes, what comes with it, and whom it is said to."""
    rows = []
    for step in builtin_policy().steps:
        after = f"{step.after_days} after the step before" if step.after_days else "the breach"
        if step.answer_days:
            after += f"; to be answered in {step.answer_days}, from where the next counts"
        documents = ", ".join(step.documents) + (", signed by a named person" if step.signed else "")
        addressees = [*step.addressees, *(f"{each} (once signed)" for each in step.addressees_once_signed)]
        rows.append((str(step.step), code(step.name), after, documents, ", ".join(addressees)))
    return table(("step", "name", "comes", "brings", "said to"), rows)


def _rule(name: ClockName) -> tuple[str, str]:
    rule = CLOCKS[name]
    return _types(rule.starts), _types(tuple(event for event in rule.stops if event not in ENDS)) or "the end"


def _types(events: tuple[type[Event], ...]) -> str:
    return ", ".join(code(event.type) for event in events)
