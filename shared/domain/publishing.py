"""Publishing a version of reference data: who may, and from when on it may hold; one rule for all its owners."""

from collections.abc import Collection
from datetime import datetime

from shared.contract.envelope import time_text
from shared.domain.decisions import Context, Reason, Refusal

FIRST_START = "system"
"""The role of what is built in: it holds for the past too, about which nothing was decided yet."""


def wrong_role(context: Context, roles: Collection[str]) -> Refusal | None:
    """The refusal of whoever is in none of these roles."""
    if context.role in roles:
        return None
    return Refusal(Reason.WRONG_ROLE, f"only {', '.join(roles)} may do this, not {context.role!r}")


def in_the_past(in_force_from: datetime, context: Context) -> Refusal | None:
    """The refusal of a version that would change what was decided already: a replay would decide otherwise."""
    if in_force_from >= context.now or context.role == FIRST_START:
        return None
    asked, now = time_text(in_force_from), time_text(context.now)
    return Refusal(
        Reason.DATE_PAST, f"in_force_from: {asked} is past; a version holds from now ({now}) on or later"
    )
