"""Who asks: a role and a principal, ``office:chen``, ``dept:housing/li``, ``entrepreneur:li``.

There is no sign-in yet: the deployment listens on loopback and takes the header at its word (docs/operations.md).
"""

import re

from fastapi import Request

HEADER = "Qinqing-Actor"
ROLES = ("entrepreneur", "office", "dept", "supervisor", "leader", "operator")
ACTOR_PATTERN = rf"^({'|'.join(ROLES)}):[0-9A-Za-z_.@/-]{{1,80}}$"


class WrongActor(ValueError):
    """The actor header is not ``<role>:<principal>``."""


class WrongRole(Exception):
    """Somebody asks for what only another role does; the message says which."""


def actor_of(request: Request, default: str) -> str:
    """The actor a request names, or the route's default; raises WrongActor with what would be right."""
    actor = request.headers.get(HEADER, default)
    if not re.match(ACTOR_PATTERN, actor):
        raise WrongActor(f"write <role>:<name> with a role of {', '.join(ROLES)}, such as office:chen")
    return actor


def operator_of(request: Request) -> str:
    """The operator who asks; raises WrongActor, or WrongRole for anybody else."""
    actor = actor_of(request, "operator:demo")
    if not actor.startswith("operator:"):
        raise WrongRole("an operator does this, nobody else")
    return actor
