"""Which message of a department's own system a command was, for whoever has to tell the department of a refusal."""

from typing import NamedTuple

from shared.domain.decisions import Context
from shared.domain.rights import Asker

DEPARTMENTS_GATEWAY = "dept/"
"""How the ids of commands begin that a department's own system sent."""


class Said(NamedTuple):
    """Whose message it was, and the id that the department gave it."""

    department: str
    message: str


def said_in(context: Context) -> Said | None:
    """The message that asked for this; None where it did not come on a department's own topic."""
    if not context.cause.startswith(DEPARTMENTS_GATEWAY):
        return None
    id = context.cause.removeprefix(f"{DEPARTMENTS_GATEWAY}{context.actor}/")
    return Said(Asker.of(context.actor).department, id)
