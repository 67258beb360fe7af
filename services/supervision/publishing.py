"""What publishing a policy and publishing a calendar have in common: who may, from when, and what the answer says."""

from collections.abc import Mapping
from datetime import datetime

from shared.contract.envelope import time_text
from shared.domain.decisions import Context, Reason, Refusal

FIRST_START = "system"
"""The role of what is built in: it holds for the past too, about which nothing was decided yet."""
PUBLISHERS = ("supervisor", "operator", FIRST_START)
"""The roles that may publish a version."""

REMARK = "running clocks keep the version they began with; this one holds for clocks that start once it is in force"


def wrong_role(context: Context) -> Refusal | None:
    """The refusal of whoever may not publish."""
    if context.role in PUBLISHERS:
        return None
    return Refusal(Reason.WRONG_ROLE, f"only {', '.join(PUBLISHERS)} may publish, not {context.role!r}")


def in_the_past(in_force_from: datetime, context: Context) -> Refusal | None:
    """The refusal of a version that would change what was already decided by the one before it."""
    if in_force_from >= context.now or context.role == FIRST_START:
        return None
    asked, now = time_text(in_force_from), time_text(context.now)
    return Refusal(
        Reason.DATE_PAST, f"in force from {asked} is past: a version holds from now ({now}) on or later"
    )


def published(version: str, in_force_from: datetime) -> Mapping[str, str]:
    """The outcome of a version that was published."""
    return {"version": version, "in_force_from": time_text(in_force_from), "remark": REMARK}


def unchanged(version: str, last: str) -> Mapping[str, str | bool]:
    """The outcome of a version that is published already; says so when a later one has replaced it."""
    outcome: dict[str, str | bool] = {"version": version, "unchanged": True}
    if version != last:
        outcome["remark"] = f"it was published before; {last}, which was published after it, stays as it is"
    return outcome
