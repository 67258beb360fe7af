"""Whose issues somebody may read, as a condition in SQL: for lists that cross departments, and for the search."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.portal.pages import NotHere
from services.portal.session import Visitor
from shared.contract.words import Role
from shared.domain.rights import GROUPS, OFFICIALS, Scope, scope_of

_TAKES_PART = """(
    i.holder IN (SELECT value FROM json_each(:departments)) OR i.id IN (
        SELECT c.issue FROM co_handler c
        WHERE c.department IN (SELECT value FROM json_each(:departments)) AND c.released_at IS NULL
    )
)"""


class Reach(NamedTuple):
    """Which issues ``i`` an official may read, and what of them; what sight.py says of one issue, said of all."""

    condition: str
    values: Mapping[str, str]
    role: Role

    @property
    def is_everything(self) -> bool:
        """Whether it is every issue of this deployment."""
        return not self.values

    @property
    def words_before_acceptance(self) -> bool:
        """Whether words that stand on no topic yet may be asked for."""
        return self.role in GROUPS["words before acceptance"]


def reach_of(visitor: Visitor, work: Sequence[str]) -> Reach | None:
    """As the rights table has it; None for who reads issues of their own alone, or none. ``work``: the departments
    whose work this person's has."""
    asker, role = visitor.asker, visitor.role
    scope = scope_of(asker, "issue", "read") if role in OFFICIALS else None
    match scope:
        case None:
            return None
        case Scope.OWN:
            return Reach("i.recorded_by = :account", {"account": asker.account}, role)
        case Scope.TAKING_PART:
            return Reach(_TAKES_PART, {"departments": json.dumps(work)}, role)
    return Reach("1", {}, role)


def everything(visitor: Visitor) -> Reach:
    """The reach of who may read every issue; raises NotHere for anybody else."""
    found = reach_of(visitor, ())
    if found is None or not found.is_everything:
        raise NotHere
    return found
