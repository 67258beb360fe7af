"""What publishing a policy and publishing a calendar have in common: what the answer says."""

from collections.abc import Mapping
from datetime import datetime

from shared.contract.envelope import time_text

NEW_CLOCKS = "running clocks keep the version they began with; this one holds for clocks that start once it is in force"
RUNNING_CLOCKS = "once it is in force, running clocks whose dates it moves are recalculated, one by one"


def published(version: str, in_force_from: datetime, *, running: bool) -> Mapping[str, str]:
    """The outcome of a version that was published; ``running``: whether it reaches clocks that run."""
    remark = RUNNING_CLOCKS if running else NEW_CLOCKS
    return {"version": version, "in_force_from": time_text(in_force_from), "remark": remark}


def unchanged(version: str, last: str) -> Mapping[str, str | bool]:
    """The outcome of a version that is published already; says so when a later one has replaced it."""
    outcome: dict[str, str | bool] = {"version": version, "unchanged": True}
    if version != last:
        outcome["remark"] = f"it was published before; {last}, which was published after it, stays as it is"
    return outcome
