"""What publishing a policy and publishing a calendar have in common: what the answer says."""

from collections.abc import Mapping
from datetime import datetime

from shared.contract.envelope import time_text

REMARK = "running clocks keep the version they began with; this one holds for clocks that start once it is in force"


def published(version: str, in_force_from: datetime) -> Mapping[str, str]:
    """The outcome of a version that was published."""
    return {"version": version, "in_force_from": time_text(in_force_from), "remark": REMARK}


def unchanged(version: str, last: str) -> Mapping[str, str | bool]:
    """The outcome of a version that is published already; says so when a later one has replaced it."""
    outcome: dict[str, str | bool] = {"version": version, "unchanged": True}
    if version != last:
        outcome["remark"] = f"it was published before; {last}, which was published after it, stays as it is"
    return outcome
