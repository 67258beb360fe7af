"""Who asks: a role and a principal, ``office:chen``, ``dept:housing/li``, ``entrepreneur:li``.

There is no sign-in yet: the deployment listens on loopback and takes the header at its word (docs/operations.md).
"""

import re

from fastapi import Request

HEADER = "Qinqing-Actor"
ROLES = ("entrepreneur", "office", "dept", "supervisor", "leader", "operator")
_ACTOR = re.compile(rf"^({'|'.join(ROLES)}):[\w.@/-]{{1,80}}$")


class WrongActor(ValueError):
    """The actor header is not ``<role>:<principal>``."""


def actor_of(request: Request, default: str) -> str:
    """The actor a request names, or the route's default; raises WrongActor with what would be right."""
    actor = request.headers.get(HEADER, default)
    if not _ACTOR.match(actor):
        raise WrongActor(
            f"{HEADER}: write <role>:<name> with a role of {', '.join(ROLES)}, such as office:chen"
        )
    return actor
