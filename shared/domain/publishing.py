"""Publishing a version of reference data: from when on it may hold; one rule for all its owners."""

from datetime import datetime

from shared.contract.envelope import time_text
from shared.domain.decisions import Context, Reason, Refusal
from shared.domain.rights import SYSTEM


def in_the_past(in_force_from: datetime, context: Context) -> Refusal | None:
    """The refusal of a version that would change what was decided already: a replay would decide otherwise.

    What is built in, which the system itself publishes, holds for the past too: nothing was decided there yet.
    """
    if in_force_from >= context.now or context.role == SYSTEM:
        return None
    asked, now = time_text(in_force_from), time_text(context.now)
    return Refusal(
        Reason.DATE_PAST, f"in_force_from: {asked} is past; a version holds from now ({now}) on or later"
    )
