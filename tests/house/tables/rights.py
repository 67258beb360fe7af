"""The rights as tables: who may do what and how far, and who reads which field."""

from collections.abc import Collection

from shared.contract.words import Role
from shared.domain.rights import FIELDS, GROUPS, RIGHTS
from tests.house.tables.markdown import code, table


def verbs() -> str:
    """Each verb of each kind with the roles that may, each with how far."""
    rows = []
    for (kind, verb), grants in RIGHTS.items():
        by_scope: dict[str, list[str]] = {}
        for role, scope in grants.items():
            by_scope.setdefault(scope, []).append(role)
        rows.append(
            (code(kind), code(verb), "; ".join(f"{_named(who)}: *{how}*" for how, who in by_scope.items()))
        )
    return "\n" + table(("kind", "verb", "who, and how far"), rows)


def fields() -> str:
    """Each group of fields with the roles that read it."""
    rows = [
        (
            group,
            ", ".join(code(name) for of in FIELDS.values() for name, found in of.items() if found == group)
            or "those of *raiser*",
            _named(roles),
        )
        for group, roles in GROUPS.items()
    ]
    return "\n" + table(("group", "fields, in whichever service", "read by"), rows)


def _named(roles: Collection[str]) -> str:
    return "everybody" if len(roles) == len(Role) else ", ".join(roles)
