"""Whom a step of the ladder names beside the department: people of its level, and of what stands beside that.

Source: clocks.md, The ladder, "told". The level is the department's; of what nobody holds the jurisdiction's.
"""

from collections.abc import Iterator, Mapping

from shared.contract.events.supervision import DepartmentAddressed
from shared.contract.words import Addressee, Role
from shared.domain.levels import is_as_high
from shared.domain.reference import Directory

ROLES: Mapping[str, Role] = {
    Addressee.OFFICE: Role.OFFICE,
    Addressee.SUPERVISION_OFFICE: Role.SUPERVISOR,
    Addressee.LEADER: Role.LEADER,
    Addressee.DISCIPLINE: Role.DISCIPLINE,
    Addressee.CPPCC: Role.CPPCC,
}
WHOLE_LEVEL = (Role.LEADER, Role.OFFICE, Role.SUPERVISOR)
"""Who hears of what is made known to a level, beside the leaders of each of its departments."""


def beside(said: DepartmentAddressed, directory: Directory) -> tuple[str, ...]:
    """The accounts of those whom the step names beside its department, each once."""
    level = directory.level(said.department)
    found: dict[str, None] = {}
    for one in said.to:
        roles = WHOLE_LEVEL if one == Addressee.LEVEL else filter(None, (ROLES.get(one),))
        found |= dict.fromkeys(account for role in roles for account in directory.acting_at(role, level))
        if one == Addressee.LEVEL:
            found |= dict.fromkeys(_leading(directory, level))
    return tuple(found)


def _leading(directory: Directory, level: str) -> Iterator[str]:
    """Who leads a department of this very level; where one names nobody, its handlers."""
    for code, entry in directory.departments().items():
        if is_as_high(entry.level, level) and is_as_high(level, entry.level) and not entry.merged_into:
            yield from directory.leading(code)
